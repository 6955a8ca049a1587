import { runInKubernetes } from '../../../controller/command-line/run-in-kubernetes.ts';
import type { ConnectGroup } from '../../../controller/controller.ts';
import { OwnProfile } from './own-profile.ts';
import { PlayedHosts } from './played-hosts.ts';
import type { ToController } from './world-messages.ts';

/** The production controller of a cluster; only its hosts are played. */
const hosts = new PlayedHosts();
const profile = new OwnProfile();

process.on('message', (message: ToController) => {
  if (message.kind === 'died') hosts.died(message.pair, message.node);
  else if (message.kind === 'profile') {
    if (message.file === undefined) profile.start();
    else profile.stop(message.file);
  } else {
    const { kubeconfig, namespace, http, probeMs } = message;
    const options = { kubeconfig, namespace, leaseNamespace: namespace, http, probeMs };
    const over = (connect: ConnectGroup): ConnectGroup => hosts.over(connect);
    // The channel to the parent would keep it from ending.
    void runInKubernetes({ ...options, logLevel: 'info', over }).finally(() => process.disconnect());
  }
});
process.on('disconnect', () => process.exit());
