// 2,300 objects that nobody holds yet, 16 at a time: time and CPU time until all are served and kept.
// Knows nothing of hits.
//
// nginx does the same job as people set it up to do: tarball addresses replaced and documents packed by
// an inner server, kept by an outer one. It keeps one form of a packument, checks nothing and sorts out
// nothing; NOPAR makes two forms and checks digests. A second line only keeps what the upstream sends.

import { cpuTime, family, residentMemory } from '../../machine/process.mjs';
import { median } from '../../machine/statistics.mjs';
import { megabytes, number, table } from '../../machine/table.mjs';
import { CORES } from '../bench.mjs';
import { askAll } from '../http.mjs';
import { rotated } from '../measure.mjs';
import { packumentRequest, tarballRequest } from '../rows.mjs';
import { withHost } from '../same.mjs';
import { startCachingNginx, startRewritingNginx } from '../servers/nginx.mjs';
import { startNopar } from '../servers/nopar.mjs';
import { within } from '../verdict.mjs';

const OBJECTS = 2300;
const WIDTH = 16;
const MAX_ROUNDS = 3;
/** NOPAR's time, and CPU time, over those of nginx doing the same. */
const LIMIT = 1.25;

export const fill = { title: `Filling: ${OBJECTS} cold objects, ${WIDTH} at a time`, run };

async function run(bench) {
  const requests = objects(bench.registry);
  const measured = { nopar: [], 'nginx, rewriting': [], 'nginx, only caching': [] };
  for (let n = 0; n < Math.min(MAX_ROUNDS, bench.options.rounds); n += 1) {
    for (const name of rotated(Object.keys(measured), n)) measured[name].push(await once(bench, name, requests));
  }
  const middle = (name, key) => median(measured[name].map((round) => round[key]));
  const errors = Object.entries(measured).flatMap(([name, rounds]) => rounds.flatMap((round) => round.errors.map((error) => `${name}: ${error}`)));
  const checks = [['time', 'seconds'], ['CPU time', 'cpuSeconds']].map(([what, key]) => {
    const check = within(`${what}, NOPAR's over rewriting nginx's`, middle('nopar', key) / middle('nginx, rewriting', key), LIMIT);
    return { ...check, met: check.met && errors.length === 0, errors };
  });
  const lines = Object.keys(measured).map((name) => [
    name, `${number(middle(name, 'seconds'))} s`, `${number(middle(name, 'cpuSeconds'))} s`, megabytes(middle(name, 'memory')), requests.length,
  ]);
  return { data: measured, checks, text: table(['server', 'time>', 'CPU time>', 'RSS after>', 'objects>'], lines) };
}

/** Packuments and tarballs in turn, as installs ask for them. */
function objects({ ordinary }) {
  const all = ordinary.flatMap((found) => [packumentRequest(found.name), ...found.tarballs.map((tarball) => tarballRequest(found, tarball))]);
  return all.slice(0, OBJECTS);
}

async function once(bench, name, requests) {
  bench.note(`  ${name}`);
  const server = await startCold(bench, name);
  try {
    const pids = family(server.pid);
    const before = cpuTime(pids);
    const started = performance.now();
    const errors = [];
    await askAll(server.port, requests.map((request) => withHost(request, `127.0.0.1:${server.port}`)), WIDTH, ({ status }, { path }) => {
      if (status !== 200) errors.push(`${path}: ${status}`);
    });
    const seconds = (performance.now() - started) / 1000;
    return { seconds, cpuSeconds: (cpuTime(pids) - before) / 1e6, memory: residentMemory(pids), errors };
  } finally {
    await server.stop();
  }
}

function startCold(bench, name) {
  const home = bench.home('fill');
  const core = CORES.server;
  if (name === 'nopar') return startNopar({ home, upstream: bench.upstream.url, core });
  const startNginx = name === 'nginx, rewriting' ? startRewritingNginx : startCachingNginx;
  return startNginx({ home, core, originPort: bench.upstream.port });
}
