// What a second thread costs: CPU time per request with two of them over that with one.
// Knows nothing of nginx: this is NOPAR beside itself.

import { number, table, time } from '../../machine/table.mjs';
import { CORES } from '../bench.mjs';
import { askAll } from '../http.mjs';
import { interleaved } from '../measure.mjs';
import { requestOf, ROWS } from '../rows.mjs';
import { sameAnswer, withHost } from '../same.mjs';
import { startNopar } from '../servers/nopar.mjs';
import { within } from '../verdict.mjs';

/** CPU time per request may grow by so much. */
const LIMIT = 1.1;

export const threads = { title: 'Two threads beside one (packument-40k, server on both cores)', run };

async function run(bench) {
  const request = requestOf(ROWS.find(({ name }) => name === 'packument-40k'), bench.registry);
  const servers = [];
  try {
    for (const count of [1, 2]) {
      const name = `threads-${count}`;
      servers.push(await startNopar({ name, home: bench.home(name), upstream: bench.upstream.url, threads: count, core: CORES.both }));
    }
    // One Host for both, or their answers would differ in the addresses of tarballs.
    const { host } = servers[0];
    for (const server of servers) await askAll(server.port, [withHost(request, host)], 1);
    await sameAnswer(servers, request, host);
    const results = await interleaved(servers, () => ({ ...request, host }), bench.rounds);
    const [one, two] = servers.map(({ name }) => results[name]);
    const check = { ...within('CPU time per request, two threads over one', two.cpu / one.cpu, LIMIT), errors: [...one.errors, ...two.errors] };
    check.met &&= check.errors.length === 0;
    const lines = Object.entries(results).map(([name, each]) => [name, time(each.cpu), number(each.best), time(each.p50), time(each.p99)]);
    return { data: results, checks: [check], text: table(['server', 'CPU/request>', 'best/s>', 'p50>', 'p99>'], lines) };
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}
