// A registry on loopback that has certain packages and nothing else, and notes what it is asked for.
// Knows nothing of who asks.

import http from 'node:http';

/** Starts it on a free port; `make(url)` are its packages, `{ document, tarballs }` by name. */
export async function startUpstream(make) {
  const [asked, agents] = [[], []];
  let packages;
  const server = http.createServer((request, response) => {
    asked.push(request.url);
    agents.push(request.headers['user-agent']);
    const [status, type, body] = answer(packages, request.url);
    response.writeHead(status, { 'content-type': type, 'content-length': body.length });
    response.end(request.method === 'HEAD' ? undefined : body);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${server.address().port}/`;
  packages = make(url);
  return {
    url,
    /** The names it has. */
    names: [...packages.keys()],
    /** What it was asked for, in order. */
    asked,
    /** What those who asked call themselves, in the same order. */
    agents,
    stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      return closed;
    },
  };
}

function answer(packages, url) {
  const [name, file] = decodeURIComponent(new URL(url, 'http://upstream').pathname).slice(1).split('/-/');
  const found = packages.get(name);
  const tarball = file && found?.tarballs.get(file);
  if (tarball) return [200, 'application/octet-stream', tarball];
  if (found && !file) return [200, 'application/json', Buffer.from(JSON.stringify(found.document))];
  return [404, 'application/json', Buffer.from('{"error":"not found"}')];
}
