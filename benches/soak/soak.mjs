// Minutes of mixed load on a NOPAR whose cache is too small and whose packuments are soon stale, in front
// of an upstream that is down now and then; memory, descriptors and threads must stay where they were.
// See benches/README.md for how to run and to read it.

import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { prepare } from '../fleet/bench.mjs';
import { packumentTruth, tarballTruth } from '../fleet/truth.mjs';
import { range, watched } from '../fleet/watch.mjs';
import { megabytes, number, table, time } from '../machine/table.mjs';
import { Findings } from './findings.mjs';
import { judge, notDone } from './judge.mjs';
import { Load } from './load.mjs';
import { Outages } from './outages.mjs';

const EVERY_MS = 5_000;

/** The cache holds this part of what it would: something is evicted all the time. */
const CACHE_PART = 1 / 3;

/** Packed, and in all its forms, a packument takes about this part of its length on disk. */
const PACKUMENT_ON_DISK = 0.4;

/** Small enough to be full long before the first minute is over. */
const MEMORY_SIZE = 64 * 1024 ** 2;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    rate: { type: 'string', default: '300' },
    registry: { type: 'string' },
    save: { type: 'boolean', default: false },
  },
});

const bench = await prepare('soak', values.registry);
const { temporary, dir, registry, upstream } = bench;
const fleet = registry.packages.filter(({ role }) => role === 'fleet');
const home = temporary.make('home');
const cacheSize = Math.round(CACHE_PART * fleet.reduce((sum, each) => sum + each.packumentBytes * PACKUMENT_ON_DISK
  + each.tarballs.reduce((bytes, tarball) => bytes + tarball.bytes, 0), 0));
const settings = {
  NOPAR_CACHE_SIZE: String(cacheSize),
  NOPAR_MEMORY_SIZE: String(MEMORY_SIZE),
  NOPAR_META_TTL: '5s',
  NOPAR_STALE_TTL: '5s',
  NOPAR_NOT_FOUND_TTL: '2s',
};
const nopar = await bench.start(home, settings);

/** What lies in the cache's directory now, in bytes. */
function onDisk() {
  const files = readdirSync(path.join(home, 'cache'), { recursive: true, withFileTypes: true });
  return files.filter((each) => each.isFile()).reduce((sum, each) => {
    // It may have been evicted since it was listed.
    return sum + (statSync(path.join(each.parentPath ?? each.path, each.name), { throwIfNoEntry: false })?.size ?? 0);
  }, 0);
}

// Also asks for everything once, so that the cache is full when the load begins.
const { truth, wrong } = await packumentTruth(dir, registry, fleet.map(({ name }) => name), nopar.port);
await upstream.reset();

const outages = new Outages();
const findings = new Findings(outages);
const load = new Load({ registry, port: nopar.port, truth: new Map([...tarballTruth(registry), ...truth]), findings, rate: Number(values.rate) });
const disk = [];
const until = performance.now() + Number(values.minutes) * 60_000;
const timer = setInterval(() => disk.push(onDisk()), EVERY_MS);
const { samples, cpuSeconds } = await watched(nopar.pid, EVERY_MS, () => Promise.all([load.run(until), outages.run(upstream, until)]));
clearInterval(timer);
const counts = await upstream.counts();
const isAlive = await fetch(`${nopar.origin}/-/ping`).then(({ ok }) => ok, () => false);
await nopar.stop();
await upstream.stop();

const again = Object.entries(counts.perPath).filter(([at, count]) => at.endsWith('.tgz') && count > 1).length;
const done = {
  packuments: findings.counts.packument, 'conditional requests answered 304': findings.counts.notModified, tarballs: findings.counts.tarball,
  'names nobody has': findings.counts.missing, 'clients that left': findings.counts.left, outages: outages.count,
  'requests that failed in an outage': findings.counts.refusedInOutage, 'upstream requests': counts.packument + counts.tarball,
  'packuments the upstream confirmed': counts.notModified, 'tarballs fetched again after an eviction': again,
};
const judged = samples.map((each) => ({ ...each, descriptors: each.descriptors - each.files }));
const levels = judge(judged);
const problems = [
  ...wrong, ...findings.shown, ...notDone(done), ...(isAlive ? [] : ['NOPAR does not answer any more']),
  ...Object.entries(levels).filter(([, { isMet }]) => !isMet).map(([key]) => `${key} rose more than is allowed`),
];

const show = { memory: megabytes, descriptors: number, files: number, threads: number };
const lines = [
  `- settings: ${Object.entries(settings).map(([key, value]) => `${key}=${value}`).join(' ')}`, '',
  table(['', 'after a minute>', 'peak>', 'at the end>', 'allowed>', 'verdict'], Object.entries(levels).map(([key, { first, last, allowed, isMet }]) => [
    key, ...[first, range(judged, key).peak, last, allowed].map(show[key]), isMet ? 'met' : '**not met**',
  ])), '',
  'Files are those that are open, on disk or in memory, for what is held at the moment; descriptors are all others (sockets and the like).', '',
  table(['what happened', 'count>'], Object.entries({ ...done, 'wrong answers': findings.counts.wrong + wrong.length }).map(([what, count]) => [what, count.toLocaleString('en-US')])), '',
  `${findings.requests.toLocaleString('en-US')} requests, p50 ${time(findings.time(0.5) * 1000)}, p99 ${time(findings.time(0.99) * 1000)}, NOPAR's CPU ${number(cpuSeconds)} s; `
  + `the cache was at most ${megabytes(Math.max(...disk))} on disk, its limit ${megabytes(cacheSize)}.`, '',
  ...(problems.length === 0 ? ['Every answer was right.'] : ['Not as it should be:', ...problems.map((each) => `- ${each}`)]),
];
const json = { settings, levels, done, wrong: findings.counts.wrong, problems, cpuSeconds, diskBytes: disk, samples };
bench.report({ title: `Soak: ${values.minutes} minutes`, command: 'benches/soak/run', lines, json, save: values.save });
process.exitCode = problems.length === 0 ? 0 : 1;
