import { after, before } from 'node:test';
import { KubeAccess } from '../../controller/kubernetes/kube-access.ts';
import { KubernetesStore } from '../../controller/kubernetes/kubernetes-store.ts';
import { storeSuite } from '../conformance/store.suite.ts';
import { ApiServer } from './api-server.ts';

let server: ApiServer;
before(async () => {
  server = await ApiServer.start();
  await server.applyCrd();
});
after(() => server.stop());

storeSuite('Kubernetes store', async () => {
  const namespace = await server.createNamespace();
  const access = KubeAccess.from(server.kubeconfig);
  const stores: KubernetesStore[] = [];
  return {
    open: () => {
      const store = new KubernetesStore(access, namespace);
      stores.push(store);
      return store;
    },
    key: (name) => `${namespace}/${name}`,
    put: async (group) => {
      await server.kubectl(['-n', namespace, 'apply', '-f', '-'], JSON.stringify(group));
    },
    remove: async (name) => {
      await server.kubectl(['-n', namespace, 'delete', 'fg', name]);
    },
    dispose: async () => {
      for (const store of stores) await store.close();
    },
  };
});
