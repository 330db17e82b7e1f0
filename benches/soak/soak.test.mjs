// The pure parts of a soak: what is excused, and whether a process stayed where it was.

import assert from 'node:assert/strict';
import test from 'node:test';

import { Random } from '../registry/random.mjs';
import { Findings } from './findings.mjs';
import { judge, notDone } from './judge.mjs';
import { Outages } from './outages.mjs';

const MB = 1024 ** 2;

/** Ten minutes, each five seconds; `memory(second)` in MB. */
function samples(memory, descriptors = () => 100, files = () => 100) {
  return Array.from({ length: 121 }, (_, at) => at * 5).map((second) => ({
    second, memory: memory(second) * MB, descriptors: descriptors(second), files: files(second), threads: 9,
  }));
}

const isMet = (list) => Object.fromEntries(Object.entries(judge(list)).map(([key, each]) => [key, each.isMet]));

test('what rises in the first minute only is not a leak', () => {
  assert.deepEqual(isMet(samples((second) => Math.min(second, 50) * 4)), { memory: true, descriptors: true, files: true, threads: true });
});

test('what goes on rising is one', () => {
  assert.equal(isMet(samples((second) => 100 + second / 20)).memory, false);
  assert.equal(isMet(samples(() => 100, (second) => 100 + second / 20)).descriptors, false);
  assert.equal(isMet(samples(() => 100, () => 100).map((each) => ({ ...each, threads: each.second > 300 ? 12 : 9 }))).threads, false);
});

test('files that are opened and closed as contents change are not', () => {
  const random = new Random('files');
  for (let run = 0; run < 100; run += 1) {
    assert.equal(isMet(samples(() => 100, () => 100, () => 150 + random.below(350))).files, true);
  }
});

test('files that more and more are open are', () => {
  const random = new Random('files');
  for (let run = 0; run < 20; run += 1) {
    assert.equal(isMet(samples(() => 100, () => 100, (second) => 150 + second / 2 + random.below(350))).files, false);
  }
});

test('a single high sample is not', () => {
  assert.equal(isMet(samples((second) => (second === 590 ? 900 : 100))).memory, true);
});

test('a large process may grow by a share, a small one by an amount', () => {
  assert.equal(isMet(samples((second) => (second > 500 ? 430 : 400))).memory, true);
  assert.equal(isMet(samples((second) => (second > 500 ? 450 : 400))).memory, false);
  assert.equal(isMet(samples((second) => (second > 500 ? 68 : 50))).memory, true);
});

test('a run too short for that is judged by its halves', () => {
  assert.equal(isMet(samples((second) => 100 + second).filter(({ second }) => second <= 60)).memory, false);
});

test('a soak that did not do what it is for is none', () => {
  assert.deepEqual(notDone({ outages: 3, evictions: 0 }), ['not one of: evictions']);
});

test('an outage excuses failures while it lasts and shortly after, and never wrong bytes', () => {
  const outages = new Outages();
  const now = performance.now();
  outages.begin(now - 1000);
  assert.equal(outages.excuses(now, now), true);
  assert.equal(outages.excuses(now - 3000, now - 2000), false);
  const findings = new Findings(outages);
  findings.notRight('a', { started: now, status: 502 }, false);
  findings.notRight('a', { started: now, failure: 'closed' }, false);
  assert.equal(findings.counts.wrong, 0);
  findings.notRight('a', { started: now, status: 404 }, false);
  findings.notRight('a', { started: now, status: 200, failure: '5 bytes' }, true);
  assert.equal(findings.counts.wrong, 2);
  outages.end(now - 500);
  assert.equal(outages.excuses(now, now + 10), true);
  assert.equal(outages.excuses(now + 60_000, now + 60_010), false);
});
