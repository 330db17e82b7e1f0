// How long the machine's npm takes to install some 320 packages of the synthetic registry: through
// NOPAR, cold and warm, and from the upstream directly; and, to see what of it any proxy costs on this
// machine, through nginx that replaces addresses and packs. And when a cold tarball's first byte comes.
// See benches/README.md for how to run and to read it.

import { parseArgs } from 'node:util';

import { startRewritingNginx } from '../compare/servers/nginx.mjs';
import { version } from '../machine/about.mjs';
import { cpuTime, family } from '../machine/process.mjs';
import { median } from '../machine/statistics.mjs';
import { number, table, time } from '../machine/table.mjs';
import { prepare } from './bench.mjs';
import { firstBytes } from './first_byte.mjs';
import { npmInstall } from './npm.mjs';

const LATENCIES_MS = [0, 30];

/** Against npm going to the upstream itself. At 30 ms a warm one is to be clearly faster. */
const TARGETS = { cold: () => 1.1, warm: (latency) => (latency > 0 ? 0.9 : 1) };

/** A cold tarball may begin so much later than the upstream's own. */
const FIRST_BYTE_MS = 5;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    registry: { type: 'string' },
    save: { type: 'boolean', default: false },
  },
});

const bench = await prepare('install', values.registry);
const { temporary, registry, upstream } = bench;

const PROXIES = {
  NOPAR: (home) => bench.start(home),
  nginx: (home) => startRewritingNginx({ home, originPort: upstream.port }),
};

/** An install: seconds, and the CPU time in seconds of what it went through. */
async function install(origin, pid) {
  const pids = () => (pid ? family(pid) : []);
  const before = cpuTime(pids());
  const seconds = await npmInstall(temporary, origin, registry);
  return { seconds, cpuSeconds: (cpuTime(pids()) - before) / 1e6 };
}

/** Cold, and then warm on the same proxy. */
async function through(name, note) {
  const server = await PROXIES[name](temporary.make(`${name}-${Math.random()}`));
  for (const kind of ['cold', 'warm']) note(`${name}, ${kind}`, await install(`http://127.0.0.1:${server.port}`, server.pid));
  await server.stop();
}

/** One round: each way once, in an order that turns. */
async function round(turn, note) {
  const ways = [async () => note('direct', await install(upstream.origin)), ...Object.keys(PROXIES).map((name) => () => through(name, note))];
  for (const way of ways.keys()) await ways[(way + turn) % ways.length]();
}

async function measureInstalls(latency) {
  await upstream.setLatency(latency);
  const taken = {};
  for (let turn = 0; turn < Number(values.rounds); turn += 1) {
    await round(turn, (way, measured) => {
      (taken[way] ??= []).push(measured);
      console.error(`${latency} ms, round ${turn + 1}, ${way}: ${measured.seconds.toFixed(2)} s`);
    });
  }
  const middle = (way, key) => median(taken[way].map((each) => each[key]));
  return Object.keys(taken).filter((way) => way !== 'direct').sort().map((way) => {
    const [name, kind] = way.split(', ');
    const ratio = middle(way, 'seconds') / middle('direct', 'seconds');
    const target = name === 'NOPAR' ? TARGETS[kind](latency) : undefined;
    const isMet = target === undefined || ratio <= target;
    return { latency, way, rounds: taken[way], direct: taken.direct, seconds: middle(way, 'seconds'), directSeconds: middle('direct', 'seconds'), cpuSeconds: middle(way, 'cpuSeconds'), ratio, target, isMet };
  });
}

async function measureFirstBytes(latency) {
  await upstream.setLatency(latency);
  const nopar = await bench.start(temporary.make(`first-${latency}`));
  const { direct, through } = await firstBytes(registry, upstream.port, nopar.port);
  await nopar.stop();
  const added = median(through) - median(direct);
  return { latency, tarballs: direct.length, directMs: median(direct), throughMs: median(through), addedMs: added, targetMs: FIRST_BYTE_MS, isMet: added <= FIRST_BYTE_MS };
}

const installs = [];
const firsts = [];
for (const latency of LATENCIES_MS) {
  installs.push(...await measureInstalls(latency));
  firsts.push(await measureFirstBytes(latency));
}
await upstream.stop();

const met = (isMet) => (isMet ? 'met' : '**not met**');
const installRows = installs.map((row) => [
  `${row.way}, ${row.latency} ms`, `${number(row.directSeconds)} s`, `${number(row.seconds)} s`, `${number(row.ratio)}x`,
  ...(row.target ? [`≤ ${number(row.target)}x`, met(row.isMet)] : ['–', '–']), `${number(row.cpuSeconds)} s`,
]);
const firstRows = firsts.map((row) => [
  `${row.latency} ms`, row.tarballs, time(row.directMs * 1000), time(row.throughMs * 1000), time(row.addedMs * 1000), `≤ ${row.targetMs} ms`, met(row.isMet),
]);
const lines = [
  '', `Wall time, median of ${values.rounds} rounds; a new npm cache and a new project each time.`, '',
  table(['through, upstream\'s latency', 'npm directly>', 'through it>', 'ratio>', 'target>', 'verdict', 'its CPU time>'], installRows), '',
  'nginx replaces tarball addresses and packs, and keeps both; it checks nothing.', '',
  'First byte of a cold tarball (10 KB to 1 MB), median of different ones:', '',
  table(['upstream\'s latency', 'tarballs>', 'direct>', 'through NOPAR>', 'added>', 'target>', 'verdict'], firstRows),
];
bench.report({
  title: `npm install of ${registry.closure.length} packages`, command: 'benches/fleet/install', versions: { npm: version('npm', '--version') },
  lines, json: { installs, firstBytes: firsts }, save: values.save,
});
process.exitCode = [...installs, ...firsts].every(({ isMet }) => isMet) ? 0 : 1;
