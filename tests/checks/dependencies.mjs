// Every crate NOPAR is built from has a licence it may be built from, and is there in one major
// version, or dependencies.json says why not. A row there that is no longer needed fails too.
// Knows nothing of the code that uses the crates.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { isSatisfied, parse } from './spdx.mjs';

/** What is wrong with the licences of `packages` under `policy`, a sentence each. */
export function licenceFindings(packages, policy) {
  const findings = [];
  const expressions = [];
  for (const { name, version, license } of packages) {
    try {
      if (!license) throw new Error('it states none');
      expressions.push({ crate: `${name} ${version}`, text: license, node: parse(license) });
    } catch (error) {
      findings.push(`${name} ${version}: its licence cannot be read: ${error.message}`);
    }
  }
  const allowed = Object.keys(policy.licences);
  const refused = (licences) => expressions.filter(({ node }) => !isSatisfied(node, new Set(licences)));
  const unmet = refused(allowed);
  findings.push(...unmet.map(({ crate, text }) => `${crate}: ${text} is not allowed`));
  const stale = allowed.filter((row) => refused(allowed.filter((other) => other !== row)).length === unmet.length);
  findings.push(...stale.map((row) => `licences: ${row} is allowed, but no crate needs it`));
  return [...findings, ...rowsWithoutReason('licences', policy.licences)];
}

/** What is wrong with the versions of `packages` under `policy`, a sentence each. */
export function duplicateFindings(packages, policy) {
  const lines = new Map();
  for (const { name, version } of packages) {
    lines.set(name, (lines.get(name) ?? new Set()).add(compatibilityLine(version)));
  }
  const findings = [];
  const listed = new Map(policy.duplicates.map((row) => [row.crate, row]));
  for (const [name, found] of lines) {
    if (found.size > 1 && !listed.has(name)) findings.push(`${name} is there as ${sorted(found)}; name the reason or remove one`);
  }
  for (const { crate, versions, reason } of policy.duplicates) {
    const found = sorted(lines.get(crate) ?? []);
    if (found !== sorted(versions)) findings.push(`duplicates: ${crate} is listed as ${sorted(versions)}, but is there as ${found || 'nothing'}`);
    if (!reason) findings.push(`duplicates: ${crate} has no reason`);
  }
  return findings;
}

/** The part of a version that Cargo keeps when it looks for a compatible one. */
export function compatibilityLine(version) {
  const [major, minor, patch] = version.split('.');
  if (major !== '0') return major;
  return minor !== '0' ? `0.${minor}` : `0.0.${patch.split(/[-+]/)[0]}`;
}

function rowsWithoutReason(table, rows) {
  return Object.entries(rows).filter(([, reason]) => !reason).map(([row]) => `${table}: ${row} has no reason`);
}

function sorted(versions) {
  return [...versions].sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).join(', ');
}

function metadata(...flags) {
  const options = { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'inherit'] };
  const { packages, resolve } = JSON.parse(execFileSync('cargo', ['metadata', '--format-version', '1', '--locked', ...flags], options));
  const used = new Set(resolve.nodes.map(({ id }) => id));
  return packages.filter(({ id }) => used.has(id));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const policy = JSON.parse(readFileSync(new URL('dependencies.json', import.meta.url), 'utf8'));
  const everywhere = metadata();
  const findings = [
    ...licenceFindings(everywhere, policy),
    ...duplicateFindings(metadata('--filter-platform', policy.platform), policy),
  ];
  findings.forEach((finding) => console.log(finding));
  console.log(`${everywhere.length} crates, ${findings.length} findings`);
  process.exitCode = findings.length === 0 ? 0 : 1;
}
