import {
  acceptDataOfAnnotation,
  confirmFencedAnnotation,
  failbackAnnotation,
} from '../../crd/annotations.ts';
import type { ModelScope, ModelState } from './model-state.ts';
import { restartController } from './model-state.ts';
import { tickMs } from './model-world.ts';

/** Something that happens to the world or is asked for; `cost` counts against the path's bound. */
export interface ModelEvent {
  readonly name: string;
  readonly cost: 0 | 1;
  /** Whether it may happen in the middle of a pass, too. */
  readonly amidst: boolean;
  /** False: it cannot happen now, or changes nothing. */
  readonly apply: (state: ModelState) => boolean;
}

type Apply = (state: ModelState) => boolean;

const fault = (name: string, apply: Apply): ModelEvent => ({ name, cost: 1, amidst: true, apply });
const free = (name: string, apply: Apply): ModelEvent => ({ name, cost: 0, amidst: true, apply });

/** Runs `change` when `possible` holds. */
const when =
  (possible: (state: ModelState) => boolean, change: (state: ModelState) => void): Apply =>
  (state) => {
    if (!possible(state)) return false;
    change(state);
    return true;
  };

function processEvents(name: string): ModelEvent[] {
  const running: (state: ModelState) => boolean = ({ world }) => {
    const { process } = world.get(name);
    return process === 'running' || process === 'hung';
  };
  const disks = ['full', 'stale', 'none'] as const;
  return [
    ...disks.map((disk) =>
      fault(
        `crash ${name} (disk ${disk})`,
        when(running, ({ world }) => {
          world.setDisk(name, disk);
          world.end(name, 'crashed');
        }),
      ),
    ),
    fault(
      `stop ${name}`,
      when(
        ({ world }) => world.get(name).process === 'running',
        ({ world }) => world.end(name, 'stopped'),
      ),
    ),
    fault(
      `hang ${name}`,
      when(
        ({ world }) => world.get(name).process === 'running',
        ({ world }) => {
          world.get(name).process = 'hung';
        },
      ),
    ),
    fault(
      `lag ${name}`,
      when(
        ({ world }) =>
          running({ world } as ModelState) && !world.get(name).lagging && world.get(name).role === 'replica',
        ({ world }) => {
          world.get(name).lagging = true;
        },
      ),
    ),
    fault(
      `power off ${name}`,
      when(
        ({ world }) => world.host(name).powered,
        ({ world }) => world.power(name, false),
      ),
    ),
    free(
      `start ${name}`,
      when(
        ({ world }) => world.host(name).powered && !running({ world } as ModelState),
        (state) => {
          state.world.start(name);
          state.meddled = [...state.meddled, name];
        },
      ),
    ),
    free(
      `power on ${name}`,
      when(
        ({ world }) => !world.host(name).powered,
        (state) => {
          state.world.power(name, true);
          state.meddled = [...state.meddled, name];
        },
      ),
    ),
    free(
      `unhang ${name}`,
      when(
        ({ world }) => world.get(name).process === 'hung',
        ({ world }) => {
          world.get(name).process = 'running';
        },
      ),
    ),
    free(
      `unlag ${name}`,
      when(
        ({ world }) => world.get(name).lagging,
        ({ world }) => {
          world.get(name).lagging = false;
        },
      ),
    ),
  ];
}

function hostEvents(scope: ModelScope, name: string): ModelEvent[] {
  const stubborn = scope.units.flatMap((_unit, at): ModelEvent[] => [
    fault(
      `unit ${at} on ${name} does not stop`,
      when(
        ({ world }) =>
          world.host(name).units[at]?.state === 'running' && !world.host(name).units[at]?.stubborn,
        ({ world }) => setStubborn(world.host(name).units[at], true),
      ),
    ),
    free(
      `unit ${at} on ${name} stops again`,
      when(
        ({ world }) => world.host(name).units[at]?.stubborn === true,
        ({ world }) => setStubborn(world.host(name).units[at], false),
      ),
    ),
    fault(`unit ${at} on ${name} fails`, ({ world }) => {
      const unit = world.host(name).units[at];
      if (unit?.state !== 'running') return false;
      unit.state = 'failed';
      return true;
    }),
  ]);
  const fences = scope.fences
    ? (['refuses', 'unsure'] as const).map((fence) =>
        fault(
          `fence of ${name} ${fence}`,
          when(
            ({ world }) => world.host(name).fence === 'works',
            ({ world }) => {
              world.host(name).fence = fence;
            },
          ),
        ),
      )
    : [];
  return [...stubborn, ...fences];
}

function setStubborn(unit: { stubborn: boolean } | undefined, stubborn: boolean): void {
  if (unit !== undefined) unit.stubborn = stubborn;
}

function wires(scope: ModelScope): (readonly [string, string])[] {
  const { nodes } = scope;
  return [
    ...nodes.flatMap((node) => [['@', node] as const, ['@host', node] as const]),
    ...nodes.flatMap((one) => nodes.filter((other) => one < other).map((other) => [one, other] as const)),
  ];
}

