// What lock files and installed trees say of the packages in them.
// Knows nothing of how they came to be.

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** The tarball URLs in a `package-lock.json`, of the packages that are installed on this platform. */
export function npmTarballs(project) {
  const { packages } = JSON.parse(readFileSync(project.lockfile, 'utf8'));
  return Object.entries(packages)
    .filter(([place]) => place !== '' && existsSync(path.join(project.directory, place)))
    .map(([place, entry]) => entry.resolved ?? `${place} has no resolved`);
}

/** The tarball URLs in a `package-lock.json` that are not under `registry`. */
export function npmForeign(project, registry) {
  return npmTarballs(project).filter((tarball) => !tarball.startsWith(registry));
}

/** The lines of a `pnpm-lock.yaml` that name a tarball or a host: where all tarballs are canonical, none does. */
export function pnpmForeign(project) {
  const lines = readFileSync(project.lockfile, 'utf8').split('\n');
  return lines.filter((line) => /tarball:|https?:\/\/(127\.0\.0\.1|localhost)/.test(line));
}

/** The canonical tarball paths of what pnpm installed: its store of links is named by package and version. */
export function pnpmTarballs(project) {
  return readdirSync(path.join(project.nodeModules, '.pnpm'))
    .map(pnpmTarball)
    .filter((tarball) => tarball !== undefined);
}

/** `@babel+core@7.0.0_peer@1.0.0` → `/@babel/core/-/core-7.0.0.tgz`; undefined for what is no package. */
export function pnpmTarball(directory) {
  const match = directory.match(/^((?:@[^+@]+\+)?[^@]+)@(\d[^_(]*)/);
  if (!match) return undefined;
  const name = match[1].replace('+', '/');
  return `/${name}/-/${name.split('/').at(-1)}-${match[2]}.tgz`;
}
