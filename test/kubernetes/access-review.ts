import { KubeAccess, type KubeObject } from '../../controller/kubernetes/kube-access.ts';
import type { User } from './api-server.ts';

/** Of a request that is about all namespaces. */
export const everywhere = '';

export interface Wish {
  readonly verb: string;
  readonly group: string;
  /** With its subresource: `failovergroups/status`. */
  readonly resource: string;
  readonly namespace: string;
  /** Absent: of whatever name. */
  readonly name?: string;
}

/** What `kubectl auth can-i --as` asks: whether RBAC lets that user do it. `kubeconfig`: an administrator's. */
export async function may(kubeconfig: string, user: User, wish: Wish): Promise<boolean> {
  const { verb, group, namespace, name = '' } = wish;
  const [resource = '', subresource = ''] = wish.resource.split('/');
  const resourceAttributes = { verb, group, namespace, name, resource, subresource };
  const answer = await KubeAccess.from(kubeconfig).call<Answer>({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { user: user.name, groups: user.groups ?? [], resourceAttributes },
    },
  });
  return answer.status.allowed;
}

type Answer = KubeObject & { readonly status: { readonly allowed: boolean } };
