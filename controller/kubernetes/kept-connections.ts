import type { KubeConfig, RequestContext } from '@kubernetes/client-node';

type Dispatcher = NonNullable<ReturnType<RequestContext['getDispatcher']>>;

/** What is still under way by connections that were given up ends within this (ms). */
const graceMs = 10_000;

/**
 * The connections to the API server. The library would make them anew for every call: the first ones serve all
 * calls. One that died in silence would be waited on for as long as the kernel does: whoever got no answer in time
 * gives them up, and what comes next goes by new ones.
 */
export class KeptConnections {
  #kept: Dispatcher | undefined;
  #givenUp = new AbortController();

  /** Of every request that this config is applied to from now on. */
  constructor(config: KubeConfig) {
    withoutHttp2(config);
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

/**
 * Node's HTTP/2 (24.21, nghttp2_session_mem_send) may go round for ever in a session whose requests are given up
 * under load: the process does nothing else any more and takes 100 MB more each second. Seen with a thousand groups and
 * an API server that was too slow for them.
 */
function withoutHttp2(config: KubeConfig): void {
  const optionsOf = config.createDispatcherOptions.bind(config);
  // What these go on to (undici's connector) knows it; the library's types do not.
  const http1 = { allowH2: false };
  config.createDispatcherOptions = (cluster, agentOptions) => {
    const options = optionsOf(cluster, agentOptions);
    return {
      ...options,
      ...('connect' in options && { connect: { ...options.connect, ...http1 } }),
      ...('requestTls' in options && { requestTls: { ...options.requestTls, ...http1 } }),
    };
  };
}
