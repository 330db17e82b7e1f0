// Clients that asked once and now hold their connections, as a process.
//   node hold.mjs PORT N REQUEST         REQUEST: JSON, { path, headers }
// Prints `held N of M` when all that could be had are held, and holds them until it is ended.
// Knows nothing of npm.

import net from 'node:net';
import { fileURLToPath } from 'node:url';

import { each } from './http.mjs';

/** So many connections are being made at once: fewer than any backlog. */
const WIDTH = 100;

/** A connection that has no answer by then is not held. */
const LIMIT_MS = 20_000;

/** Connects, asks, and resolves when the whole answer is there: with whether it is a 200. */
function hold(port, { path, headers }) {
  return new Promise((resolve) => {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('');
    const socket = net.connect({ host: '127.0.0.1', port }, () => socket.write(`GET ${path} HTTP/1.1\r\n${lines}\r\n`));
    let answer = '';
    socket.setEncoding('latin1').on('data', (text) => {
      answer += text;
      if (isWhole(answer)) resolve(answer.startsWith('HTTP/1.1 200'));
    });
    socket.once('error', () => resolve(false)).once('close', () => resolve(false));
    setTimeout(() => resolve(false), LIMIT_MS).unref();
  });
}

/** Whether head and body are there; answers here have a length. */
export function isWhole(answer) {
  const head = answer.indexOf('\r\n\r\n');
  if (head < 0) return false;
  const length = answer.slice(0, head).match(/^content-length: *(\d+)/im);
  return answer.length >= head + 4 + Number(length?.[1] ?? 0);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [port, count, request] = process.argv.slice(2);
  let held = 0;
  await each(Array(Number(count)).fill(JSON.parse(request)), WIDTH, async (one) => {
    if (await hold(Number(port), one)) held += 1;
  });
  console.log(`held ${held} of ${count}`);
  // The connections keep the process.
}
