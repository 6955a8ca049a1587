import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Secret } from '../../controller/secret.ts';
import { NodeScript } from '../../controller/ssh-host/node-script.ts';
import { SshHost } from '../../controller/ssh-host/ssh-host.ts';
import type { HostStage, UnitTraits } from '../conformance/host.suite.ts';
import type { Lab } from '../lab/lab.ts';
import { until } from '../redis/until.ts';

export type ScriptPlace = 'piped' | 'installed';

const units = ['bot.service', 'second.service'];
const redisUnit = 'redis.service';
const folder = '/var/lib/conformance';

/** A host of the lab with units of its own, under a group that nothing was ever done for. */
export class LabHostStage implements HostStage {
  readonly isTold = false;
  /** systemd forgets all of a unit that ended well and that nothing refers to. */
  readonly knowsEnds = false;
  readonly #lab: Lab;
  readonly #node: string;
  readonly #place: ScriptPlace;
  readonly #group = `conformance-${randomBytes(4).toString('hex')}`;
  readonly #hosts: SshHost[] = [];
  readonly #script: NodeScript;

  private constructor(lab: Lab, node: string, place: ScriptPlace, script: NodeScript) {
    this.#lab = lab;
    this.#node = node;
    this.#place = place;
    this.#script = script;
  }

  static async set(lab: Lab, node: string, place: ScriptPlace): Promise<LabHostStage> {
    const stage = new LabHostStage(lab, node, place, await NodeScript.read());
    // redis.service is another name of Debian's Redis there.
    await stage.#on('systemctl --quiet disable --now redis-server.service');
    await stage.#on(`mkdir -p ${folder}`);
    if (place === 'installed') await stage.#install();
    return stage;
  }

  host(): SshHost {
    const [lab, node] = [this.#lab, this.#node];
    const read = async () => ({
      privateKey: new Secret(await readFile(lab.privateKeyFile, 'utf8')),
      knownHosts: await readFile(lab.knownHostsFile, 'utf8'),
    });
    const user = this.#place === 'piped' ? 'root' : 'understudy';
    const host = new SshHost({
      login: {
        host: lab.address(node),
        port: 22,
        user,
        read,
        places: { privateKey: 'the key', knownHosts: 'the known hosts' },
      },
      script: this.#script,
      group: this.#group,
      units,
      redisUnit,
    });
    this.#hosts.push(host);
    return host;
  }

  async define(name: string, traits: UnitTraits = {}): Promise<void> {
    const lines = [
      '[Service]',
      `ExecStart=/bin/sh -c "${commandsOf(traits).replace('NOTE', () => `echo $$$$ >>${folder}/${name}.runs`)}"`,
      `Restart=${traits.restartsItself ? 'always' : 'no'}`,
      ...(traits.ignoresSigterm ? ['TimeoutStopSec=200ms'] : []),
    ];
    await this.#on(`cat >/etc/systemd/system/${name} && systemctl daemon-reload`, `${lines.join('\n')}\n`);
  }

  async crash(name: string): Promise<void> {
    await until('it has begun', async () => (await this.#noted(name)).length > 0);
    await this.#on(`systemctl kill -s KILL --kill-who=main ${name}`);
  }

  /** The note is the program's first doing: a run that was started may not have got there yet. */
  async runs(name: string): Promise<number> {
    const pid = (await this.#on(`systemctl show -P MainPID ${name}`)).trim();
    if (pid !== '0') await until('its run is noted', async () => (await this.#noted(name)).includes(pid));
    return (await this.#noted(name)).length;
  }

  async startByDyingController(name: string): Promise<void> {
    const host = this.host();
    await host.startUnits([name], 1);
    host.close();
  }

  async write(content: string): Promise<string> {
    await this.#on(`cat >${folder}/dump.rdb`, content);
    return `${folder}/dump.rdb`;
  }

  async read(path: string): Promise<string | undefined> {
    const { code, stdout } = await this.#lab.ssh(this.#node, `cat ${path}`);
    return code === 0 ? stdout : undefined;
  }

  async strike(): Promise<void> {
    for (const host of this.#hosts) host.close();
    const all = [...units, redisUnit];
    await this.#on(
      `systemctl kill -s KILL ${all.join(' ')} 2>/dev/null; systemctl stop ${all.join(' ')} 2>/dev/null; true`,
    );
    if (this.#place === 'installed') await this.#installer(['--remove']);
    const files = all.map((name) => `/etc/systemd/system/${name}`).join(' ');
    const kept = `${folder} /var/lib/understudy/${this.#group} /run/understudy/${this.#group}`;
    await this.#on(`rm -rf ${files} ${kept}; systemctl daemon-reload; systemctl reset-failed`);
  }

  async #install(): Promise<void> {
    await this.#installer([]);
  }

  async #installer(flags: readonly string[]): Promise<void> {
    const file = (name: string) => readFile(new URL(`../../deploy/${name}`, import.meta.url), 'utf8');
    const publicKey = (await readFile(`${this.#lab.privateKeyFile}.pub`, 'utf8'))
      .split(' ')
      .slice(0, 2)
      .join(' ');
    await this.#on(`cat >/run/install`, await file('understudy-node-install'));
    const words = [...flags, this.#group, 'understudy', redisUnit, folder, ...units];
    await this.#on(`sh /run/install ${words.join(' ')}`, `${publicKey}\n${await file('understudy-node')}`);
  }

  async #noted(name: string): Promise<string[]> {
    const { stdout } = await this.#lab.ssh(this.#node, `cat ${folder}/${name}.runs 2>/dev/null`);
    return stdout.split('\n').filter(Boolean);
  }

  async #on(command: string, stdin = ''): Promise<string> {
    const { code, stdout, stderr } = await this.#lab.ssh(this.#node, command, { input: stdin });
    if (code !== 0) throw new Error(`${command}: ${stderr}`);
    return stdout;
  }
}

function commandsOf({ ignoresSigterm, endsWith }: UnitTraits): string {
  if (endsWith !== undefined) return `NOTE; exit ${endsWith}`;
  return ignoresSigterm ? "trap '' TERM; NOTE; while :; do sleep 0.05; done" : 'NOTE; exec sleep 600';
}
