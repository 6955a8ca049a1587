/** A connection of some controller of this group that has announced an epoch. */
export interface AnnouncedClaim {
  readonly clientId: number;
  readonly epoch: number;
}

/** The name under which a connection announces its epoch. */
export function claimName(connectionName: string, epoch: number): string {
  return `${connectionName}:${epoch}`;
}

/**
 * The claims in a CLIENT LIST (https://redis.io/docs/latest/commands/client-list/): a line for each
 * connection, `id=3 addr=… name=… …`. A name holds no spaces.
 */
export function announcedClaims(clientList: string, connectionName: string): AnnouncedClaim[] {
  const prefix = `${connectionName}:`;
  return clientList.split('\n').flatMap((line) => {
    const fields = line.split(' ');
    const name = fields.find((field) => field.startsWith('name='))?.slice('name='.length) ?? '';
    const id = fields.find((field) => field.startsWith('id='))?.slice('id='.length);
    const epoch = name.startsWith(prefix) ? name.slice(prefix.length) : '';
    if (id === undefined || !/^\d+$/.test(epoch)) return [];
    return [{ clientId: Number(id), epoch: Number(epoch) }];
  });
}
