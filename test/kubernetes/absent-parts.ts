import { until } from '../redis/until.ts';
import type { ApiServer } from './api-server.ts';

const patience = { timeoutMs: 60_000, everyMs: 100 };

/** What kube-controller-manager and the kubelets do in a whole cluster, as far as kubectl waits for it. */
export class AbsentParts {
  readonly #server: ApiServer;

  constructor(server: ApiServer) {
    this.#server = server;
  }

  /** Resolves when the Deployment is there. */
  async deployed(namespace: string, name: string): Promise<void> {
    const path = deploymentPath(namespace, name);
    await until(`${namespace}/${name} is deployed`, () => this.#get(path), patience);
  }

  /** Every pod of the Deployment is up, says its status. */
  async rollOut(namespace: string, name: string): Promise<void> {
    const path = deploymentPath(namespace, name);
    const deployment = (await this.#get(path)) as Deployment | undefined;
    if (deployment === undefined) throw new Error(`there is no Deployment ${namespace}/${name}`);
    const { generation } = deployment.metadata;
    const { replicas } = deployment.spec;
    const counts = { updatedReplicas: replicas, readyReplicas: replicas, availableReplicas: replicas };
    const status = { observedGeneration: generation, replicas, ...counts };
    await this.#put(`${path}/status`, { ...deployment, status });
  }

  /** The namespace goes as soon as somebody has deleted it. */
  async endNamespace(name: string): Promise<void> {
    const path = `/api/v1/namespaces/${name}`;
    const deleted = async () => {
      const found = (await this.#get(path)) as Namespace | undefined;
      return found?.metadata.deletionTimestamp !== undefined && found;
    };
    const namespace = await until(`somebody deletes ${name}`, deleted, patience);
    await this.#put(`${path}/finalize`, { ...namespace, spec: { finalizers: [] } });
  }

  async #get(path: string): Promise<object | undefined> {
    try {
      return JSON.parse(await this.#server.kubectl(['get', '--raw', path])) as object;
    } catch (cause) {
      if (String(cause).includes('NotFound')) return undefined;
      throw cause;
    }
  }

  async #put(path: string, body: object): Promise<void> {
    await this.#server.kubectl(['replace', '--raw', path, '-f', '-'], JSON.stringify(body));
  }
}

interface Deployment {
  readonly metadata: { readonly generation: number };
  readonly spec: { readonly replicas: number };
}

interface Namespace {
  readonly metadata: { readonly deletionTimestamp?: string };
}

const deploymentPath = (namespace: string, name: string): string =>
  `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;