function wireEvents(scope: ModelScope): ModelEvent[] {
  const each = wires(scope).flatMap(([one, other]) => [
    fault(
      `cut ${one}-${other}`,
      when(
        ({ world }) => !world.isCut(one, other),
        ({ world }) => world.cut(one, other, true),
      ),
    ),
    free(
      `heal ${one}-${other}`,
      when(
        ({ world }) => world.isCut(one, other),
        ({ world }) => world.cut(one, other, false),
      ),
    ),
  ]);
  const cables = scope.nodes.flatMap((name) => [
    fault(
      `pull ${name}`,
      when(
        ({ world }) => !world.pulled.has(name),
        ({ world }) => {
          world.pulled = new Set([...world.pulled, name]);
        },
      ),
    ),
    free(
      `plug ${name}`,
      when(
        ({ world }) => world.pulled.has(name),
        ({ world }) => {
          world.pulled = new Set([...world.pulled].filter((other) => other !== name));
        },
      ),
    ),
  ]);
  return [...each, ...cables];
}

/** Some nodes are parted from all the rest and from the controller, all at once. One alone is a pulled cable. */
function partitionEvents({ nodes }: ModelScope): ModelEvent[] {
  if (nodes.length < 3) return [];
  const parties = nodes.flatMap((one) => nodes.filter((other) => one < other).map((other) => [one, other]));
  return [
    ...parties.map((party) =>
      fault(
        `part ${party.join('+')}`,
        when(
          ({ world }) => world.parted.size === 0,
          ({ world }) => {
            world.parted = new Set(party);
          },
        ),
      ),
    ),
    free(
      'join',
      when(
        ({ world }) => world.parted.size > 0,
        ({ world }) => {
          world.parted = new Set();
        },
      ),
    ),
  ];
}

function operatorEvents(scope: ModelScope): ModelEvent[] {
  const epochOf = (state: ModelState): number => state.status.epoch ?? 0;
  const annotate = (state: ModelState, key: string, value: string): boolean => {
    if (state.annotations[key] === value) return false;
    state.annotations = { ...state.annotations, [key]: value };
    return true;
  };
  return [
    ...scope.nodes.map((name) =>
      fault(`request ${name}`, (state) => {
        if (state.primary === name) return false;
        state.primary = name;
        return true;
      }),
    ),
    fault('pause', (state) => {
      if (state.paused) return false;
      state.paused = true;
      return true;
    }),
    free('resume', (state) => {
      if (!state.paused) return false;
      state.paused = false;
      return true;
    }),
    fault('ask for failback', (state) => {
      if (state.status.currentPrimary === state.primary) return false;
      return annotate(state, failbackAnnotation, String(epochOf(state)));
    }),
    ...scope.nodes.map((name) =>
      fault(`confirm that ${name} is off`, (state) => {
        if (state.world.host(name).powered) return false;
        return annotate(state, confirmFencedAnnotation, `${name}@${epochOf(state)}`);
      }),
    ),
    ...scope.nodes.map((name) =>
      fault(`accept the data of ${name}`, (state) => {
        if (!isAsking(state)) return false;
        return annotate(state, acceptDataOfAnnotation, `${name}@${epochOf(state)}`);
      }),
    ),
    ...scope.nodes.map((name) =>
      fault(
        `promote ${name} by hand`,
        when(
          ({ world }) => world.get(name).process === 'running' && world.get(name).role === 'replica',
          (state) => {
            state.world.promote(name);
            state.meddled = [...state.meddled, name];
          },
        ),
      ),
    ),
  ];
}

/** The controller stops and asks whose data to keep. */
export function isAsking(state: ModelState): boolean {
  return state.status.conditions?.some(({ message }) => message.includes(acceptDataOfAnnotation)) === true;
}

/** All that may happen in a world of this scope, besides what its controller does. */
export function eventsOf(scope: ModelScope): readonly ModelEvent[] {
  const { only } = scope;
  return allEvents(scope).filter(
    ({ cost, name }) => cost === 0 || only === undefined || only.some((start) => name.startsWith(start)),
  );
}

function allEvents(scope: ModelScope): readonly ModelEvent[] {
  return [
    ...scope.nodes.flatMap(processEvents),
    ...scope.nodes.flatMap((name) => hostEvents(scope, name)),
    ...wireEvents(scope),
    ...partitionEvents(scope),
    ...operatorEvents(scope),
    ...scope.nodes.map((name) =>
      free(`write ${name}`, ({ world }) => {
        if (world.writes >= scope.writes || !world.takesWrites(world.get(name))) return false;
        world.write(name);
        return true;
      }),
    ),
    {
      name: 'tick',
      cost: 0,
      amidst: false,
      // Where minutes pass, moments do as part of them.
      apply: ({ world }) => {
        if (scope.waits === true) return false;
        world.advance(tickMs);
        return true;
      },
    },
    {
      name: 'kill controller',
      cost: 1,
      amidst: false,
      apply: (state) => {
        restartController(state);
        return true;
      },
    },
  ];
}
