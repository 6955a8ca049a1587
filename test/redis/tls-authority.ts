import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

export interface Certificate {
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** A throw-away certificate authority, by the openssl program: Node's own crypto makes no certificates. */
export class TlsAuthority {
  readonly #directory: string;
  #issued = 0;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async create(): Promise<TlsAuthority> {
    const authority = new TlsAuthority(await mkdtemp(join(tmpdir(), 'understudy-tls-')));
    await authority.#request('authority', ['-addext', 'keyUsage=critical,keyCertSign']);
    return authority;
  }

  get certificateFile(): string {
    return join(this.#directory, 'authority.crt');
  }

  /** Its certificate in PEM. */
  pem(): Promise<string> {
    return readFile(this.certificateFile, 'utf8');
  }

  /** For a server of these names, as OpenSSL's subjectAltName has them: `DNS:redis.test,IP:127.0.0.1`. */
  issue(names: string): Promise<Certificate> {
    this.#issued += 1;
    return this.#request(`issued-${this.#issued}`, [
      ...['-CA', this.certificateFile, '-CAkey', join(this.#directory, 'authority.key')],
      ...['-addext', `subjectAltName=${names}`, '-addext', 'basicConstraints=critical,CA:FALSE'],
    ]);
  }

  remove(): Promise<void> {
    return rm(this.#directory, { recursive: true, force: true });
  }

  async #request(name: string, more: readonly string[]): Promise<Certificate> {
    const [keyFile, certificateFile] = [
      join(this.#directory, `${name}.key`),
      join(this.#directory, `${name}.crt`),
    ];
    const files = ['-keyout', keyFile, '-out', certificateFile];
    await run('openssl', ['req', '-x509', ...key, ...files, '-days', '2', '-subj', `/CN=${name}`, ...more]);
    return { keyFile, certificateFile };
  }
}
