import type {
  Endpoint,
  RedisNodePort,
  ReplicationPosition,
  Reply,
} from '../../controller/ports/redis-node.ts';
import { type Failure, RedisReason, refused, unknown } from '../../controller/redis/refusals.ts';
import type { Outcome } from '../../reconcilers/action.ts';
import type { RedisView } from '../../reconcilers/observation.ts';
import type { FakeClient, FakeRedisServer, FakeRedisWorld } from './fake-redis-server.ts';

export type FakeCall = Exclude<keyof RedisNodePort, 'observe' | 'onLost' | 'close'>;

/** `unknown`: no answer comes, and the call has taken effect or not. */
export type FakeFault =
  | { readonly kind: 'unknown'; readonly applied: boolean }
  | { readonly kind: 'refused'; readonly reason?: string; readonly message?: string };

/** An adapter of its own, with its own connection and claim, to one fake server. */
export class FakeRedisNode implements RedisNodePort {
  readonly server: FakeRedisServer;
  /** The calls that came, in order, those that failed included. */
  readonly calls: FakeCall[] = [];
  /** Runs before each call; the place to let the world move on between two steps. */
  beforeCall: ((call: FakeCall) => void) | undefined;
  readonly #world: FakeRedisWorld;
  readonly #settings: readonly string[];
  readonly #faults: { call: FakeCall; fault: FakeFault }[] = [];
  readonly #listeners: (() => void)[] = [];
  #client: FakeClient | undefined;
  #lookedOver: FakeClient | undefined;
  #claimed: number | undefined;
  #highestMet = 0;
  #closed = false;

  constructor(world: FakeRedisWorld, server: FakeRedisServer, settings: readonly string[] = []) {
    this.#world = world;
    this.server = server;
    this.#settings = settings;
  }

  /** The next time that `call` comes, it ends so. Several add up. */
  failNext(call: FakeCall, fault: FakeFault): void {
    this.#faults.push({ call, fault });
  }

  async observe(): Promise<RedisView> {
    if (this.#closed) return { state: 'unusable', detail: 'this controller has closed its connection' };
    const view = this.server.view(this.#world.attachedTo(this.server), this.#settings);
    if (view.state === 'answers') this.#connect();
    else this.#disconnect();
    if (view.state === 'answers') this.#lookedOver = this.#client;
    return view;
  }

  claim(epoch: number): Promise<Outcome> {
    if (this.#claimed !== epoch) this.#claimed = undefined;
    return this.#run('claim', () => this.#announce(epoch));
  }

  async position(): Promise<Reply<ReplicationPosition>> {
    const outcome = await this.#run('position', () => ({ kind: 'done' }));
    return outcome.kind === 'done' ? { kind: 'done', value: this.#position() } : outcome;
  }

  #position(): ReplicationPosition {
    this.#lookedOver = this.#client;
    const { of, replicationId, offset } = this.server;
    return { role: of === undefined ? 'primary' : 'replica', replicationId, offset };
  }

  async pauseWrites(): Promise<Reply<ReplicationPosition>> {
    const outcome = await this.#change('pauseWrites', (server) => server.pause());
    return outcome.kind === 'done' ? { kind: 'done', value: this.#position() } : outcome;
  }

  resumeWrites(): Promise<Outcome> {
    return this.#change('resumeWrites', (server) => server.resume());
  }

  follow(primary: Endpoint): Promise<Outcome> {
    return this.#change(
      'follow',
      (server) => {
        for (const replica of this.#world.attachedTo(server)) replica.linked = false;
        server.follow(primary);
      },
      () => this.#notAsLookedAt(),
    );
  }

  promote(): Promise<Outcome> {
    return this.#change(
      'promote',
      (server) => server.promote(),
      () => this.#notAsLookedAt(),
    );
  }

  dropClients(): Promise<Outcome> {
    return this.#change('dropClients', (server) => {
      server.clientsDropped += 1;
      server.endClients((client) => client !== this.#client);
    });
  }

  persistConfig(): Promise<Outcome> {
    const message = 'ERR The server is running without a config file';
    return this.#change(
      'persistConfig',
      (server) => {
        server.savedOf = server.of;
        server.savedReplicationLogin = server.replicationLogin;
      },
      (server) => (server.hasConfigFile ? undefined : refused(RedisReason.NoConfigFile, message)),
    );
  }

  setConfig(settings: Readonly<Record<string, string>>): Promise<Outcome> {
    return this.#change(
      'setConfig',
      (server) => void Object.assign(server.config, settings),
      (server) => {
        const stranger = Object.keys(settings).find((name) => !(name in server.config));
        if (stranger === undefined) return undefined;
        return refused(RedisReason.InvalidSetting, `${stranger}: no such setting`);
      },
    );
  }

