// HTTP/2 on plaintext (prior knowledge), if NOPAR speaks it.
// Knows nothing of HTTP/1.1.

import { cpuTime, family } from '../../machine/process.mjs';
import { start } from '../../machine/program.mjs';
import { median } from '../../machine/statistics.mjs';
import { number, table, time } from '../../machine/table.mjs';
import { CORES } from '../bench.mjs';
import { askAll } from '../http.mjs';
import { requestOf, ROWS } from '../rows.mjs';
import { withHost } from '../same.mjs';
import { startNopar } from '../servers/nopar.mjs';

const CONNECTIONS = 16;
const STREAMS = 8;

export const h2 = { title: 'HTTP/2 (h2load, written down, not judged)', run };

async function run(bench) {
  const request = requestOf(ROWS.find(({ name }) => name === 'packument-40k'), bench.registry);
  const nopar = await startNopar({ home: bench.home('h2'), upstream: bench.upstream.url, core: CORES.server });
  try {
    await askAll(nopar.port, [withHost(request, nopar.host)], 1);
    const probe = await h2load(nopar, request, ['--requests', '1', '--clients', '1', '--connection-inactivity-timeout', '5']);
    if (probe.succeeded !== 1) return { data: { spoken: false }, checks: [], text: 'NOPAR does not speak HTTP/2 on its plaintext port.' };
    const rounds = [];
    for (let n = 0; n < bench.options.rounds; n += 1) rounds.push(await round(bench, nopar, request));
    const middle = (key) => median(rounds.map((each) => each[key]));
    return {
      data: { spoken: true, rounds },
      checks: [],
      text: table(['row', 'CPU/request>', 'median/s>'], [['packument-40k', time(middle('cpu')), number(middle('perSecond'))]]),
    };
  } finally {
    await nopar.stop();
  }
}

async function round(bench, nopar, request) {
  const { seconds } = bench.options;
  const pids = family(nopar.pid);
  const before = cpuTime(pids);
  const { succeeded } = await h2load(nopar, request, [
    '--duration', String(seconds), '--clients', String(CONNECTIONS), '--max-concurrent-streams', String(STREAMS),
  ]);
  return { perSecond: succeeded / seconds, cpu: (cpuTime(pids) - before) / succeeded };
}

async function h2load(nopar, { path, headers }, options) {
  const program = await start('h2load', [
    ...options, '--threads', '1',
    ...Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}: ${value}`]),
    `http://${nopar.host}${path}`,
  ], { core: CORES.load });
  await program.ended();
  return { succeeded: readSucceeded(program.output) };
}

/** How many requests h2load says were answered with 2xx. */
export function readSucceeded(output) {
  return Number(output.match(/^status codes: (\d+) 2xx/m)?.[1] ?? 0);
}
