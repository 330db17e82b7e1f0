// The rows of the table: which request, how many connections, and how NOPAR is to do beside nginx.
// Knows nothing of servers.

import { identity, packumentHeaders, tarballHeaders } from './npm.mjs';

/** Connections that ask at once. */
const CONNECTIONS = 64;
/** For bodies of 5 MB and more, where 64 would only queue up for the one core of the client. */
const FEW_CONNECTIONS = 16;

/**
 * `package`: of the synthetic registry. `kind`: what is asked for. `target`: nginx's CPU time per
 * request over NOPAR's, at least. `stretch`: what would be better still.
 */
export const ROWS = [
  { name: 'packument-5k', package: 'bench-packument-5k', kind: 'packument', target: 1.0, stretch: 1.15 },
  { name: 'packument-40k', package: 'bench-packument-40k', kind: 'packument', target: 1.0, stretch: 1.15 },
  { name: 'packument-700k', package: 'bench-packument-700k', kind: 'packument', target: 1.0, stretch: 1.15 },
  { name: 'not-modified', package: 'bench-packument-40k', kind: 'conditional', target: 1.0, stretch: 1.1 },
  { name: 'tarball-10k', package: 'bench-tarball-10k', kind: 'tarball', target: 1.0, stretch: 1.25 },
  { name: 'tarball-300k', package: 'bench-tarball-300k', kind: 'tarball', target: 1.0, stretch: 1.25 },
  { name: 'tarball-5m', package: 'bench-tarball-5m', kind: 'tarball', target: 1.0, stretch: 1.3, large: true },
  { name: 'tarball-40m', package: 'bench-tarball-40m', kind: 'tarball', target: 1.0, stretch: 1.3, large: true },
  { name: 'identity-40k', package: 'bench-packument-40k', kind: 'identity', target: 0.8 },
];

/** The row as a request to be sent: path, headers, and what is expected. */
export function requestOf(row, registry) {
  const found = registry.packages.find((each) => each.name === row.package);
  if (!found) throw new Error(`the registry has no package ${row.package}`);
  return {
    ...(row.kind === 'tarball' ? tarballRequest(found, found.tarballs[0]) : packumentRequest(found.name, row.kind)),
    connections: row.large ? FEW_CONNECTIONS : CONNECTIONS,
    conditional: row.kind === 'conditional',
    large: row.large === true,
  };
}

/** How npm asks for a tarball of the registry. */
export function tarballRequest(found, tarball) {
  return { path: tarball.path, headers: tarballHeaders(`${found.name}@${tarball.version}`) };
}

/** How npm asks for a packument. */
export function packumentRequest(name, kind = 'packument') {
  const headers = packumentHeaders(name);
  return { path: `/${name}`, headers: kind === 'identity' ? identity(headers) : headers };
}
