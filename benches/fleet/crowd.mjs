// Many CI jobs at once, spread over threads.
// Knows nothing of scenarios.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import { Tally } from './tally.mjs';

/** More than the server can keep busy on a machine of few cores; fewer would be what is measured. */
const THREADS = 2;

/** Threads that run jobs; `run` may be called again and again, `end` once. */
export class Crowd {
  #workers = Array.from({ length: THREADS }, () => new Worker(new URL('./worker.mjs', import.meta.url)));

  /** Runs all `jobs` (see `runJob`, and `hasCache`) at once; gives `{ tally, milliseconds, clientSeconds }`, the last on cores. */
  async run(jobs) {
    const started = performance.now();
    const usedBefore = process.cpuUsage();
    const parts = this.#workers.map((_, at) => jobs.filter((job, index) => index % this.#workers.length === at));
    const tallies = await Promise.all(this.#workers.map(async (worker, at) => {
      const answer = once(worker, 'message');
      worker.postMessage({ jobs: parts[at] });
      return (await answer)[0];
    }));
    const milliseconds = performance.now() - started;
    const { user, system } = process.cpuUsage(usedBefore);
    const tally = new Tally();
    tallies.forEach((each) => tally.add(each));
    return { tally, milliseconds, clientSeconds: (user + system) / 1e6 };
  }

  async end() {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

/**
 * `count` jobs over a registry: every second one npm, the others pnpm. One half begins where everybody
 * does (one commit, many jobs), the other each somewhere else. `mode`: `lock` asks for tarballs alone,
 * `lockless` for packuments first; with `withCaches` every third job has a cache from before.
 */
export function makeJobs(count, port, mode, registry, withCaches) {
  const packages = registry.packages.filter(({ role }) => role === 'fleet');
  const packuments = mode === 'lockless' ? packages.map(({ name }) => name) : [];
  const tarballs = packages.flatMap((each) => each.tarballs.map(({ path }) => path));
  return Array.from({ length: count }, (_, at) => ({
    client: at % 2 === 0 ? 'npm' : 'pnpm',
    port,
    packuments,
    tarballs,
    start: at % 4 < 2 ? 0 : at / count,
    hasCache: Boolean(withCaches) && at % 3 === 0,
  }));
}
