// HTTP/2 over TLS: many streams on few connections.
// Knows nothing of HTTP/1.1.

import { cpuTime, family } from '../../machine/process.mjs';
import { median } from '../../machine/statistics.mjs';
import { h2load } from '../h2load.mjs';
import { rotated } from '../measure.mjs';
import { secureRows } from '../secure.mjs';

const LOAD = { connections: 16, streams: 8 };

/** Before it counts. */
const WARM_SECONDS = 1;

export const h2 = { title: 'HTTP/2 over TLS 1.3 (h2load; written down, not judged)', run };

function run(bench) {
  return secureRows(bench, 'h2', (trio, request) => measured(trio.all, { ...request, ...LOAD }, bench.rounds));
}

/** Rounds of all `servers` in turns: `{ name → { cpu, perSecond, errors } }`. */
async function measured(servers, request, { rounds, seconds, core }) {
  const found = new Map(servers.map((server) => [server.name, []]));
  for (const server of servers) await h2load({ ...request, port: server.port, seconds: WARM_SECONDS, core });
  for (let n = 0; n < rounds; n += 1) {
    for (const server of rotated(servers, n)) found.get(server.name).push(await round(server, { ...request, seconds, core }));
  }
  return Object.fromEntries([...found].map(([name, each]) => [name, {
    cpu: median(each.map(({ cpu }) => cpu)),
    perSecond: median(each.map(({ perSecond }) => perSecond)),
    errors: each.flatMap(({ errors }) => errors),
    rounds: each,
  }]));
}

async function round(server, request) {
  const pids = family(server.pid);
  const before = cpuTime(pids);
  const { succeeded, errors } = await h2load({ ...request, port: server.port });
  return { perSecond: succeeded / request.seconds, cpu: (cpuTime(pids) - before) / succeeded, errors };
}
