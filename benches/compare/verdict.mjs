// From measured rounds to one line per server, and from two lines to a judgement.
// Knows nothing of how rounds are measured. Times are in microseconds.

import { median } from '../machine/statistics.mjs';

/**
 * One line of `rounds`. CPU time per request is the median, because it varies little and a
 * neighbour on the machine can only add to it; requests per second also as the best, since whatever
 * else runs takes from it.
 */
export function summary(rounds) {
  return {
    best: Math.max(...rounds.map((round) => round.perSecond)),
    perSecond: median(rounds.map((round) => round.perSecond)),
    cpu: median(rounds.map((round) => round.cpu)),
    p50: latency(rounds, 'p50'),
    p99: latency(rounds, 'p99'),
    memory: rounds.at(-1).memory,
    errors: rounds.flatMap((round) => round.errors),
  };
}

/** Of rounds in which at least one answer was whole: of large bodies there may be none. */
function latency(rounds, key) {
  const seen = rounds.filter(({ requests }) => requests > 0).map((round) => round[key]);
  return seen.length ? median(seen) : undefined;
}

/** nginx's CPU time over NOPAR's (above 1: NOPAR needs less) against the least it is to be. */
export function judge(nopar, nginx, { target, stretch }) {
  const errors = [...nopar.errors.map((each) => `nopar: ${each}`), ...nginx.errors.map((each) => `nginx: ${each}`)];
  const ratio = nginx.cpu / nopar.cpu;
  return { ratio, target, stretch, ...met(errors.length === 0 && ratio >= target, stretch !== undefined && ratio >= stretch), errors };
}

/** A value that is to stay below a limit. */
export function within(what, value, limit, unit = '') {
  return { what, value, limit, unit, ...met(value <= limit) };
}

function met(is, stretched = false) {
  return { met: is, verdict: !is ? 'NOT MET' : stretched ? 'met, stretch too' : 'met' };
}
