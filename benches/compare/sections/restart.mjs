// A restart with many objects in the cache: when the first request is answered, and what the first
// hit of a packument then reads.
// Knows nothing of throughput.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as after } from 'node:timers/promises';

import { version } from '../../machine/about.mjs';
import { statusNumber } from '../../machine/process.mjs';
import { start } from '../../machine/program.mjs';
import { median } from '../../machine/statistics.mjs';
import { number, table } from '../../machine/table.mjs';
import { CORES } from '../bench.mjs';
import { ask, askAll } from '../http.mjs';
import { inventedPaths } from '../invented.mjs';
import { packumentHeaders, tarballHeaders } from '../npm.mjs';
import { startNopar } from '../servers/nopar.mjs';
import { within } from '../verdict.mjs';

const ROUNDS = 3;
/** From the start of the program to the first answer. */
const LIMIT_MS = 200;
/** How long a start may take before it is given up. */
const GIVE_UP_MS = 60_000;
const WIDTH = 32;

/** The address clients use, given as such: ports change from start to start, views do not. */
const BASE_URL = 'http://nopar.example/';

export const restart = { title: 'Restart with a full cache', run };

async function run(bench) {
  const home = bench.home('restart');
  const upstream = await start(process.execPath, [path.join(import.meta.dirname, '../invented.mjs')], { core: CORES.load, ready: /listening \d+/ });
  const options = {
    home, core: CORES.server, settings: { NOPAR_BASE_URL: BASE_URL },
    upstream: `http://127.0.0.1:${upstream.output.match(/listening (\d+)/)[1]}/`,
  };
  try {
    bench.note(`  filling the cache with ${bench.options.objects} objects`);
    await fillCache(options, bench.options.objects);
    const times = [];
    for (let n = 0; n < ROUNDS; n += 1) times.push(await firstAnswer(options));
    const reads = await readsOfFirstHit(options);
    return result(bench.options.objects, times, reads);
  } finally {
    await upstream.stop();
  }
}

function result(objects, times, reads) {
  const checks = [within(`first answer after the start, ${objects} objects, slowest`, Math.max(...times), LIMIT_MS, ' ms')];
  if (reads) checks.push(within('reads of the cache for the first hit of a packument', reads.reads.length, 1));
  return {
    data: { objects, times, reads: reads ?? 'not counted: no strace' },
    checks,
    text: table(['objects>', 'first answer (median)>', 'slowest>', 'opens>', 'reads>'], [
      [objects, `${number(median(times))} ms`, `${number(Math.max(...times))} ms`, reads?.opens.length, reads?.reads.length],
    ]),
  };
}

function request(n) {
  const { packument, tarball } = inventedPaths(Math.floor(n / 2));
  const name = packument.slice(1);
  return n % 2 ? { path: tarball, headers: tarballHeaders(`${name}@1.0.0`) } : { path: packument, headers: packumentHeaders(name) };
}

/** Every other object is a packument; each tarball comes after its own. */
async function fillCache(options, objects) {
  const nopar = await startNopar(options);
  try {
    await askAll(nopar.port, Array.from({ length: objects }, (_, n) => request(n)), WIDTH, ({ status }, { path: asked }) => {
      if (status !== 200) throw new Error(`NOPAR answers ${asked} with ${status}`);
    });
  } finally {
    await nopar.stop();
  }
}

/** Milliseconds from the start of the program to the whole answer of a packument that is held. */
async function firstAnswer(options) {
  const nopar = await startNopar({ ...options, ready: false });
  try {
    await answered(nopar);
    return performance.now() - nopar.program.startedAt;
  } finally {
    await nopar.stop();
  }
}

async function answered(nopar) {
  const late = performance.now() + GIVE_UP_MS;
  for (;;) {
    try {
      const { status } = await ask(nopar.port, request(0));
      if (status !== 200) throw new Error(`NOPAR answers ${request(0).path} with ${status}`);
      return;
    } catch (error) {
      if (error.code !== 'ECONNREFUSED') throw error;
      if (performance.now() > late) throw new Error(`NOPAR answers nothing within ${GIVE_UP_MS} ms\n${nopar.program.output}`);
      await after(1);
    }
  }
}

/** What a restarted NOPAR opens and reads of its cache for one packument; nothing without strace. */
async function readsOfFirstHit(options) {
  if (!version('strace', '-V')) return undefined;
  const nopar = await startNopar(options);
  try {
    // Another one first: what is set up once is not the packument's.
    await ask(nopar.port, request(2));
    const strace = await start('strace', ['-f', '-y', '-qq', '-e', 'trace=openat,read,pread64,preadv,preadv2,readv,mmap', '-p', String(nopar.pid)], { core: CORES.load });
    // strace does not say when it has attached; /proc does.
    await traced(nopar.pid);
    const { status } = await ask(nopar.port, request(4));
    if (status !== 200) throw new Error(`NOPAR answers ${request(4).path} with ${status}`);
    await strace.stop('SIGINT');
    return readCalls(strace.output, path.join(options.home, 'cache'));
  } finally {
    await nopar.stop();
  }
}

async function traced(pid) {
  const late = performance.now() + GIVE_UP_MS;
  while (!isTraced(pid)) {
    if (performance.now() > late) throw new Error('strace does not attach');
    await after(5);
  }
}

/** Whether every thread of `pid` has a tracer. */
function isTraced(pid) {
  return readdirSync(`/proc/${pid}/task`).every((thread) => statusNumber(readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8'), 'TracerPid') > 0);
}

/** The calls in strace's `output` that open, and that read, files under `directory`. */
export function readCalls(output, directory) {
  const lines = output.split('\n').filter((line) => line.includes(`${directory}/`));
  return {
    opens: lines.filter((line) => /\bopenat\(/.test(line)),
    reads: lines.filter((line) => /\b(read|pread64|preadv2?|readv|mmap)\(/.test(line)),
  };
}
