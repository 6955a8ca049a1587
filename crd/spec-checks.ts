import { nearest } from './nearest-name.ts';
import { type Fault, listAt, valueAt } from './partial-check.ts';

interface Named {
  readonly index: number;
  readonly name: string;
}

function namesOf(list: readonly unknown[]): readonly Named[] {
  return list.flatMap((item, index) => {
    const name = valueAt(item, 'name');
    return typeof name === 'string' ? [{ index, name }] : [];
  });
}

function repeated(names: readonly Named[], list: string): readonly Fault[] {
  return names.flatMap(({ name, index }) => {
    const first = names.find((other) => other.name === name);
    return first === undefined || first.index === index
      ? []
      : [
          {
            path: [list, index, 'name'],
            message: `is "${name}", as spec.${list}[${first.index}] is: names must differ`,
          },
        ];
  });
}

/** Two nodes must not share an address: the later of two is told. `field` is `redis` or `ssh`. */
function sharedAddresses(nodes: readonly unknown[], field: 'redis' | 'ssh', why: string): readonly Fault[] {
  const firstAt = new Map<string, number>();
  return nodes.flatMap((node, index) => {
    const [host, port] = [valueAt(node, field, 'host'), valueAt(node, field, 'port')];
    if (typeof host !== 'string' || typeof port !== 'number') return [];
    const address = `${host.toLowerCase()}:${port}`;
    const first = firstAt.get(address);
    if (first !== undefined) {
      return [
        {
          path: ['nodes', index, field],
          message: `is ${address}, as spec.nodes[${first}].${field} is: ${why}`,
        },
      ];
    }
    firstAt.set(address, index);
    return [];
  });
}

function primaryFaults(spec: unknown, names: readonly Named[]): readonly Fault[] {
  const primary = valueAt(spec, 'primary');
  if (typeof primary !== 'string' || names.length === 0 || names.some(({ name }) => name === primary))
    return [];
  const known = [...new Set(names.map(({ name }) => name))];
  const suggestion = nearest(primary, known);
  const message = `is "${primary}", which is none of the nodes: ${known.join(', ')}`;
  return [{ path: ['primary'], message, ...(suggestion === undefined ? {} : { suggestion }) }];
}

function unitFaults(spec: unknown, nodes: readonly unknown[]): readonly Fault[] {
  const units = listAt(spec, 'units');
  const redisUnit = valueAt(spec, 'redis', 'unit');
  const names = namesOf(units);
  const own = names.flatMap(({ name, index }) =>
    name === redisUnit
      ? [
          {
            path: ['units', index, 'name'],
            message: `is spec.redis.unit: Redis runs on every node and is no unit of the group`,
          },
        ]
      : [],
  );
  const hostless = nodes.flatMap((node, index) =>
    units.length > 0 &&
    typeof node === 'object' &&
    valueAt(node, 'ssh') === undefined &&
    valueAt(node, 'local') === undefined
      ? [
          {
            path: ['nodes', index],
            message: 'needs ssh (or local), because the group has units to run on it',
          },
        ]
      : [],
  );
  return [...repeated(names, 'units'), ...own, ...hostless];
}

function sshFaults(spec: unknown, nodes: readonly unknown[]): readonly Fault[] {
  if (valueAt(spec, 'ssh') !== undefined) return [];
  const user = nodes.findIndex(
    (node) => valueAt(node, 'ssh') !== undefined || valueAt(node, 'fence', 'ssh') !== undefined,
  );
  if (user < 0) return [];
  const message = `is missing: spec.nodes[${user}] is reached by SSH, which needs {privateKeyFrom, knownHostsFrom}`;
  return [{ path: ['ssh'], message }];
}

/** The rules of a spec that no field can tell alone. The spec may be wrong in any other way too. */
export function specFaults(spec: unknown): readonly Fault[] {
  const nodes = listAt(spec, 'nodes');
  const names = namesOf(nodes);
  return [
    ...primaryFaults(spec, names),
    ...repeated(names, 'nodes'),
    ...sharedAddresses(nodes, 'redis', 'every node has its own Redis'),
    ...sharedAddresses(nodes, 'ssh', 'units and fences could not tell the two apart'),
    ...unitFaults(spec, nodes),
    ...sshFaults(spec, nodes),
  ];
}
