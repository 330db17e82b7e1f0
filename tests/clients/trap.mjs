// The proxy that a client is told to use for every host but loopback: whatever comes here tried
// to leave the machine. It counts and remembers, and lets nothing through.
// Knows nothing of clients or registries.

import http from 'node:http';

/** Starts a trap on a free port. */
export async function startTrap() {
  const caught = [];
  const server = http.createServer((request, response) => {
    caught.push(`${request.method} ${request.url}`);
    response.writeHead(403).end();
  });
  server.on('connect', (request, socket) => {
    caught.push(`CONNECT ${request.url}`);
    // Whoever hangs up at the refusal was caught all the same.
    socket.on('error', () => {});
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    /** What was tried, in order. */
    caught,
    /** The variables that send a client here. */
    env: proxyVariables(`http://127.0.0.1:${server.address().port}`),
    stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      return closed;
    },
  };
}

function proxyVariables(url) {
  const loopback = '127.0.0.1,localhost,::1';
  return {
    HTTP_PROXY: url, HTTPS_PROXY: url, NO_PROXY: loopback,
    http_proxy: url, https_proxy: url, no_proxy: loopback,
  };
}
