import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { NodeScript } from '../../controller/ssh-host/node-script.ts';
import { SshHost } from '../../controller/ssh-host/ssh-host.ts';
import { SshServer, type SshServerOptions } from './ssh-server.ts';

const boot = '0b8b9d6c-52a5-4e5a-9f6b-0d9d3a0f6c11';

const cannedScript = `
echo 'understudy-node 1'
case $1 in
observe)
  echo boot ${boot}; echo uptime 1000.00; echo epoch 3; echo disk 123456; echo lease absent - -
  shift 2; i=0
  for unit; do
    [ "$unit" = --lease ] && break
    echo "unit $i"; i=$((i+1))
    printf 'Id=%s\\nLoadState=loaded\\nActiveState=active\\nSubState=running\\nResult=success\\nNRestarts=0\\nMainPID=12\\n' "$unit"
  done ;;
esac
echo done
`;

async function stage(context: TestContext, options: SshServerOptions = {}) {
  const server = await SshServer.start(options);
  context.after(() => server.stop());
  const host = (overrides: { knownHosts?: string; privateKey?: string } = {}) => {
    const made = new SshHost({
      login: server.login(overrides),
      script: new NodeScript(cannedScript),
      group: 'quantshift',
      units: ['bot.service', 'second.service'],
      redisUnit: 'redis-server.service',
    });
    context.after(() => made.close());
    return made;
  };
  return { server, host };
}

test('a host without anything installed is looked at by the script that is sent along', async (context) => {
  const { server, host } = await stage(context);
  const view = await host().observe();
  assert.equal(view.state, 'answers');
  console.log(view, server.commands);
});
