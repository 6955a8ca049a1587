import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UnitFolderStage } from '../local-host/unit-folder-stage.ts';
import { until } from '../redis/until.ts';
import { hostConformance, type UnitTraits } from './host.suite.ts';

function commandsOf({ ignoresSigterm, endsWith }: UnitTraits): string {
  if (endsWith !== undefined) return `exit ${endsWith}`;
  return ignoresSigterm ? "trap '' TERM; NOTE; while :; do sleep 0.05; done" : 'exec sleep 600';
}

hostConformance('local host', async () => {
  const stage = await UnitFolderStage.set();
  const noted = async (name: string) => (await stage.runs(name)).length;
  return {
    host: () => stage.host(),
    lease: 'none',
    define: (name, traits = {}) =>
      stage.writeShell(
        name,
        commandsOf(traits),
        `Restart=${traits.restartsItself ? 'always' : 'no'}`,
        ...(traits.ignoresSigterm ? ['TimeoutStopSec=200ms'] : []),
      ),
    crash: async (name) => {
      await until('it has begun', async () => (await noted(name)) > 0);
      process.kill(await stage.pidOf(name), 'SIGKILL');
    },
    // The note is the program's first doing: a run that was started may not have got there yet.
    runs: async (name) => {
      const host = stage.host();
      const view = await host.observe();
      assert.ok(view.state === 'answers');
      const unit = [view.redisUnit, ...view.units].find((seen) => seen?.name === name);
      if (unit?.state === 'running')
        await until('its run is noted', async () =>
          (await stage.runs(name)).includes(await stage.pidOf(name)),
        );
      return noted(name);
    },
    startByDyingController: async (name) => {
      const child = spawn(
        process.execPath,
        [join(import.meta.dirname, '../local-host/start-and-die.ts'), stage.directory, name],
        { stdio: ['ignore', 'ignore', 'inherit'] },
      );
      const [code] = await once(child, 'exit');
      assert.equal(code, null);
    },
    write: async (content) => {
      const path = join(stage.directory, '..', 'dump.rdb');
      await writeFile(path, content);
      return path;
    },
    read: (path) => readFile(path, 'utf8').catch(() => undefined),
    strike: () => stage.strike(),
  };
});
