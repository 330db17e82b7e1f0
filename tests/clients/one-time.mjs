// The app on somebody's phone: the codes of a second factor (RFC 6238: SHA-1, six digits, a new one each 30 seconds).
// Knows nothing of who asks for them.

import { createHmac } from 'node:crypto';
import { setTimeout as after } from 'node:timers/promises';

const STEP_MS = 30_000;
const DIGITS = 6;
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** An app that was told this secret, in base32. */
export class Authenticator {
  #secret;
  #last = 0;

  constructor(secret) {
    this.#secret = fromBase32(secret);
  }

  /**
   * A code that it has not shown before, and is later than all that it has. A registry takes each once, and those of half
   * a minute ago and ahead as well: so three can be had at once, and for a fourth one it waits.
   */
  async next() {
    const step = Math.max(this.#last + 1, Math.floor(Date.now() / STEP_MS) - 1);
    const wait = (step - 1) * STEP_MS - Date.now();
    if (wait > 0) await after(wait);
    this.#last = step;
    return codeAt(this.#secret, step);
  }
}

/** The code of a step (RFC 4226 §5.3). */
export function codeAt(secret, step) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const tag = createHmac('sha1', secret).update(counter).digest();
  const word = tag.readUInt32BE(tag.at(-1) & 15) & 0x7fff_ffff;
  return String(word % 10 ** DIGITS).padStart(DIGITS, '0');
}

/** The bytes of a text in base32 (RFC 4648 §6), with or without what fills it up. */
export function fromBase32(text) {
  const digits = [...text.replace(/=+$/, '').toUpperCase()].map((digit) => BASE32.indexOf(digit));
  if (digits.includes(-1)) throw new Error(`${text} is not base32`);
  const bits = digits.map((digit) => digit.toString(2).padStart(5, '0')).join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}
