// What 10,000 connections cost that each made one request and now wait.
// Knows nothing of throughput.

import path from 'node:path';

import { family, residentMemory } from '../../machine/process.mjs';
import { start } from '../../machine/program.mjs';
import { megabytes, table } from '../../machine/table.mjs';
import { CORES } from '../bench.mjs';
import { requestOf, ROWS } from '../rows.mjs';
import { withHost } from '../same.mjs';
import { startTrio } from '../trio.mjs';
import { within } from '../verdict.mjs';

const CONNECTIONS = 10_000;
/** NOPAR takes half as many connections as it may open files: a limit of 20,000 leaves it a few less. */
const ENOUGH = 9_900;
const LIMIT_BYTES = 150 << 20;
const START_LIMIT_MS = 120_000;

export const idle = { title: `${CONNECTIONS} idle connections`, run };

async function run(bench) {
  const request = requestOf(ROWS.find(({ name }) => name === 'packument-5k'), bench.registry);
  const trio = await startTrio(bench, [request], { files: false });
  try {
    const results = {};
    for (const server of trio.all) results[server.name] = await hold(server, withHost(request, trio.host));
    const { memory, held } = results.nopar;
    const check = within('RSS', memory / 2 ** 20, LIMIT_BYTES / 2 ** 20, ' MB');
    // Much fewer connections prove nothing about as many.
    if (held < ENOUGH) Object.assign(check, { met: false, errors: [`only ${held} connections were held (ulimit -n?)`] });
    const lines = Object.entries(results).map(([name, each]) => [name, each.held, megabytes(each.before), megabytes(each.memory)]);
    return { data: results, checks: [check], text: table(['server', 'connections>', 'RSS before>', 'RSS>'], lines) };
  } finally {
    await trio.stop();
  }
}

async function hold(server, { path: asked, headers }) {
  const pids = family(server.pid);
  const before = residentMemory(pids);
  const script = path.join(import.meta.dirname, '../hold.mjs');
  const holder = await start(process.execPath, [script, String(server.port), String(CONNECTIONS), JSON.stringify({ path: asked, headers })], { core: CORES.load });
  try {
    const [, held] = await holder.says(/held (\d+) of/, START_LIMIT_MS);
    return { held: Number(held), before, memory: residentMemory(pids) };
  } finally {
    await holder.stop();
  }
}
