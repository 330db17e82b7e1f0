// A fleet's mix: 200 connections asking for the packuments and tarballs of whole installs, all warm.
// Knows nothing of single rows.

import { writeFileSync } from 'node:fs';
import path from 'node:path';

import { megabytes, number, table, time } from '../../machine/table.mjs';
import { interleaved } from '../measure.mjs';
import { packumentRequest, tarballRequest } from '../rows.mjs';
import { startTrio } from '../trio.mjs';
import { judge } from '../verdict.mjs';

const CONNECTIONS = 200;

/** Any seed would do; the same one makes the same order for both servers and in every run. */
const SEED = 20260101;

export const mix = { title: 'Fleet mix (200 connections; packuments and tarballs of installs, warm)', run };

async function run(bench) {
  const requests = shuffled(bench.registry.ordinary.flatMap((found) => [
    packumentRequest(found.name),
    ...found.tarballs.map((tarball) => tarballRequest(found, tarball)),
  ]), SEED);
  const list = path.join(bench.home('mix'), 'requests');
  writeFileSync(list, requests.map(requestLines).join(''));
  const trio = await startTrio(bench, requests, { files: false });
  try {
    const request = () => ({ list, host: trio.host, connections: CONNECTIONS });
    const servers = await interleaved(trio.all, request, bench.rounds);
    const verdict = judge(servers.nopar, servers.nginx, { target: 1.0 });
    const lines = Object.entries(servers).map(([name, each]) => [
      name, time(each.cpu), number(each.best), number(each.perSecond), time(each.p50), time(each.p99), megabytes(each.memory),
    ]);
    return {
      data: { requests: requests.length, servers, verdict },
      checks: [{ what: "mix: CPU time, nginx's over NOPAR's", value: verdict.ratio, limit: verdict.target, met: verdict.met, errors: verdict.errors }],
      text: table(['server', 'CPU/request>', 'best/s>', 'median/s>', 'p50>', 'p99>', 'RSS>'], lines),
    };
  } finally {
    await trio.stop();
  }
}

/** One request as load.lua reads it. */
export function requestLines({ path: asked, headers }) {
  return `${asked}\n${Object.entries(headers).map(([name, value]) => `${name}: ${value}\n`).join('')}\n`;
}

/** `items` in an order that only depends on `seed` (mulberry32, Fisher-Yates). */
export function shuffled(items, seed) {
  const result = [...items];
  let state = seed;
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  for (let n = result.length - 1; n > 0; n -= 1) {
    const other = Math.floor(random() * (n + 1));
    [result[n], result[other]] = [result[other], result[n]];
  }
  return result;
}
