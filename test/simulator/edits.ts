import type { Fault, Sky } from './sky.ts';

export type EditKind = 'request' | 'pause' | 'mode' | 'fencing' | 'failback';

/** What operators ask for in the group's own document. */
export function edits(sky: Sky): Readonly<Record<EditKind, Fault>> {
  return {
    request: (name) => request(sky, name),
    pause: () => pause(sky),
    mode: () => mode(sky),
    fencing: () => fencing(sky),
    failback: () => failback(sky),
  };
}

/** A switchover; sometimes by the annotation that asks for a failback. */
function request(sky: Sky, name: string): void {
  const { chance, store } = sky;
  sky.note(`asked for: ${name}`);
  if (chance.happens(0.8)) store.edit({ primary: name });
  else store.annotate({ 'understudy.dev/failback': String(store.status.epoch ?? 0) });
}

function pause(sky: Sky): void {
  sky.note('paused');
  sky.store.edit({ paused: true });
  sky.mendLater(() => {
    sky.note('not paused');
    sky.store.edit({ paused: false });
  });
}

function mode(sky: Sky): void {
  const { store } = sky;
  sky.note('mode Manual');
  store.edit({ failover: { ...store.spec.failover, mode: 'Manual' } });
  sky.mendLater(() => {
    sky.note('mode Automatic');
    store.edit({ failover: { ...store.spec.failover, mode: 'Automatic' } });
  });
}

function fencing(sky: Sky): void {
  const { store, stage, judge } = sky;
  sky.note('fencing BestEffort');
  store.edit({ failover: { ...store.spec.failover, fencing: 'BestEffort' } });
  sky.mendLater(() => {
    sky.note('fencing Required');
    judge.excuses.unfenced(stage.now + 30_000);
    store.edit({ failover: { ...store.spec.failover, fencing: 'Required' } });
  });
}

function failback(sky: Sky): void {
  const { store } = sky;
  const policy = store.spec.failback.policy === 'Manual' ? 'Automatic' : 'Manual';
  sky.note(`failback ${policy}`);
  store.edit({ failback: { ...store.spec.failback, policy } });
}
