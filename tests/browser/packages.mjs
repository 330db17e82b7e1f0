// The packages that pages are about: ordinary ones, large ones, and such as somebody hostile would publish.
// Knows nothing of who holds them.

import { createHash } from 'node:crypto';

import { BACKWARDS, BACKWARDS_NAME, DEEP_README, FILES, LINK, LONG, README, TEXT } from './hostile.mjs';
import { packed } from './packed.mjs';

const DAY_MS = 86_400_000;

/** So many packages of no interest fill lists that have several pages of 50. */
const FILLERS = 118;

/** In the description of all that are of no interest, and nowhere else. */
export const FILLER_WORD = 'filler';

/** An ordinary package, with all that a package page can show. */
export const ORDINARY = 'left-margin';
/** The file of it that is a program. */
export const SOURCE = 'lib/margin.js';
/** What the hostile ones are called: a copy, and one that is published here. */
export const HOSTILE = 'hostile-words';
export const HOSTILE_LOCAL = '@acme/hostile-words';
/** Names that are as long as names may be. */
export const LONG_NAME = `a-${'very-long-'.repeat(20)}name`;
/** Published here: an ordinary one, one to be deleted, and others. */
export const LOCAL = '@acme/button';
export const DOOMED = '@acme/doomed';
/** The upstream has it, and it is not held at first. */
export const LATER = 'asked-for-later';
/** It has more versions than a page of them shows. */
export const MANY = 'many-versions';
export const MANY_COUNT = 130;

const ORDINARY_README = `# left-margin

Puts a margin to the left of *text*. Small, **tested**, and used by nobody else.

## Install

\`\`\`sh
npm install left-margin
\`\`\`

## Use

\`\`\`js
const margin = require('left-margin');
console.log(margin('text', 4));
\`\`\`

| argument | meaning | default |
|---|---|---|
| \`text\` | what is moved | |
| \`width\` | by so many columns | 4 |

- works on every line
- [documentation](https://left-margin.example/docs)
- ![build](https://left-margin.example/badge.svg)

> It is what it says.
`;

/** What copies are made of: `{ document, tarballs }` by name, of a registry at `url`. */
export function upstreamPackages(url) {
  const backwards = hostile(BACKWARDS_NAME, README);
  const later = { name: LATER, description: 'Not held at first', versions: { '1.0.0': {} }, files: plainFiles(LATER) };
  const all = [ordinary(), hostile(HOSTILE, README), backwards, long(), many(), later, ...fillers()];
  return new Map(all.map((each) => [each.name, published(url, each)]));
}

/** Those that are published to a registry at `url`, in the same form. */
export function localPackages(url) {
  const own = (name, description, more) => ({ name, description, versions: { '1.0.0': {} }, files: plainFiles(name), ...more });
  const button = own(LOCAL, 'A button, as all at Acme use it', {
    versions: { '1.0.0': {}, '1.1.0': {}, '2.0.0-rc.1': {}, '2.0.0': {} },
    manifest: { license: 'MIT', keywords: ['button', 'ui'], dependencies: { [ORDINARY]: '^1.0.0', 'not-held-here': '*' } },
  });
  const names = ['tokens', 'icons', 'forms', 'grid', 'charts'];
  const others = names.map((name) => own(`@acme/${name}`, `The ${name} of Acme's design system`));
  return [button, own(DOOMED, 'To be deleted'), hostile(HOSTILE_LOCAL, DEEP_README), ...others].map((each) => published(url, each));
}

function plainFiles(name) {
  return { 'README.md': `# ${name}\n\nOne of ours.\n`, 'index.js': "'use strict';\n" };
}

