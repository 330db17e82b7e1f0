// HTTP/1.1 over TLS, on connections that are kept: what encryption leaves of the difference.
// Knows nothing of HTTP/2.

import { number, table, time } from '../../machine/table.mjs';
import { sameCipher } from '../certificate.mjs';
import { ask } from '../http.mjs';
import { interleaved } from '../measure.mjs';
import { requestOf, ROWS } from '../rows.mjs';
import { withHost } from '../same.mjs';
import { startTrio } from '../trio.mjs';

/** The rows of what is asked with TLS, here and over HTTP/2. */
export const SECURE_ROWS = ROWS.filter(({ name }) => ['packument-40k', 'tarball-300k'].includes(name));

export const tls = { title: 'HTTP/1.1 over TLS 1.3 (written down, not judged)', run };

async function run(bench) {
  const requests = SECURE_ROWS.map((row) => ({ ...requestOf(row, bench.registry), tls: true }));
  const trio = await startTrio(bench, requests, { files: false, tls: true });
  try {
    for (const server of trio.all) await sameCipher(server, 'http/1.1');
    const results = [];
    for (const [n, { name }] of SECURE_ROWS.entries()) {
      bench.note(`  ${name}`);
      const { body } = await ask(trio.nopar.port, withHost(requests[n], trio.host));
      const asked = { ...requests[n], host: trio.host, bodyBytes: body.length };
      results.push({ row: name, servers: await interleaved(trio.all, () => asked, bench.rounds) });
    }
    return { data: { rows: results }, checks: [], text: secureTable(results) };
  } finally {
    await trio.stop();
  }
}

/** The markdown table of `results`: CPU time, requests per second, ratio, errors. */
export function secureTable(results) {
  const lines = results.flatMap(({ row, servers }) => Object.entries(servers).map(([name, { cpu, perSecond, errors }]) => [
    row, name, time(cpu), number(perSecond), number(servers.nginx.cpu / cpu), errors.join(', '),
  ]));
  return table(['row', 'server', 'CPU/request>', 'median/s>', 'ratio>', 'errors'], lines);
}
