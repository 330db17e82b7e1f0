// What units.mjs reads in what systemd-analyze prints, and what it refuses.

import assert from 'node:assert/strict';
import test from 'node:test';

import { exposureIn, findingsOf, wordsIn } from './units.mjs';

const printed = (figure) => `  NAME  DESCRIPTION  EXPOSURE\n✗ PrivateNetwork=  Service has access to the host's network  0.5\n\n→ Overall exposure level for nopar.service: ${figure} OK :-)\n`;

test('the figure is that of the last line', () => assert.equal(exposureIn(printed('1.4')), 1.4));
test('a whole number is one as well', () => assert.equal(exposureIn(printed('9')), 9));
test('what tells none is an error', () => assert.throws(() => exposureIn('Failed to load unit'), /tells no exposure/));
test('as much as is allowed is allowed', () => assert.deepEqual(findingsOf(1.5), []));
test('more is found', () => assert.match(findingsOf(1.6)[0], /exposure 1\.6, at most 1\.5/));
test('what is said of other units, and of the program that is not there, is no finding', () => {
  const own = '/x/nopar.socket:30: Unknown key name \'ListenStreem\' in section \'Socket\', ignoring.';
  const others = ['/lib/systemd/system/x.service:1: Unknown key', 'nopar.service: Command /usr/bin/nopar is not executable: No such file or directory', ''];
  assert.deepEqual(wordsIn([own, ...others].join('\n')), [own]);
});
