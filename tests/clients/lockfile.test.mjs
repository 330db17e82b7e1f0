// What lockfile.mjs makes of the names in pnpm's store of links, and tools.mjs of Node's versions.

import assert from 'node:assert/strict';
import test from 'node:test';

import { pnpmTarball } from './lockfile.mjs';
import { isRecent } from './tools.mjs';

const TARBALLS = [
  ['express@4.21.2', '/express/-/express-4.21.2.tgz'],
  ['@babel+core@7.28.4', '/@babel/core/-/core-7.28.4.tgz'],
  ['react-dom@18.3.1_react@18.3.1', '/react-dom/-/react-dom-18.3.1.tgz'],
  ['gensync@1.0.0-beta.2', '/gensync/-/gensync-1.0.0-beta.2.tgz'],
  ['node_modules', undefined],
  ['lock.yaml', undefined],
];

for (const [directory, tarball] of TARBALLS) {
  test(`${directory} is ${tarball}`, () => assert.equal(pnpmTarball(directory), tarball));
}

test('npm 12 runs on some versions of Node and not on others', () => {
  const versions = ['20.20.2', '22.22.1', '22.22.2', '23.9.0', '24.14.9', '24.15.0', '25.1.0', '26.0.0', '27.1.0'];
  const recent = versions.filter(isRecent);
  assert.deepEqual(recent, ['22.22.2', '24.15.0', '26.0.0', '27.1.0']);
});
