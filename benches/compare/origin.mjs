// The origin behind nginx: answers with the very bytes and headers that NOPAR answered with, so that
// nginx's cache holds what NOPAR's holds.
// Knows nothing of npm: a request is its path, Accept and Accept-Encoding.

import { once } from 'node:events';
import http from 'node:http';

import { askAll } from './http.mjs';

/** What of NOPAR's answer is about the content; the rest nginx says itself. */
const KEPT = ['content-type', 'content-encoding', 'etag', 'last-modified', 'vary', 'cache-control'];

/** How many requests at once the copies are fetched with. */
const WIDTH = 8;

/** An origin on a free port of this process. */
export async function startOrigin() {
  const answers = new Map();
  const server = http.createServer((request, response) => {
    const found = answers.get(keyOf(request.url, request.headers));
    if (!found) return response.writeHead(404).end();
    response.writeHead(200, { ...found.headers, 'content-length': found.body.length }).end(found.body);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  // Measurements are over when their servers are; an origin alone holds nothing open.
  server.unref();
  return {
    port: server.address().port,
    answers,
    /** Fetches `requests` from NOPAR and keeps the answers. */
    async copy(port, host, requests) {
      const asked = requests.map((request) => ({ ...request, headers: { host, ...request.headers } }));
      await askAll(port, asked, WIDTH, ({ status, headers, body }, request) => {
        if (status !== 200) throw new Error(`NOPAR answered ${request.path} with ${status}: ${body}`);
        const kept = KEPT.filter((name) => name in headers).map((name) => [name, headers[name]]);
        answers.set(keyOf(request.path, request.headers), { path: request.path, headers: Object.fromEntries(kept), body });
      });
    },
  };
}

function keyOf(path, headers) {
  return [path, headers.accept ?? '', headers['accept-encoding'] ?? ''].join(' ');
}
