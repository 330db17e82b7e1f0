// What the machine tools promise, shown on input that is made up and on programs that are real.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import test from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';

import { runName } from './about.mjs';
import { freePort } from './port.mjs';
import { cpuTime, descriptors, family, parseStat, peakMemory, residentMemory, statusNumber, threads } from './process.mjs';
import { start } from './program.mjs';
import { median, quantile } from './statistics.mjs';
import { megabytes, number, table, time } from './table.mjs';

test('a program name with spaces and parentheses does not shift the fields', () => {
  const stat = '42 (a (b) c) S 7 42 42 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 1 0 100 1000 10';
  assert.deepEqual(parseStat(stat, 10_000), { parent: 7, cpu: 3_000_000 });
});

test('a line of status is a number, an absent one is none', () => {
  const status = 'Name:\tx\nVmHWM:\t  2048 kB\nVmRSS:\t  1024 kB\nThreads:\t3\n';
  assert.equal(statusNumber(status, 'VmRSS'), 1024);
  assert.equal(statusNumber(status, 'Threads'), 3);
  assert.equal(statusNumber(status, 'VmSwap'), 0);
});

test('quantiles lie between neighbours, and of nothing there is none', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1]), 2.5);
  assert.equal(quantile([0, 10], 0.99), 9.9);
  assert.equal(quantile([5], 0.99), 5);
  assert.throws(() => median([]), /no values/);
});

test('numbers and tables', () => {
  assert.equal(number(12345.6), '12,346');
  assert.equal(number(12.34), '12.3');
  assert.equal(time(1500), '1.50 ms');
  assert.equal(time(2_500_000), '2.50 s');
  assert.equal(megabytes(3 << 20), '3.00 MB');
  assert.equal(table(['row', 'n>'], [['a', 1], ['bcde', undefined]]), [
    '| row  |   n |',
    '|------|----:|',
    '| a    |   1 |',
    '| bcde |   – |',
  ].join('\n'));
});

test('a run is named by its day and processor', () => {
  assert.equal(runName({ date: '2026-03-01T10:00:00.000Z', cpu: 'Some(R) CPU @ 2.00GHz' }), '2026-03-01-some-r-cpu-2-00ghz');
});

test('a program is waited for, read about, and ended with what it forked', async () => {
  const port = await freePort();
  const server = `require("net").createServer().listen(${port}, "127.0.0.1", () => console.log("listening " + ${port}))`;
  const child = `require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(server)}], { stdio: "inherit" })`;
  const program = await start(process.execPath, ['-e', child], { ready: port });
  await program.says(/listening \d+/);
  const pids = family(program.pid);
  assert.equal(pids.length, 2);
  assert.ok(cpuTime(pids) > 0);
  assert.ok(residentMemory(pids) > 1 << 20 && peakMemory(pids) >= residentMemory(pids) / 2);
  assert.ok(threads(pids) >= 2 && descriptors(pids) >= 6);
  program.signal('SIGKILL');
  assert.equal(await program.ended(), 'SIGKILL');
  assert.equal(await program.stop(), 'SIGKILL');
});

test('a program that ends, or is none, before it is ready is an error that says so', async () => {
  await assert.rejects(start(process.execPath, ['-e', 'console.log("no"); process.exit(3)'], { ready: /yes/ }), /ended \(3\)/);
  await assert.rejects(start('/nonexistent/program', [], { ready: /yes/ }), /ended \(127\)/);
});

test('a script that is killed outright leaves nothing behind', async () => {
  const module = JSON.stringify(new URL('program.mjs', import.meta.url).href);
  const server = 'console.log("server " + process.pid); setInterval(() => {}, 1000)';
  const script = `const { start } = await import(${module});`
    + `const program = await start(process.execPath, ["-e", ${JSON.stringify(server)}], { ready: /server/ });`
    + 'console.log("started " + program.pid); setInterval(() => {}, 1000)';
  const outer = await start(process.execPath, ['--input-type=module', '-e', script]);
  const pid = Number((await outer.says(/started (\d+)/))[1]);
  process.kill(outer.pid, 'SIGKILL');
  await outer.ended();
  const late = performance.now() + 10_000;
  while (existsSync(`/proc/${pid}`) && performance.now() < late) await turn();
  assert.ok(!existsSync(`/proc/${pid}`));
});

test('a program that never says what is waited for is waited for so long, and ended', async () => {
  const silent = ['-e', 'console.log("no"); setInterval(() => {}, 1000)'];
  await assert.rejects(start(process.execPath, silent, { ready: /yes/, limitMs: 200 }), /not within 200 ms: \/yes\//);
});
