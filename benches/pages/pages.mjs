// What a page of the web UI costs with 10,000 packages held, and what package managers notice while twenty are loaded
// each second.
// See benches/README.md for how to run and to read it.

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { ask, askAll } from '../compare/http.mjs';
import { packumentHeaders } from '../compare/npm.mjs';
import { requestLines, shuffled } from '../compare/sections/mix.mjs';
import { within } from '../compare/verdict.mjs';
import { load } from '../compare/wrk.mjs';
import { startNopar } from '../compare/servers/nopar.mjs';
import { about, aboutLines, fingerprint, saveRun, version } from '../machine/about.mjs';
import { temporaryDirectory } from '../machine/directory.mjs';
import { loadLine, loadNow } from '../machine/load.mjs';
import { cpuTime } from '../machine/process.mjs';
import { median } from '../machine/statistics.mjs';
import { number, table, time } from '../machine/table.mjs';
import { binary } from '../fleet/servers.mjs';
import { fill, LARGE, nameOf, OLD, startUpstream } from './held.mjs';

const { values } = parseArgs({
  options: {
    packages: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '4' },
    save: { type: 'boolean', default: false },
  },
});
const packages = Number(values.packages);

/** CPU time of a page, in microseconds. */
const PAGE_LIMIT = 5000;
/** How often each is loaded while that is measured: the kernel counts in hundredths of a second. */
const LOADS = 300;
/** Pages per second beside package managers, and what they may notice. */
const PER_SECOND = 20;
const P99_LIMIT = 1.5;
const RATE_LIMIT = 0.9;
/** What package managers ask for while pages are loaded: so many packuments, by so many connections. */
const WARM = 1000;
const CONNECTIONS = 64;
/** NOPAR as it is started usually, with all cores; and with one, which is full all the time: there a page is in the way. */
const WAYS = { 'all cores': { core: '0,1', threads: 2 }, 'one core': { core: 0, threads: 1 } };
const LOAD_CORE = 1;

const BROWSER = { accept: 'text/html,application/xhtml+xml', 'accept-encoding': 'gzip, br' };
const PAGES = [
  ['home', '/'],
  ['list', '/-/packages/all'],
  ['list, sorted, far down', '/-/packages/all?sort=size&page=90'],
  ['search', '/-/packages/all?q=button'],
  ['search for nothing', '/-/packages/all?q=zzzz-nothing'],
  ['list of its own', '/-/packages/local'],
  ['package', `/-/package/${nameOf(100)}`],
  ['package, 2,000 versions', `/-/package/${OLD}`],
  ['package, README of 40 KB', `/-/package/${LARGE}`],
  ['files, 401 of them', `/-/package/${LARGE}/files/1.0.0`],
  ['one file', `/-/package/${LARGE}/files/1.0.0/dist/file-1.js`],
  ['settings', '/-/settings'],
];

const before = loadNow();
const temporary = temporaryDirectory('nopar-pages');
execFileSync('taskset', ['--all-tasks', '-pc', String(LOAD_CORE), String(process.pid)], { stdio: 'ignore' });
process.env.NOPAR_BINARY = binary();
const upstream = await startUpstream(packages);
const beside = {};
let nopar, held, costs;
for (const [way, cores] of Object.entries(WAYS)) {
  nopar = await startNopar({ home: temporary.make(way.replace(' ', '-')), upstream: upstream.url, ...cores });
  await fill(nopar.port, packages, temporary.make('large'));
  held = await waitUntilListed();
  costs ??= await costsOfAll();
  beside[way] = await besidePackageManagers();
  await nopar.stop();
}
upstream.close();
report();

async function costsOfAll() {
  const all = [];
  for (const [name, asked] of PAGES) all.push(await costOf(name, asked));
  return all;
}

/** Pages tell of what was fetched a moment later. */
async function waitUntilListed() {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline;) {
    const { body } = await ask(nopar.port, { path: '/-/packages/all', headers: { accept: 'text/html' } });
    const count = Number(body.toString().match(/([\d,\u202f ]+)\s+packages/)?.[1].replace(/\D/g, ''));
    if (count >= packages) return count;
  }
  throw new Error(`the list does not come to ${packages} packages`);
}

