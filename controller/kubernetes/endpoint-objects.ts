import { isIPv4, isIPv6 } from 'node:net';
import { apiGroup, kind } from '../../crd/failover-group.ts';
import type { KubeObject } from './kube-access.ts';
import type { ServiceNames } from './service-name.ts';

/** Where a Redis is reached: an IP address, never a name. */
export interface Address {
  readonly ip: string;
  readonly port: number;
}

/** What clients in the cluster shall find of a group. */
export interface Published {
  readonly owner: { readonly name: string; readonly namespace: string; readonly uid: string };
  readonly names: ServiceNames;
  readonly epoch: number;
  readonly primary: readonly Address[];
  readonly replicas: readonly Address[];
}

export type OwnedKind = 'Service' | 'EndpointSlice';

/** An object as it shall be, without what only the server knows. */
export interface OwnedObject {
  readonly kind: OwnedKind;
  readonly name: string;
  /** Of what may change from one primary to the next; such an object is never written over a higher one. */
  readonly epoch?: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export const managedBy = { 'app.kubernetes.io/managed-by': 'understudy' } as const;
export const epochAnnotation = `${apiGroup}/epoch`;
const serviceNameLabel = 'kubernetes.io/service-name';
const sliceManagedByLabel = 'endpointslice.kubernetes.io/managed-by';
const redisPort = 6379;

/** The two Services and their EndpointSlices; `apiVersion` is that of the slices. */
export function ownedObjects(published: Published, apiVersion: string): readonly OwnedObject[] {
  const { names } = published;
  return [
    ...primarySlices(published, apiVersion),
    ...replicaSlices(published, apiVersion),
    service(published, names.primary),
    service(published, names.replicas),
  ];
}

/** Clients see port 6379 whatever the node's own is: the slice, found by the name of the port, has that. */
function service({ owner }: Published, name: string): OwnedObject {
  const ports = [{ name: 'redis', port: redisPort, protocol: 'TCP', targetPort: redisPort }];
  const body = { apiVersion: 'v1', kind: 'Service', metadata: metadata(owner, name, {}), spec: { ports } };
  return { kind: 'Service', name, body };
}

type Family = 'IPv4' | 'IPv6';
const families: readonly Family[] = ['IPv4', 'IPv6'];
const familyOf = ({ ip }: Address): Family => (isIPv4(ip) ? 'IPv4' : 'IPv6');

/** One slice for each family, whatever the port is: the move to another node is one write. */
function primarySlices(published: Published, apiVersion: string): OwnedObject[] {
  const { names, primary } = published;
  return families.flatMap((family) => {
    const own = primary.filter((address) => familyOf(address) === family);
    // With nobody to go to, clients are refused rather than sent to nobody knows whom.
    const empty = primary.length === 0 && family === 'IPv4';
    if (own.length === 0 && !empty) return [];
    const name = `${names.primary}-${family.toLowerCase()}`;
    return [slice(published, { apiVersion, name, service: names.primary, family, addresses: own })];
  });
}

/** The ports of a slice hold for all its endpoints: one for each family and port. */
function replicaSlices(published: Published, apiVersion: string): OwnedObject[] {
  const { names, replicas } = published;
  return families.flatMap((family) => {
    const own = replicas.filter((address) => familyOf(address) === family);
    const ports = [...new Set(own.map(({ port }) => port))].sort((a, b) => a - b);
    return ports.map((port) => {
      const name = `${names.replicas}-${family.toLowerCase()}-${port}`;
      const addresses = own.filter((address) => address.port === port);
      return slice(published, { apiVersion, name, service: names.replicas, family, addresses });
    });
  });
}

interface SliceTerms {
  readonly apiVersion: string;
  readonly name: string;
  readonly service: string;
  readonly family: Family;
  readonly addresses: readonly Address[];
}

function slice({ owner, epoch }: Published, terms: SliceTerms): OwnedObject {
  const { apiVersion, name, service: of, family, addresses } = terms;
  const labels = { [serviceNameLabel]: of, [sliceManagedByLabel]: apiGroup };
  const meta = { ...metadata(owner, name, labels), annotations: { [epochAnnotation]: String(epoch) } };
  const endpoints = addresses
    .map(({ ip }) => ip)
    .sort()
    .map((ip) => ({ addresses: [ip], conditions: { ready: true } }));
  const ports = [{ name: 'redis', port: addresses[0]?.port ?? redisPort, protocol: 'TCP' }];
  const body = { apiVersion, kind: 'EndpointSlice', metadata: meta, addressType: family, endpoints, ports };
  return { kind: 'EndpointSlice', name, epoch, body };
}

function metadata(owner: Published['owner'], name: string, labels: Readonly<Record<string, string>>) {
  const { name: group, namespace, uid } = owner;
  const reference = { apiVersion: `${apiGroup}/v1alpha1`, kind, name: group, uid };
  return {
    name,
    namespace,
    labels: { ...managedBy, ...labels },
    ownerReferences: [{ ...reference, controller: true, blockOwnerDeletion: true }],
  };
}

/** Whether the object belongs to the group with that uid: only such a one is ever written or deleted. */
export function belongsTo(live: KubeObject, uid: string): boolean {
  const { ownerReferences } = live.metadata;
  return (
    Array.isArray(ownerReferences) &&
    ownerReferences.some(
      (one: { uid?: unknown; controller?: unknown }) => one.uid === uid && one.controller === true,
    )
  );
}

/** The epoch under which it was written; undefined when there is none, or no number. */
export function epochOn(live: KubeObject): number | undefined {
  const text = (live.metadata.annotations as Readonly<Record<string, string>> | undefined)?.[epochAnnotation];
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/**
 * The merge patch that makes the live object what it shall be; undefined when it is that. What others add beside it
 * (labels, annotations, the type of the Service) is theirs. A newer epoch alone is no reason to write.
 */
export function patchFor(live: KubeObject, wanted: OwnedObject): object | undefined {
  return wanted.kind === 'Service' ? servicePatch(live, wanted) : slicePatch(live, wanted);
}

type Labelled = { readonly labels: Readonly<Record<string, string>> };

function labelPatch(live: KubeObject, { body }: OwnedObject): object | undefined {
  const { labels: wanted } = body.metadata as Labelled;
  const labels = (live.metadata.labels ?? {}) as Readonly<Record<string, string>>;
  const lacking = Object.entries(wanted).filter(([name, value]) => labels[name] !== value);
  return lacking.length === 0 ? undefined : Object.fromEntries(lacking);
}

function servicePatch(live: KubeObject, wanted: OwnedObject): object | undefined {
  const labels = labelPatch(live, wanted);
  const spec = (live.spec ?? {}) as { selector?: object | null; ports?: readonly ServicePort[] };
  const { ports } = wanted.body.spec as { ports: readonly ServicePort[] };
  const samePorts = JSON.stringify(spec.ports?.map(portOf)) === JSON.stringify(ports.map(portOf));
  const selects = Object.keys(spec.selector ?? {}).length > 0;
  if (labels === undefined && samePorts && !selects) return undefined;
  const change = { ...(samePorts ? {} : { ports }), ...(selects ? { selector: null } : {}) };
  return {
    ...(labels === undefined ? {} : { metadata: { labels } }),
    ...(samePorts && !selects ? {} : { spec: change }),
  };
}

interface ServicePort {
  readonly name?: string;
  readonly port?: number;
  readonly protocol?: string;
  readonly targetPort?: number | string;
}

const portOf = ({ name, port, protocol, targetPort }: ServicePort): unknown => [
  name,
  port,
  protocol,
  targetPort,
];

interface Endpoint {
  readonly addresses?: readonly string[];
  readonly conditions?: { readonly ready?: boolean };
}

function slicePatch(live: KubeObject, wanted: OwnedObject): object | undefined {
  const labels = labelPatch(live, wanted);
  const { metadata: meta, endpoints, ports } = wanted.body;
  const same = contents(live.endpoints, live.ports) === contents(endpoints, ports);
  // Where no epoch can be read, nobody can be kept from writing an older one.
  if (labels === undefined && same && epochOn(live) !== undefined) return undefined;
  const { annotations } = meta as { annotations: object };
  return { metadata: { annotations, ...(labels === undefined ? {} : { labels }) }, endpoints, ports };
}

function contents(endpoints: unknown, ports: unknown): string {
  const found = ((endpoints ?? []) as readonly Endpoint[]).map(({ addresses, conditions }) => [
    addresses,
    conditions?.ready ?? true,
  ]);
  return JSON.stringify([found.sort(), ((ports ?? []) as readonly ServicePort[]).map(portOf)]);
}

/** Why no endpoint may have this address, or nothing (k8s.io/kubernetes/pkg/apis/core/validation: ValidateNonSpecialIP). */
export function isPublishable(ip: string): boolean {
  if (isIPv4(ip)) return !/^(127\.|169\.254\.|0\.0\.0\.0$|224\.0\.0\.)/.test(ip);
  return isIPv6(ip) && !/^(::|::1|fe[89ab].*|ff[0-9a-f]2:.*|::ffff:.*)$/i.test(ip);
}
