/** What a healthy server shows beside its role and its history. */
export const serverView = {
  state: 'answers',
  runId: 'run',
  keys: 10,
  usedMemoryBytes: 1,
  diskFailing: false,
  config: {},
  otherAgent: false,
  priority: 100,
} as const;
