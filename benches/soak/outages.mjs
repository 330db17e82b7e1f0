// When the upstream is down during a soak, and whether a failure then is the upstream's.
// Knows nothing of requests but when they began and ended.

import { setTimeout as after } from 'node:timers/promises';

/** One outage so often, of so long. */
const EVERY_MS = 20_000;
const LENGTH_MS = 3_000;

/** After an upstream came back, failures for what is not held may be remembered for so long. */
const RECOVERY_MS = 3_000;

/** Takes the upstream down again and again. */
export class Outages {
  /** `[from, to]` of each, as `performance.now()` has it; the last may not have ended. */
  #times = [];

  /** Begins and ends outages until the time `until`. */
  async run(upstream, until) {
    while (performance.now() + EVERY_MS < until) {
      await after(EVERY_MS - LENGTH_MS);
      this.begin(performance.now());
      await upstream.setDown(true);
      await after(LENGTH_MS);
      await upstream.setDown(false);
      this.end(performance.now());
    }
    await after(Math.max(0, until - performance.now()));
  }

  begin(now) {
    this.#times.push([now, Infinity]);
  }

  end(now) {
    this.#times.at(-1)[1] = now;
  }

  get count() {
    return this.#times.length;
  }

  /** Whether what went on from `from` to `to` may have met an outage or what is remembered of it. */
  excuses(from, to) {
    return this.#times.some(([begin, end]) => from <= end + RECOVERY_MS && to >= begin);
  }
}
