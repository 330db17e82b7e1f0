// h2load, the load generator for HTTP/2: one run of it, and what it says.
// Knows nothing of the server's side.

import { start } from '../machine/program.mjs';

/**
 * Asks the server on `port` for `path` with `headers`, over TLS.
 * - `connections`, `streams`: how many at once, and how many on each; `seconds`; `core`: where it runs
 */
export async function h2load({ port, path, headers, connections, streams, seconds, core }) {
  const program = await start('h2load', [
    '--duration', String(seconds), '--clients', String(connections), '--max-concurrent-streams', String(streams), '--threads', '1',
    ...Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}: ${value}`]),
    `https://127.0.0.1:${port}${path}`,
  ], { core });
  const code = await program.ended();
  const found = readH2load(program.output);
  if (code !== 0 || !found) throw new Error(`h2load ended with ${code}\n${program.output}`);
  return found;
}

/** How many requests h2load says were answered with 2xx, and what went wrong; undefined: it says nothing. */
export function readH2load(output) {
  const codes = output.match(/^status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx/m);
  const counts = output.match(/(\d+) failed, (\d+) errored, (\d+) timeout$/m);
  if (!codes || !counts) return undefined;
  const [, succeeded, ...others] = codes.map(Number);
  const notGood = others.reduce((sum, each) => sum + each, 0);
  const [, failed, errored, timeout] = counts.map(Number);
  return {
    succeeded,
    errors: [[notGood, 'answers that are not 2xx'], [Math.max(failed, errored), 'requests failed'], [timeout, 'timeouts']]
      .filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`),
  };
}
