// What the clients of a soak met: counts, times, and every answer that was not as it should be.
// Knows nothing of how requests are chosen.

import { quantile } from '../machine/statistics.mjs';

/** So many wrong answers are kept as text; all are counted. */
const SHOWN = 20;

/** So many times are kept; more replace older ones, so that the memory of a soak stays what it is. */
const KEPT_TIMES = 100_000;

/** What NOPAR answers for an upstream that fails. */
const UPSTREAM_FAILED = new Set([502, 503, 504]);

export class Findings {
  counts = { packument: 0, notModified: 0, tarball: 0, missing: 0, left: 0, refusedInOutage: 0, wrong: 0 };
  /** The first few wrong answers, as text. */
  shown = [];
  #times = [];
  #answered = 0;
  #outages;

  constructor(outages) {
    this.#outages = outages;
  }

  /** One more of a kind that was right, after `milliseconds`. */
  right(kind, milliseconds) {
    this.counts[kind] += 1;
    this.#times[this.#answered++ % KEPT_TIMES] = milliseconds;
  }

  /**
   * One that was not right: `{ started, status, failure }`. An error is excused by an outage; a body
   * that is complete and wrong is excused by nothing (`isComplete`).
   */
  notRight(what, { started, status, failure }, isComplete) {
    const isFailure = failure !== undefined || UPSTREAM_FAILED.has(status);
    if (isFailure && !isComplete && this.#outages.excuses(started, performance.now())) {
      this.counts.refusedInOutage += 1;
      return;
    }
    this.counts.wrong += 1;
    if (this.shown.length < SHOWN) this.shown.push(`${what}: ${failure ?? `answered ${status}`}`);
  }

  /** How many requests there were. */
  get requests() {
    return Object.values(this.counts).reduce((sum, each) => sum + each, 0);
  }

  /** The quantile of the times, in milliseconds. */
  time(q) {
    return quantile(this.#times, q);
  }
}
