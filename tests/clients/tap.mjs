// Stands between a client and a registry, changes nothing, and notes what each request said and
// how it was answered. A registry may look as if it lacked something.
// Knows nothing of who asks: packages' addresses follow `Host`, so they lead through here as well.

import http from 'node:http';
import { pipeline } from 'node:stream';

/** Starts a tap on a free port, in front of the registry at `url`, an http one, which `lacks` these paths. */
export async function startTap(url, lacks = []) {
  const { hostname, port } = new URL(url);
  const agent = new http.Agent({ keepAlive: true });
  const exchanges = [];
  const server = http.createServer((request, response) => {
    const exchange = { method: request.method, path: request.url, headers: request.headers };
    exchanges.push(exchange);
    if (lacks.includes(request.url)) {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"not_found"}');
      return;
    }
    const { method, url: path, rawHeaders: headers } = request;
    const onward = http.request({ hostname, port, path, method, headers, agent, setHost: false });
    onward.on('response', (answer) => {
      Object.assign(exchange, { status: answer.statusCode, answered: answer.headers });
      response.writeHead(answer.statusCode, answer.statusMessage, answer.rawHeaders);
      pipeline(answer, response, () => {});
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    pipeline(request, onward, () => {});
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    /** `{ method, path, headers, status, answered }` of all requests so far, in order; `answered` are headers. */
    exchanges,
    stop() {
      agent.destroy();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      return closed;
    },
  };
}
