// What the comparison makes of options, of programs' output and of measured numbers.

import assert from 'node:assert/strict';
import test from 'node:test';

import { readH2load } from './h2load.mjs';
import { isWhole } from './hold.mjs';
import { inventedPackument, inventedTarball } from './invented.mjs';
import { answered, rotated } from './measure.mjs';
import { readOptions, SECTIONS } from './options.mjs';
import { report } from './report.mjs';
import { requestOf, ROWS } from './rows.mjs';
import { differences } from './same.mjs';
import { requestLines, shuffled } from './sections/mix.mjs';
import { readCalls } from './sections/restart.mjs';
import { judge, summary, within } from './verdict.mjs';
import { readSummary } from './wrk.mjs';

test('options: defaults, short rounds, and what is none', () => {
  const plain = readOptions([]);
  assert.deepEqual([plain.rounds, plain.seconds, plain.sections.length, plain.rows.length], [5, 3, SECTIONS.length, ROWS.length]);
  const quick = readOptions(['--quick', '--sections', 'idle,rows', '--rows', 'tarball-10k']);
  assert.deepEqual([quick.rounds, quick.seconds, quick.sections, quick.rows], [3, 1, ['rows', 'idle'], ['tarball-10k']]);
  assert.equal(readOptions(['--quick', '--rounds', '7']).rounds, 7);
  for (const wrong of [['--rows', 'nothing'], ['--sections', ''], ['--rounds', '0'], ['--objects', 'many'], ['--unknown']]) {
    assert.throws(() => readOptions(wrong), wrong.join(' '));
  }
});

test("wrk's summary: counts and latencies, and each kind of error in words", () => {
  const line = '{"requests":300,"bytes":90000,"microseconds":1500000,"p50":900,"p99":2500,"connect":0,"read":2,"write":0,"timeout":1,"status":0}';
  const good = readSummary(`Running 1s test @ http://127.0.0.1:1/\n  300 requests in 1.50s\n${line}\n`);
  assert.deepEqual(good, {
    requests: 300, bytes: 90000, seconds: 1.5, p50: 900, p99: 2500, errors: ['2 reads failed', '1 timeouts'],
  });
  assert.throws(() => readSummary('unable to connect'), /no summary/);
});

test('large bodies are counted by what came of them, small ones by requests', () => {
  assert.equal(answered({ requests: 3, bytes: 1000 }, { large: true, bodyBytes: 100 }), 10);
  assert.equal(answered({ requests: 3, bytes: 1000 }, { large: false, bodyBytes: 100 }), 3);
});

test('each server is first in turn', () => {
  const turns = [0, 1, 2, 3].map((n) => rotated(['a', 'b', 'c'], n).join(''));
  assert.deepEqual(turns, ['abc', 'bca', 'cab', 'abc']);
});

const round = (perSecond, cpu, errors = []) => ({ requests: perSecond, perSecond, cpu, p50: 1, p99: 2, memory: perSecond, errors });

test('a summary is the best and the median of its rounds, and all their errors', () => {
  const found = summary([round(10, 5), round(30, 1), round(20, 3, ['x'])]);
  assert.deepEqual(found, { best: 30, perSecond: 20, cpu: 3, p50: 1, p99: 2, memory: 20, errors: ['x'] });
  const cutOff = { ...round(4, 1), requests: 0, p50: 0, p99: 0 };
  assert.deepEqual([summary([cutOff, round(1, 1)]).p99, summary([cutOff]).p99], [2, undefined]);
});

test('a verdict: the ratio is nginx over NOPAR, and an error fails it', () => {
  const line = (cpu, errors = []) => summary([round(1, cpu, errors)]);
  const verdict = (nopar, nginx) => judge(nopar, nginx, { target: 1, stretch: 1.2 });
  assert.deepEqual([verdict(line(10), line(15)).ratio, verdict(line(10), line(15)).verdict], [1.5, 'met, stretch too']);
  assert.equal(verdict(line(10), line(11)).verdict, 'met');
  assert.equal(verdict(line(10), line(10)).met, true);
  assert.equal(verdict(line(10), line(9)).verdict, 'NOT MET');
  assert.deepEqual(
    [verdict(line(10, ['a']), line(20, ['b'])).met, verdict(line(10, ['a']), line(20, ['b'])).errors],
    [false, ['nopar: a', 'nginx: b']],
  );
  assert.equal(judge(line(10), line(90), { target: 0.8 }).verdict, 'met');
});

test('a limit may be reached, not passed; not a number is no success', () => {
  assert.equal(within('x', 2, 2).met, true);
  assert.equal(within('x', 2.1, 2).met, false);
  assert.equal(within('x', NaN, 2).met, false);
});

