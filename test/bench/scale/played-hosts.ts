import type { ConnectGroup } from '../../../controller/controller.ts';
import type { FailoverGroup } from '../../../crd/failover-group.ts';
import { FakeHost, FakeMachine } from '../../fakes/fake-host.ts';
import { botUnits, pairOf, redisUnit } from './scale-group.ts';

/** The machines of all nodes, in memory; their Redis is played elsewhere and its death is told of here. */
export class PlayedHosts {
  readonly #machines = new Map<string, FakeMachine>();

  /** The production adapters for Redis, these machines for the hosts. */
  over(connect: ConnectGroup): ConnectGroup {
    return async (group) => {
      const nodes = await connect(withoutHosts(group));
      const pair = pairOf(group.metadata.name);
      return nodes.map((node) => ({
        ...node,
        host: new FakeHost(this.#machine(pair, node.name), botUnits, redisUnit),
      }));
    };
  }

  /** systemd has seen its Redis die. */
  died(pair: number, node: string): void {
    const machine = this.#machine(pair, node);
    const redis = machine.units.get(redisUnit);
    if (redis !== undefined) machine.crash(redis);
  }

  #machine(pair: number, node: string): FakeMachine {
    const key = `${pair}/${node}`;
    const machine = this.#machines.get(key) ?? new FakeMachine();
    if (this.#machines.has(key)) return machine;
    this.#machines.set(key, machine);
    for (const name of [redisUnit, ...botUnits]) machine.define(name, {});
    const redis = machine.units.get(redisUnit);
    if (redis !== undefined) machine.start(redis);
    return machine;
  }
}

function withoutHosts(group: FailoverGroup): FailoverGroup {
  const nodes = group.spec.nodes.map(({ ssh: _ssh, ...node }) => node);
  return { ...group, spec: { ...group.spec, nodes } };
}
