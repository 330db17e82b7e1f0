// What the registry holds while its pages are measured: many packages of an upstream, and some of its own, one of them
// with a README of decent length, many versions and a tarball of many files.
// Knows nothing of pages.

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';

import { packumentHeaders } from '../compare/npm.mjs';
import { askAll } from '../compare/http.mjs';
import { wholeDocument } from '../publish/document.mjs';

const WORDS = ['button', 'state', 'router', 'client', 'server', 'parser', 'theme', 'logger', 'cache', 'queue', 'form', 'table', 'chart', 'date', 'event', 'stream'];

/** Of its own, beside the large one. */
const OWN = 200;
/** Files in the tarball of the large one. */
const FILES = 400;
/** Versions of the upstream's package that has many. */
const VERSIONS = 2000;

/** The package with a long README and many files. */
export const LARGE = '@acme/design-system';
/** The upstream's package of many versions. */
export const OLD = 'button-of-old';

const word = (n) => WORDS[n % WORDS.length];

/** The name of one of an upstream's packages; about a third has a scope. */
export function nameOf(n) {
  const bare = `${word(Math.floor(n / 7))}-${word(Math.floor(n / 3) + 1)}-${n}`;
  return n % 3 ? bare : `@scope-${n % 40}/${bare}`;
}

/** An upstream of `count` packages that depend on one another: `{ url, close() }`. */
export async function startUpstream(count) {
  const numbers = new Map(Array.from({ length: count }, (_, n) => [nameOf(n), n]));
  const server = http.createServer((request, response) => {
    const name = decodeURIComponent(request.url.slice(1));
    const found = name === OLD ? packument(OLD, count, VERSIONS, count) : numbers.has(name) && packument(name, numbers.get(name), 5, count);
    response.writeHead(found ? 200 : 404, { 'content-type': 'application/json', ...(found && { etag: `"${name}"` }) });
    response.end(found || '{"error":"not found"}');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}

function packument(name, number, versions, count) {
  const dependencies = Object.fromEntries(Array.from({ length: number % 16 }, (_, n) => [nameOf((number * 31 + n * 97) % count), `^1.${n}.0`]));
  const manifest = (n) => ({
    name, version: `1.${n}.0`, description: `The ${word(number)} that applications use for their ${word(number + 5)}`, license: 'MIT', keywords: [word(number)], dependencies,
    dist: { tarball: `http://registry.example/${name}/-/${name.split('/').at(-1)}-1.${n}.0.tgz`, shasum: String(n).padStart(40, '0'), unpackedSize: 1000 + number },
  });
  const all = Array.from({ length: versions }, (_, n) => manifest(n));
  return JSON.stringify({
    name, 'dist-tags': { latest: all.at(-1).version }, readme: `# ${name}\n\n${'Some words about it. '.repeat(20)}`,
    versions: Object.fromEntries(all.map((each) => [each.version, each])),
    time: Object.fromEntries(all.map((each, n) => [each.version, new Date(1.6e12 + n * 1e7).toISOString()])),
  });
}

/** Has NOPAR fetch all of an upstream's packages, and publishes its own, made in the directory `home`. */
export async function fill(port, count, home) {
  const asked = [OLD, ...Array.from({ length: count }, (_, n) => nameOf(n))].map((name) => ({ path: `/${name.replace('/', '%2f')}`, headers: packumentHeaders(name) }));
  await askAll(port, asked, 16, ({ status }, { path: of }) => {
    if (status !== 200) throw new Error(`${of} was answered with ${status}`);
  });
  for (let n = 0; n < OWN; n += 1) await publish(port, `@acme/${word(n)}-${n}`, Buffer.from(`the tarball of ${n}`), '# Our own');
  await publish(port, LARGE, tarball(home), readme());
}

async function publish(port, name, bytes, text) {
  const response = await fetch(`http://127.0.0.1:${port}/${name.replace('/', '%2f')}`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: wholeDocument(name, bytes, text) });
  if (response.status !== 201) throw new Error(`publishing ${name} was answered with ${response.status}: ${await response.text()}`);
}

/** Some 40 KB of all that READMEs have. */
function readme() {
  const code = '```js\nimport { Button } from "@acme/design-system";\nconst element = <Button onClick={() => undefined}>Save</Button>;\n```\n';
  const rows = Array.from({ length: 40 }, (_, n) => `| \`option${n}\` | string | what it does, with a [link](https://acme.example/${n}) |`);
  const part = (n) => `## Part ${n}\n\n${'A sentence with *stress*, `code` and more. '.repeat(20)}\n\n${code}\n- one\n- two\n  - three\n\n`;
  return `# Design system\n\n| name | type | what |\n|---|---|---|\n${rows.join('\n')}\n\n${Array.from({ length: 30 }, (_, n) => part(n)).join('')}`;
}

function tarball(home) {
  for (let n = 0; n < FILES; n += 1) {
    const folder = path.join(home, 'package', n % 2 ? 'dist' : `src/part-${n % 20}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, `file-${n}.js`), `export const value${n} = ${n};\n`.repeat(100));
  }
  writeFileSync(path.join(home, 'package', 'package.json'), JSON.stringify({ name: LARGE, version: '1.0.0' }));
  return execFileSync('tar', ['-C', home, '-czf', '-', 'package'], { maxBuffer: 1 << 28 });
}
