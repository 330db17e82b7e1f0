// Codes are those of the RFCs, and none is shown twice.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Authenticator, codeAt, fromBase32 } from './one-time.mjs';

/** The secret of both RFCs' tables. */
const SECRET = Buffer.from('12345678901234567890');

test('codes are those of RFC 4226, and RFC 6238 in six digits', () => {
  assert.deepEqual([0, 1, 2, 9].map((step) => codeAt(SECRET, step)), ['755224', '287082', '359152', '520489']);
  const at = (seconds) => codeAt(SECRET, Math.floor(seconds / 30));
  assert.deepEqual([59, 1_111_111_109, 20_000_000_000].map(at), ['287082', '081804', '353130']);
});

test('a secret is read from base32', () => {
  assert.deepEqual(fromBase32('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'), SECRET);
  assert.equal(fromBase32('mzxw6===').toString(), 'foo');
  assert.throws(() => fromBase32('0189'), /base32/);
});

test('the codes that can be had at once are those of three steps, in order', async () => {
  const app = new Authenticator('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
  const now = Math.floor(Date.now() / 30_000);
  const codes = [await app.next(), await app.next(), await app.next()];
  const expected = (first) => [0, 1, 2].map((more) => codeAt(SECRET, first + more));
  // A step may have ended meanwhile.
  assert.ok([now - 1, now].some((first) => expected(first).join() === codes.join()), codes.join());
});
