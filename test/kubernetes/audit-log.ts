import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Of every request one line, when its answer begins; bodies are never written. */
const policy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata' }],
};

/** A request, as the API server judged it. */
export interface Judged {
  readonly verb: string;
  /** API group; '' is the core. */
  readonly group: string;
  /** With its subresource: `failovergroups/status`. Empty: no resource, but a path. */
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly path: string;
  readonly code: number;
  /** Which binding allowed it. */
  readonly why: string;
}

/** An API server's own record of who asked for what (https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/). */
export class AuditLog {
  readonly #file: string;
  readonly flags: readonly string[];

  constructor(folder: string) {
    const rules = join(folder, 'audit-policy.json');
    this.#file = join(folder, 'audit.log');
    writeFileSync(rules, JSON.stringify(policy));
    this.flags = [`--audit-policy-file=${rules}`, `--audit-log-path=${this.#file}`];
  }

  /** Oldest first. `from`: a mark. */
  of(user: string, from = 0): Judged[] {
    return this.#lines()
      .slice(from)
      .map((line) => JSON.parse(line) as Entry)
      .filter((entry) => entry.user.username === user)
      .map(judged);
  }

  get mark(): number {
    return this.#lines().length;
  }

  /** The last line may be on its way still. */
  #lines(): string[] {
    if (!existsSync(this.#file)) return [];
    return readFileSync(this.#file, 'utf8').split('\n').slice(0, -1);
  }
}

interface Entry {
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly objectRef?: {
    readonly resource?: string;
    readonly subresource?: string;
    readonly apiGroup?: string;
    readonly namespace?: string;
  };
  readonly responseStatus?: { readonly code?: number };
  readonly annotations?: Readonly<Record<string, string>>;
}

function judged({ verb, requestURI, objectRef = {}, responseStatus = {}, annotations = {} }: Entry): Judged {
  const { resource, subresource, apiGroup = '', namespace } = objectRef;
  return {
    verb,
    group: apiGroup,
    resource: [resource, subresource].filter((part) => part !== undefined).join('/'),
    namespace,
    path: requestURI,
    code: responseStatus.code ?? 0,
    why: annotations['authorization.k8s.io/reason'] ?? '',
  };
}
