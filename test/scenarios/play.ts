import { appendFileSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Reason } from '../../reconcilers/reasons.ts';
import { describeStatus } from '../demo/status-watch.ts';
import { ackedKeys, monotonicMs, readBotRecords } from '../lab/bot-log.ts';
import type { Lab } from '../lab/lab.ts';
import { keysOf } from '../traffic/acked-keys.ts';
import { freshHosts } from './fresh-hosts.ts';
import { groupName, nodeNames } from './group-document.ts';
import { missingKeys } from './held-keys.ts';
import type { Scenario } from './scenario.ts';
import { isMove, Stage } from './stage.ts';
import { type Ending, type Facts, judge, type Verdict } from './verdict.ts';

/** For so long nothing more may be done in the end: two probes and a bit. */
const quietMs = 2_200;
/** Settings follow the roles a few looks later; then it must be quiet. */
const quietRounds = 4;

export interface Played extends Verdict {
  readonly name: string;
  readonly seconds: number;
}

export interface PlayOptions {
  /** For what tells of it. */
  readonly folder: string;
  /** Also what is asked of the hosts, though all went well. */
  readonly keep: boolean;
}

/** Plays a scenario on fresh hosts and judges it. */
export async function play(lab: Lab, scenario: Scenario, { folder, keep }: PlayOptions): Promise<Played> {
  const began = performance.now();
  await freshHosts(lab);
  const stage = new Stage(lab, folder, scenario.group);
  let verdict: Verdict;
  try {
    const ending = await perform(stage, scenario);
    const facts = await look(stage, ending);
    verdict = judge(facts);
  } catch (error) {
    verdict = failed(stage, error);
  }
  if (!verdict.ok || keep) await keepEvidence(stage, verdict);
  await stage.close();
  return { name: scenario.name, ...verdict, seconds: Math.round((performance.now() - began) / 100) / 10 };
}

async function perform(stage: Stage, scenario: Scenario): Promise<Ending> {
  if (scenario.redisRestartsItself !== true) await stage.keepRedisDown();
  await scenario.before?.(stage);
  stage.startController();
  await stage.settled('ct100');
  await stage.said('FailoverReady', scenario.failoverReady ?? Reason.WouldSucceed);
  await stage.startWriters();
  await stage.traffic?.acked(50);
  return scenario.run(stage);
}

async function look(stage: Stage, ending: Ending): Promise<Facts> {
  const { lab, traffic } = stage;
  const laterActions = await settle(stage);
  await traffic?.stop();
  const outside = await traffic?.report();
  const records = readBotRecords(lab, nodeNames);
  const atMs = monotonicMs();
  const keys = [...ackedKeys(records), ...keysOf(outside?.acked ?? [])];
  return {
    ending,
    records,
    atMs,
    status: stage.status,
    roles: await rolesOf(lab),
    lostKeys: await missingKeys(lab, ending.primary, keys),
    checkedWrites: keys.length,
    writeGapMs: outside?.gap.gapMs ?? 0,
    actions: stage.actions,
    laterActions,
    copies: await copiesOf(stage),
    endedWatches: await endedWatchesOf(lab),
  };
}

/** Waits until nothing more is done. What was moved meanwhile, or done without end, must not have been. */
async function settle(stage: Stage): Promise<string[]> {
  const done: string[] = [];
  for (let round = 0; round < quietRounds; round += 1) {
    const now = await stage.doneWithin(quietMs);
    if (now.length === 0) return done.filter(isMove);
    done.push(...now);
  }
  return done;
}

async function rolesOf(lab: Lab): Promise<Facts['roles']> {
  const roles: Record<string, 'primary' | 'replica'> = {};
  for (const node of nodeNames) {
    const said = lab.isOn(node) ? await lab.redis(node, 'ROLE').catch(() => '') : '';
    if (said !== '') roles[node] = said.startsWith('master') ? 'primary' : 'replica';
  }
  return roles;
}

/** Hosts on which the dead-man watch ended by itself and was started again. */
async function endedWatchesOf(lab: Lab): Promise<string[]> {
  const ended: string[] = [];
  for (const node of nodeNames.filter((name) => lab.isOn(name))) {
    const show = [
      'systemctl',
      'show',
      '--property=NRestarts',
      '--value',
      `understudy-lease-${groupName}.service`,
    ];
    const { stdout } = await lab.console(node, show);
    if (Number(stdout) > 0) ended.push(node);
  }
  return ended;
}

/** What was set aside on the hosts' disks, tried with Redis's own checker on that host. */
async function copiesOf({ lab }: Stage): Promise<Facts['copies']> {
  const copies: { path: string; keys: number | undefined }[] = [];
  for (const node of nodeNames) {
    const folder = `/var/lib/understudy/${groupName}/preserved`;
    const outside = join(lab.disk(node), folder);
    const files = existsSync(outside) ? readdirSync(outside) : [];
    for (const file of files.filter((name) => name.endsWith('.rdb'))) {
      const path = `${folder}/${file}`;
      const { code, stdout } = await lab.console(node, ['redis-check-rdb', path]);
      const keys = /(\d+) keys read/.exec(stdout)?.[1];
      copies.push({
        path: `${node}:${path}`,
        keys: code === 0 && keys !== undefined ? Number(keys) : undefined,
      });
    }
  }
  return copies;
}

function failed({ actions, status, lab }: Stage, error: unknown): Verdict {
  const problem = error instanceof Error ? error.message : String(error);
  const facts = {
    ending: { primary: '' },
    records: readBotRecords(lab, nodeNames),
    atMs: monotonicMs(),
    status,
  };
  const { overlapMs, unitsGapMs, countedLostBytes, problems } = judge({
    ...facts,
    ...{
      roles: {},
      lostKeys: [],
      checkedWrites: 1,
      writeGapMs: 0,
      actions,
      laterActions: [],
      copies: [],
      endedWatches: [],
    },
  });
  const overlaps = problems.filter((text) => text.includes('at once'));
  return {
    ok: false,
    overlapMs,
    lostWrites: 0,
    countedLostBytes,
    unitsGapMs,
    writeGapMs: 0,
    actions,
    problems: [problem, ...overlaps],
  };
}

/** What a person needs to find out why: beside the group's file, its status and the controller's log. */
async function keepEvidence({ lab, folder, status }: Stage, verdict: Verdict): Promise<void> {
  writeFileSync(join(folder, 'verdict.json'), JSON.stringify(verdict, null, 2));
  writeFileSync(join(folder, 'status.txt'), `${describeStatus(status)}\n`);
  for (const node of nodeNames) {
    if (!lab.isOn(node)) continue;
    await lab.thaw(node);
    const file = join(folder, `${node}.txt`);
    for (const command of [
      'journalctl --no-pager -b',
      'systemctl list-units --failed',
      'tail -n 100 /var/log/redis/redis-server.log',
    ]) {
      const { stdout, stderr } = await lab.console(node, ['sh', '-c', `timeout 10 ${command}`]);
      appendFileSync(file, `$ ${command}\n${stdout}${stderr}\n`);
    }
    appendFileSync(file, await lab.redis(node, 'INFO').catch(String));
  }
}
