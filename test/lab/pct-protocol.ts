/** Where the hypervisor's `pct` finds the lab's desk: the lab's folder is mounted there. */
export const deskSocketInside = '/var/lib/pct-desk/socket';

export interface PctRequest {
  readonly args: readonly string[];
}

export interface PctAnswer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}
