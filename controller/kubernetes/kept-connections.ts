import type { KubeConfig, RequestContext } from '@kubernetes/client-node';

type Dispatcher = NonNullable<ReturnType<RequestContext['getDispatcher']>>;

/** What is still under way by connections that were given up ends within this (ms). */
const graceMs = 10_000;

/**
 * The connections to the API server. The library would make them anew for every call: the first ones serve all
 * calls, and that is one connection (HTTP/2), whose silent death everything would wait on for as long as the
 * kernel does. Whoever got no answer in time gives it up, and what comes next goes by a new one.
 */
export class KeptConnections {
  #kept: Dispatcher | undefined;
  #givenUp = new AbortController();

  /** Of every request that this config is applied to from now on. */
  constructor(config: KubeConfig) {
    const apply = config.applySecurityAuthentication.bind(config);
    config.applySecurityAuthentication = async (context: RequestContext): Promise<void> => {
      await apply(context);
      this.#kept ??= context.getDispatcher();
      if (this.#kept !== undefined) context.setDispatcher(this.#kept);
    };
  }

  /** Aborted when the connections of now are given up: who waits on them for long should do so no more. */
  get givenUp(): AbortSignal {
    return this.#givenUp.signal;
  }

  /** The connections that a request went by, once: what others have under way by them still has its time to end. */
  giveUp(signal: AbortSignal): void {
    const dispatcher = this.#kept;
    if (signal !== this.#givenUp.signal || dispatcher === undefined) return;
    const over = this.#givenUp;
    this.#kept = undefined;
    this.#givenUp = new AbortController();
    over.abort();
    const end = (): void => void dispatcher.destroy().catch(() => undefined);
    const timer = setTimeout(end, graceMs);
    timer.unref();
    dispatcher.close().then(
      () => clearTimeout(timer),
      () => undefined,
    );
  }
}
