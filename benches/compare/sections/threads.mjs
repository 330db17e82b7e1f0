// What a second thread costs: CPU time per request with two of them over that with one.
// NOPAR beside itself. nginx with two workers stands beside nginx with one, not judged: three programs (two
// threads and the load generator) share two cores, and what is sent at the same time from both is the same pages.

import { number, table, time } from '../../machine/table.mjs';
import { CORES } from '../bench.mjs';
import { askAll } from '../http.mjs';
import { interleaved } from '../measure.mjs';
import { startOrigin } from '../origin.mjs';
import { requestOf, ROWS } from '../rows.mjs';
import { sameAnswer, withHost } from '../same.mjs';
import { startCachingNginx } from '../servers/nginx.mjs';
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
    const { host, port } = servers[0];
    const origin = await startOrigin();
    await origin.copy(port, host, [request]);
    for (const workers of [1, 2]) {
      const name = `nginx-${workers}`;
      servers.push({ ...await startCachingNginx({ home: bench.home(name), core: CORES.both, workers, originPort: origin.port }), name });
    }
    for (const server of servers) await askAll(server.port, [withHost(request, host)], 1);
    await sameAnswer(servers, request, host);
    const results = await interleaved(servers, () => ({ ...request, host }), bench.rounds);
    const [one, two, ...nginx] = servers.map(({ name }) => results[name]);
    const check = { ...within('CPU time per request, two threads over one', two.cpu / one.cpu, LIMIT), errors: [...one.errors, ...two.errors] };
    check.met &&= check.errors.length === 0;
    const lines = Object.entries(results).map(([name, each]) => [name, time(each.cpu), number(each.best), time(each.p50), time(each.p99)]);
    const beside = `nginx, two workers over one: ${number(nginx[1].cpu / nginx[0].cpu)} (not judged).`;
    return { data: results, checks: [check], text: [table(['server', 'CPU/request>', 'best/s>', 'p50>', 'p99>'], lines), '', beside].join('\n') };
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}
