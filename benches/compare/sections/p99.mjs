// Latency of the slowest hundredth with 256 connections, as busy as the client can make the server.
// Knows nothing of CPU time.

import { number, table, time } from '../../machine/table.mjs';
import { interleaved } from '../measure.mjs';
import { requestOf, ROWS } from '../rows.mjs';
import { startTrio } from '../trio.mjs';
import { within } from '../verdict.mjs';

const CONNECTIONS = 256;

/** NOPAR's p99 over nginx's. */
const LIMIT = 1.5;

/** The median of fewer rounds says little about a tail. */
const ROUNDS = 5;

export const p99 = { title: 'p99 at 256 connections (packument-40k)', run };

async function run(bench) {
  const request = requestOf(ROWS.find(({ name }) => name === 'packument-40k'), bench.registry);
  const trio = await startTrio(bench, [request], { files: false });
  try {
    const asked = () => ({ ...request, host: trio.host, connections: CONNECTIONS });
    const servers = await interleaved(trio.all, asked, { ...bench.rounds, rounds: Math.max(ROUNDS, bench.rounds.rounds) });
    const { nopar, nginx } = servers;
    const check = { ...within("p99, NOPAR's over nginx's", nopar.p99 / nginx.p99, LIMIT), errors: [...nopar.errors, ...nginx.errors] };
    check.met &&= check.errors.length === 0;
    const lines = Object.entries(servers).map(([name, each]) => [name, time(each.p50), time(each.p99), number(each.perSecond)]);
    return { data: servers, checks: [check], text: table(['server', 'p50>', 'p99>', 'median/s>'], lines) };
  } finally {
    await trio.stop();
  }
}
