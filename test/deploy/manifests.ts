import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

export const root = join(import.meta.dirname, '../..');

export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

interface Container {
  readonly image: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly livenessProbe: { readonly httpGet: { readonly path: string; readonly port: string } };
  readonly readinessProbe: { readonly httpGet: { readonly path: string; readonly port: string } };
  readonly securityContext: unknown;
  readonly volumeMounts?: unknown;
}

export interface PodSpec {
  readonly serviceAccountName: string;
  readonly securityContext: { readonly runAsUser: number };
  readonly containers: readonly Container[];
  readonly volumes?: unknown;
}

export interface Labels {
  readonly matchLabels: Readonly<Record<string, string>>;
}

/** An object of a manifest, as far as tests look into it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly rules?: readonly Rule[];
  readonly roleRef?: { readonly kind: string; readonly name: string };
  readonly subjects?: readonly { readonly name: string; readonly namespace?: string }[];
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: unknown;
}

/** The objects of a YAML text; throws on the first that does not parse or bears a name twice. */
export function manifestsOf(text: string): Manifest[] {
  return parseAllDocuments(text, { uniqueKeys: true }).map((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw error;
    return document.toJS() as Manifest;
  });
}

export function manifestsIn(path: string): Manifest[] {
  return manifestsOf(readFileSync(join(root, path), 'utf8'));
}

/** What an overlay gives, built by that kubectl's kustomize. */
export function built(kubectl: string, overlay: string): Manifest[] {
  const folder = join(root, 'deploy/kubernetes', overlay);
  // Old names of fields are told of on stderr: the new ones would not be understood by an old kubectl.
  const text = execFileSync(kubectl, ['kustomize', folder], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return manifestsOf(text);
}

/** Every kubectl at hand: the one on PATH, and any that KUBECTL_OLD names, for a second kustomize. */
export function kubectls(): string[] {
  const paths = (process.env.PATH ?? '').split(':').map((folder) => join(folder, 'kubectl'));
  const found = paths.find((path) => existsSync(path));
  return [found, process.env.KUBECTL_OLD].filter((path) => path !== undefined);
}
