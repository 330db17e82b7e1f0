// What is installed in a `node_modules`, of any client's layout.
// Knows nothing of lock files or of how it came there.

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** pnpm and deno keep packages here, each in a folder of its own, and link to them. */
const STORES = new Set(['.pnpm', '.deno']);

/** Every package that is installed, as `name@version`, sorted, each once. */
export function installed(nodeModules) {
  return [...new Set(packagesIn(nodeModules))].sort();
}

/** `@babel/core@7.0.0` → `/@babel/core/-/core-7.0.0.tgz`: where its tarball is, on every registry. */
export function tarballPath(spec) {
  const at = spec.lastIndexOf('@');
  const [name, version] = [spec.slice(0, at), spec.slice(at + 1)];
  return `/${name}/-/${name.split('/').at(-1)}-${version}.tgz`;
}

// Links lead to what is found elsewhere.
function packagesIn(nodeModules) {
  const entries = existsSync(nodeModules) ? readdirSync(nodeModules, { withFileTypes: true }) : [];
  return entries.filter((entry) => entry.isDirectory()).flatMap(({ name }) => {
    const inside = path.join(nodeModules, name);
    if (STORES.has(name)) return readdirSync(inside).flatMap((each) => packagesIn(path.join(inside, each, 'node_modules')));
    if (name.startsWith('.')) return [];
    return name.startsWith('@') ? packagesIn(inside) : packageIn(inside);
  });
}

function packageIn(directory) {
  const manifest = path.join(directory, 'package.json');
  if (!existsSync(manifest)) return packagesIn(path.join(directory, 'node_modules'));
  const { name, version } = JSON.parse(readFileSync(manifest, 'utf8'));
  return [`${name}@${version}`, ...packagesIn(path.join(directory, 'node_modules'))];
}
