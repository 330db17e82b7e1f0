// The registry that stands behind in other tests, as it is seen by whoever asks it.

import assert from 'node:assert/strict';
import { createHash, createPublicKey, createVerify } from 'node:crypto';
import test from 'node:test';
import { gzipSync } from 'node:zlib';

import { FIXED, VULNERABLE } from './advisory.mjs';
import { ALTERED, ATTESTED, HARMLESS, IMPOSTOR, MISSIGNED, startPublic, VERSION, WORD } from './public.mjs';

async function withRegistry(body) {
  const registry = await startPublic(['@hosted/ours']);
  try {
    await body(registry, (path, options) => fetch(new URL(path, registry.url), options));
  } finally {
    await registry.stop();
  }
}

async function distOf(ask, name) {
  return (await (await ask(encodeURIComponent(name))).json()).versions[VERSION].dist;
}

function post(what, headers = {}) {
  return { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: what };
}

test('the signature of each version but one is true', () => withRegistry(async (registry, ask) => {
  const { keys: [{ key, keyid }] } = await (await ask('-/npm/v1/keys')).json();
  const publicKey = createPublicKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'spki' });
  for (const name of [VULNERABLE, HARMLESS, ATTESTED, ALTERED, MISSIGNED]) {
    const { integrity, signatures: [signature] } = await distOf(ask, name);
    const said = createVerify('SHA256').update(`${name}@${VERSION}:${integrity}`);
    const isTrue = said.verify(publicKey, signature.sig, 'base64');
    assert.equal(signature.keyid, keyid, name);
    assert.equal(isTrue, name !== MISSIGNED, name);
  }
}));

test('each tarball but one is what its digest says', () => withRegistry(async (registry, ask) => {
  for (const name of [VULNERABLE, HARMLESS, ATTESTED, ALTERED, MISSIGNED]) {
    const { integrity, tarball } = await distOf(ask, name);
    const bytes = Buffer.from(await (await fetch(tarball)).arrayBuffer());
    const digest = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
    assert.equal(digest === integrity, name !== ALTERED, name);
  }
}));

test('the attestations of one version are where its packument says', () => withRegistry(async (registry, ask) => {
  const { attestations } = await distOf(ask, ATTESTED);
  const told = await (await fetch(attestations.url)).json();
  assert.equal(told.attestations[0].predicateType, attestations.provenance.predicateType);
  assert.equal((await ask(`-/npm/v1/attestations/${HARMLESS}@${VERSION}`)).status, 404);
}));

test('a search finds names of its own and of others, page by page', () => withRegistry(async (registry, ask) => {
  const { objects, total } = await (await ask(`-/v1/search?text=${WORD}`)).json();
  const names = objects.map((each) => each.package.name);
  assert.ok(names.includes(HARMLESS) && names.includes('@hosted/ours'), names.join());
  assert.equal(total, names.length);
  const page = await (await ask(`-/v1/search?text=${WORD}&from=1&size=2`)).json();
  assert.deepEqual(page.objects.map((each) => each.package.name), names.slice(1, 3));
  const one = await (await ask(`-/v1/search?text=${WORD}+harmless`)).json();
  assert.deepEqual(one.objects.map((each) => each.package.name), [HARMLESS]);
  assert.equal(objects.find((each) => each.package.name === '@hosted/ours').package.version, IMPOSTOR);
}));

test('the advisory is told of versions that it is of, in each form', () => withRegistry(async (registry, ask) => {
  const tree = (version) => {
    const inside = { [VULNERABLE]: { version } };
    return JSON.stringify({ dependencies: { [HARMLESS]: { version: VERSION, dependencies: inside } } });
  };
  for (const [version, count] of [[VERSION, 1], [FIXED, 0]]) {
    const body = JSON.stringify({ [VULNERABLE]: [version] });
    const bulk = await (await ask('-/npm/v1/security/advisories/bulk', post(body))).json();
    assert.equal(Object.keys(bulk).length, count);
    for (const path of ['audits', 'audits/quick']) {
      const report = await (await ask(`-/npm/v1/security/${path}`, post(tree(version)))).json();
      assert.equal(Object.keys(report.advisories).length, count, path);
      assert.equal(report.metadata.vulnerabilities.high, count, path);
      assert.equal(report.metadata.dependencies, 2, path);
    }
  }
  assert.deepEqual(await (await ask('-/npm/v1/security/advisories/bulk', post('{}'))).json(), {});
}));

test('what it is asked is noted, and unpacked', () => withRegistry(async (registry, ask) => {
  const body = JSON.stringify({ [VULNERABLE]: [VERSION] });
  const packed = await ask('-/npm/v1/security/advisories/bulk', post(gzipSync(body), { 'content-encoding': 'gzip' }));
  assert.equal(Object.keys(await packed.json()).length, 1);
  const [{ method, url, headers, body: noted }] = registry.requests;
  assert.deepEqual([method, url, noted], ['POST', '/-/npm/v1/security/advisories/bulk', body]);
  assert.equal(headers['content-encoding'], 'gzip');
}));

test('audits fail when they are to, and nothing else does', () => withRegistry(async (registry, ask) => {
  registry.auditFails = true;
  assert.equal((await ask('-/npm/v1/security/audits/quick', post('{}'))).status, 503);
  assert.equal((await ask(HARMLESS)).status, 200);
}));

test('cut, it answers nobody', () => withRegistry(async (registry, ask) => {
  assert.equal((await ask(HARMLESS)).status, 200);
  registry.cut();
  await assert.rejects(ask(HARMLESS));
}));

test('what it does not have is a 404', () => withRegistry(async (registry, ask) => {
  const absent = ['absent', 'constructor', '@hosted%2fours', `${HARMLESS}/-/${HARMLESS}-9.9.9.tgz`, '-/x'];
  // An audit is no page to look at.
  for (const path of [...absent, '-/npm/v1/security/audits']) {
    assert.equal((await ask(path)).status, 404, path);
  }
}));
