// One kind of request at a time: CPU time, requests per second and latency of every server.
// Knows nothing of other sections.

import { megabytes, number, table, time } from '../../machine/table.mjs';
import { ask } from '../http.mjs';
import { interleaved } from '../measure.mjs';
import { requestOf, ROWS } from '../rows.mjs';
import { withHost } from '../same.mjs';
import { startTrio } from '../trio.mjs';
import { judge } from '../verdict.mjs';

/** The table without access logs. */
export const rows = { title: 'Hits, access logs off', run: (bench) => measureRows(bench, { logs: false }) };

/** The same with access logs on. */
export const logs = { title: 'Hits, access logs on', run: (bench) => measureRows(bench, { logs: true }) };

async function measureRows(bench, { logs: withLogs }) {
  const chosen = ROWS.filter(({ name }) => bench.options.rows.includes(name));
  const requests = new Map(chosen.map((row) => [row, requestOf(row, bench.registry)]));
  const trio = await startTrio(bench, distinct([...requests.values()]), { logs: withLogs });
  try {
    const results = [];
    for (const [row, request] of requests) {
      bench.note(`  ${row.name}`);
      results.push(await measureRow(bench, trio, row, request));
    }
    return { data: { rows: results }, text: rowsTable(results), checks: results.map(checkOf) };
  } finally {
    await trio.stop();
  }
}

/** Rows that differ only in what the client holds already are one request. */
function distinct(requests) {
  const found = new Map(requests.map((request) => [JSON.stringify([request.path, request.headers]), request]));
  return [...found.values()];
}

async function measureRow(bench, trio, row, request) {
  const prepared = new Map();
  for (const server of trio.all) prepared.set(server, await requestFor(server, request, trio.host));
  const servers = await interleaved(trio.all, (server) => prepared.get(server), bench.rounds);
  return { row: row.name, servers, verdict: judge(servers.nopar, servers.nginx, row) };
}

/** The request as `server` gets it: with its current ETag for a row that asks whether it changed. */
async function requestFor(server, request, host) {
  const answer = await ask(server.port, withHost(request, host));
  const prepared = { ...request, host, bodyBytes: answer.body.length };
  if (!request.conditional) return prepared;
  prepared.headers = { ...request.headers, 'if-none-match': answer.headers.etag };
  const again = await ask(server.port, withHost(prepared, host));
  if (again.status !== 304) throw new Error(`${server.name} answers ${request.path} with ${again.status} although nothing changed`);
  return prepared;
}

/** The markdown table of rows that were measured. */
export function rowsTable(results) {
  const lines = results.flatMap(({ row, servers, verdict }) => Object.entries(servers).map(([name, each]) => [
    row, name, time(each.cpu), number(each.best), number(each.perSecond), time(each.p50), time(each.p99), megabytes(each.memory),
    name === 'nopar' ? number(verdict.ratio) : number(servers.nginx.cpu / each.cpu),
    ...(name === 'nopar' ? [targetText(verdict), verdict.verdict] : ['', each.errors.join(', ')]),
  ]));
  return table(['row', 'server', 'CPU/request>', 'best/s>', 'median/s>', 'p50>', 'p99>', 'RSS>', 'ratio>', 'target', 'verdict'], lines);
}

function targetText({ target, stretch }) {
  return stretch === undefined ? `≥ ${target}` : `≥ ${target} (${stretch})`;
}

function checkOf({ row, verdict }) {
  return { what: `${row}: CPU time, nginx's over NOPAR's`, value: verdict.ratio, limit: verdict.target, met: verdict.met, errors: verdict.errors };
}
