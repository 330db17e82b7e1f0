// Other registry proxies that are installed here, on one row: not the same bytes, but the same job.
// Knows nothing of targets: this is written down, not judged.

import { number, table, time, megabytes } from '../../machine/table.mjs';
import { CORES } from '../bench.mjs';
import { ask } from '../http.mjs';
import { interleaved } from '../measure.mjs';
import { requestOf, ROWS } from '../rows.mjs';
import { withHost } from '../same.mjs';
import { startNopar } from '../servers/nopar.mjs';
import { startVerdaccio, verdaccioVersion } from '../servers/verdaccio.mjs';

export const rivals = { title: 'Other registry proxies (packument-40k)', run };

async function run(bench) {
  if (!verdaccioVersion()) return { data: {}, checks: [], text: 'Verdaccio is not installed here (PATH, or VERDACCIO).' };
  const request = requestOf(ROWS.find(({ name }) => name === 'packument-40k'), bench.registry);
  const servers = [];
  try {
    for (const starting of [startNopar, startVerdaccio]) {
      servers.push(await starting({ home: bench.home('rival'), upstream: bench.upstream.url, core: CORES.server }));
    }
    const asked = (server) => ({ ...request, host: `127.0.0.1:${server.port}` });
    for (const server of servers) {
      const { status } = await ask(server.port, withHost(request, asked(server).host));
      if (status !== 200) throw new Error(`${server.name} answers ${request.path} with ${status}`);
    }
    const results = await interleaved(servers, asked, bench.rounds);
    const lines = Object.entries(results).map(([name, each]) => [
      name, time(each.cpu), number(each.best), time(each.p50), time(each.p99), megabytes(each.memory), each.errors.join(', '),
    ]);
    return { data: results, checks: [], text: table(['server', 'CPU/request>', 'best/s>', 'p50>', 'p99>', 'RSS>', 'errors'], lines) };
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}
