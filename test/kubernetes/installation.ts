import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../controller/kubernetes/kube-access.ts';
import type { ApiServer } from './api-server.ts';
import type { ControllerTerms } from './controller-process.ts';

const overlays = join(import.meta.dirname, '../../deploy/kubernetes/overlays');
const account = 'understudy-controller';

export type Overlay = 'cluster' | 'namespace';

/** A verb on a resource that the controller's account is granted. */
export interface Grant {
  readonly role: string;
  readonly group: string;
  readonly resource: string;
  readonly verb: string;
}

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

interface Container {
  readonly args: readonly string[];
  readonly env: readonly {
    readonly name: string;
    readonly valueFrom: { readonly fieldRef: { readonly fieldPath: string } };
  }[];
}

/** What `kubectl apply -k` of an overlay puts into a cluster, and the controller as its Deployment starts it there. */
export class Installation {
  readonly objects: readonly KubeObject[];
  readonly #server: ApiServer;

  private constructor(server: ApiServer, objects: readonly KubeObject[]) {
    this.#server = server;
    this.objects = objects;
  }

  /** As kustomize renders it; what the server does not serve yet is what the overlay for old servers makes of it. */
  static async render(server: ApiServer, overlay: Overlay): Promise<Installation> {
    const old = !(await server.kubectl(['api-versions'])).split('\n').includes('policy/v1');
    const folder = overlay === 'cluster' && old ? 'kubernetes-1.20' : overlay;
    const text = await server.kubectl(['kustomize', join(overlays, folder)]);
    const objects = parseAllDocuments(text).map((document) => document.toJS() as KubeObject);
    return new Installation(
      server,
      objects.map((object) => (old ? readable(object) : object)),
    );
  }

  get text(): string {
    return this.objects.map((object) => JSON.stringify(object)).join('\n');
  }

  /** Where the controller lives. */
  get namespace(): string {
    return this.the('Deployment').metadata.namespace ?? '';
  }

  get user(): string {
    return `system:serviceaccount:${this.namespace}:${account}`;
  }

  the(kind: string): KubeObject {
    const found = this.objects.find((object) => object.kind === kind);
    if (found === undefined) throw new Error(`${kind} is not among what kustomize renders`);
    return found;
  }

  /** Creates what is to be there beforehand, and applies everything. */
  async apply(): Promise<void> {
    if (!this.objects.some(({ kind }) => kind === 'Namespace'))
      await this.#server.kubectl(['create', 'namespace', this.namespace]);
    // A kubectl as old as the server does not know the CEL rules.
    await this.#server.kubectl(['apply', '--validate=false', '-f', '-'], this.text);
    await this.#server.kubectl(['wait', '--for=condition=Established', '--timeout=60s', `crd/${this.crd}`]);
  }

  get crd(): string {
    return this.the('CustomResourceDefinition').metadata.name;
  }

  /** Takes the controller's rights away again, so that another installation on the same server is on its own. */
  async remove(): Promise<void> {
    const mine = this.objects.filter(({ kind }) => /Role|ServiceAccount/.test(String(kind)));
    const text = mine.map((object) => JSON.stringify(object)).join('\n');
    await this.#server.kubectl(['delete', '-f', '-'], text);
  }

  /** Of the roles that are bound to the account, one by one. */
  get grants(): readonly Grant[] {
    const bound = this.objects
      .filter(({ kind }) => kind === 'RoleBinding' || kind === 'ClusterRoleBinding')
      .map(({ roleRef }) => roleRef as { readonly kind: string; readonly name: string });
    return bound.flatMap(({ kind, name }) => {
      const role = this.objects.find((object) => object.kind === kind && object.metadata.name === name);
      if (role === undefined) throw new Error(`${kind} ${name} is bound and not there`);
      return grantsOf(name, role.rules as readonly Rule[]);
    });
  }

  /** As a pod of the Deployment: its arguments, and a token of its account as the only credential. */
  async controllerTerms(pod: string): Promise<ControllerTerms> {
    const { args, env } = this.#container;
    const fields: Readonly<Record<string, string>> = {
      'metadata.name': pod,
      'metadata.namespace': this.namespace,
    };
    const variables = new Map(env.map(({ name, valueFrom }) => [name, fields[valueFrom.fieldRef.fieldPath]]));
    const flags = new Map(
      args.map((arg) => {
        const [flag = '', value = ''] = arg
          .replace(/\$\((\w+)\)/g, (_, name) => variables.get(name) ?? '')
          .split('=');
        return [flag, value];
      }),
    );
    const known = ['run', '--kubernetes', '--http', '--identity', '--namespace'];
    const strange = [...flags.keys()].filter((flag) => !known.includes(flag));
    if (strange.length > 0) throw new Error(`the Deployment has arguments that no test starts: ${strange}`);
    const namespace = flags.get('--namespace');
    return {
      kubeconfig: await this.#accountKubeconfig(),
      identity: flags.get('--identity') ?? '',
      leaseNamespace: variables.get('POD_NAMESPACE') ?? '',
      ...(namespace === undefined ? {} : { namespace }),
    };
  }

  get #container(): Container {
    const spec = this.the('Deployment').spec as {
      readonly template: { readonly spec: { readonly containers: readonly Container[] } };
    };
    const [container] = spec.template.spec.containers;
    if (container === undefined) throw new Error('the Deployment has no container');
    return container;
  }

  /** The token is one that the server issues for the ServiceAccount, as the kubelet asks for it. */
  async #accountKubeconfig(): Promise<string> {
    const path = `/api/v1/namespaces/${this.namespace}/serviceaccounts/${account}/token`;
    const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
    const answer = await this.#server.kubectl(['create', '--raw', path, '-f', '-'], JSON.stringify(request));
    const { token } = (JSON.parse(answer) as { readonly status: { readonly token: string } }).status;
    const config = JSON.parse(readFileSync(this.#server.kubeconfig, 'utf8')) as { users: { user: object }[] };
    for (const user of config.users) user.user = { token };
    const file = join(this.#server.folder, `account-${randomBytes(4).toString('hex')}.kubeconfig`);
    writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
    return file;
  }
}

function grantsOf(role: string, rules: readonly Rule[]): Grant[] {
  return rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) => verbs.map((verb) => ({ role, group, resource, verb }))),
    ),
  );
}

/** What Kubernetes 1.20 can read: server-side apply refuses the CEL rules there, and policy is v1beta1. */
function readable(object: KubeObject): KubeObject {
  const known = JSON.stringify(object, (key, value) =>
    key === 'x-kubernetes-validations' ? undefined : value,
  );
  const read = JSON.parse(known) as KubeObject;
  return read.apiVersion === 'policy/v1' ? { ...read, apiVersion: 'policy/v1beta1' } : read;
}
