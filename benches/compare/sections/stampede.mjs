// 200 clients that want the same object at once, and nobody holds it yet.
// Knows nothing of throughput.

import path from 'node:path';

import { family, forgetPeak, peakMemory, residentMemory } from '../../machine/process.mjs';
import { start } from '../../machine/program.mjs';
import { megabytes, number, table } from '../../machine/table.mjs';
import { CORES } from '../bench.mjs';
import { crowd } from '../crowd.mjs';
import { ask } from '../http.mjs';
import { packumentRequest, tarballRequest } from '../rows.mjs';
import { startCachingNginx } from '../servers/nginx.mjs';
import { startNopar } from '../servers/nopar.mjs';
import { within } from '../verdict.mjs';

const CLIENTS = 200;
const ROUNDS = 3;
/** The last client is served so many ms after the upstream's last byte. */
const LIMIT_MS = 1000;
/** Memory may grow by three times the object and so many bytes. */
const SPARE_BYTES = 32 << 20;

export const stampede = { title: `Stampede (${CLIENTS} clients on one cold object)`, run };

async function run(bench) {
  const lines = [];
  const checks = [];
  const data = [];
  for (const object of objects(bench.registry)) {
    for (const name of ['nopar', 'nginx']) {
      const rounds = [];
      for (let n = 0; n < ROUNDS; n += 1) rounds.push(await once(bench, name, object));
      const worst = {
        asked: Math.max(...rounds.map(({ asked }) => asked)),
        after: Math.max(...rounds.map(({ after }) => after)),
        whole: Math.max(...rounds.map(({ whole }) => whole)),
        grown: Math.max(...rounds.map(({ grown }) => grown)),
      };
      data.push({ object: object.name, server: name, rounds });
      lines.push([object.name, name, worst.asked, `${number(worst.after)} ms`, `${number(worst.whole)} ms`, megabytes(worst.grown), outcomes(rounds)]);
      if (name === 'nopar') checks.push(...judgements(object, worst, rounds));
    }
  }
  const columns = ['object', 'server', 'upstream requests>', 'last client after upstream>', 'in all>', 'RSS growth>', 'answers'];
  return { data, checks, text: table(columns, lines) };
}

function objects({ directory, find }) {
  const packument = find('bench-packument-3m');
  const holder = find('bench-tarball-1m');
  const [tarball] = holder.tarballs;
  return [
    { name: 'packument-3m', kind: 'packument', bytes: packument.packumentBytes, file: path.join(directory, packument.packument), request: packumentRequest(packument.name) },
    { name: 'tarball-1m', kind: 'tarball', bytes: tarball.bytes, file: path.join(directory, tarball.file), request: tarballRequest(holder, tarball) },
  ];
}

async function once(bench, name, { kind, file, request }) {
  const home = bench.home(name);
  const upstream = await start(process.execPath, [path.join(import.meta.dirname, '../timed.mjs'), request.path, file, kind], {
    core: CORES.load, ready: /listening \d+/,
  });
  const originPort = Number(upstream.output.match(/listening (\d+)/)[1]);
  const server = name === 'nopar'
    ? await startNopar({ home, upstream: `http://127.0.0.1:${originPort}/`, core: CORES.server })
    : await startCachingNginx({ home, core: CORES.server, originPort });
  try {
    // Whatever a server sets up at its first request is not growth.
    await ask(server.port, { path: '/-/ping' });
    const pids = family(server.pid);
    const before = residentMemory(pids);
    forgetPeak(pids);
    const result = await crowd({ port: server.port, clients: CLIENTS, request, core: CORES.load });
    const sent = [...upstream.output.matchAll(/^sent ([\d.]+)$/gm)].map(([, at]) => Number(at));
    return {
      asked: sent.length,
      after: result.lastAt - sent[0],
      whole: result.lastAt - result.startedAt,
      grown: peakMemory(pids) - before,
      outcomes: result.outcomes,
    };
  } finally {
    await Promise.all([server.stop(), upstream.stop()]);
  }
}

/** What all clients of all rounds got: one line if all is well. */
function outcomes(rounds) {
  return [...new Set(rounds.flatMap((round) => Object.entries(round.outcomes).map(([what, count]) => `${count} × ${what}`)))].join(', ');
}

function judgements({ name, bytes }, worst, rounds) {
  // One outcome for all: every client got the same, and that is a 200.
  const wrong = rounds.some((round) => Object.keys(round.outcomes).length !== 1 || !Object.keys(round.outcomes)[0].startsWith('200 '));
  const checks = [
    within(`${name}: upstream requests`, worst.asked, 1),
    within(`${name}: last client after the upstream's last byte`, worst.after, LIMIT_MS, ' ms'),
    within(`${name}: RSS growth`, worst.grown / 2 ** 20, (3 * bytes + SPARE_BYTES) / 2 ** 20, ' MB'),
  ];
  return wrong ? checks.map((check) => ({ ...check, met: false, errors: [`answers: ${outcomes(rounds)}`] })) : checks;
}
