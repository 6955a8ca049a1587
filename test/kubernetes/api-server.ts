import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../redis/free-port.ts';
import { reapOnExit } from '../redis/reap-on-exit.ts';
import { assetsFolder } from './assets.ts';
import { runKubectl } from './kubectl.ts';
import { makeAuthority } from './own-authority.ts';

const crd = join(import.meta.dirname, '../../crd/failovergroups.understudy.dev.yaml');
/** Starting takes 4 to 8 s on a quiet machine. */
const patienceMs = 90_000;

/** Somebody who may log in by a token; what he may do, RBAC says. */
export interface User {
  readonly name: string;
  readonly groups?: readonly string[];
}

export interface ApiServerOptions {
  /** Beside `admin`, who may do everything. */
  readonly users?: readonly User[];
  /** More flags of kube-apiserver. */
  readonly flags?: readonly string[];
}

/** A real etcd and a real kube-apiserver on loopback, in a folder of their own, gone with the process that started them. */
export class ApiServer {
  readonly folder = mkdtempSync(join(tmpdir(), 'understudy-api-'));
  readonly #assets = assetsFolder();
  readonly #tokens = new Map<string, string>();
  readonly #flags: readonly string[];
  #ports: { readonly api: number; readonly etcd: number } = { api: 0, etcd: 0 };
  #etcd: ChildProcess | undefined;
  #apiserver: ChildProcess | undefined;
  #namespaces = 0;

  /** For a test that ends without `stop`: its folder holds keys. */
  readonly #vanish = (): void => {
    this.#apiserver?.kill('SIGKILL');
    this.#etcd?.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  };

  private constructor({ users = [], flags = [] }: ApiServerOptions) {
    this.#flags = flags;
    process.setMaxListeners(process.getMaxListeners() + 1);
    process.once('exit', this.#vanish);
    const all = [{ name: 'admin', groups: ['system:masters'] }, ...users];
    const lines = all.map(({ name, groups = [] }) => {
      const token = randomBytes(16).toString('hex');
      this.#tokens.set(name, token);
      return `${token},${name},${name},"${groups.join(',')}"\n`;
    });
    writeFileSync(join(this.folder, 'tokens.csv'), lines.join(''), { mode: 0o600 });
    makeAuthority(join(this.folder, 'pki'));
  }

  static async start(options: ApiServerOptions = {}): Promise<ApiServer> {
    const server = new ApiServer(options);
    server.#ports = { api: await freePort(), etcd: await freePort() };
    await server.startEtcd();
    await server.startApiServer();
    return server;
  }

  get port(): number {
    return this.#ports.api;
  }

  get etcdPort(): number {
    return this.#ports.etcd;
  }

  /** Of admin. */
  get kubeconfig(): string {
    return this.userKubeconfig('admin');
  }

  get apiServerPid(): number {
    return this.#apiserver?.pid ?? 0;
  }

  token(user: string): string {
    const token = this.#tokens.get(user);
    if (token === undefined)
      throw new Error(`${user} was not among the users that the server was started with`);
    return token;
  }

  get authority(): Buffer {
    return readFileSync(join(this.folder, 'pki', 'ca.crt'));
  }

  /** A kubeconfig file of that user; `port`: of something that passes on to the server. */
  userKubeconfig(user: string, port = this.port): string {
    const file = join(this.folder, `${user.replaceAll(':', '-')}-${port}.kubeconfig`);
    // Written once: a kubectl that reads it meanwhile would find half of it, or nothing, and ask localhost:8080.
    if (existsSync(file)) return file;
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'test',
      clusters: [
        {
          name: 'test',
          cluster: {
            server: `https://127.0.0.1:${port}`,
            'certificate-authority-data': this.authority.toString('base64'),
          },
        },
      ],
      contexts: [{ name: 'test', context: { cluster: 'test', user, namespace: 'default' } }],
      users: [{ name: user, user: { token: this.token(user) } }],
    };
    writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
    return file;
  }

  /** The admin's, by way of another port on loopback. */
  proxiedKubeconfig(port: number): string {
    return this.userKubeconfig('admin', port);
  }

  async startEtcd(): Promise<void> {
    const url = `http://127.0.0.1:${this.#ports.etcd}`;
    const flags = [
      '--name=test',
      `--data-dir=${join(this.folder, 'etcd')}`,
      // For throw-away data: makes writes as quick as on a good disk.
      '--unsafe-no-fsync',
      '--log-level=error',
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      '--listen-peer-urls=http://127.0.0.1:0',
    ];
    this.#etcd = this.#spawn('etcd', flags);
  }

