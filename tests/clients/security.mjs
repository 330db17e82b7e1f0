// Audits as package managers of all ages ask for them: three endpoints, bodies packed or not.
// Knows nothing of clients: it asks by plain HTTP.

import { gzipSync } from 'node:zlib';

import { TITLE, VULNERABLE } from './advisory.mjs';
import { check, expect } from './report.mjs';

const SECURITY = '-/npm/v1/security/';
const ENDPOINTS = ['advisories/bulk', 'audits/quick', 'audits'];
/** What is asked for; and what is asked for when there is to be no answer, as answers may be remembered. */
const VERSION = '1.0.0';
const UNASKED = '1.0.1';

/** Each endpoint knows the advisory; `own` are names beside the vulnerable one that are nobody else's business. */
export async function checkAuditBodies(url, own) {
  for (const [endpoint, encoding] of ways()) {
    await check(`${endpoint} knows the advisory, asked ${encoding ? `in ${encoding}` : 'in plain text'}`, async () => {
      const response = await ask(url, endpoint, encoding, own, VERSION);
      const text = await response.text();
      expect(response.status === 200, `it is answered with ${response.status}: ${text}`);
      expect(text.includes(TITLE), `it is not in ${text}`);
      JSON.parse(text);
    });
  }
}

/** Each endpoint says that it could not be done, and nothing that could be taken for an answer. */
export async function checkAuditBodiesFail(url, own) {
  for (const [endpoint, encoding] of ways()) {
    await check(`${endpoint} cannot be had, asked ${encoding ? `in ${encoding}` : 'in plain text'}`, async () => {
      const response = await ask(url, endpoint, encoding, own, UNASKED);
      const text = await response.text();
      expect([502, 503, 504].includes(response.status), `it is answered with ${response.status}: ${text}`);
      expect(JSON.parse(text).error, `there is no reason in ${text}`);
    });
  }
}

function ways() {
  return ENDPOINTS.flatMap((endpoint) => [[endpoint, 'gzip'], [endpoint, undefined]]);
}

function ask(url, endpoint, encoding, own, version) {
  const bytes = Buffer.from(JSON.stringify(endpoint === 'advisories/bulk' ? bulk(own, version) : tree(own, version)));
  return fetch(new URL(SECURITY + endpoint, url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(encoding ? { 'content-encoding': encoding } : {}) },
    body: encoding ? gzipSync(bytes) : bytes,
  });
}

function bulk(own, version) {
  return Object.fromEntries([VULNERABLE, ...own].map((name) => [name, [version]]));
}

// As of npm 6: what a package requires is told by name as well; and the project, which has a name, too.
function tree(own, version) {
  const [name, ...rest] = own;
  const named = (names) => Object.fromEntries(names.map((each) => [each, version]));
  const node = { version, requires: named([VULNERABLE]), dependencies: { [VULNERABLE]: { version, requires: named(rest) } } };
  return {
    name,
    version,
    requires: named([...own, VULNERABLE]),
    dependencies: { ...Object.fromEntries(rest.map((each) => [each, node])), [VULNERABLE]: { version } },
  };
}
