import assert from 'node:assert/strict';
import test from 'node:test';

import { leaksIn } from './leaks.mjs';

const NAMES = ['@hosted/ours', 'plain-ours'];

function request(url, body = '', headers = {}) {
  return { method: 'GET', url, headers, body };
}

const LEAKS = [
  ['in a path', request('/@hosted/ours')],
  ['in an escaped path', request('/@hosted%2fours')],
  ['in a path that is escaped altogether', request('/%40hosted%2Fours')],
  ['in a path that is escaped twice', request('/%2540hosted%252Fours')],
  ['in another case', request('/Plain-Ours')],
  ['in a query', request('/-/v1/search?text=a+%40hosted%2Fours')],
  ['behind a lone percent sign', request('/-/v1/search?text=100%&more=%40hosted%2Fours')],
  ['in a body', request('/', '{"plain-ours":["1.0.0"]}')],
  ['in a body that is escaped as JSON may be', request('/', '{"\\u0040hosted\\/ours":[]}')],
  ['in a header', request('/', '', { referer: 'install plain-ours' })],
];

for (const [where, leak] of LEAKS) {
  test(`a name is found ${where}`, () => assert.equal(leaksIn([request('/'), leak], NAMES).length, 1));
}

test('other names are none of these', () => {
  const others = [request('/@hosted/other'), request('/plain'), request('/', '{"@hosted/our":[]}'), request('/%')];
  assert.deepEqual(leaksIn(others, NAMES), []);
});

test('what is found is shown as it was asked', () => {
  const [shown] = leaksIn([request('/@hosted%2fours', '{}')], NAMES);
  assert.equal(shown, 'GET /@hosted%2fours {} {}');
});