function ordinary() {
  return {
    name: ORDINARY,
    description: 'Puts a margin to the left of text',
    readme: ORDINARY_README,
    versions: {
      '0.9.0': { deprecated: 'It puts it to the right. Use 1.0.0.' }, '1.0.0': {}, '1.1.0': {}, '2.0.0-beta.1': {}, '2.0.0': {},
    },
    tags: { next: '2.0.0-beta.1' },
    manifest: {
      license: 'MIT',
      keywords: ['margin', 'text', 'left'],
      author: { name: 'Ann Author', email: 'ann@left-margin.example' },
      repository: { type: 'git', url: 'git+https://code.example/ann/left-margin.git' },
      homepage: 'https://left-margin.example/',
      bugs: { url: 'https://code.example/ann/left-margin/issues' },
      engines: { node: '>=18' },
      dependencies: { [MANY]: '^1.0.0', 'filler-001': '^0.5.0' },
      devDependencies: { 'filler-002': '*', 'not-held-here': '^3.1.0' },
      peerDependencies: { 'filler-003': '>=1' },
    },
    files: {
      'README.md': ORDINARY_README,
      'LICENSE': 'MIT\n',
      [SOURCE]: Array.from({ length: 40 }, (_, line) => `const line${line} = margin('text', ${line}); // a comment`).join('\n'),
      'index.js': "module.exports = require('./lib/margin.js');\n",
    },
  };
}

function hostile(name, readme) {
  const person = { name: `${TEXT}${BACKWARDS}`, email: TEXT, url: LINK };
  return {
    name,
    description: `${BACKWARDS} ${TEXT} ${LONG}`,
    readme,
    versions: { '1.0.0': { deprecated: TEXT }, '1.0.1': { deprecated: `${TEXT} ${LONG}` } },
    manifest: {
      license: BACKWARDS, keywords: [TEXT, LONG, BACKWARDS], author: person, contributors: [person], homepage: LINK,
      repository: { type: 'git', url: LINK }, bugs: { url: `https://elsewhere.example/"onmouseover="${TEXT}`, email: TEXT },
      engines: { node: TEXT, [TEXT]: LONG }, dependencies: { [ORDINARY]: TEXT, [MANY]: LONG, [BACKWARDS_NAME]: BACKWARDS },
    },
    maintainers: [person],
    files: { ...FILES, 'README.md': readme },
  };
}

function long() {
  const description = 'A description that goes on and on, as those of many packages do. '.repeat(12);
  return { name: LONG_NAME, description, versions: { [`1.0.0-${'alpha.'.repeat(20)}1`]: {} }, files: plainFiles(LONG_NAME) };
}

function many() {
  const versions = Object.fromEntries(Array.from({ length: MANY_COUNT }, (_, at) => [`1.${at}.0`, {}]));
  return { name: MANY, description: 'Published every day', versions, files: plainFiles(MANY) };
}

function fillers() {
  return Array.from({ length: FILLERS }, (_, at) => {
    const name = `filler-${String(at + 1).padStart(3, '0')}`;
    return { name, description: `A ${FILLER_WORD} of lists`, versions: { '1.0.0': {} }, files: plainFiles(name) };
  });
}

/** A document as registries keep it, and its tarballs by the names of their files. */
function published(url, { name, description, readme: text, versions, tags, manifest, maintainers, files }) {
  const tarballs = new Map();
  const base = name.split('/').at(-1);
  const numbers = Object.keys(versions);
  const documents = numbers.map((version) => {
    const about = { name, version, description, ...manifest, ...versions[version] };
    const bytes = packed({ 'package.json': JSON.stringify({ name, version }), ...files });
    const file = `${base}-${version}.tgz`;
    tarballs.set(file, bytes);
    const dist = {
      tarball: new URL(`${name}/-/${file}`, url).href,
      integrity: `sha512-${createHash('sha512').update(bytes).digest('base64')}`,
      shasum: createHash('sha1').update(bytes).digest('hex'),
      unpackedSize: 1000 + bytes.length,
      fileCount: Object.keys(files).length,
    };
    return [version, { ...about, _id: `${name}@${version}`, maintainers, dist }];
  });
  const times = numbers.map((version, at) => [version, new Date(Date.now() - (numbers.length - at) * DAY_MS).toISOString()]);
  const time = { created: times[0][1], modified: times.at(-1)[1], ...Object.fromEntries(times) };
  const document = {
    _id: name, name, description, readme: text ?? files['README.md'], readmeFilename: 'README.md', maintainers,
    'dist-tags': { latest: numbers.at(-1), ...tags }, versions: Object.fromEntries(documents), time,
    ...Object.fromEntries(Object.entries(manifest ?? {}).filter(([key]) => !key.endsWith('ependencies'))),
  };
  return { name, document, tarballs };
}
