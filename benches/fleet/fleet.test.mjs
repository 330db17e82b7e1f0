// The pure parts of a fleet replay: who asks for what, and what is said of what was seen.

import assert from 'node:assert/strict';
import test from 'node:test';

import { packumentRequest, tarballRequest } from './clients.mjs';
import { makeJobs } from './crowd.mjs';
import { rotated } from './job.mjs';
import { faults, memoryVerdict } from './report.mjs';
import { Tally } from './tally.mjs';
import { judge } from './truth.mjs';
import { range } from './watch.mjs';

test('the clients ask as they were seen to', () => {
  const known = { etag: '"e"', modified: 'Thu, 01 Jan 2026 00:00:00 GMT' };
  assert.match(packumentRequest('npm', 80, '@a/b', known), /^GET \/@a%2fb HTTP\/1\.1\r\n.*accept: application\/json\r\n.*if-none-match: "e"\r\nif-modified-since: .*\r\n\r\n$/s);
  assert.match(packumentRequest('pnpm', 80, '@a/b'), /^GET \/@a%2Fb HTTP\/1\.1\r\n.*accept: application\/vnd\.npm\.install-v1\+json; /s);
  assert.match(tarballRequest('npm', 80, '/@a/b/-/b-1.0.0.tgz'), /^GET \/@a\/b\/-\/b-1\.0\.0\.tgz HTTP\/1\.1\r\n.*Host: 127\.0\.0\.1:80\r\n/s);
});

test('jobs are of both clients, from different places, and some have caches', () => {
  const packages = [{ name: 'a', role: 'fleet', tarballs: [{ path: '/a/1' }, { path: '/a/2' }] }, { name: 'b', role: 'bench', tarballs: [{ path: '/b/1' }] }];
  const jobs = makeJobs(6, 80, 'lockless', { packages }, true);
  assert.deepEqual(jobs.map(({ client }) => client), ['npm', 'pnpm', 'npm', 'pnpm', 'npm', 'pnpm']);
  assert.deepEqual(jobs.map(({ start }) => start), [0, 0, 2 / 6, 3 / 6, 0, 0]);
  assert.equal(jobs.filter(({ hasCache }) => hasCache).length, 2);
  assert.deepEqual([jobs[0].packuments, jobs[0].tarballs], [['a'], ['/a/1', '/a/2']]);
  assert.deepEqual(makeJobs(1, 80, 'lock', { packages })[0].packuments, []);
  assert.deepEqual(rotated([1, 2, 3, 4], 0.5), [3, 4, 1, 2]);
});

test('a tally finds every object that was not what it should be', () => {
  const [one, other] = [new Tally(), new Tally()];
  one.answered('/a', 1, { status: 200, bytes: 10 }, 'x');
  other.answered('/a', 2, { status: 200, bytes: 10 });
  other.answered('/b', 3, { status: 200, bytes: 9 });
  other.answered('/c', 3, { status: 200, bytes: 10 }, 'y');
  other.answered('/d', 3, { status: 304, bytes: 0 });
  other.failed('/e', 'no');
  one.add(structuredClone(other));
  assert.deepEqual([one.requests, one.notModified, one.errors, one.times.length], [6, 1, 1, 5]);
  const truth = new Map(['/a', '/b', '/c'].map((key) => [key, { bytes: 10, digest: 'x' }]));
  assert.deepEqual(one.wrong(truth), ['/b: 9 bytes, not 10', '/c: y, not x']);
  assert.deepEqual(one.wrong(new Map()).length, 3);
});

test('what must not be is said', () => {
  const good = { isCold: true, errors: 0, shownErrors: [], wrong: [], repeated: [], upstream: { packument: 1, tarball: 1, refused: 0 } };
  assert.deepEqual(faults(good), []);
  assert.match(faults({ ...good, isCold: false })[0], /2 requests to the upstream/);
  assert.match(faults({ ...good, isStale: true })[0], /nothing was stale/);
  assert.match(faults({ ...good, errors: 1, shownErrors: ['/a: no'] })[0], /failed: 1 requests; \/a: no/);
  assert.match(faults({ ...good, repeated: ['/a 2 times'] })[0], /more than once/);
  assert.match(faults({ ...good, wrong: ['/a'] })[0], /wrong: \/a/);
});

test('memory is judged where it ends highest', () => {
  const rows = [[5, 10], [9, 9]].map(([end, peak]) => ({ scenario: `${end}`, memory: { end, peak } }));
  assert.equal(memoryVerdict(rows, { size: 6, spare: 3 }).isMet, true);
  assert.equal(memoryVerdict(rows, { size: 6, spare: 2 }).isMet, false);
  assert.equal(memoryVerdict(rows, { size: 6, spare: 2 }).peakBytes, 10);
  assert.deepEqual(range([{ a: 1 }, { a: 3 }, { a: 2 }], 'a'), { start: 1, peak: 3, end: 2 });
});

test('a form is judged by what the whole packument says', () => {
  const manifest = { name: 'a', version: '1.0.0', dependencies: {}, dist: { tarball: 'x' }, readme: 'r' };
  const whole = { name: 'a', 'dist-tags': { latest: '1.0.0' }, versions: { '1.0.0': manifest }, readme: 'r' };
  const { readme: _, ...kept } = manifest;
  const short = { name: 'a', 'dist-tags': whole['dist-tags'], versions: { '1.0.0': kept } };
  const text = JSON.stringify(whole);
  assert.equal(judge.full(text, text), undefined);
  assert.equal(judge.full(JSON.stringify(whole, null, 1), text), undefined);
  assert.match(judge.full(JSON.stringify(short), text), /not what/);
  assert.equal(judge.abbreviated(JSON.stringify(short), text), undefined);
  const wrong = [text, JSON.stringify({ ...short, versions: {} }), JSON.stringify({ ...short, name: 'b' }),
    JSON.stringify({ ...short, versions: { '1.0.0': { ...kept, dist: {} } } }), JSON.stringify({ ...short, versions: { '1.0.0': { dist: kept.dist } } })];
  for (const each of wrong) assert.notEqual(judge.abbreviated(each, text), undefined, each);
});
