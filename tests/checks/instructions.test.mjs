// What instructions.mjs makes of counts that are made up.

import assert from 'node:assert/strict';
import test from 'node:test';

import { compare, expectedFor, totalOf } from './instructions.mjs';

const findings = (counted, expected) => compare(counted, expected, 5).findings.length;
const check = (title, counted, expected, found) => test(title, () => assert.equal(findings(counted, expected), found));

check('the same passes', { a: 1000 }, { a: 1000 }, 0);
check('a little more passes', { a: 1050 }, { a: 1000 }, 0);
check('more than is tolerated fails', { a: 1051 }, { a: 1000 }, 1);
check('each is compared', { a: 2000, b: 2000 }, { a: 1000, b: 1000 }, 2);
check('one that got better does not make up for another', { a: 10, b: 2000 }, { a: 1000, b: 1000 }, 1);
check('what was not counted fails', {}, { a: 1000 }, 1);
check('what is no number fails', { a: NaN }, { a: 1000 }, 1);
check('of what nothing is expected fails', { a: 1000 }, {}, 1);
check('an expectation of nothing fails', { a: 1000 }, { a: 0 }, 1);

test('a great improvement asks for a lower figure', () => {
  const { findings, notes } = compare({ a: 940 }, { a: 1000 }, 5);
  assert.deepEqual(findings, []);
  assert.match(notes[0], /lower the figure/);
});

test('a small one does not', () => assert.doesNotMatch(compare({ a: 960 }, { a: 1000 }, 5).notes[0], /lower/));

test('both figures are told', () => assert.match(compare({ a: 1100 }, { a: 1000 }, 5).findings[0], /1100.*1000.*\+10\.0 %/));

test('the total is read', () => assert.equal(totalOf('events: Ir\nsummary: 12\n\nfn=(1) x\n1 2\n\ntotals: 34\n'), 12));
test('a run that counted nothing is refused', () => {
  assert.throws(() => totalOf('events: Ir\ntotals: 0\n'), /counted nothing/);
  assert.throws(() => totalOf(''), /counted nothing/);
});

test('figures of another processor are not compared', () => {
  const stated = { instructions: { x64: { a: 1 } } };
  assert.deepEqual(expectedFor('x64', stated), { a: 1 });
  assert.throws(() => expectedFor('arm64', stated), /no figures are stated for arm64/);
});
