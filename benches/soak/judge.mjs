// Whether a process is at the end of a soak where it was after its first minute.
// Knows nothing of the load.

import { mean, median } from '../machine/statistics.mjs';

const MB = 1024 ** 2;

/**
 * How much more each may be at the end, the larger of a share and an amount, and what is compared:
 * the `level` of the samples in a window of so many seconds.
 * Files are open for what is held, which changes all the time: of 120 samples in ten minutes the standard
 * deviation was 104 at a mean of 320. Between the means of two windows of four minutes it is 21, a third of
 * what is allowed.
 */
export const TOLERANCES = {
  memory: { share: 0.1, amount: 20 * MB, window: 30, level: median },
  descriptors: { share: 0, amount: 20, window: 30, level: median },
  files: { share: 0.2, amount: 20, window: 240, level: mean },
  threads: { share: 0, amount: 2, window: 30, level: median },
};

/** Seconds that a process may take to find its level. */
const SETTLING_S = 60;

/**
 * Per thing that is limited: `{ first, last, allowed, isMet }`, the level in a window after the
 * first minute and in the last one. In a shorter run the windows are shorter.
 */
export function judge(samples) {
  const total = samples.at(-1).second;
  const from = Math.min(SETTLING_S, total / 4);
  const values = (key, begin, end) => samples.filter(({ second }) => second >= begin && second <= end).map((each) => each[key]);
  return Object.fromEntries(Object.entries(TOLERANCES).map(([key, { share, amount, window, level }]) => {
    const length = Math.min(window, (total - from) / 2);
    const first = level(values(key, from, from + length));
    const last = level(values(key, total - length, total));
    const allowed = first + Math.max(first * share, amount);
    return [key, { first, last, allowed, isMet: last <= allowed }];
  }));
}

/** What a soak must have done to say anything, and how often it did: a soak without is no soak. */
export function notDone(done) {
  return Object.entries(done).filter(([, count]) => !(count > 0)).map(([what]) => `not one of: ${what}`);
}
