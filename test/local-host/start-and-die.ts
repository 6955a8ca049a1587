import { LocalHost } from '../../controller/local-host/local-host.ts';

const [directory = '', name = ''] = process.argv.slice(2);
const host = new LocalHost({ directory, units: [name], redisUnit: 'redis.service' });
const outcome = await host.startUnits([name], 1);
if (outcome.kind !== 'done') throw new Error(outcome.message);
// As a controller dies that nobody asked.
process.kill(process.pid, 'SIGKILL');
