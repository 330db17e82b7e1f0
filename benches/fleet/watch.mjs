// Looks at a process again and again while something happens: memory, descriptors, threads.
// Knows nothing of what happens.

import { cpuTime, descriptors, openFiles, residentMemory, threads } from '../machine/process.mjs';

/** What a process has now: bytes, counts, and seconds since `since` (as `performance.now()`). */
export function look(pid, since = performance.now()) {
  return {
    second: (performance.now() - since) / 1000,
    memory: residentMemory([pid]),
    descriptors: descriptors([pid]),
    files: openFiles([pid]),
    threads: threads([pid]),
  };
}

/** Runs `body` and looks each `everyMs`; gives `{ result, samples, cpuSeconds }`. */
export async function watched(pid, everyMs, body) {
  const since = performance.now();
  const cpuBefore = cpuTime([pid]);
  const samples = [look(pid, since)];
  const timer = setInterval(() => samples.push(look(pid, since)), everyMs);
  try {
    const result = await body();
    samples.push(look(pid, since));
    return { result, samples, cpuSeconds: (cpuTime([pid]) - cpuBefore) / 1e6 };
  } finally {
    clearInterval(timer);
  }
}

/** The first, the highest and the last value of `key` in samples. */
export function range(samples, key) {
  const values = samples.map((each) => each[key]);
  return { start: values[0], peak: Math.max(...values), end: values.at(-1) };
}
