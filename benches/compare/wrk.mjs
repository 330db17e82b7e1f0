// wrk, the load generator: one run of it, and what it says.
// Knows nothing of the server's side.

import path from 'node:path';

import { start } from '../machine/program.mjs';

const SCRIPT = path.join(import.meta.dirname, 'load.lua');

/**
 * Asks the server on `port` for `seconds`.
 * - `path`, `headers`: the request; or `list`: a file of requests as load.lua reads them
 * - `host`: what the request says it was sent to (`Host`: wrk adds its own beside another spelling)
 * - `connections`: how many at once; `core`: where wrk runs; `tls`: whether the server speaks TLS
 */
export async function load({ port, host, path: asked = '/', headers = {}, list, connections, seconds, core, tls = false }) {
  const program = await start('wrk', [
    '--threads', '1', '--connections', String(connections), '--duration', `${seconds}s`, '--timeout', '30s',
    '--script', SCRIPT,
    ...Object.entries({ Host: host, ...headers }).flatMap(([name, value]) => ['--header', `${name}: ${value}`]),
    `${tls ? 'https' : 'http'}://127.0.0.1:${port}${asked}`,
  ], { core, env: { ...process.env, ...(list ? { COMPARE_REQUESTS: list } : {}) } });
  const code = await program.ended();
  if (code !== 0) throw new Error(`wrk ended with ${code}\n${program.output}`);
  return readSummary(program.output);
}

/** What load.lua printed: counts, latencies in microseconds, and what went wrong. */
export function readSummary(output) {
  const line = output.split('\n').find((each) => each.startsWith('{'));
  if (!line) throw new Error(`wrk printed no summary\n${output}`);
  const { requests, bytes, microseconds, p50, p99, connect, read, write, timeout, status } = JSON.parse(line);
  return {
    requests,
    bytes,
    seconds: microseconds / 1e6,
    p50,
    p99,
    errors: [
      [connect, 'connections failed'], [read, 'reads failed'], [write, 'writes failed'],
      [timeout, 'timeouts'], [status, 'answers that are neither 2xx nor 3xx'],
    ].filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`),
  };
}
