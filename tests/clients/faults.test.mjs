// Each fault, as a client sees it that knows HTTP and no better.

import assert from 'node:assert/strict';
import http from 'node:http';
import test from 'node:test';

import { ABSENCES, FAULTS, mixed } from './faults.mjs';

/** How long is waited for what must not come, and for what must. */
const PATIENCE_MS = { late: 300, otherwise: 30_000 };

/** Endless is more than this. */
const ENOUGH_BYTES = 4 * 1024 * 1024;

/** What each is to look like: a status with a complete body, or how it breaks off. */
const SEEN = {
  reset: 'ECONNRESET',
  'cut mid-body': 'ECONNRESET',
  'cut mid-chunk': 'ECONNRESET',
  'says too much': 'late',
  // The rest of the body is taken for the head of another answer.
  'says too little': 'HPE_INVALID_CONSTANT',
  'never answers': 'late',
  'stops mid-body': 'late',
  500: 500, 502: 502, 503: 503, 504: 504, 429: 429, 401: 401, 403: 403,
  'a web page': 'not a packument of a',
  'another package': 'not a packument of a',
  endless: 'endless',
};

async function look(fault, expected) {
  const server = http.createServer(fault);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const seen = await new Promise((resolve) => {
    const request = http.get({ port: server.address().port, host: '127.0.0.1', agent: false });
    const late = setTimeout(() => resolve('late'), PATIENCE_MS[expected] ?? PATIENCE_MS.otherwise);
    let body = '';
    request.on('error', ({ code }) => resolve(code));
    request.on('response', (response) => {
      response.setEncoding('latin1').on('data', (text) => {
        body += text;
        if (body.length > ENOUGH_BYTES) resolve('endless');
      });
      response.on('error', ({ code }) => resolve(code));
      response.on('end', () => resolve(response.statusCode === 200 ? kind(body) : response.statusCode));
    });
    request.on('close', () => clearTimeout(late));
  });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  return seen;
}

function kind(body) {
  try {
    return JSON.parse(body).name === 'a' ? 'a packument of a' : 'not a packument of a';
  } catch {
    return 'not a packument of a';
  }
}

test('there is a picture of each fault', () => assert.deepEqual(Object.keys(FAULTS).sort(), Object.keys(SEEN).sort()));

for (const [name, fault] of Object.entries(FAULTS)) {
  test(`upstream: ${name}`, async () => assert.equal(await look(fault, SEEN[name]), SEEN[name]));
}

for (const [name, absence] of Object.entries(ABSENCES)) {
  test(`upstream: ${name}`, async () => assert.equal(await look(absence), Number(name)));
}

test('a mixture is all of them in turn', async () => {
  const fault = mixed();
  for (const name of Object.keys(FAULTS)) assert.equal(await look(fault, SEEN[name]), SEEN[name], name);
});
