import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { unitName } from '../../crd/field-formats.ts';
import { HostFault, wordsOf } from './host-fault.ts';

/** Where everything of one unit is. */
export interface UnitPlace {
  readonly name: string;
  /** `<directory>/<name>`: the unit file. */
  readonly file: string;
  /** Written by the unit's supervisor; its folder is watched, so that nothing else may write there. */
  readonly record: string;
  readonly log: string;
  /** In the environment of every process of the unit. */
  readonly marker: string;
}

/** The folder of a node on this machine: unit files, and what the controller keeps below `.understudy`. */
export class UnitFolder {
  readonly directory: string;
  readonly records: string;
  readonly logs: string;
  readonly epochFile: string;
  readonly preserved: string;

  /** Makes what is missing below the folder. Throws HostUnusable when there is no such folder. */
  constructor(directory: string) {
    try {
      // One folder has one name, whatever links lead to it: locks and markers go by it.
      this.directory = realpathSync(directory);
      const own = join(this.directory, '.understudy');
      this.records = join(own, 'units');
      this.logs = join(own, 'logs');
      this.epochFile = join(own, 'epoch');
      this.preserved = join(this.directory, 'preserved');
      mkdirSync(this.records, { recursive: true });
      mkdirSync(this.logs, { recursive: true, mode: 0o700 });
    } catch (cause) {
      throw new HostFault('HostUnusable', `${directory}: ${wordsOf(cause)}`, { cause });
    }
  }

  /** Throws UnitInvalid for a name that could lead out of the folder. */
  place(name: string): UnitPlace {
    const checked = unitName.safeParse(name);
    if (!checked.success)
      throw new HostFault('UnitInvalid', `${JSON.stringify(name)} is no name of a unit (NAME.service).`);
    const file = join(this.directory, name);
    return {
      name,
      file,
      record: join(this.records, `${name}.record`),
      log: join(this.logs, `${name}.log`),
      marker: `UNDERSTUDY_UNIT=${file}`,
    };
  }
}
