// Anybody follows the address of an attestation out of a packument, below a path prefix and without.
// Knows nothing of what is attested: there is a bundle, and it is the same on every way.

import { isDeepStrictEqual } from 'node:util';

import { check, expect } from './report.mjs';

const PREFIX = '/behind/a/proxy';

/** `attested` is name → what is told of its version; `unattested` are `NAME@VERSION` of which nothing is told. */
export async function checkAttestations(url, version, attested, unattested) {
  for (const [name, expected] of Object.entries(attested)) {
    await check(`the attestations of ${name} are where its packument says, which is here`, async () => {
      await expectBundle(await addressOf(name, url, version), url, {}, expected);
    });
    await check(`the attestations of ${name} are below a prefix, and without it`, async () => {
      const headers = { 'x-forwarded-prefix': PREFIX };
      const address = await addressOf(name, url, version, headers);
      const below = new URL(`${PREFIX}/`, url).href;
      await expectBundle(address, below, headers, expected);
      await expectBundle(new URL(address).href.replace(below, url), url, headers, expected);
    });
    await check(`the attestations of ${name} are there however its slash is spelt`, async () => {
      const address = new URL(`-/npm/v1/attestations/${encodeURIComponent(name)}@${version}`, url).href;
      await expectBundle(address, url, {}, expected);
    });
  }
  for (const spec of unattested) {
    await check(`of ${spec} there is nothing attested`, async () => {
      const response = await fetch(new URL(`-/npm/v1/attestations/${spec}`, url));
      const text = await response.text();
      expect(response.status === 404 && JSON.parse(text).error, `it is answered with ${response.status}: ${text}`);
    });
  }
}

async function addressOf(name, url, version, headers = {}) {
  const response = await fetch(new URL(encodeURIComponent(name), url), { headers });
  expect(response.ok, `${name} is answered with ${response.status}`);
  const { attestations } = (await response.json()).versions[version].dist;
  expect(attestations?.url, `there are no attestations: ${JSON.stringify(attestations)}`);
  return attestations.url;
}

async function expectBundle(address, base, headers, expected) {
  expect(address.startsWith(base), `${address} is not below ${base}`);
  // What a reverse proxy would take away with a prefix, or leave: both are read.
  const response = await fetch(address, { headers });
  const text = await response.text();
  expect(response.ok, `${address} is answered with ${response.status}: ${text}`);
  expect(isDeepStrictEqual(JSON.parse(text).attestations, expected), `${address} tells ${text}`);
}
