// Every dependency in every Cargo.toml stands under a comment that says what it is there for.
// Knows nothing of what the dependency is.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Headers of tables whose keys are dependencies. */
const LIST = /^\[(target\..+\.)?(dev-|build-)?dependencies\]|^\[workspace\.dependencies\]|^\[patch\..+\]/;

/** Headers of tables that are one dependency. */
const SINGLE = /^\[(target\..+\.)?(dev-|build-)?dependencies\.([\w-]+)\]/;

/**
 * The dependencies in a manifest without a reason, as `line N: name`.
 * One comment may speak for a run of lines: for the first, for those it names before its colon,
 * and for those whose names begin with such a name (`pingora` for `pingora-cache`).
 */
export function withoutReason(manifest) {
  const findings = [];
  let isList = false;
  let reason;
  let depth = 0;
  for (const [index, line] of manifest.split('\n').entries()) {
    const text = line.trim();
    const isContinued = depth > 0;
    if (!text.startsWith('#')) depth += brackets(text);
    if (isContinued) continue;
    if (text.startsWith('#')) {
      // Of a longer comment the first line has the names.
      reason = reason?.isOpen ? reason : { names: namesIn(text), isOpen: true, isUsed: false };
    } else if (text.startsWith('[')) {
      isList = LIST.test(text);
      depth = 0;
      const single = text.match(SINGLE);
      if (single && !reason?.isOpen) findings.push(`line ${index + 1}: ${single[3]}`);
      reason = undefined;
    } else if (text === '') {
      reason = undefined;
    } else if (isList) {
      const name = text.match(/^"?([\w-]+)/)?.[1] ?? text;
      if (!reason || !speaksFor(reason, name)) findings.push(`line ${index + 1}: ${name}`);
      if (reason) Object.assign(reason, { isOpen: false, isUsed: true });
    }
  }
  return findings;
}

function speaksFor(reason, name) {
  if (!reason.isUsed) return true;
  const plain = name.replaceAll('_', '-');
  return reason.names.some((named) => plain === named || plain.startsWith(`${named}-`));
}

function namesIn(comment) {
  const head = comment.includes(':') ? comment.replace(/^#\s*/, '').split(':')[0] : '';
  return head.split(',').map((name) => name.trim().replaceAll('_', '-')).filter((name) => /^[\w-]+$/.test(name));
}

function brackets(text) {
  const bare = text.replace(/"[^"]*"/g, '');
  return (bare.match(/[[{]/g)?.length ?? 0) - (bare.match(/[\]}]/g)?.length ?? 0);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', 'Cargo.toml', '**/Cargo.toml'];
  const manifests = execFileSync('git', list, { encoding: 'utf8' }).split('\0').filter(Boolean);
  const findings = manifests.flatMap((file) => withoutReason(readFileSync(file, 'utf8')).map((finding) => `${file}: ${finding} has no reason above it`));
  findings.forEach((finding) => console.log(finding));
  console.log(`${manifests.length} manifests, ${findings.length} findings`);
  process.exitCode = findings.length === 0 && manifests.length > 0 ? 0 : 1;
}
