// Replays a fleet of CI jobs against NOPAR in front of the synthetic registry, and reports.
// See benches/README.md for how to run and to read it.

import { parseArgs } from 'node:util';

import { prepare } from './bench.mjs';
import { Crowd, makeJobs } from './crowd.mjs';
import { report } from './report.mjs';
import { packumentTruth, tarballTruth } from './truth.mjs';
import { watched } from './watch.mjs';

/** How often memory is looked at. */
const EVERY_MS = 250;

/** A slow upstream's answers come after this. */
const SLOW_MS = 30;

/** What NOPAR_MEMORY_SIZE is by default, and how much more the process may be after all of it. */
const MEMORY = { size: 256 * 1024 ** 2, spare: 100 * 1024 ** 2 };

/**
 * What is run, each row on the NOPAR of the row before unless it is `fresh`: `mode` as in `makeJobs`,
 * `caches` where every third job has its client's cache, `isCold` where every object must be fetched,
 * `filledBy` so many jobs before anything is measured, `isStale` where the upstream must be asked in vain.
 */
const SCENARIOS = [
  { name: 'lock file, cold', mode: 'lock', fresh: true, isCold: true },
  { name: 'lock file, warm', mode: 'lock' },
  { name: 'no lock file, cold', mode: 'lockless', fresh: true, isCold: true },
  { name: 'no lock file, warm', mode: 'lockless', caches: true },
  { name: 'no lock file, warm, upstream down', mode: 'lockless', caches: true, isDown: true },
  { name: 'no lock file, warm, upstream down, restarted', mode: 'lockless', restarted: true, isDown: true },
  { name: 'no lock file, all stale, upstream down', mode: 'lockless', fresh: true, filledBy: 2, settings: { NOPAR_META_TTL: '1s' }, isDown: true, isStale: true },
  { name: 'lock file, cold, 30 ms', mode: 'lock', fresh: true, isCold: true, latency: SLOW_MS },
  { name: 'lock file, warm, 30 ms', mode: 'lock', latency: SLOW_MS },
  { name: 'no lock file, cold, 30 ms', mode: 'lockless', fresh: true, isCold: true, latency: SLOW_MS },
  { name: 'no lock file, warm, 30 ms', mode: 'lockless', caches: true, latency: SLOW_MS },
];

const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '50' },
    packages: { type: 'string', default: '1000' },
    registry: { type: 'string' },
    save: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  },
});

const bench = await prepare('fleet', values.registry, { packages: Number(values.packages) });
const { temporary, dir, registry, upstream } = bench;
const crowd = new Crowd();
const tarballs = tarballTruth(registry);
const homes = { count: 0 };
let nopar;
let home;

/** The scenarios whose name has `text`, and before them those that fill their NOPAR. */
function chosen(text) {
  return SCENARIOS.filter((scenario, at) => {
    const nextFresh = SCENARIOS.findIndex((each, index) => index > at && each.fresh);
    const later = scenario.fresh ? SCENARIOS.slice(at + 1, nextFresh < 0 ? undefined : nextFresh) : [];
    return [scenario, ...later].some(({ name }) => name.includes(text));
  });
}

/** A NOPAR with nothing in its cache, or another one over what the last has left, at the same port. */
async function restart({ fresh, settings }) {
  await nopar?.stop();
  if (fresh) home = temporary.make(`home-${homes.count++}`);
  const NOPAR_PORT = fresh ? '0' : String(nopar.port);
  nopar = await bench.start(home, { NOPAR_MEMORY_SIZE: String(MEMORY.size), NOPAR_PORT, ...settings });
}

async function run(scenario) {
  if (scenario.fresh || scenario.restarted) await restart(scenario);
  if (scenario.filledBy) await crowd.run(makeJobs(scenario.filledBy, nopar.port, scenario.mode, registry));
  await upstream.setLatency(scenario.latency ?? 0);
  await upstream.setDown(Boolean(scenario.isDown));
  await upstream.reset();
  const jobs = makeJobs(Number(values.jobs), nopar.port, scenario.mode, registry, scenario.caches);
  const { result, samples, cpuSeconds } = await watched(nopar.pid, EVERY_MS, () => crowd.run(jobs));
  const counts = await upstream.counts();
  return { scenario, jobs, ...result, samples, cpuSeconds, counts };
}

/** Judges what packuments say, once for each NOPAR that has them, and the lengths of all that was seen. */
async function judge(outcome) {
  const { scenario, jobs, tally } = outcome;
  await upstream.setDown(false);
  const names = scenario.mode === 'lockless' ? jobs[0].packuments : [];
  // Views carry NOPAR's port, so their lengths are right for one start of it only.
  const { truth, wrong } = await packumentTruth(dir, registry, names, nopar.port);
  return [...wrong, ...tally.wrong(new Map([...tarballs, ...truth]))];
}

if (chosen(values.only).length === 0) throw new Error(`no scenario is called ${values.only}`);
const outcomes = [];
for (const scenario of chosen(values.only)) {
  const outcome = await run(scenario);
  outcome.wrong = await judge(outcome);
  outcomes.push(outcome);
  console.error(`${scenario.name}: ${(outcome.milliseconds / 1000).toFixed(1)} s`);
}
await nopar.stop();
await upstream.stop();
await crowd.end();

const { markdown, json, isGood } = report(outcomes, { objects: registry.packages, memory: MEMORY });
bench.report({ title: `Fleet replay: ${values.jobs} jobs`, command: 'benches/fleet/run', lines: ['', markdown], json, save: values.save });
process.exitCode = isGood ? 0 : 1;
