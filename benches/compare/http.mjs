// One HTTP request at a time, whole answers; many as a queue.
// Knows nothing of npm; measures nothing.

import { createHash } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';

/** No answer takes longer, or the server hangs. */
const LIMIT_MS = 120_000;

/** Asks the server on loopback `port`, which speaks TLS if `tls` is true: `{ status, headers, body }`. */
export function ask(port, { method = 'GET', path, headers = {}, tls = false }, agent) {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, method, path, headers, agent };
    // Nobody vouches for the certificate of a benchmark.
    const request = tls ? https.request({ ...options, rejectUnauthorized: false }) : http.request(options);
    request.setTimeout(LIMIT_MS, () => request.destroy(new Error(`no answer to ${path} within ${LIMIT_MS} ms`)));
    request.once('error', reject).once('response', (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part)).once('error', reject);
      response.once('end', () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) }));
    });
    request.end();
  });
}

/** Does `work` for each of `items`, `width` at a time. */
export async function each(items, width, work) {
  const queue = items[Symbol.iterator]();
  await Promise.all(Array.from({ length: width }, async () => {
    // One iterator for all workers: each takes the next that nobody has taken.
    for (const item of queue) await work(item);
  }));
}

/** Asks the server on `port` for every request, all with TLS or none, a few at a time on kept connections; `see(answer, request)`. */
export async function askAll(port, requests, width, see = () => {}) {
  const { Agent } = requests.some(({ tls }) => tls) ? https : http;
  const agent = new Agent({ keepAlive: true, maxSockets: width });
  try {
    await each(requests, width, async (request) => see(await ask(port, request, agent), request));
  } finally {
    agent.destroy();
  }
}

/** SHA-256 of a body, to compare by. */
export function digest(body) {
  return createHash('sha256').update(body).digest('hex');
}
