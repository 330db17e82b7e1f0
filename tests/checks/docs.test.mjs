// What docs.mjs finds in made-up pages.

import assert from 'node:assert/strict';
import test from 'node:test';

import { anchors, deadLinks, defaults, links, shape, unknownVariables, unlisted, wrongSettings } from './docs.mjs';

const PAGES = { 'docs/a.md': '# A\n\n## Who may?\n', 'conf': '' };
const dead = (text) => deadLinks('docs/b.md', text, (place) => PAGES[place]);

test('headings are called as GitHub calls them', () => {
  const text = '# Who may?\n## `nopar` & its [kin](x.md), 2-FA\n```sh\n# no heading\n```\n## Who may?\n';
  assert.deepEqual(anchors(text), ['who-may', 'nopar--its-kin-2-fa', 'who-may-1']);
});

test('what is code, or leads to the web, is no link within the repository', () => {
  const text = '[a](https://acme.example) `[b](b.md)` [c](c.md)\n```\n[d](d.md)\n```\n[e](#f)\n';
  assert.deepEqual(links(text), [{ line: 1, target: 'c.md' }, { line: 5, target: '#f' }]);
});

test('a link to a file, to a folder and to a heading lead somewhere', () => {
  assert.deepEqual(dead('# B\n[a](a.md) [c](../conf) [w](a.md#who-may) [b](#b)'), []);
});

test('a link to what is not there does not', () => {
  assert.deepEqual(dead('[x](x.md)'), ['docs/b.md:1: x.md: there is no docs/x.md']);
  assert.equal(dead('[a](docs/a.md)').length, 1, 'it is read from where the page is');
});

test('nor does one to a heading that is not there', () => {
  assert.deepEqual(dead('\n[a](a.md#who)'), ['docs/b.md:2: a.md#who: docs/a.md has no such heading']);
  assert.equal(dead('# B\n[c](#c)').length, 1);
});

test('a page is short, and begins with its title', () => {
  assert.deepEqual(shape('docs/a.md', '# A\nx\n'), []);
  assert.equal(shape('docs/a.md', `# A\n${'x\n'.repeat(200)}`).length, 1);
  assert.equal(shape('README.md', `# A\n${'x\n'.repeat(120)}`).length, 1);
  assert.equal(shape('docs/a.md', 'A\n').length, 1);
});

test('the README leads to each page', () => {
  assert.deepEqual(unlisted('[a](docs/a.md#x)', ['docs/a.md', 'docs/b.md']), ['README.md: no link to docs/b.md']);
});

test('a variable that nothing reads is found, in code too', () => {
  const known = new Set(['NOPAR_PORT']);
  assert.deepEqual(unknownVariables('`NOPAR_PORT`\n```\nNOPAR_PROT=1 x\n```\n', known), [{ line: 3, name: 'NOPAR_PROT' }]);
});

const FILE = '# Port.\n[server]\n\n# TCP port.\n# NOPAR_PORT\n#port = "1"\n\n# A name.\n# NOPAR_NAME\n#name = ""\n\n# url = "an example"\n';
const TABLE = '| `NOPAR_PORT` | `server.port` | `1` | the port |\n| `NOPAR_NAME` | `server.name` | | with `code` |\n';

test('the default file is read with its variables', () => {
  assert.deepEqual([...defaults(FILE)], [
    ['server.port', { variable: 'NOPAR_PORT', value: '1' }], ['server.name', { variable: 'NOPAR_NAME', value: '' }],
  ]);
});

test('a table that tells of all settings is right', () => {
  assert.deepEqual(wrongSettings(TABLE, FILE), []);
  assert.deepEqual(wrongSettings('| `NOPAR_PORT`, `NOPAR_NAME` | `server.port`, `server.name` | | |\n', FILE.replace('"1"', '""')), []);
});

for (const [what, from, to] of [
  ['lacks a setting', '| `NOPAR_NAME` | `server.name` | | with `code` |\n', ''],
  ['has another default', '`1`', '`2`'],
  ['has a default where there is none', '`server.name` | |', '`server.name` | `x` |'],
  ['has another variable', 'NOPAR_NAME', 'NOPAR_NAMES'],
  ['tells of what there is not', '| `NOPAR_PORT`', '| `NOPAR_X` | `server.x` | | |\n| `NOPAR_PORT`'],
]) {
  test(`a table that ${what} is wrong`, () => assert.equal(wrongSettings(TABLE.replace(from, to), FILE).length, 1));
}
