// How long the machine's npm takes to install some 320 packages of the synthetic registry: through
// NOPAR, cold and warm, and from the upstream directly. And when a cold tarball's first byte comes.
// See benches/README.md for how to run and to read it.

import { parseArgs } from 'node:util';

import { version } from '../machine/about.mjs';
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

/** One round: each way once, in an order that turns; cold is followed by warm on the same NOPAR. */
async function round(number_, times) {
  const home = temporary.make(`nopar-${number_}-${Math.random()}`);
  const nopar = await bench.start(home);
  const through = async () => {
    for (const kind of ['cold', 'warm']) times[kind].push(await npmInstall(temporary, nopar.origin, registry));
  };
  const direct = async () => times.direct.push(await npmInstall(temporary, upstream.origin, registry));
  for (const way of number_ % 2 === 0 ? [direct, through] : [through, direct]) await way();
  await nopar.stop();
}

async function measureInstalls(latency) {
  await upstream.setLatency(latency);
  const times = { direct: [], cold: [], warm: [] };
  for (let at = 0; at < Number(values.rounds); at += 1) {
    await round(at, times);
    console.error(`${latency} ms, round ${at + 1}: ${Object.entries(times).map(([kind, list]) => `${kind} ${list.at(-1).toFixed(2)} s`).join(', ')}`);
  }
  return ['cold', 'warm'].map((kind) => {
    const ratio = median(times[kind]) / median(times.direct);
    return { latency, kind, seconds: times[kind], directSeconds: times.direct, ratio, target: TARGETS[kind](latency), isMet: ratio <= TARGETS[kind](latency) };
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
  `${row.kind}, ${row.latency} ms`, `${number(median(row.directSeconds))} s`, `${number(median(row.seconds))} s`, `${number(row.ratio)}x`, `≤ ${number(row.target)}x`, met(row.isMet),
]);
const firstRows = firsts.map((row) => [
  `${row.latency} ms`, row.tarballs, time(row.directMs * 1000), time(row.throughMs * 1000), time(row.addedMs * 1000), `≤ ${row.targetMs} ms`, met(row.isMet),
]);
const lines = [
  '', `Wall time, median of ${values.rounds} rounds; a new npm cache and a new project each time.`, '',
  table(['NOPAR, upstream\'s latency', 'direct>', 'through NOPAR>', 'ratio>', 'target>', 'verdict'], installRows), '',
  'First byte of a cold tarball (10 KB to 1 MB), median of different ones:', '',
  table(['upstream\'s latency', 'tarballs>', 'direct>', 'through NOPAR>', 'added>', 'target>', 'verdict'], firstRows),
];
bench.report({
  title: `npm install of ${registry.closure.length} packages`, command: 'benches/fleet/install', versions: { npm: version('npm', '--version') },
  lines, json: { installs, firstBytes: firsts }, save: values.save,
});
process.exitCode = [...installs, ...firsts].every(({ isMet }) => isMet) ? 0 : 1;
