// Numbers and bytes that look like chance and are the same each time.
// Knows nothing of what they are used for.

import { createCipheriv, createHash } from 'node:crypto';

/** A source of its own for each `seed` text: what one object takes never shifts another's. */
export class Random {
  #state;
  #stream;

  constructor(seed) {
    const digest = createHash('sha256').update(seed).digest();
    this.#state = [0, 4, 8, 12].map((at) => digest.readUInt32LE(at));
    // A cipher's key stream: pseudo-random bytes at more than a gigabyte per second.
    this.#stream = createCipheriv('aes-128-ctr', digest.subarray(16), Buffer.alloc(16));
  }

  /** A number in [0, 1): sfc32, by Chris Doty-Humphrey. */
  next() {
    const state = this.#state;
    const sum = (state[0] + state[1] + state[3]) | 0;
    state[3] = (state[3] + 1) | 0;
    state[0] = state[1] ^ (state[1] >>> 9);
    state[1] = (state[2] + (state[2] << 3)) | 0;
    state[2] = (((state[2] << 21) | (state[2] >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  }

  /** A whole number in [0, `limit`). */
  below(limit) {
    return Math.floor(this.next() * limit);
  }

  /** One of `list`. */
  pick(list) {
    return list[this.below(list.length)];
  }

  /** `list` in another order, as a new array. */
  shuffled(list) {
    const result = [...list];
    for (let at = result.length - 1; at > 0; at -= 1) {
      const other = this.below(at + 1);
      [result[at], result[other]] = [result[other], result[at]];
    }
    return result;
  }

  /** `count` bytes that do not compress. */
  bytes(count) {
    return this.#stream.update(Buffer.alloc(count));
  }
}
