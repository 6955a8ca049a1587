import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import ssh2 from 'ssh2';
import {
  fingerprint,
  hostKeyAlgorithms,
  KnownHosts,
  keyType,
} from '../../controller/ssh-host/known-hosts.ts';
import { newKey } from './ssh-server.ts';

function keyed(type: 'ed25519' | 'ecdsa' = 'ed25519'): { line: string; bytes: Buffer } {
  const { public: line } = newKey(type);
  const parsed = ssh2.utils.parseKey(line);
  assert.ok(!(parsed instanceof Error));
  return { line, bytes: parsed.getPublicSSH() };
}

const [one, two] = [keyed(), keyed('ecdsa')];

function hashed(name: string): string {
  const salt = Buffer.from('0123456789abcdefghij');
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
}

for (const [what, names, host, port, isKnown] of [
  ['a name', 'ct100', 'ct100', 22, true],
  ['a name in capitals', 'CT100', 'ct100', 22, true],
  ['an address among several', 'ct100,10.92.3.27', '10.92.3.27', 22, true],
  ['another name', 'ct101', 'ct100', 22, false],
  ['a name that only begins so', 'ct10', 'ct100', 22, false],
  ['another port', 'ct100', 'ct100', 2222, false],
  ['a name with its port', '[ct100]:2222', 'ct100', 2222, true],
  ['the usual port in full', '[ct100]:22', 'ct100', 22, true],
  ['a port of another', '[ct100]:2222', 'ct100', 22, false],
  ['an IPv6 address', '[fd00::1]:2222', 'fd00::1', 2222, true],
  ['a wildcard', '10.92.3.*', '10.92.3.27', 22, true],
  ['a question mark', 'ct10?', 'ct100', 22, true],
  ['a dot that is no wildcard', '10.92.3.2?', '10x92.3.27', 22, false],
  ['a negation', 'ct*,!ct100', 'ct100', 22, false],
  ['only negations', '!ct101', 'ct100', 22, false],
  ['a hashed name', hashed('ct100'), 'ct100', 22, true],
  ['a hashed name with its port', hashed('[ct100]:2222'), 'ct100', 2222, true],
  ['a hash of another name', hashed('ct101'), 'ct100', 22, false],
  ['an unknown hash', hashed('ct100').replace('|1|', '|2|'), 'ct100', 22, false],
] as const)
  test(`${what} is ${isKnown ? '' : 'not '}a line for the host`, () => {
    const known = new KnownHosts(`${names} ${one.line} a comment\n`);
    assert.equal(known.judge(host, port, one.bytes), isKnown ? 'accepted' : 'different');
    assert.equal(known.keysOf(host, port).accepted.length, isKnown ? 1 : 0);
  });

test('a key counts byte by byte, and every key of the host counts', () => {
  const known = new KnownHosts(`# comment\n\n  ct100\t${one.line}\r\nct100 ${two.line}\n`);
  assert.equal(known.judge('ct100', 22, one.bytes), 'accepted');
  assert.equal(known.judge('ct100', 22, two.bytes), 'accepted');
  assert.equal(known.judge('ct100', 22, keyed().bytes), 'different');
  assert.equal(known.judge('ct100', 22, Buffer.alloc(0)), 'different');
  const { accepted } = known.keysOf('ct100', 22);
  assert.deepEqual(hostKeyAlgorithms(accepted), ['ssh-ed25519', 'ecdsa-sha2-nistp256']);
});

test('a revoked key is refused wherever else it stands', () => {
  const known = new KnownHosts(`ct100 ${one.line}\nct100 ${two.line}\n@revoked * ${one.line}\n`);
  assert.equal(known.judge('ct100', 22, one.bytes), 'revoked');
  assert.deepEqual(
    known.keysOf('ct100', 22).accepted.map(({ bytes }) => bytes),
    [two.bytes],
  );
});

test('an authority is not a host key, and neither is a line with a marker that nobody knows', () => {
  for (const marker of ['@cert-authority', '@something']) {
    const known = new KnownHosts(`${marker} ct100 ${one.line}\n`);
    assert.equal(known.judge('ct100', 22, one.bytes), 'different');
    assert.deepEqual(known.keysOf('ct100', 22), { accepted: [], hasAuthority: marker === '@cert-authority' });
  }
});

test('lines that cannot be read are passed over', () => {
  const broken = [
    'ct100',
    'ct100 ssh-ed25519',
    'ct100 ssh-ed25519 AAAA',
    'ct100 nothing AAAA',
    '|1|x ssh-rsa A',
    '@revoked',
  ];
  const known = new KnownHosts(`${broken.join('\n')}\nct100 ${one.line}`);
  assert.equal(known.keysOf('ct100', 22).accepted.length, 1);
});

test('a key of RSA is asked for with SHA-2 only', () => {
  assert.deepEqual(hostKeyAlgorithms([{ type: 'ssh-rsa' }]), ['rsa-sha2-512', 'rsa-sha2-256']);
});

test('the fingerprint and the type of a key are as ssh-keygen has them', () => {
  const line = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';
  const bytes = Buffer.from(line.split(' ')[1] ?? '', 'base64');
  assert.equal(fingerprint(bytes), 'SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU');
  assert.equal(keyType(bytes), 'ssh-ed25519');
  assert.equal(keyType(Buffer.from([1])), '');
});