test('answers differ in status, bytes, packing or ETag; an ETag of the server itself is no matter', () => {
  const answer = (name, changes = {}, ownEtags = false) => ({
    server: { name, ownEtags }, status: 200, headers: { etag: '"a"', 'content-encoding': 'gzip' }, body: Buffer.from('x'), ...changes,
  });
  assert.deepEqual(differences(answer('a'), answer('b')), []);
  assert.equal(differences(answer('a'), answer('b', { status: 404 })).length, 1);
  assert.equal(differences(answer('a'), answer('b', { body: Buffer.from('y') })).length, 1);
  assert.equal(differences(answer('a'), answer('b', { headers: { etag: '"a"' } })).length, 1);
  const otherEtag = { headers: { etag: '"b"', 'content-encoding': 'gzip' } };
  assert.equal(differences(answer('a'), answer('b', otherEtag)).length, 1);
  assert.deepEqual(differences(answer('a'), answer('b', otherEtag, true)), []);
});

test('rows become requests of npm, and a row without its package is an error', () => {
  const registry = { packages: [...new Set(ROWS.map((row) => row.package))].map((name) => ({ name, tarballs: [{ version: '1.0.0', path: `/${name}/-/x.tgz` }] })) };
  const requests = Object.fromEntries(ROWS.map((row) => [row.name, requestOf(row, registry)]));
  assert.equal(requests['packument-5k'].headers['accept-encoding'], 'gzip');
  assert.equal(requests['identity-40k'].headers['accept-encoding'], undefined);
  assert.deepEqual([requests['not-modified'].conditional, requests['tarball-40m'].connections, requests['tarball-10k'].connections], [true, 16, 64]);
  assert.equal(requests['tarball-10k'].path, '/bench-tarball-10k/-/x.tgz');
  assert.throws(() => requestOf(ROWS[0], { packages: [] }), /no package bench-packument-5k/);
});

test('a mix has all its requests, in the same order for the same seed', () => {
  const items = Array.from({ length: 50 }, (_, n) => n);
  assert.deepEqual(shuffled(items, 1), shuffled(items, 1));
  assert.notDeepEqual(shuffled(items, 1), shuffled(items, 2));
  assert.deepEqual(shuffled(items, 1).sort((a, b) => a - b), items);
  assert.equal(requestLines({ path: '/x', headers: { a: 'b', c: 'd: e' } }), '/x\na: b\nc: d: e\n\n');
});

test('an answer is whole when its length has come', () => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n';
  assert.deepEqual([isWhole('HTTP/1.1 200'), isWhole(`${head}ab`), isWhole(`${head}abc`)], [false, false, true]);
});

test('an invented package names the digest of its own tarball', async () => {
  const { createHash } = await import('node:crypto');
  const { dist } = JSON.parse(inventedPackument(7, 'http://u.example')).versions['1.0.0'];
  assert.equal(dist.shasum, createHash('sha1').update(inventedTarball(7)).digest('hex'));
  assert.equal(dist.tarball, 'http://u.example/n-7/-/n-7-1.0.0.tgz');
  assert.notDeepEqual(inventedTarball(7), inventedTarball(8));
});

test("of strace's lines those count that open or read what is in the directory", () => {
  const output = [
    '[pid 7] openat(AT_FDCWD</h>, "/h/cache/0b/x", O_RDONLY) = 15</h/cache/0b/x>',
    '[pid 7] pread64(15</h/cache/0b/x>, "..."..., 2194, 0) = 2194',
    '[pid 8] pread64(15</h/cache/0b/x>,  <unfinished ...>',
    '[pid 8] <... pread64 resumed>"..."..., 10, 0) = 10',
    '[pid 7] read(9<socket:[1]>, "GET /"..., 100) = 5',
  ].join('\n');
  const { opens, reads } = readCalls(output, '/h/cache');
  assert.deepEqual([opens.length, reads.length], [1, 2]);
});

test("h2load's counts: good answers, and each kind of error in words", () => {
  const output = (failed, others) => `finished
requests: 130 total, 130 started, 130 done, 120 succeeded, ${failed} failed, ${failed} errored, 0 timeout
status codes: 120 2xx, 0 3xx, ${others} 4xx, 0 5xx
`;
  assert.deepEqual(readH2load(output(0, 0)), { succeeded: 120, errors: [] });
  assert.deepEqual(readH2load(output(3, 1)).errors, ['1 answers that are not 2xx', '3 requests failed']);
  assert.equal(readH2load('connection refused'), undefined);
});

test('a report is good if all targets are met and no section failed', () => {
  const facts = { date: 'd', cpu: 'c', cores: 2, memoryBytes: 2 ** 30, kernel: 'k', commit: 'x', command: 'run', versions: {} };
  const section = (check, more = {}) => ({ name: 'rows', title: 'Rows', text: 'text', checks: [check], ...more });
  const met = report(facts, [section(within('w', 1, 2))]);
  assert.equal(met.good, true);
  const missed = report(facts, [section({ ...within('w', 3, 2, ' ms'), errors: ['broken'] })]);
  assert.equal(missed.good, false);
  assert.match(missed.markdown, /\| rows +\| w +\| 3\.00 ms \| 2\.00 ms \| NOT MET \|/);
  assert.match(missed.markdown, /- rows, w: broken/);
  assert.equal(report(facts, [{ ...section(within('w', 1, 2)), failed: 'it did' }]).good, false);
});
