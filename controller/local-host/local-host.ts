import { readFileSync, statfsSync, statSync } from 'node:fs';
import type { Outcome } from '../../reconcilers/action.ts';
import type { HostView, UnitView } from '../../reconcilers/observation.ts';
import type { HostPort } from '../ports/host.ts';
import type { Reply } from '../ports/redis-node.ts';
import { acceptEpoch, readEpoch } from './accepted-epoch.ts';
import { bootId, uptimeSeconds } from './boot.ts';
import { holdingFolder } from './folder-lock.ts';
import { HostFault, wordsOf } from './host-fault.ts';
import { preserveCopy } from './preserve-copy.ts';
import { RecordWatch } from './record-watch.ts';
import { stopTermsOf } from './unit-control.ts';
import type { ParsedUnit } from './unit-file.ts';
import { parseUnitFile } from './unit-file.ts';
import type { UnitPlace } from './unit-folder.ts';
import { UnitFolder } from './unit-folder.ts';
import { lookAtUnit } from './unit-look.ts';
import { prepareUnit, startPrepared } from './unit-start.ts';
import { stopProcesses } from './unit-stop.ts';

export interface LocalHostOptions {
  /** The folder with the unit files, `<name>.service`: spec.nodes[].local.directory. */
  readonly directory: string;
  readonly units: readonly string[];
  /** The unit that runs Redis; a folder without a file for it has a Redis that somebody else runs. */
  readonly redisUnit: string;
}

interface CachedUnit {
  /** Of the file as it was read: another one has another. */
  readonly stamp: string;
  readonly parsed: ParsedUnit;
}

/** The machine of the controller as the host of a node: it runs the unit files of a folder by itself, without systemd. */
export class LocalHost implements HostPort {
  readonly #options: LocalHostOptions;
  readonly #watch = new RecordWatch();
  readonly #cache = new Map<string, CachedUnit>();
  #folder: UnitFolder | undefined;
  #closed = false;

  constructor(options: LocalHostOptions) {
    this.#options = options;
  }

  async observe(): Promise<HostView> {
    try {
      const folder = this.#open();
      const { units, redisUnit } = this.#options;
      const [redis, ...views] = await Promise.all(
        [redisUnit, ...units].map((name) => this.#view(folder, name)),
      );
      const { bavail, bsize } = statfsSync(folder.directory);
      return {
        state: 'answers',
        bootId: bootId(),
        ...(redis === undefined || redis.state === 'unknownUnit' ? {} : { redisUnit: redis }),
        units: views,
        epoch: readEpoch(folder.epochFile),
        freeDiskBytes: bavail * bsize,
      };
    } catch (cause) {
      return { state: 'unusable', detail: wordsOf(cause) };
    }
  }

  async startUnits(units: readonly string[], epoch: number): Promise<Outcome> {
    return this.#under(epoch, async (folder) => {
      // All are checked before any is started.
      const prepared = units.map((name) => prepareUnit(folder.place(name)));
      for (const unit of prepared) await startPrepared(unit);
    });
  }

  async stopUnits(units: readonly string[], epoch: number): Promise<Outcome> {
    return this.#under(epoch, async (folder) => {
      const places = [...new Set(units)].map((name) => folder.place(name));
      const ends = await Promise.allSettled(places.map((place) => stopProcesses(place, stopTermsOf(place))));
      for (const end of ends) if (end.status === 'rejected') throw end.reason;
    });
  }

  async stopRedis(epoch: number): Promise<Outcome> {
    const { redisUnit } = this.#options;
    return this.#under(epoch, async (folder) => {
      const place = folder.place(redisUnit);
      const known = statSync(place.file, { throwIfNoEntry: false }) !== undefined;
      // Nothing that this host started: it can neither stop it nor say that it is gone.
      if (!known && (await lookAtUnit(place)).record === undefined)
        throw new HostFault(
          'UnknownUnit',
          `There is no unit file ${place.file}: Redis is run by somebody else.`,
        );
      await stopProcesses(place, stopTermsOf(place));
    });
  }

  async startRedis(epoch: number): Promise<Outcome> {
    return this.startUnits([this.#options.redisUnit], epoch);
  }

  async copyAside(
    path: string,
    epoch: number,
    keep: number,
  ): Promise<Reply<{ path: string; bytes: number }>> {
    const copied: { path: string; bytes: number }[] = [];
    const outcome = await this.#under(epoch, async ({ preserved }) => {
      copied.push(await preserveCopy({ source: path, folder: preserved, epoch, keep, date: new Date() }));
    });
    const [value] = copied;
    if (outcome.kind !== 'done') return outcome;
    return value === undefined
      ? { kind: 'unknown', reason: 'OutcomeUnknown', message: `${path}: no copy was seen.` }
      : { kind: 'done', value };
  }

  onChange(listener: () => void): void {
    this.#watch.add(listener);
    try {
      this.#open();
    } catch {
      // observe() tells what is wrong with the folder.
    }
  }

  close(): void {
    this.#closed = true;
    this.#watch.close();
  }

  #open(): UnitFolder {
    if (
      this.#folder === undefined ||
      statSync(this.#folder.records, { throwIfNoEntry: false }) === undefined
    ) {
      this.#watch.close();
      this.#folder = new UnitFolder(this.#options.directory);
    }
    if (!this.#closed) this.#watch.follow(this.#folder.records);
    return this.#folder;
  }

  /** One at a time on this folder, of all processes, and none under an epoch that is over. */
  async #under(epoch: number, work: (folder: UnitFolder) => Promise<void>): Promise<Outcome> {
    try {
      const folder = this.#open();
      await holdingFolder(folder.directory, async () => {
        await acceptEpoch(folder.epochFile, epoch);
        await work(folder);
      });
      return { kind: 'done' };
    } catch (cause) {
      if (!(cause instanceof HostFault) || cause.code === 'OutcomeUnknown')
        return { kind: 'unknown', reason: 'OutcomeUnknown', message: wordsOf(cause) };
      return { kind: 'refused', reason: cause.code, message: cause.message };
    }
  }

  async #view(folder: UnitFolder, name: string): Promise<UnitView> {
    const place = folder.place(name);
    const parsed = this.#parsed(place);
    const look = await lookAtUnit(place);
    const down = look.state === 'stopped' || look.state === 'failed';
    const common = {
      name,
      restarts: look.restarts,
      enabledAtBoot: false,
      restartsItself: parsed?.ok === true && parsed.definition.restart !== 'no',
      ...(look.ended === undefined ? {} : { endedSeconds: Math.max(uptimeSeconds() - look.ended, 0) }),
    };
    // What still runs is told, whatever has become of its file; what could not be started is not there.
    if (down && parsed?.ok !== true)
      return { ...common, state: 'unknownUnit', result: parsed === undefined ? 'success' : 'bad-setting' };
    return { ...common, state: look.state, result: look.result };
  }

  /** undefined when there is no file. */
  #parsed({ name, file }: UnitPlace): ParsedUnit | undefined {
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat === undefined) {
      this.#cache.delete(name);
      return undefined;
    }
    const stamp = `${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs}`;
    const known = this.#cache.get(name);
    if (known?.stamp === stamp) return known.parsed;
    const parsed = parseUnitFile(readFileSync(file, 'utf8'), file);
    this.#cache.set(name, { stamp, parsed });
    return parsed;
  }
}
