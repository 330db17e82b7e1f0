// What is asked with TLS, over either version of HTTP: the rows, the servers, the table.
// Knows nothing of how the load is made.

import { number, table, time } from '../machine/table.mjs';
import { sameCipher } from './certificate.mjs';
import { requestOf, ROWS } from './rows.mjs';
import { startTrio } from './trio.mjs';

const SECURE_ROWS = ROWS.filter(({ name }) => ['packument-40k', 'tarball-300k'].includes(name));

/**
 * Starts the servers with TLS, and has each row measured: `measure(trio, request)` gives
 * `{ name → { cpu, perSecond, errors } }`. All servers must speak `protocol` with one cipher.
 */
export async function secureRows(bench, protocol, measure) {
  const requests = SECURE_ROWS.map((row) => ({ ...requestOf(row, bench.registry), tls: true }));
  const trio = await startTrio(bench, requests, { files: false, tls: true });
  try {
    for (const server of trio.all) await sameCipher(server, protocol);
    const results = [];
    for (const [n, { name }] of SECURE_ROWS.entries()) {
      bench.note(`  ${name}`);
      results.push({ row: name, servers: await measure(trio, requests[n]) });
    }
    return { data: { rows: results }, checks: [], text: secureTable(results) };
  } finally {
    await trio.stop();
  }
}

function secureTable(results) {
  const lines = results.flatMap(({ row, servers }) => Object.entries(servers).map(([name, { cpu, perSecond, errors }]) => [
    row, name, time(cpu), number(perSecond), number(servers.nginx.cpu / cpu), errors.join(', '),
  ]));
  return table(['row', 'server', 'CPU/request>', 'median/s>', 'ratio>', 'errors'], lines);
}