  acceptPassword(): Promise<Outcome> {
    return this.#change('acceptPassword', (server) => {
      if (server.password === 'former') server.password = 'accepted';
    });
  }

  retirePassword(): Promise<Outcome> {
    return this.#change('retirePassword', (server) => {
      server.password = 'only';
    });
  }

  setReplicationLogin(): Promise<Outcome> {
    return this.#change('setReplicationLogin', (server) => {
      server.replicationLogin = 'right';
    });
  }

  async snapshot(): Promise<Reply<string>> {
    const outcome = await this.#change('snapshot', () => {});
    return outcome.kind === 'done' ? { kind: 'done', value: '/fake/dump.rdb' } : outcome;
  }

  onLost(listener: () => void): void {
    this.#listeners.push(listener);
  }

  close(): void {
    this.#closed = true;
    this.#disconnect();
  }

  #notAsLookedAt(): Failure | undefined {
    if (this.#lookedOver === undefined || this.#lookedOver === this.#client) return undefined;
    return refused(RedisReason.NotConnected, 'Nothing was sent: it was looked at over another connection.');
  }

  #change(
    call: FakeCall,
    apply: (server: FakeRedisServer) => void,
    refusal: (server: FakeRedisServer) => Failure | undefined = () => undefined,
  ): Promise<Outcome> {
    return this.#run(call, () => {
      const claimed = this.#claimed;
      if (claimed === undefined)
        return refused(RedisReason.NotClaimed, 'No epoch has been claimed at this node.');
      const holds = this.#client?.epoch === claimed && claimed >= this.#highestMet;
      const announced: Outcome = holds ? { kind: 'done' } : this.#announce(claimed);
      if (announced.kind !== 'done') return announced;
      const refusedBy = refusal(this.server);
      if (refusedBy !== undefined) return refusedBy;
      apply(this.server);
      return { kind: 'done' };
    });
  }

  /** The order of an answer: no connection, no answer, a planned fault, what the server says. */
  async #run(call: FakeCall, serve: () => Outcome): Promise<Outcome> {
    this.calls.push(call);
    this.beforeCall?.(call);
    const { state } = this.server;
    if (state === 'hung' && this.#client !== undefined) return this.#unanswered();
    if (this.#closed || state === 'refused' || state === 'hung' || state === 'unauthorised')
      return refused(RedisReason.NotConnected, `Nothing was sent: there is no connection (${state}).`);
    this.#connect();
    const fault = this.#takeFault(call);
    if (fault === undefined) return serve();
    if (fault.kind === 'refused') {
      const { reason = RedisReason.CommandRefused, message = 'ERR told to refuse' } = fault;
      return { kind: 'refused', reason, message };
    }
    if (fault.applied) serve();
    return this.#unanswered();
  }

  #unanswered(): Outcome {
    this.#disconnect();
    return unknown('No answer came in time; the connection has been ended.');
  }

  #takeFault(call: FakeCall): FakeFault | undefined {
    const at = this.#faults.findIndex((planned) => planned.call === call);
    return at < 0 ? undefined : this.#faults.splice(at, 1)[0]?.fault;
  }

  #announce(epoch: number): Outcome {
    const client = this.#client;
    if (epoch >= this.#highestMet && client !== undefined) client.epoch = epoch;
    const met = [...this.server.clients].map((other) => other.epoch ?? 0);
    this.#highestMet = Math.max(this.#highestMet, ...met);
    if (this.#highestMet > epoch)
      return refused(RedisReason.EpochTooOld, `Epoch ${epoch} is too old: ${this.#highestMet} is claimed.`);
    this.server.endClients((other) => other.epoch !== undefined && other.epoch < epoch);
    this.#claimed = epoch;
    return { kind: 'done' };
  }

  #connect(): void {
    if (this.#client !== undefined) return;
    const client: FakeClient = {
      epoch: undefined,
      ended: () => {
        this.#client = undefined;
        for (const listener of this.#listeners) listener();
      },
    };
    this.#client = client;
    this.server.clients.add(client);
  }

  #disconnect(): void {
    if (this.#client !== undefined) this.server.clients.delete(this.#client);
    this.#client = undefined;
  }
}
