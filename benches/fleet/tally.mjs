// What a crowd of clients saw: counts, times, errors, and of each object every length and digest it had.
// Knows nothing of how it was asked for.

/** So many errors are kept as text; all are counted. */
const SHOWN_ERRORS = 20;

/** Counts what happened; tallies of several threads are added up. */
export class Tally {
  requests = 0;
  bytes = 0;
  notModified = 0;
  errors = 0;
  /** The first few errors, as text. */
  shown = [];
  /** Milliseconds from a request to the last byte of its answer. */
  times = [];
  /** Object → `{ lengths, digests }`, the distinct ones that were seen. */
  seen = new Map();

  /** An answer of `key` that was complete; `digest` if it was taken. */
  answered(key, milliseconds, { status, bytes }, digest) {
    this.requests += 1;
    this.bytes += bytes;
    this.times.push(milliseconds);
    if (status === 304) {
      this.notModified += 1;
      return;
    }
    const seen = this.#of(key);
    seen.lengths.add(bytes);
    if (digest) seen.digests.add(digest);
  }

  failed(key, why) {
    this.requests += 1;
    this.errors += 1;
    if (this.shown.length < SHOWN_ERRORS) this.shown.push(`${key}: ${why}`);
  }

  /** Adds what another tally (or its copy from another thread) has. */
  add(other) {
    for (const count of ['requests', 'bytes', 'notModified', 'errors']) this[count] += other[count];
    this.shown = [...this.shown, ...other.shown].slice(0, SHOWN_ERRORS);
    // Not spread into push: there may be more of them than a call takes arguments.
    this.times = this.times.concat(other.times);
    for (const [key, { lengths, digests }] of other.seen) {
      const seen = this.#of(key);
      lengths.forEach((each) => seen.lengths.add(each));
      digests.forEach((each) => seen.digests.add(each));
    }
  }

  /** Where what was seen is not what `truth` (object → `{ bytes, digest }`) says, as text. */
  wrong(truth) {
    return [...this.seen].flatMap(([key, { lengths, digests }]) => {
      const right = truth.get(key);
      if (!right) return [`${key}: nobody knows what is right`];
      const found = [];
      if (lengths.size > 0 && !(lengths.size === 1 && lengths.has(right.bytes))) found.push(`${key}: ${[...lengths].join(', ')} bytes, not ${right.bytes}`);
      if (digests.size > 0 && !(digests.size === 1 && digests.has(right.digest))) found.push(`${key}: ${[...digests].join(', ')}, not ${right.digest}`);
      return found;
    });
  }

  #of(key) {
    if (!this.seen.has(key)) this.seen.set(key, { lengths: new Set(), digests: new Set() });
    return this.seen.get(key);
  }
}
