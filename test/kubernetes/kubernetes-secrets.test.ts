import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiFault } from '../../controller/kubernetes/api-fault.ts';
import type { ApiCall, KubeAccess } from '../../controller/kubernetes/kube-access.ts';
import { KubernetesSecrets } from '../../controller/kubernetes/kubernetes-secrets.ts';

const source = { secret: { name: 'redis', key: 'password' } };

/** Namespaces that have such a Secret each; those that are shut refuse to be listed. */
class Vault {
  password = 'old';
  readonly shut = new Set<string>();

  get access(): KubeAccess {
    const call = async ({ path }: ApiCall): Promise<unknown> => {
      const namespace = path.split('/')[4] ?? '';
      if (this.shut.has(namespace)) throw new ApiFault('Forbidden', 'secrets is forbidden');
      const data = { password: Buffer.from(this.password).toString('base64') };
      const metadata = { name: 'redis', namespace, resourceVersion: this.password };
      return { metadata: { resourceVersion: this.password }, items: [{ metadata, data }] };
    };
    const watch = (_path: string, _query: object, { signal }: { signal: AbortSignal }): Promise<void> =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    return { call, watch } as unknown as KubeAccess;
  }
}

const at = (namespace: string) => ({ field: 'password', namespace });

test('who leads anew reads no old password, and one namespace that cannot be listed holds up nobody but its own groups', async () => {
  const vault = new Vault();
  const secrets = new KubernetesSecrets(vault.access);
  await Promise.all(['open', 'shut'].map((namespace) => secrets.read(source, at(namespace))));
  vault.password = 'new';
  vault.shut.add('shut');
  try {
    secrets.refresh();
    const shut = secrets.read(source, at('shut'));
    assert.equal((await secrets.read(source, at('open'))).current.reveal(), 'new');
    vault.shut.clear();
    assert.equal((await shut).current.reveal(), 'new');
  } finally {
    secrets.close();
  }
});
