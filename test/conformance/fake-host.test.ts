import assert from 'node:assert/strict';
import { FakeHost, FakeMachine } from '../fakes/fake-host.ts';
import { hostConformance } from './host.suite.ts';

hostConformance('fake host', async () => {
  const machine = new FakeMachine();
  const host = () => new FakeHost(machine, ['bot.service', 'second.service'], 'redis.service');
  const unit = (name: string) => {
    const known = machine.units.get(name);
    assert.ok(known);
    return known;
  };
  return {
    host,
    lease: 'kept',
    define: async (name, traits = {}) => machine.define(name, traits),
    crash: async (name) => machine.crash(unit(name)),
    runs: async (name) => unit(name).starts,
    startByDyingController: async (name) => {
      await host().startUnits([name], 1);
    },
    write: async (content) => {
      machine.files.set('/data/dump.rdb', content);
      return '/data/dump.rdb';
    },
    read: async (path) => machine.files.get(path),
    strike: async () => undefined,
  };
});
