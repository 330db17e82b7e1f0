// The only thing that is known to be wrong with any package, and how a registry tells of it, in each of the forms in which
// package managers ask.
// Knows nothing of how a question comes.

/** The package that is vulnerable, below the version in which that was mended. */
export const VULNERABLE = 'vulnerable-package';
export const FIXED = '2.0.0';

/** By what a client's report is known: its identifier, and its title. */
export const GHSA = 'GHSA-9c8f-7hjm-2qrx';
export const TITLE = 'The lantern goes out';

const ADVISORY = {
  id: 1_000_001,
  url: `https://advisories.example/advisories/${GHSA}`,
  title: TITLE,
  severity: 'high',
  vulnerable_versions: `<${FIXED}`,
  cwe: ['CWE-400'],
  cvss: { score: 7.5, vectorString: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H' },
};

/** The answer to `advisories/bulk`; `asked` is name → versions. */
export function bulkReport(asked) {
  const isKnown = (asked[VULNERABLE] ?? []).some(isVulnerable);
  return isKnown ? { [VULNERABLE]: [ADVISORY] } : {};
}

/** The answer to `audits` and `audits/quick`; `asked` is a lock file's tree: `requires` and `dependencies`. */
export function treeReport(asked) {
  const found = [...nodes(asked.dependencies, [])];
  const findings = found.filter(({ name, version }) => name === VULNERABLE && isVulnerable(version))
    .map(({ version, path }) => ({ version, paths: [path.join('>')], dev: false, optional: false, bundled: false }));
  const { id, ...rest } = ADVISORY;
  const advisories = findings.length > 0 ? { [id]: { ...rest, id, module_name: VULNERABLE, findings } } : {};
  const actions = findings.map(({ version, paths }) => (
    { action: 'update', module: VULNERABLE, target: FIXED, resolves: [{ id, path: paths[0] }], version }
  ));
  const vulnerabilities = { info: 0, low: 0, moderate: 0, high: findings.length, critical: 0 };
  const dependencies = found.length;
  return { actions, advisories, muted: [], metadata: { vulnerabilities, dependencies, totalDependencies: dependencies } };
}

function* nodes(dependencies, above) {
  for (const [name, node] of Object.entries(dependencies ?? {})) {
    const path = [...above, name];
    yield { name, version: node.version, path };
    yield* nodes(node.dependencies, path);
  }
}

function isVulnerable(version) {
  return Number(version.split('.')[0]) < Number(FIXED.split('.')[0]);
}
