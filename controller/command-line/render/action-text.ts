import type { Action } from '../../../reconcilers/action.ts';

/** What an action would do, in plain words. Settings are named; their values are left out. */
export function actionText(action: Action): string {
  switch (action.kind) {
    case 'record':
      return recordText(action.status.transition);
    case 'handOver':
      return `Hand the stage from ${action.from} to ${action.to}: pause writes on ${action.from}, wait until ${action.to} has all of them, demote ${action.from}, promote ${action.to}, let the clients go (at most ${action.budgetMs / 1000} s, or everything is put back).`;
    case 'promote':
      return action.rescue
        ? `Promote ${action.node} before it copies the poorer data set.`
        : `Promote ${action.node}.`;
    case 'repoint':
      return action.ahead === true
        ? `Make ${action.node} a replica of ${action.to}, so that it cannot come back to the old primary.`
        : `Make ${action.node} a replica of ${action.to}${action.dropClients ? ' and send its clients away' : ''}.`;
    case 'startUnits':
      return `Start ${action.units.join(', ')} on ${action.node}${proved(action)}.`;
    case 'stopUnits':
      return `Stop ${action.units.join(', ')} on ${action.node} and see them ended.`;
    case 'fence':
      return action.method === 'stopRedis'
        ? `Fence ${action.node}: stop its Redis over its host.`
        : `Fence ${action.node}: have another machine switch it off.`;
    case 'persistRole':
      return `Write ${action.node}'s role into its config file.`;
    case 'preserve':
      return `Copy ${action.node}'s data aside, with its writes paused.`;
    case 'startRedis':
      return `Start Redis on ${action.node} again: it was stopped to fence it.`;
    case 'rotatePassword':
      return action.stage === 'accept'
        ? `Have ${action.node} take the new password beside the old one.`
        : `Have ${action.node} take the new password alone.`;
    case 'applyConfig':
      return `Set ${[...Object.keys(action.settings), ...(action.replicationLogin ? ['masterauth and masteruser'] : [])].join(', ')} on ${action.node} and persist that.`;
  }
}

function recordText(open: Extract<Action, { kind: 'record' }>['status']['transition']): string {
  if (open === undefined) return 'Write what was seen into the status.';
  return `Put on record: ${open.kind} to ${open.to}, epoch ${open.epoch}.`;
}

function proved({ proofs }: Extract<Action, { kind: 'startUnits' }>): string {
  if (proofs.length === 0) return '';
  return ` (${proofs.map(({ node, proof }) => `${node}: ${proofWords[proof]}`).join('; ')})`;
}

const proofWords = {
  Stopped: 'proved stopped',
  PoweredOff: 'proved switched off',
  LeaseExpired: 'its lease has expired',
  OperatorConfirmed: 'an operator confirmed that it is off',
} as const;
