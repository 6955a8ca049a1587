import { both, drop, put } from './document-edit.ts';
import type { FieldPlan } from './field-plan.ts';
import { secretPlans, without } from './secret-plans.ts';

const rotation = {
  test: 'test/controller/password-rotation.test.ts',
  shows: 'passwords that are edited, taken back in mid-rotation, or taken by no node, on real Redis',
};
const tls = { test: 'test/controller/redis-tls.test.ts', shows: 'connections by TLS to real Redis' };
const ssh = { test: 'test/ssh-host/ssh-host.test.ts', shows: 'logins over a real SSH server' };
const knownHosts = {
  test: 'test/ssh-host/known-hosts.test.ts',
  shows: 'which host keys are known, and which are refused',
};
const auth = { passwordFrom: { file: '/etc/understudy/password' } };

const settings: FieldPlan = {
  field: 'redis.config.*',
  valid: [
    { what: 'another maxmemory', edit: put('redis.config.maxmemory', '200mb') },
    { what: 'the same maxmemory in bytes', edit: put('redis.config.maxmemory', 104857600) },
    { what: 'one more', edit: put('redis.config.maxmemory-policy', 'allkeys-lru') },
    { what: 'a switch', edit: put('redis.config.appendonly', true) },
    { what: 'one less', edit: drop('redis.config.save') },
    { what: 'none', edit: drop('redis.config') },
  ],
  invalid: [
    ...['replicaof', 'requirepass', 'min-replicas-to-write', 'port', 'Dir'].map((name) => ({
      what: `${name}, which is the controller's`,
      edit: put(`redis.config.${name}`, '1'),
      at: `redis.config.${name}`,
      says: /may not be set here/,
    })),
    {
      what: 'no name',
      edit: put('redis.config.max_memory', '1'),
      at: 'redis.config.max_memory',
      says: /no name/,
    },
    { what: 'two lines', edit: put('redis.config.save', 'a\nb'), at: 'redis.config.save', says: /one line/ },
    { what: 'a list', edit: put('redis.config.save', ['900 1']), at: 'redis.config.save', says: /must be/ },
  ],
};

const units: FieldPlan = {
  field: 'units[].name',
  valid: [
    { what: 'bot-c added', edit: put('units[2]', { name: 'bot-c.service' }) },
    { what: 'bot-b removed', edit: drop('units[1]') },
    {
      what: 'the other way round',
      edit: put('units', [{ name: 'bot-b.service' }, { name: 'bot-a.service' }]),
    },
    { what: 'none', edit: put('units', []) },
    { what: 'bot-c in place of bot-b', edit: put('units[1].name', 'bot-c.service') },
  ],
  invalid: [
    { what: 'twice', edit: put('units[1].name', 'bot-a.service'), at: 'units[1].name', says: /must differ/ },
    { what: 'no unit', edit: put('units[1].name', 'bot-b'), at: 'units[1].name', says: /\.service/ },
    {
      what: 'an option',
      edit: put('units[1].name', '--now.service'),
      at: 'units[1].name',
      says: /systemd unit/,
    },
    {
      what: "Redis's own",
      edit: put('units[1].name', 'redis-server.service'),
      at: 'units[1].name',
      says: /Redis runs on every node/,
    },
    {
      what: 'on a node without a host',
      edit: drop('nodes[2].ssh'),
      at: 'nodes[2]',
      says: /has units to run/,
    },
  ],
};

const redisUnit: FieldPlan = {
  field: 'redis.unit',
  valid: [
    { what: 'another', edit: put('redis.unit', 'redis.service') },
    { what: 'an instance', edit: put('redis.unit', 'redis@6379.service') },
  ],
  invalid: [
    {
      what: 'a unit of the group',
      edit: put('redis.unit', 'bot-a.service'),
      at: 'units[0].name',
      says: /every node/,
    },
    { what: 'no unit', edit: put('redis.unit', 'redis server'), at: 'redis.unit', says: /systemd unit/ },
  ],
  elsewhere: {
    test: 'test/local-host/redis-unit.test.ts',
    shows: 'the unit of a real Redis, crashed, stopped and under another title',
  },
};

/** What holds for the Redis of every node, and what runs beside it. */
export const redisPlans: readonly FieldPlan[] = [
  settings,
  units,
  redisUnit,
  {
    field: 'redis.auth.username',
    valid: [
      { what: 'a user', edit: put('redis.auth.username', 'understudy') },
      { what: 'another', edit: put('redis.auth.username', 'keeper') },
    ],
    invalid: [
      {
        what: 'with a space',
        edit: put('redis.auth.username', 'a b'),
        at: 'redis.auth.username',
        says: /ACL user/,
      },
      {
        what: 'without a password',
        edit: both(put('redis.auth.username', 'u'), drop('redis.auth.passwordFrom')),
        at: 'redis.auth.passwordFrom',
        says: /is missing/,
      },
    ],
    elsewhere: rotation,
  },
  ...secretPlans('redis.auth.passwordFrom', rotation),
  ...secretPlans('redis.auth.formerPasswordFrom', rotation, put('redis.auth', auth)),
  ...secretPlans('redis.tls.caFrom', tls),
  {
    field: 'redis.tls.serverName',
    valid: [
      { what: 'a name', edit: put('redis.tls.serverName', 'redis.example') },
      { what: 'another', edit: put('redis.tls.serverName', 'cache.example') },
    ],
    invalid: [
      {
        what: 'a URL',
        edit: put('redis.tls.serverName', 'https://redis'),
        at: 'redis.tls.serverName',
        says: /host name/,
      },
    ],
    elsewhere: tls,
  },
  ...secretPlans('ssh.privateKeyFrom', ssh),
  ...secretPlans('ssh.knownHostsFrom', knownHosts),
].map((plan) =>
  plan.field === 'ssh.privateKeyFrom.file' ? { ...plan, invalid: [...plan.invalid, sshGone()] } : plan,
);

function sshGone() {
  return { ...without('ssh'), at: 'ssh', says: /needs \{privateKeyFrom/ };
}
