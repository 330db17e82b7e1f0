// Whether a process is at the end of a soak where it was after its first minute.
// Knows nothing of the load.

import { median } from '../machine/statistics.mjs';

const MB = 1024 ** 2;

/** How much more each may be at the end: the larger of a share and an amount. */
export const TOLERANCES = {
  memory: { share: 0.1, amount: 20 * MB },
  descriptors: { share: 0, amount: 20 },
  threads: { share: 0, amount: 2 },
};

/** Seconds: how long a process may take to find its level, and how much of the time is looked at. */
const SETTLING_S = 60;
const WINDOW_S = 30;

/**
 * Per thing that is limited: `{ first, last, allowed, isMet }`, the medians of a window after the first
 * minute and of the last one. A run too short for that is judged by its second and last quarter.
 */
export function judge(samples) {
  const total = samples.at(-1).second;
  const window = Math.min(WINDOW_S, total / 4);
  const from = Math.min(SETTLING_S, total / 4);
  const first = samples.filter(({ second }) => second >= from && second <= from + window);
  const last = samples.filter(({ second }) => second >= total - window);
  return Object.fromEntries(Object.entries(TOLERANCES).map(([key, { share, amount }]) => {
    const [before, after] = [first, last].map((list) => median(list.map((each) => each[key])));
    const allowed = before + Math.max(before * share, amount);
    return [key, { first: before, last: after, allowed, isMet: after <= allowed }];
  }));
}

/** What a soak must have done to say anything, and how often it did: a soak without is no soak. */
export function notDone(done) {
  return Object.entries(done).filter(([, count]) => !(count > 0)).map(([what]) => `not one of: ${what}`);
}
