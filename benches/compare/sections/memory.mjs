// What 20 packuments of 20 MB cost that nobody holds yet and all are asked for at once.
// Knows nothing of nginx, which does not read what it passes on.

import { family, forgetPeak, peakMemory, residentMemory } from '../../machine/process.mjs';
import { megabytes, number } from '../../machine/table.mjs';
import { CORES } from '../bench.mjs';
import { ask, askAll } from '../http.mjs';
import { packumentRequest } from '../rows.mjs';
import { withHost } from '../same.mjs';
import { startNopar } from '../servers/nopar.mjs';
import { within } from '../verdict.mjs';

const LIMIT_BYTES = 200 << 20;

export const memory = { title: '20 cold packuments of 20 MB at once', run };

async function run(bench) {
  const { registry, upstream } = await bench.large();
  try {
    const names = registry.packages.map(({ name }) => name).filter((name) => name.startsWith('bench-packument-20m-'));
    return await measure(bench, upstream, names);
  } finally {
    await upstream.stop();
  }
}

async function measure(bench, upstream, names) {
  const nopar = await startNopar({ home: bench.home('memory'), upstream: upstream.url, core: CORES.server });
  try {
    await ask(nopar.port, { path: '/-/ping' });
    const pids = family(nopar.pid);
    const before = residentMemory(pids);
    forgetPeak(pids);
    const started = performance.now();
    const errors = [];
    await askAll(nopar.port, names.map((name) => withHost(packumentRequest(name), nopar.host)), names.length, ({ status }, { path }) => {
      if (status !== 200) errors.push(`${path}: ${status}`);
    });
    const seconds = (performance.now() - started) / 1000;
    const grown = peakMemory(pids) - before;
    const check = { ...within(`RSS growth, ${names.length} packuments`, grown / 2 ** 20, LIMIT_BYTES / 2 ** 20, ' MB'), errors };
    check.met &&= errors.length === 0;
    return {
      data: { packuments: names.length, before, grown, after: residentMemory(pids), seconds },
      checks: [check],
      text: `${names.length} packuments in ${number(seconds)} s; RSS ${megabytes(before)} before, at most ${megabytes(before + grown)} meanwhile, ${megabytes(residentMemory(pids))} after.`,
    };
  } finally {
    await nopar.stop();
  }
}