  async startApiServer(): Promise<void> {
    const pki = join(this.folder, 'pki');
    const flags = [
      `--etcd-servers=http://127.0.0.1:${this.#ports.etcd}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--secure-port=${this.#ports.api}`,
      '--endpoint-reconciler-type=none',
      `--cert-dir=${pki}`,
      `--tls-cert-file=${join(pki, 'apiserver.crt')}`,
      `--tls-private-key-file=${join(pki, 'apiserver.key')}`,
      `--token-auth-file=${join(this.folder, 'tokens.csv')}`,
      '--authorization-mode=RBAC',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${join(pki, 'accounts.pub')}`,
      `--service-account-signing-key-file=${join(pki, 'accounts.key')}`,
      '--service-cluster-ip-range=10.0.0.0/16',
      '--disable-admission-plugins=ServiceAccount',
      ...this.#flags,
    ];
    this.#apiserver = this.#spawn('kube-apiserver', flags);
    await this.ready();
  }

  /** Resolves when it serves. */
  async ready(): Promise<void> {
    const deadline = performance.now() + patienceMs;
    while (performance.now() < deadline) {
      if (this.#apiserver?.exitCode !== null)
        throw new Error(`kube-apiserver ended: ${this.#logEnd('kube-apiserver')}`);
      if (await this.#isReady()) return;
      await delay(50);
    }
    throw new Error(`kube-apiserver is not ready: ${this.#logEnd('kube-apiserver')}`);
  }

  /** SIGTERM; resolves when it has ended. */
  async stopApiServer(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await end(this.#apiserver, signal);
  }

  async killApiServer(): Promise<void> {
    await this.stopApiServer('SIGKILL');
  }

  async restartApiServer(): Promise<void> {
    await this.stopApiServer();
    await this.startApiServer();
  }

  /** Stops and starts it on the same data. */
  async restartEtcd(): Promise<void> {
    await end(this.#etcd, 'SIGTERM');
    await this.startEtcd();
    await this.ready();
  }

  async stop(): Promise<void> {
    await end(this.#apiserver, 'SIGKILL');
    await end(this.#etcd, 'SIGKILL');
    process.off('exit', this.#vanish);
    process.setMaxListeners(process.getMaxListeners() - 1);
    this.#vanish();
  }

  /** kubectl as admin; `input` is its stdin. Resolves to its stdout; rejects with its stderr. */
  kubectl(args: readonly string[], input?: string): Promise<string> {
    return runKubectl(this.kubeconfig, args, input);
  }

  /** Resolves when FailoverGroups are served. */
  async applyCrd(): Promise<void> {
    // kubectl of 1.20 does not know the CEL rules and would refuse the file.
    await this.kubectl(['apply', '--validate=false', '-f', crd]);
    await this.kubectl([
      'wait',
      '--for=condition=Established',
      '--timeout=60s',
      'crd/failovergroups.understudy.dev',
    ]);
    const deadline = performance.now() + patienceMs;
    while (!(await this.#serves('/apis/understudy.dev/v1alpha1/failovergroups'))) {
      if (performance.now() > deadline) throw new Error('FailoverGroups are not served');
      await delay(50);
    }
  }

  async createNamespace(prefix = 'test'): Promise<string> {
    this.#namespaces += 1;
    const name = `${prefix}-${this.#namespaces}`;
    await this.kubectl(['create', 'namespace', name]);
    return name;
  }

  #spawn(program: string, flags: readonly string[]): ChildProcess {
    const log = openSync(join(this.folder, `${program}.log`), 'a');
    const child = spawn(join(this.#assets, program), flags, { stdio: ['ignore', log, log] });
    closeSync(log);
    reapOnExit(child);
    return child;
  }

  #logEnd(program: string): string {
    return readFileSync(join(this.folder, `${program}.log`), 'utf8')
      .trim()
      .split('\n')
      .slice(-3)
      .join('\n');
  }

  async #isReady(): Promise<boolean> {
    return this.#serves('/readyz');
  }

  #serves(path: string): Promise<boolean> {
    return new Promise((resolve) => {
      const headers = { authorization: `Bearer ${this.token('admin')}` };
      const asked = request(
        {
          host: '127.0.0.1',
          port: this.port,
          path,
          headers,
          ca: this.authority,
          agent: false,
          timeout: 5_000,
        },
        (response) => {
          response.resume();
          response.on('end', () => resolve(response.statusCode === 200));
          response.on('error', () => resolve(false));
        },
      );
      asked.on('timeout', () => asked.destroy());
      asked.on('error', () => resolve(false));
      asked.end();
    });
  }
}

async function end(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}
