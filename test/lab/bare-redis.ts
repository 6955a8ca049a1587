import { readFileSync } from 'node:fs';
import type { Lab } from './lab.ts';

/** Debian's Redis, empty, with the three lines of step 1 of docs/two-hosts.md; it does not run. */
export async function makeBare(lab: Lab, node: string): Promise<void> {
  const password = readFileSync(lab.passwordFile, 'utf8').trim();
  const input = `bind 127.0.0.1 ${lab.address(node)}\nrequirepass ${password}\nmasterauth ${password}\n`;
  const script = `set -e; systemctl stop redis-server; rm -f /var/lib/redis/*
    sed -i -E '/^(bind|requirepass|masterauth|replicaof|maxmemory|maxmemory-policy|save) /d; s/^(protected-mode) no/\\1 yes/' /etc/redis/redis.conf
    cat >>/etc/redis/redis.conf`;
  const { code, stderr } = await lab.ssh(node, script, { input });
  if (code !== 0) throw new Error(`Redis of ${node} cannot be made bare: ${stderr.trim()}`);
}
