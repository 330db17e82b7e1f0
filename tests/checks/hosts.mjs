// No file in the repository names the host of the npm registry that this machine uses, and no
// lock file records where a package was downloaded: both differ from machine to machine.
// Knows no host itself but the one that NOPAR has built in.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { npmConfig } from '../clients/forwarder.mjs';

/** Anybody's names: NOPAR's default upstream, and this machine (a NOPAR that runs on it). */
const ANYBODYS = ['registry.yarnpkg.com', 'localhost', '127.0.0.1', '[::1]'];

/** What a lock file of each client writes where it keeps a download address. */
const DOWNLOADS = {
  'package-lock.json': /"resolved":\s*"https?:/,
  'npm-shrinkwrap.json': /"resolved":\s*"https?:/,
  'pnpm-lock.yaml': /tarball:\s*'?https?:/,
  'yarn.lock': /resolved "https?:|__archiveUrl=/,
  'bun.lock': /"https?:[^"]*\.tgz"/,
  'deno.lock': /"tarball":\s*"https?:/,
};

/** Crates come from Cargo's own index or from this repository. */
const CRATE_SOURCE = /^source = "(?!registry\+https:\/\/github\.com\/rust-lang\/crates\.io-index"$)/;

/** Where `text` of `file` says what it must not, as `file:line: what`. */
export function findingsIn(file, text, host) {
  const isNamed = host && !ANYBODYS.includes(host) ? (line) => line.toLowerCase().includes(host) : () => false;
  const name = path.basename(file);
  const download = DOWNLOADS[name];
  return text.split('\n').flatMap((line, index) => {
    const found = [];
    if (isNamed(line)) found.push('names the host of the configured npm registry');
    if (download?.test(line)) found.push('records a download address');
    if (name === 'Cargo.lock' && CRATE_SOURCE.test(line)) found.push('takes a crate from an unusual place');
    return found.map((what) => `${file}:${index + 1}: ${what}`);
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { hostname } = new URL(npmConfig('registry'));
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const files = execFileSync('git', list, { encoding: 'utf8' }).split('\0').filter((file) => file && existsSync(file));
  // latin1 keeps every byte: a host inside a binary file is found as well.
  const findings = files.flatMap((file) => findingsIn(file, readFileSync(file, 'latin1'), hostname.toLowerCase()));
  findings.forEach((finding) => console.log(finding));
  console.log(`${files.length} files, ${findings.length} findings`);
  process.exitCode = findings.length === 0 && files.length > 0 ? 0 : 1;
}
