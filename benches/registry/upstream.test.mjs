// The upstream of the benchmarks, as a client sees it.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, before } from 'node:test';

import { makeRegistry } from './make.mjs';
import { startUpstream } from './upstream.mjs';

let dir;
let registry;
let upstream;
before(async () => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'nopar-upstream-'));
  registry = makeRegistry(dir, { packages: 3, seed: 'test', small: true });
  upstream = await startUpstream(dir);
});
after(async () => {
  await upstream.close();
  rmSync(dir, { recursive: true, force: true });
});

const get = (at, headers = {}) => fetch(upstream.origin + at, { headers });

test('a packument carries its own origin, packed or not', async () => {
  const { name, packument } = registry.packages[0];
  const text = readFileSync(path.join(dir, packument), 'utf8').replaceAll('http://registry.example', upstream.origin);
  for (const encoding of ['gzip', 'identity']) {
    const response = await get(`/${name.replace('/', '%2f')}`, { 'accept-encoding': encoding });
    assert.equal(response.headers.get('content-encoding'), encoding === 'gzip' ? 'gzip' : null);
    assert.equal(response.headers.get('cache-control'), 'public, max-age=300');
    assert.equal(await response.text(), text);
  }
});

test('a packument that is known is not sent again', async () => {
  const { name } = registry.packages[0];
  const { headers } = await get(`/${name}`);
  for (const known of [{ 'if-none-match': headers.get('etag') }, { 'if-modified-since': headers.get('last-modified') }]) {
    assert.equal((await get(`/${name}`, known)).status, 304);
  }
  const other = { 'if-none-match': '"another"', 'if-modified-since': headers.get('last-modified') };
  assert.equal((await get(`/${name}`, other)).status, 200);
});

test('every tarball comes whole', async () => {
  for (const { path: at, file } of registry.packages.flatMap(({ tarballs }) => tarballs)) {
    const bytes = readFileSync(path.join(dir, file));
    const response = await get(at);
    assert.equal(response.headers.get('content-length'), String(bytes.length));
    assert.ok(bytes.equals(Buffer.from(await response.arrayBuffer())), at);
  }
});

test('it counts until it is reset', async () => {
  const control = (at) => fetch(upstream.origin + at, { method: 'POST' });
  await control('/-/bench/reset');
  const { name, tarballs: [tarball] } = registry.packages[0];
  await (await get(`/${name}`)).text();
  await (await get(tarball.path)).arrayBuffer();
  assert.equal((await get('/nobody-has-this')).status, 404);
  const counts = await (await get('/-/bench/counts')).json();
  assert.deepEqual(counts, {
    packument: 1, tarball: 1, notModified: 0, notFound: 1, refused: 0,
    perPath: { [`/${name}`]: 1, [tarball.path]: 1, '/nobody-has-this': 1 },
  });
  await control('/-/bench/reset');
  assert.equal(upstream.counts().packument, 0);
});

test('it waits as long as it is told to', async () => {
  upstream.setLatency(50);
  const started = performance.now();
  await (await get(`/${registry.packages[0].name}`)).text();
  upstream.setLatency(0);
  // A timer may be a millisecond early.
  assert.ok(performance.now() - started >= 49);
});

test('going down, it breaks off what it is answering', async () => {
  upstream.setLatency(60_000);
  upstream.reset();
  const asked = get(`/${registry.packages[0].name}`);
  const refused = assert.rejects(asked, ({ cause }) => cause.code === 'ECONNRESET' || cause.code === 'UND_ERR_SOCKET');
  while (Object.keys(upstream.counts().perPath).length === 0) await new Promise(setImmediate);
  upstream.setDown(true);
  await refused;
  upstream.setDown(false);
  upstream.setLatency(0);
});

test('down, it resets connections; it can be told to come back', async () => {
  upstream.setDown(true);
  await assert.rejects(get(`/${registry.packages[0].name}`), ({ cause }) => cause.code === 'ECONNRESET' || cause.code === 'UND_ERR_SOCKET');
  assert.equal((await fetch(`${upstream.origin}/-/bench/down?on=0`, { method: 'POST' })).status, 200);
  assert.equal((await get(`/${registry.packages[0].name}`)).status, 200);
});
