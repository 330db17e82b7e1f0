// A thread that runs a part of the jobs and says what they saw.
// Knows nothing of the other threads.

import { parentPort } from 'node:worker_threads';

import { runJob } from './job.mjs';
import { Tally } from './tally.mjs';

/** What the jobs of this thread hold in their clients' caches: port → object → validators. */
const remembered = new Map();

parentPort.on('message', async ({ jobs }) => {
  const tally = new Tally();
  await Promise.all(jobs.map((job) => {
    if (!remembered.has(job.port)) remembered.set(job.port, new Map());
    const mine = remembered.get(job.port);
    // A copy: what others learn meanwhile is not in this job's cache.
    return runJob({ ...job, known: job.hasCache ? new Map(mine) : undefined }, tally, mine);
  }));
  parentPort.postMessage(tally);
});
