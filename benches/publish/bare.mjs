// What a disk does by itself of what a publish has to do there: two files, each written, synced and renamed into a
// folder of their own, and that folder and the one above it synced.
// Knows nothing of NOPAR.

import { execFileSync } from 'node:child_process';
import path from 'node:path';

/** How many of them per second, `atOnce` at once, by a process of its own with a thread for each. */
export function bareRate(directory, count, atOnce) {
  const script = path.join(import.meta.dirname, 'bare_worker.mjs');
  const output = execFileSync(process.execPath, [script, directory, String(count), String(atOnce)], {
    encoding: 'utf8',
    env: { ...process.env, UV_THREADPOOL_SIZE: String(atOnce) },
  });
  return Number(output);
}
