// A crowd as a process: N clients that each ask for the same thing at the same moment.
//   node crowd.mjs PORT N REQUEST        REQUEST: JSON, { path, headers }
// Prints one line of JSON: what they got and when the last of them had it, in ms since the epoch.
// Knows nothing of npm.

import http from 'node:http';
import { fileURLToPath } from 'node:url';

import { start } from '../machine/program.mjs';

/** Who has no answer by then gets none. */
const LIMIT_MS = 120_000;

/** Starts the crowd on `core` and waits for what it says. */
export async function crowd({ port, clients, request, core }) {
  const script = fileURLToPath(import.meta.url);
  const { path, headers } = request;
  const program = await start(process.execPath, [script, String(port), String(clients), JSON.stringify({ path, headers })], { core });
  const code = await program.ended();
  if (code !== 0) throw new Error(`the crowd ended with ${code}\n${program.output}`);
  return JSON.parse(program.output);
}

/** One client: status, length and when its last byte came. Bodies are counted, not kept. */
function client(port, { path, headers }) {
  return new Promise((resolve) => {
    const request = http.get({ host: '127.0.0.1', port, path, headers, agent: false, signal: AbortSignal.timeout(LIMIT_MS) }, (response) => {
      let bytes = 0;
      response.on('data', (part) => { bytes += part.length; });
      response.once('error', (error) => resolve({ outcome: error.message, at: now() }));
      response.once('end', () => resolve({ outcome: `${response.statusCode} ${bytes} bytes`, at: now() }));
    });
    request.once('error', (error) => resolve({ outcome: error.message, at: now() }));
  });
}

function now() {
  return performance.timeOrigin + performance.now();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [port, clients, request] = process.argv.slice(2);
  const startedAt = now();
  const answers = await Promise.all(Array.from({ length: Number(clients) }, () => client(Number(port), JSON.parse(request))));
  const outcomes = {};
  for (const { outcome } of answers) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  console.log(JSON.stringify({ startedAt, lastAt: Math.max(...answers.map(({ at }) => at)), outcomes }));
}
