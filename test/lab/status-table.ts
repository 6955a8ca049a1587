import Table from 'cli-table3';
import type { LabStatus } from './lab.ts';

/** What the lab is like now, for people. */
export function statusTable({ folder, isUp, isSplit, nodes }: LabStatus): string {
  const table = new Table({
    head: ['NODE', 'ALIAS', 'ADDRESS', 'POWER', 'WIRE'],
    style: { head: [], border: [] },
  });
  for (const node of nodes)
    table.push([
      node.name,
      node.alias,
      node.address,
      node.power,
      node.cut === null ? 'whole' : `cut (${node.cut})`,
    ]);
  const split = isSplit ? '\nThe hosts are split from each other.' : '';
  return `${table.toString()}${split}\n${isUp ? 'The lab is up' : 'The lab is down'}: ${folder}`;
}
