// What it costs to know who reads: hits of packages that only users may read, with a token, over those that everybody
// may read, without one.
// NOPAR beside itself: nginx's cache knows nobody.

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

import { median } from '../../machine/statistics.mjs';
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

const MEASURED = ['packument-5k', 'packument-40k', 'not-modified', 'tarball-10k', 'tarball-300k'];

const USER = 'ann';
const PASSWORD = 'a password that takes its time';
const RULES = '[[rule]]\npackages = ["bench-*"]\nread = ["$authenticated"]\n';

/** Both send large bodies in one way: each would find out for itself which is cheaper, and that is not what is asked. */
const SETTINGS = { NOPAR_SENDFILE: 'no' };

/**
 * How often both are started. One process can be a tenth faster than another of the same program for as long as it runs:
 * by where its memory happens to lie, and by how its connections happen to take turns.
 */
const STARTS = 5;

/** Answers are ready only when they were asked for before, and a token is known for two seconds. */
const WARM = 3;

export const readers = { title: 'Readers with a token, of what only users may read, beside everybody', run };

async function run(bench) {
  const starts = [];
  while (starts.length < STARTS) {
    bench.note(`  start ${starts.length + 1} of ${STARTS}`);
    starts.push(await measureStart(bench));
  }
  const results = starts[0].map((first, n) => combined(starts.map((rows) => rows[n])));
  return { data: results, text: text(results), checks: results.map(checkOf) };
}

/** Both servers anew, and each row by both. */
async function measureStart(bench) {
  const everybody = await startNopar({ name: 'everybody', home: bench.home('everybody'), upstream: bench.upstream.url, core: CORES.server, settings: SETTINGS });
  const users = await startWithUsers(bench).catch(async (error) => {
    await everybody.stop();
    throw error;
  });
  try {
    const authorization = `Bearer ${await logIn(users.port)}`;
    const rows = [];
    for (const row of ROWS.filter(({ name }) => MEASURED.includes(name) && bench.options.rows.includes(name))) {
      bench.note(`    ${row.name}`);
      rows.push(await measureRow(bench, [everybody, users], row, authorization));
    }
    return rows;
  } finally {
    await Promise.all([everybody, users].map((server) => server.stop()));
  }
}

/** A NOPAR that lets only users read, and has one. */
async function startWithUsers(bench) {
  const home = bench.home('users');
  const file = path.join(home, 'nopar.toml');
  writeFileSync(file, RULES);
  const registry = path.join(home, 'registry');
  const env = { PATH: process.env.PATH, HOME: home, NOPAR_HOME: home, NOPAR_REGISTRY_PATH: registry };
  execFileSync(process.env.NOPAR_BINARY, ['user', 'add', USER], { env, cwd: home, input: `${PASSWORD}\n`, stdio: ['pipe', 'ignore', 'inherit'] });
  const settings = { ...SETTINGS, NOPAR_AUTH: 'users', NOPAR_CONFIG: file };
  return startNopar({ name: 'users', home, upstream: bench.upstream.url, core: CORES.server, settings });
}

async function logIn(port) {
  const response = await fetch(`http://127.0.0.1:${port}/-/user/org.couchdb.user:${USER}`, {
    method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name: USER, password: PASSWORD }),
  });
  if (response.status !== 201) throw new Error(`a login is answered with ${response.status}`);
  return (await response.json()).token;
}

async function measureRow(bench, servers, row, authorization) {
  const [everybody, users] = servers;
  const request = requestOf(row, bench.registry);
  // One Host for both, or their answers would differ in the addresses of tarballs.
  const { host } = everybody;
  const asked = (server) => ({ ...request, host, headers: { ...request.headers, ...(server === users && { authorization }) } });
  for (const server of servers) await askAll(server.port, Array(WARM).fill(withHost(asked(server), host)), 1);
  const { headers, body } = await sameAnswer(servers, asked(users), host);
  const conditional = request.conditional && { 'if-none-match': headers.etag };
  const prepared = (server) => ({ ...asked(server), bodyBytes: body.length, headers: { ...asked(server).headers, ...conditional } });
  const measured = await interleaved(servers, prepared, bench.rounds);
  const errors = servers.flatMap(({ name }) => measured[name].errors.map((each) => `${name}: ${each}`));
  return { row: row.name, servers: measured, errors };
}

/** What a row's starts say together: CPU time of the best of them, as all that disturbs one only adds to it; else medians. */
function combined(starts) {
  const servers = Object.fromEntries(['everybody', 'users'].map((name) => {
    const each = starts.map((start) => start.servers[name]);
    const of = (key) => median(each.map((one) => one[key]));
    const [cpu, best] = [Math.min(...each.map((one) => one.cpu)), Math.max(...each.map((one) => one.best))];
    return [name, { best, cpu, p50: of('p50'), p99: of('p99') }];
  }));
  const ratio = servers.users.cpu / servers.everybody.cpu;
  return { row: starts[0].row, servers, ratio, starts, errors: starts.flatMap(({ errors }) => errors) };
}

function text(results) {
  const lines = results.flatMap(({ row, servers, ratio, starts }) => Object.entries(servers).map(([name, each]) => [
    row, name, time(each.cpu), spread(starts.map((start) => start.servers[name].cpu)), number(each.best), time(each.p50), time(each.p99),
    name === 'users' ? number(ratio) : '',
  ]));
  return table(['row', 'server', 'CPU/request>', 'of its starts>', 'best/s>', 'p50>', 'p99>', 'ratio>'], lines);
}

function spread(times) {
  return `${time(Math.min(...times))} to ${time(Math.max(...times))}`;
}

function checkOf({ row, ratio, errors }) {
  const check = within(`${row}: CPU time per request, readers with a token over everybody`, ratio, LIMIT);
  return { ...check, met: check.met && errors.length === 0, errors };
}
