// Packages in two: one that is published to NOPAR, and one with the same content and a name as long that its
// upstream has. Knows nothing of what is measured with them.

import { randomBytes } from 'node:crypto';
import http from 'node:http';

import { wholeDocument } from './document.mjs';

/** Of tarballs on both sides of what is kept in memory as a whole (256 KiB). */
const TARBALLS = { small: 10_000, large: 1_000_000 };
/** Words, so that it can be packed as a readme is. */
const README = Array.from({ length: 8000 }, () => `word${randomBytes(1).toString('hex')}`).join(' ');

/** An upstream that has nothing, until it is given something: `{ origin, have(path, type, body), close() }`. */
export async function startElsewhere() {
  const things = new Map();
  const server = http.createServer((request, response) => {
    const { type, body } = things.get(request.url) ?? {};
    if (!body) response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"not_found"}');
    else response.writeHead(200, { 'content-type': type, 'content-length': body.length, etag: '"it"' }).end(body);
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    have: (path, type, body) => things.set(path, { type, body }),
    close: () => server.close(),
  };
}

/** Makes the twins; `publish(name, body)` publishes one. What is to be compared: `{ what, hosted, proxied, headers }`. */
export async function makeTwins(nopar, elsewhere, publish) {
  for (const [size, bytes] of Object.entries(TARBALLS)) {
    const [own, other, tarball] = [`${size}-hosted`, `${size}-copied`, randomBytes(bytes)];
    await publish(own, wholeDocument(own, tarball, README));
    const answer = await fetch(`${nopar.origin}/${own}`);
    const text = (await answer.text()).replaceAll(own, other).replaceAll(nopar.origin, elsewhere.origin);
    elsewhere.have(`/${other}`, 'application/json', Buffer.from(text));
    elsewhere.have(`/${other}/-/${other}-1.0.0.tgz`, 'application/octet-stream', tarball);
  }
  const packed = { accept: '*/*', 'accept-encoding': 'gzip' };
  const file = (name) => `/${name}/-/${name}-1.0.0.tgz`;
  const compared = Object.keys(TARBALLS).map((size) => {
    const [hosted, proxied] = [`${size}-hosted`, `${size}-copied`].map(file);
    return { what: `tarball of ${TARBALLS[size] / 1000} KB`, hosted, proxied, headers: {} };
  });
  return [{ what: 'packument', hosted: '/small-hosted', proxied: '/small-copied', headers: packed }, ...compared];
}
