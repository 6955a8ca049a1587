import { servicesAnnotation } from '../../crd/annotations.ts';
import type { Status } from '../../crd/status.ts';
import type { News } from '../../reconcilers/news.ts';
import type { ControllerEvent } from '../controller.ts';
import type { Leadership } from '../leadership.ts';
import type { StoredGroup } from '../ports/store.ts';
import type { ApiFault } from './api-fault.ts';
import { isSameSeat, promotedSeat, type Seat, seatOf } from './group-seat.ts';
import { HostAddresses, type LookUp } from './host-addresses.ts';
import type { KubeAccess } from './kube-access.ts';
import { OwnedMirror } from './owned-mirror.ts';
import { type Ground, PublishedGroup, type Write } from './published-group.ts';
import { Turnstile } from './turnstile.ts';

interface PublisherTerms {
  /** Where the uid, the annotations and the deletion of a group are read. */
  readonly store: { get(key: string): StoredGroup | undefined };
  /** Absent: the whole cluster. */
  readonly namespace?: string | undefined;
  /** What an operator shall read; once while it is so. */
  readonly tell: (key: string, news: News) => void;
  readonly onFault?: (fault: ApiFault) => void;
  readonly onWrite?: (write: Write) => void;
  /** Absent: the machine's own way to resolve names. */
  readonly lookUp?: LookUp;
}

const noLeadership: Leadership = { leftMs: () => 0 };
/** How often names are resolved again, and everything is compared (ms). */
const resyncMs = 60_000;
/** Objects of groups in no hurry that are written at once. */
const places = 8;

/**
 * Services and EndpointSlices that clients in the cluster follow. A promotion is published the moment it is done;
 * everything else follows what the passes decide. One for each process: its mirrors stay warm between two terms.
 */
export class EndpointPublisher {
  readonly #terms: PublisherTerms;
  readonly #mirror: OwnedMirror;
  readonly #hosts: HostAddresses;
  readonly #ground: Ground;
  readonly #groups = new Map<string, PublishedGroup>();
  #leadership = noLeadership;
  #mirrored = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(access: KubeAccess, terms: PublisherTerms) {
    this.#terms = terms;
    this.#hosts = new HostAddresses(terms.lookUp);
    this.#mirror = new OwnedMirror(access, {
      namespace: terms.namespace,
      // Somebody changed or deleted one, or our own write came back.
      onChange: (id, object, owner) => this.#groups.get(owner)?.saw(id, object),
      onFault: (fault) => terms.onFault?.(fault),
    });
    this.#ground = {
      access,
      mirror: this.#mirror,
      hosts: this.#hosts,
      turnstile: new Turnstile(places),
      tell: terms.tell,
      onWrite: (write) => terms.onWrite?.(write),
    };
  }

  /** Fills the mirrors; resolves when that is done. Until then nothing is written. */
  async start(): Promise<void> {
    this.#timer = setInterval(() => void this.#resync(), resyncMs).unref();
    await this.#mirror.start();
    this.#mirrored = true;
    for (const [key, group] of this.#groups) this.#publish(key, group, false);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.resign();
    await this.#mirror.stop();
  }

  /** From here on it writes, while the leadership lasts. */
  lead(leadership: Leadership): void {
    this.resign();
    this.#leadership = leadership;
  }

  /** Writes nothing more; what it knew of the groups is forgotten. */
  resign(): void {
    this.#leadership = noLeadership;
    for (const key of [...this.#groups.keys()]) this.#forget(key);
  }

  /** Never waits: what is to be written is on its way when this returns. */
  note(event: ControllerEvent): void {
    switch (event.kind) {
      case 'decided':
        this.#decided(event.key, event.situation.spec, event.decision.status);
        break;
      case 'acted':
        if (event.outcome.kind !== 'done') break;
        if (event.action.kind === 'handOver') this.#moved(event.key, event.action.to, event.action.epoch);
        if (event.action.kind === 'promote') this.#moved(event.key, event.action.node, event.action.epoch);
        break;
      case 'retired':
      case 'gone':
        this.#forget(event.key);
        break;
    }
  }

  #decided(key: string, spec: Seat['spec'], status: Status): void {
    const stored = this.#terms.store.get(key);
    const uid = stored?.group.metadata.uid;
    // One that was deleted and made anew is another one.
    if (this.#groups.get(key)?.uid !== uid || stored?.retiring === true) this.#forget(key);
    if (uid === undefined || stored?.retiring === true) return;
    const on = stored?.group.metadata.annotations?.[servicesAnnotation] !== 'off';
    const known = this.#groups.get(key);
    const seat = seatOf(spec, status, known?.seat);
    if (known !== undefined) {
      const same = known.on === on && isSameSeat(known.seat, seat);
      known.seat = seat;
      known.on = on;
      if (!same) this.#publish(key, known, false);
      return;
    }
    const [namespace = '', name = ''] = key.split('/');
    const identity = { namespace, name, uid };
    const group = new PublishedGroup(identity, { seat, on }, this.#rightTo(key, uid), this.#ground);
    this.#groups.set(key, group);
    this.#publish(key, group, false);
  }

  /** The clients are on their way already: this one goes past all that waits. */
  #moved(key: string, primary: string, epoch: number): void {
    const group = this.#groups.get(key);
    if (group === undefined) return;
    group.seat = promotedSeat(group.seat, primary, epoch);
    this.#publish(key, group, true);
  }

  #publish(key: string, group: PublishedGroup, urgent: boolean): void {
    if (!this.#mirrored) return;
    const hosts = group.seat.spec.nodes.map(({ redis }) => redis.host);
    if (hosts.every((host) => this.#hosts.of(host) !== undefined)) {
      group.publish(urgent);
      return;
    }
    // Asked for once; after that they are known beforehand.
    void this.#hosts.learn(hosts).then(() => {
      if (this.#groups.get(key) === group) group.publish(urgent);
    });
  }

  /** What a deleted group's owner references take away is not made anew. */
  #rightTo(key: string, uid: string): Leadership {
    const leadership = this.#leadership;
    return {
      leftMs: () => {
        const stored = this.#terms.store.get(key);
        const stays = stored?.group.metadata.uid === uid && stored.retiring !== true;
        return stays ? leadership.leftMs() : 0;
      },
    };
  }

  #forget(key: string): void {
    this.#groups.get(key)?.stop();
    this.#groups.delete(key);
  }

  /** Names may mean other addresses by now, and a name that was taken may be free. */
  async #resync(): Promise<void> {
    const specs = [...this.#groups.values()].map(({ seat }) => seat.spec);
    await this.#hosts.refresh(new Set(specs.flatMap(({ nodes }) => nodes.map(({ redis }) => redis.host))));
    for (const [key, group] of this.#groups) {
      this.#publish(key, group, false);
      group.recheck();
    }
  }
}
