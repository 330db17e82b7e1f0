// The forwarder, the tap and the trap against a made-up registry: what they count, pass on and refuse.

import assert from 'node:assert/strict';
import http from 'node:http';
import test from 'node:test';
import { gzipSync } from 'node:zlib';

import { FAULTS } from './faults.mjs';
import { startForwarder } from './forwarder.mjs';
import { startTap } from './tap.mjs';
import { startTrap } from './trap.mjs';

const BODY = gzipSync('{"name":"a"}');

/** A registry under a path prefix that remembers the heads of the requests it got. */
async function startRegistry() {
  const heads = [];
  const server = http.createServer((request, response) => {
    heads.push({ url: request.url, ...request.headers });
    response.writeHead(request.url.endsWith('/a') ? 200 : 404, { 'content-encoding': 'gzip', etag: '"1"' });
    response.end(BODY);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  return { heads, port, url: `http://127.0.0.1:${port}/npm/`, stop: () => (server.close(), server.closeAllConnections()) };
}

/** One request without a client that decodes: `{ status, headers, body }`. */
function get(url, headers) {
  return new Promise((resolve, reject) => {
    http.get(url, { headers, agent: false }, async (response) => {
      const parts = await response.toArray();
      resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) });
    }).on('error', reject);
  });
}

test('it passes heads and bodies as they are, and counts', async () => {
  const registry = await startRegistry();
  const forwarder = await startForwarder(registry.url, '');
  const answer = await get(`${forwarder.url}a`, { 'X-Mine': '1', TE: 'trailers' });
  await get(`${forwarder.url}a`);
  const missing = await get(`${forwarder.url}@s%2fb?c=d`);

  assert.equal(answer.status, 200);
  assert.deepEqual(answer.body, BODY);
  assert.equal(answer.headers['content-encoding'], 'gzip');
  assert.equal(answer.headers.etag, '"1"');
  assert.equal(missing.status, 404);
  const [head, , last] = registry.heads;
  assert.equal(head.url, '/npm/a');
  assert.equal(last.url, '/npm/@s%2fb?c=d');
  assert.equal(head.host, `127.0.0.1:${registry.port}`);
  assert.equal(head['x-mine'], '1');
  assert.equal(head.te, undefined);
  assert.deepEqual([...forwarder.requests], [['GET /a', 2], ['GET /@s%2fb?c=d', 1]]);
  assert.equal(forwarder.total, 3);
  await forwarder.stop();
  registry.stop();
});

test('it keeps Host where it is told to', async () => {
  const registry = await startRegistry();
  const forwarder = await startForwarder(registry.url, '', true);
  await get(`${forwarder.url}a`);
  assert.equal(registry.heads[0].host, new URL(forwarder.url).host);
  await forwarder.stop();
  registry.stop();
});

test('a registry that is down is a 502', async () => {
  const registry = await startRegistry();
  registry.stop();
  const forwarder = await startForwarder(registry.url, '');
  assert.equal((await get(`${forwarder.url}a`)).status, 502);
  await forwarder.stop();
});

test('after the cut nothing is answered, and every attempt is counted', async () => {
  const registry = await startRegistry();
  const forwarder = await startForwarder(registry.url, '');
  forwarder.cut();
  await assert.rejects(get(`${forwarder.url}a`));
  await assert.rejects(get(`${forwarder.url}a`));
  assert.equal(forwarder.attemptsSinceCut, 2);
  assert.deepEqual(registry.heads, []);
  await forwarder.stop();
  registry.stop();
});

test('a fault answers in place of the registry, for as long as it is set', async () => {
  const registry = await startRegistry();
  const forwarder = await startForwarder(registry.url, '');
  forwarder.fault = FAULTS[503];
  assert.equal((await get(`${forwarder.url}a`)).status, 503);
  assert.equal(forwarder.faulted, 1);
  assert.deepEqual(registry.heads, []);
  forwarder.fault = undefined;
  assert.equal((await get(`${forwarder.url}a`)).status, 200);
  await forwarder.stop();
  registry.stop();
});

test('it refuses connections, and takes them again at the same place', async () => {
  const registry = await startRegistry();
  const forwarder = await startForwarder(registry.url, '');
  const { url } = forwarder;
  await forwarder.refuse();
  await assert.rejects(get(`${url}a`), { code: 'ECONNREFUSED' });
  await forwarder.listen();
  assert.equal(forwarder.url, url);
  assert.equal((await get(`${url}a`)).status, 200);
  await forwarder.stop();
  registry.stop();
});

test('the tap notes what was asked and answered, and changes nothing', async () => {
  const registry = await startRegistry();
  const tap = await startTap(registry.url);
  const answer = await get(`${tap.url}npm/a`, { 'If-None-Match': '"0"' });
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.body, BODY);
  assert.equal(registry.heads[0].host, new URL(tap.url).host);
  const [{ method, path, headers, status, answered }] = tap.exchanges;
  assert.deepEqual([method, path, headers['if-none-match'], status, answered.etag], ['GET', '/npm/a', '"0"', 200, '"1"']);
  await tap.stop();
  registry.stop();
});

test('the trap remembers what was tried and refuses it', async () => {
  const trap = await startTrap();
  const { hostname, port } = new URL(trap.env.http_proxy);
  const status = await new Promise((resolve, reject) => {
    const ask = { hostname, port, path: 'http://registry.example/a', agent: false };
    http.get(ask, (response) => resolve(response.resume().statusCode)).on('error', reject);
  });
  assert.equal(status, 403);
  assert.deepEqual(trap.caught, ['GET http://registry.example/a']);
  await trap.stop();
});
