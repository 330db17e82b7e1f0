// Rounds of load on several servers, in turns, with the CPU time each took.
// Knows nothing of what the servers are, nor of targets.

import { cpuTime, family, residentMemory } from '../machine/process.mjs';
import { load } from './wrk.mjs';
import { summary } from './verdict.mjs';

/** Before it counts: connections are made, caches of the processor are filled. */
const WARM_SECONDS = 1;

/** Rounds of large bodies: the kernel counts time in hundredths of a second, and they take few. */
const LARGE_SECONDS = 3;

/**
 * Measures all `servers` with the request `requestFor(server)`: `{ name → summary }`.
 * A machine has good and bad moments: rounds of the servers alternate, and each is first in turn.
 */
export async function interleaved(servers, requestFor, { rounds, seconds, core }) {
  const measured = new Map(servers.map((server) => [server.name, []]));
  for (const server of servers) await load({ ...requestFor(server), port: server.port, seconds: WARM_SECONDS, core });
  for (let n = 0; n < rounds; n += 1) {
    for (const server of rotated(servers, n)) {
      measured.get(server.name).push(await round(server, requestFor(server), seconds, core));
    }
  }
  return Object.fromEntries([...measured].map(([name, each]) => [name, { ...summary(each), rounds: each }]));
}

/** `items` beginning with the one at `n`. */
export function rotated(items, n) {
  const first = n % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}

async function round(server, request, seconds, core) {
  const pids = family(server.pid);
  const before = cpuTime(pids);
  const long = request.large ? Math.max(seconds, LARGE_SECONDS) : seconds;
  const result = await load({ ...request, port: server.port, seconds: long, core });
  const cpu = cpuTime(pids) - before;
  const answers = answered(result, request);
  return { ...result, perSecond: answers / result.seconds, cpu: cpu / answers, cpuTotal: cpu, memory: residentMemory(pids) };
}

/**
 * How many answers the time was spent on. Of large bodies a few seconds hold only some dozens, and
 * as many are cut off at the end of the round: there it is the bytes that came, counted in bodies.
 */
export function answered({ requests, bytes }, { large, bodyBytes }) {
  return large ? bytes / bodyBytes : requests;
}