async function costOf(name, asked) {
  const request = { path: asked, headers: { ...BROWSER, host: nopar.host } };
  let length = 0;
  const see = ({ status, body }) => {
    if (status !== 200) throw new Error(`${asked} was answered with ${status}`);
    length = body.length;
  };
  await askAll(nopar.port, Array(20).fill(request), 2, see);
  const since = cpuTime([nopar.pid]);
  await askAll(nopar.port, Array(LOADS).fill(request), 2, see);
  return { name, path: asked, cpu: (cpuTime([nopar.pid]) - since) / LOADS, length };
}

/** Rounds without and with pages beside it, in turns. */
async function besidePackageManagers() {
  const list = path.join(temporary.make('requests'), 'list');
  const names = Array.from({ length: WARM }, (_, n) => nameOf(n));
  writeFileSync(list, shuffled(names, 7).map((name) => requestLines({ path: `/${name.replace('/', '%2f')}`, headers: packumentHeaders(name) })).join(''));
  const row = { port: nopar.port, host: nopar.host, list, connections: CONNECTIONS, core: LOAD_CORE };
  await load({ ...row, seconds: 2 });
  const rounds = { without: [], with: [] };
  for (let n = 0; n < Number(values.rounds); n += 1) {
    for (const kind of n % 2 ? ['with', 'without'] : ['without', 'with']) {
      const pages = kind === 'with' ? loadPages() : { stop: async () => 0 };
      const measured = await load({ ...row, seconds: Number(values.seconds) });
      rounds[kind].push({ ...measured, rate: measured.requests / measured.seconds, pages: (await pages.stop()) / measured.seconds });
    }
  }
  const of = (kind, key) => median(rounds[kind].map((round) => round[key]));
  const summary = (kind) => ({ rate: of(kind, 'rate'), p50: of(kind, 'p50'), p99: of(kind, 'p99'), pages: of(kind, 'pages'), errors: rounds[kind].flatMap(({ errors }) => errors) });
  return { without: summary('without'), with: summary('with'), rounds };
}

/** Loads all kinds of pages in turn, at their rate, until it is stopped; then tells how many. */
function loadPages() {
  const agent = new http.Agent({ keepAlive: true });
  let [begun, done] = [0, 0];
  const waits = [];
  const next = () => {
    const [, asked] = PAGES[begun++ % PAGES.length];
    waits.push(ask(nopar.port, { path: asked, headers: { ...BROWSER, host: nopar.host } }, agent).then(({ status }) => {
      if (status !== 200) throw new Error(`${asked} was answered with ${status}`);
      done += 1;
    }));
  };
  const timer = setInterval(next, 1000 / PER_SECOND);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(waits);
      agent.destroy();
      return done;
    },
  };
}

function report() {
  const judged = beside['all cores'];
  const checks = [
    ...costs.map(({ name, cpu }) => within(`${name}: CPU time, ms`, cpu / 1000, PAGE_LIMIT / 1000)),
    within('p99 of package managers beside pages, over that without', judged.with.p99 / judged.without.p99, P99_LIMIT),
    within('requests/s without pages over those beside them', judged.without.rate / judged.with.rate, 1 / RATE_LIMIT),
    within('pages/s that were not loaded', PER_SECOND - judged.with.pages, 1),
    within('errors', Object.values(beside).flatMap((way) => [...way.without.errors, ...way.with.errors]).length, 0),
  ];
  const rows = Object.entries(beside).flatMap(([way, both]) => ['without', 'with'].map((kind) => {
    const { rate, p50, p99, pages } = both[kind];
    return [way, kind, number(rate), time(p50), time(p99), number(pages)];
  }));
  const facts = about({ nopar: `${version(process.env.NOPAR_BINARY, '--version')} (${fingerprint(process.env.NOPAR_BINARY)})`, wrk: version('wrk', '--version') }, 'benches/pages/run');
  const text = [
    '# Pages', '', ...aboutLines(facts), loadLine(before), `- held: ${number(held)} packages`, '',
    table(['page', 'CPU>', 'bytes (gzip)>'], costs.map(({ name, cpu, length }) => [name, time(cpu), number(length)])), '',
    '## Package managers beside them', '',
    table(['NOPAR has', 'pages', 'requests/s>', 'p50>', 'p99>', 'pages/s>'], rows), '',
    '## Targets', '',
    table(['what', 'value>', 'limit>', 'verdict'], checks.map(({ what, value, limit, verdict }) => [what, number(value), number(limit), verdict])), '',
  ].join('\n');
  console.log(text);
  if (values.save) console.log(`saved in ${saveRun('pages', facts, text, { about: { ...facts, load: before.average }, costs, beside, checks })}`);
  if (checks.some(({ met }) => !met)) process.exitCode = 1;
}
