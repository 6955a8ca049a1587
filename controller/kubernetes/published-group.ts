import type { News } from '../../reconcilers/news.ts';
import type { Leadership } from '../leadership.ts';
import { hostNews, nameNews, objectNews } from './endpoint-news.ts';
import {
  type Address,
  isPublishable,
  type OwnedObject,
  ownedObjects,
  type Published,
} from './endpoint-objects.ts';
import type { Seat } from './group-seat.ts';
import type { HostAddresses } from './host-addresses.ts';
import { type KeptEvent, KeptObject } from './kept-object.ts';
import type { KubeAccess } from './kube-access.ts';
import { idOf, type OwnedMirror } from './owned-mirror.ts';
import { serviceNames } from './service-name.ts';
import type { Turnstile } from './turnstile.ts';

/** A write that was done, so long (ms) after it was due. */
export interface Write {
  readonly id: string;
  readonly method: string;
  readonly milliseconds: number;
}

/** What all groups share. */
export interface Ground {
  readonly access: KubeAccess;
  readonly mirror: OwnedMirror;
  readonly hosts: HostAddresses;
  readonly turnstile: Turnstile;
  readonly tell: (key: string, news: News) => void;
  readonly onWrite: (write: Write) => void;
}

export interface GroupIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** The Services and slices of one group, as its seat wants them. */
export class PublishedGroup {
  readonly uid: string;
  seat: Seat;
  /** False: it shall have none. */
  on: boolean;
  readonly #identity: GroupIdentity;
  readonly #ground: Ground;
  readonly #leadership: Leadership;
  /** The objects that are kept, or kept away, by id. */
  readonly #kept = new Map<string, KeptObject>();
  /** What is told already, by its subject. */
  readonly #told = new Map<string, string>();

  constructor(
    identity: GroupIdentity,
    { seat, on }: { seat: Seat; on: boolean },
    leadership: Leadership,
    ground: Ground,
  ) {
    this.uid = identity.uid;
    this.seat = seat;
    this.on = on;
    this.#identity = identity;
    this.#leadership = leadership;
    this.#ground = ground;
  }

  /** Writes what differs. Urgent: past all that waits. The addresses of its hosts must be known. */
  publish(urgent: boolean): void {
    const { mirror } = this.#ground;
    const { namespace, uid } = this.#identity;
    const objects = this.on ? ownedObjects(this.#published(), mirror.sliceVersion) : [];
    const wanted = new Map<string, OwnedObject>();
    for (const object of objects) wanted.set(idOf(object.kind, namespace, object.name), object);
    for (const [id, object] of wanted) this.#keeper(id).want({ uid, object }, urgent);
    for (const id of new Set([...this.#kept.keys(), ...mirror.ownedBy(uid)]))
      if (!wanted.has(id)) this.#keeper(id).want({ uid, object: undefined }, urgent);
  }

  /** One of its objects changed, or (undefined) went. */
  saw(id: string, live: Parameters<KeptObject['saw']>[0]): void {
    this.#kept.get(id)?.saw(live);
  }

  /** A name that was taken may be free by now. */
  recheck(): void {
    for (const keeper of this.#kept.values()) keeper.recheck();
  }

  stop(): void {
    for (const keeper of this.#kept.values()) keeper.stop();
  }

  #published(): Published {
    const { name } = this.#identity;
    const { primary, replicas, epoch } = this.seat;
    return {
      owner: this.#identity,
      names: serviceNames(name),
      epoch,
      primary: primary === undefined ? [] : this.#addresses(primary),
      replicas: replicas.flatMap((node) => this.#addresses(node)),
    };
  }

  #addresses(name: string): Address[] {
    const { hosts } = this.#ground;
    const node = this.seat.spec.nodes.find((one) => one.name === name);
    if (node === undefined) return [];
    const { host, port } = node.redis;
    const ips = hosts.of(host) ?? [];
    const usable = ips.filter(isPublishable);
    this.#tell(`host ${host}`, hostNews(host, { failed: hosts.hasFailed(host), ips, usable }));
    return usable.map((ip) => ({ ip, port }));
  }

  #keeper(id: string): KeptObject {
    const known = this.#kept.get(id);
    if (known !== undefined) return known;
    const { access, turnstile, mirror } = this.#ground;
    const tell = (event: KeptEvent): void => this.#note(id, event);
    const terms = { access, turnstile, leadership: this.#leadership, path: mirror.pathOf(id), tell };
    const keeper = new KeptObject(terms, mirror.get(id));
    this.#kept.set(id, keeper);
    return keeper;
  }

  #note(id: string, event: KeptEvent): void {
    if (event.kind !== 'written') {
      this.#tell(id, objectNews(id, event));
      return;
    }
    const { method, milliseconds } = event;
    this.#ground.onWrite({ id, method, milliseconds });
    const names = serviceNames(this.#identity.name);
    const isFirst = method === 'POST' && id === idOf('Service', this.#identity.namespace, names.primary);
    if (isFirst && names.shortened) this.#ground.tell(this.#key, nameNews(names));
  }

  /** Once while it is so. */
  #tell(subject: string, news: News | undefined): void {
    if (news === undefined) this.#told.delete(subject);
    else if (this.#told.get(subject) !== news.message) {
      this.#told.set(subject, news.message);
      this.#ground.tell(this.#key, news);
    }
  }

  get #key(): string {
    return `${this.#identity.namespace}/${this.#identity.name}`;
  }
}
