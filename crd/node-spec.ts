import { z } from 'zod';
import { absolutePath, dnsLabel, host, plainLine, port, userName } from './field-formats.ts';
import { checkAcross, valueAt } from './partial-check.ts';

const command = z
  .array(plainLine)
  .min(1)
  .max(64)
  .meta({ example: ['pct', 'stop', '100'] });

const sshTarget = z.strictObject({
  host: host.describe('Host name or IP address that SSH connects to.'),
  port: port.default(22).describe('Port of the SSH server.'),
  user: userName.describe(
    'Login on that host; it must be able to manage the units without a password prompt.',
  ),
});

const fenceSpec = z.strictObject({
  ssh: sshTarget.describe('The other machine (the hypervisor, say) that the command runs on.'),
  command: command.describe(
    'Program and arguments that switch the node off; run without a shell, safe to repeat.',
  ),
  confirm: z
    .strictObject({
      command: command.describe(
        'Program and arguments that tell whether the node is off; run on the same machine.',
      ),
      stdout: plainLine
        .min(1)
        .describe('What it prints, without surrounding white space, when the node is off.')
        .meta({
          example: 'status: stopped',
        }),
    })
    .describe('How to make sure: the node counts as off only when this says so.'),
});

const nodeFields = z.strictObject({
  name: dnsLabel.describe('Name of the node, unique in the group.').meta({ example: 'ct100' }),
  redis: z
    .strictObject({
      host: host.describe(
        'Host name or IP address of its Redis, as the controller and the other nodes reach it.',
      ),
      port: port.default(6379).describe('Port of its Redis.'),
    })
    .describe('Address of the Redis on this node.')
    .meta({ example: { host: '10.92.3.27', port: 6379 } }),
  ssh: sshTarget
    .optional()
    .describe('How to reach the host of the node, to run units there and to ask it about its Redis.'),
  local: z
    .strictObject({
      directory: absolutePath
        .describe(
          'Absolute path of the folder that holds the unit files (NAME.service) which the controller itself supervises.',
        )
        .meta({ example: '/etc/understudy/units' }),
    })
    .optional()
    .describe('Given instead of ssh when the host of the node is the machine of the controller.'),
  fence: fenceSpec
    .optional()
    .describe('How to switch the node off from another machine when it does not answer itself.'),
});

/** One Redis node, the host it runs on and how to switch that host off. */
export const nodeSpec = checkAcross(nodeFields, (node) => {
  const faults = [];
  const [ssh, fence] = [valueAt(node, 'ssh'), valueAt(node, 'fence', 'ssh')];
  if (ssh !== undefined && valueAt(node, 'local') !== undefined) {
    faults.push({ path: ['local'], message: 'cannot stand beside ssh: give the one or the other' });
  }
  const sshHost = valueAt(ssh, 'host');
  if (
    sshHost !== undefined &&
    sshHost === valueAt(fence, 'host') &&
    valueAt(ssh, 'port') === valueAt(fence, 'port')
  ) {
    faults.push({
      path: ['fence', 'ssh', 'host'],
      message: 'is the node itself, which cannot be asked when it hangs: name another machine',
    });
  }
  return faults;
}).meta({
  'x-kubernetes-validations': [
    { rule: '!(has(self.ssh) && has(self.local))', message: 'a node has ssh or local, not both' },
    {
      rule: '!has(self.ssh) || !has(self.fence) || self.ssh.host != self.fence.ssh.host || self.ssh.port != self.fence.ssh.port',
      message: 'fence must run on another machine than the node itself',
    },
  ],
});

export type NodeSpec = z.infer<typeof nodeSpec>;
