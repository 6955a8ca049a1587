import type { NoAnswer } from '../../controller/redis/classify-fault.ts';
import type { Answer, Answers, ClientIdentity, Command, Wire } from '../../controller/redis/connection.ts';
import type { Fate, Network } from './network.ts';
import type { Server, ServerConnection } from './server.ts';
import type { SimProcess } from './sim-process.ts';

/** Carries out a command at a server. */
export type Execute = (server: Server, command: Command, from: ServerConnection) => Answer;

export interface ClientTerms {
  readonly process: SimProcess;
  readonly network: Network;
  readonly node: string;
  readonly execute: Execute;
}

const timeoutMs = 500;

interface Message {
  readonly commands: readonly Command[];
  readonly changes: boolean;
  readonly fate: Fate;
  readonly settle: (answers: Answers) => void;
}

/** One connection of a controller to a simulated Redis. It never reconnects and repeats nothing. */
export class ClientConnection implements Wire {
  isFormer = false;
  isOpen = true;
  onLost: () => void = () => undefined;
  readonly identity: ClientIdentity;
  readonly #terms: ClientTerms;
  readonly #unanswered = new Set<(answers: Answers) => void>();
  #lastArrival = 0;

  constructor(terms: ClientTerms, id: number) {
    this.#terms = terms;
    this.identity = { id, address: terms.process.name };
  }

  run(commands: readonly Command[]): Promise<Answers> {
    const { process, network } = this.#terms;
    if (!this.isOpen) return Promise.resolve({ kind: 'notSent' });
    const changes = commands.some(isChange);
    return new Promise((resolve) => {
      const settle = (answers: Answers): void => {
        if (!this.#unanswered.delete(settle)) return;
        cancel();
        resolve(answers);
      };
      this.#unanswered.add(settle);
      const held = changes ? process.leaving() : 0;
      const fate = changes ? network.fate() : 'delivered';
      const leaves = network.time.now + held;
      const late = fate === 'late' ? network.lateMs() : 0;
      this.#lastArrival = Math.max(this.#lastArrival, leaves + network.wayMs() + late);
      // A connection keeps its order: what follows a message that is late is late as well.
      network.time.at(this.#lastArrival, () => {
        // A process that died frozen never sent it.
        if (held === 0 || process.isAlive) this.#deliver({ commands, changes, fate, settle });
      });
      const cancel = network.time.at(leaves + timeoutMs, () =>
        process.run(() => {
          settle({ kind: 'late' });
          this.close();
        }),
      );
    });
  }

  /** Our own end: what is on its way to the server still gets there. */
  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    const { network, node } = this.#terms;
    const end = (): void => {
      if (this.#reaches()) network.stage.server(node).connections.delete(this.identity.id);
    };
    const at = Math.max(this.#lastArrival, network.time.now + network.wayMs());
    network.time.at(at, end);
    for (const settle of [...this.#unanswered]) settle({ kind: 'lost' });
  }

  /** Its process is dead: the kernel says goodbye, and nobody waits for answers. */
  abandon(): void {
    this.#unanswered.clear();
    this.close();
  }

  /** The server ended it. */
  ended(): void {
    const { process, network } = this.#terms;
    network.time.after(network.wayMs(), () => {
      if (!this.#reaches()) return;
      process.run(() => {
        if (!this.isOpen) return;
        this.isOpen = false;
        for (const settle of [...this.#unanswered]) settle({ kind: 'lost' });
        this.onLost();
      });
    });
  }

  #reaches(): boolean {
    const { network, process, node } = this.#terms;
    return network.reaches(process.name, node);
  }

  #deliver(message: Message): void {
    const { commands, changes, fate, settle } = message;
    const { network, node, execute, process } = this.#terms;
    const server = network.stage.server(node);
    const connection = server.connections.get(this.identity.id);
    if (!this.#reaches() || server.process === 'hung') {
      network.hold(node, () => this.#deliver(message));
      return;
    }
    // The server knows no such connection (any more) and says so.
    if (connection === undefined) {
      this.ended();
      return;
    }
    const isWayLost = fate === 'lost' && network.happens(0.5);
    if (isWayLost) return;
    const answers = commands.map((command) => execute(server, command, connection));
    if (changes) process.carriedOut();
    if (fate === 'lost') return;
    network.time.after(network.wayMs(), () => {
      if (this.#reaches()) process.run(() => settle({ kind: 'answered', answers }));
    });
  }
}

const changes = new Set(['replicaof', 'config', 'bgsave', 'acl']);

/** Whether a command changes the server; CLIENT SETNAME, LIST and KILL ID are the claim's own. */
function isChange([name, ...words]: Command): boolean {
  if (name === 'client') return words[0] === 'PAUSE' || words[0] === 'UNPAUSE' || words[1] === 'TYPE';
  return changes.has(name);
}

export type SimOpened =
  | { readonly kind: 'open'; readonly connection: ClientConnection }
  | { readonly kind: 'none'; readonly view: NoAnswer };

/** The one connection to a node: made when it is needed, at most one attempt at a time, as HeldConnection does it. */
export class HeldClient {
  readonly #terms: ClientTerms;
  readonly #nextId: () => number;
  #current: ClientConnection | undefined;
  #predecessor: ClientIdentity | undefined;
  #opening: Promise<SimOpened> | undefined;
  onLost: () => void = () => undefined;

  constructor(terms: ClientTerms, nextId: () => number) {
    this.#terms = terms;
    this.#nextId = nextId;
  }

  async get(): Promise<SimOpened> {
    const current = this.#current;
    if (current?.isOpen) return { kind: 'open', connection: current };
    this.#opening ??= this.#open();
    return this.#opening;
  }

  close(): void {
    this.#current?.close();
  }

  abandon(): void {
    this.#current?.abandon();
  }

  #open(): Promise<SimOpened> {
    const { process, network } = this.#terms;
    return new Promise((resolve) => {
      const settle = (opened: SimOpened): void => {
        cancel();
        this.#opening = undefined;
        resolve(opened);
      };
      const silent: SimOpened = { kind: 'none', view: { state: 'silent' } };
      const cancel = network.time.after(timeoutMs, () => process.run(() => settle(silent)));
      network.time.after(2 * network.wayMs(), () => this.#arrive(settle));
    });
  }

  #arrive(settle: (opened: SimOpened) => void): void {
    const { process, network, node } = this.#terms;
    const server = network.stage.server(node);
    if (!network.reaches(process.name, node) || server.process === 'hung') return;
    if (server.process !== 'running') {
      process.run(() => settle({ kind: 'none', view: { state: 'refused' } }));
      return;
    }
    const connection = new ClientConnection(this.#terms, this.#nextId());
    const id = connection.identity.id;
    if (this.#predecessor !== undefined) server.connections.delete(this.#predecessor.id);
    server.connections.set(id, { id, name: '', onEnd: () => connection.ended() });
    process.run(() => {
      this.#current = connection;
      this.#predecessor = connection.identity;
      connection.onLost = () => this.onLost();
      settle({ kind: 'open', connection });
    });
  }
}
