// What spdx.mjs accepts and refuses.

import assert from 'node:assert/strict';
import test from 'node:test';

import { isSatisfied, parse } from './spdx.mjs';

const CASES = [
  ['MIT', ['MIT'], true],
  ['MIT', ['Apache-2.0'], false],
  ['MIT OR GPL-3.0-only', ['MIT'], true],
  ['MIT/Apache-2.0', ['Apache-2.0'], true],
  ['MIT AND GPL-3.0-only', ['MIT'], false],
  ['Apache-2.0 AND ISC', ['Apache-2.0', 'ISC'], true],
  ['(MIT OR Apache-2.0) AND Unicode-3.0', ['MIT'], false],
  ['(MIT OR Apache-2.0) AND Unicode-3.0', ['MIT', 'Unicode-3.0'], true],
  // AND binds closer: MIT alone is enough here, and would not be were it read from left to right.
  ['MIT OR Apache-2.0 AND Unicode-3.0', ['MIT'], true],
  ['Apache-2.0 WITH LLVM-exception', ['Apache-2.0'], false],
  ['Apache-2.0 WITH LLVM-exception OR MIT', ['MIT'], true],
];

for (const [expression, allowed, expected] of CASES) {
  test(`${expression} with ${allowed.join(', ')} is ${expected}`, () => {
    assert.equal(isSatisfied(parse(expression), new Set(allowed)), expected);
  });
}

for (const broken of ['', 'MIT OR', 'MIT Apache-2.0', '(MIT', 'MIT)', 'MIT WITH', 'AND MIT']) {
  test(`"${broken}" is refused`, () => assert.throws(() => parse(broken)));
}
