// An issuer's tokens are signed by the key that it shows, and only its jobs get one.

import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { after, before, test } from 'node:test';

import { startIssuer } from './issuer.mjs';

let issuer;
before(async () => { issuer = await startIssuer({ sub: 'a job', repository: 'acme/ui' }); });
after(() => issuer.stop());

async function json(url, headers) {
  const response = await fetch(url, { headers });
  return { status: response.status, body: await response.json() };
}

test('a token says who made it for whom, and is signed by the key that is shown', async () => {
  const token = issuer.token('npm:registry.example');
  const [header, claims, signature] = token.split('.');
  const { kid } = JSON.parse(Buffer.from(header, 'base64url'));
  const { body: about } = await json(`${issuer.url}/.well-known/openid-configuration`);
  const { body: { keys } } = await json(about.jwks_uri);
  const key = createPublicKey({ format: 'jwk', key: keys.find((each) => each.kid === kid) });
  assert.ok(verify('sha256', Buffer.from(`${header}.${claims}`), key, Buffer.from(signature, 'base64url')));
  const { iss, aud, sub, repository } = JSON.parse(Buffer.from(claims, 'base64url'));
  assert.deepEqual([iss, aud, sub, repository], [about.issuer, 'npm:registry.example', 'a job', 'acme/ui']);
});

test('a job asks for the token of the audience that it names, and nobody else gets one', async () => {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: address, ACTIONS_ID_TOKEN_REQUEST_TOKEN: shown } = issuer.askingJob;
  const url = `${address}&audience=npm%3Aregistry.example`;
  const { body: { value } } = await json(url, { authorization: `Bearer ${shown}` });
  assert.equal(JSON.parse(Buffer.from(value.split('.')[1], 'base64url')).aud, 'npm:registry.example');
  assert.equal((await json(url)).status, 401);
  assert.equal((await json(`${issuer.url}/elsewhere`)).status, 404);
});

test('no two tokens are the same', () => {
  assert.notEqual(issuer.token('a'), issuer.token('a'));
});
