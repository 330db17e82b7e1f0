// The machine's npm, installing the closure of the synthetic registry as on a new machine.
// Knows nothing of what answers at the registry's address.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { start } from '../machine/program.mjs';

/** An install that has not ended by then is stuck. */
const LIMIT_MS = 5 * 60_000;

const ARGUMENTS = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-online=false', '--loglevel=error'];

let count = 0;

/** Installs from `origin` into a new project with a new cache; gives seconds, or throws if anything is missing. */
export async function npmInstall(temporary, origin, registry) {
  count += 1;
  const root = temporary.make(`npm-${count}`);
  const project = temporary.make(`npm-${count}`, 'project');
  writeFileSync(path.join(project, 'package.json'), JSON.stringify({ name: 'project', version: '1.0.0', private: true, dependencies: registry.roots }));
  // Nothing of this machine's settings: the same npm everywhere.
  const env = { PATH: process.env.PATH, HOME: root, CI: 'true', npm_config_registry: `${origin}/`, npm_config_cache: path.join(root, 'cache'), npm_config_update_notifier: 'false' };
  const started = performance.now();
  await ended(await start('npm', ARGUMENTS, { cwd: project, env }));
  const seconds = (performance.now() - started) / 1000;
  check(project, registry.closure);
  // Removed when all is measured: a file system may look for places among what was deleted just now (ext4 without journal).
  return seconds;
}

async function ended(npm) {
  const timer = setTimeout(() => npm.signal('SIGKILL'), LIMIT_MS);
  const code = await npm.ended();
  clearTimeout(timer);
  if (code !== 0) throw new Error(`npm ended with ${code}\n${npm.output}`);
}

function check(project, closure) {
  const { packages } = JSON.parse(readFileSync(path.join(project, 'package-lock.json'), 'utf8'));
  const installed = new Set(Object.keys(packages).map((each) => each.replace(/^.*node_modules\//, '')));
  const missing = closure.filter((name) => !installed.has(name));
  if (missing.length > 0) throw new Error(`npm did not install ${missing.slice(0, 5).join(', ')} (${missing.length} missing)`);
  for (const name of closure) {
    const { version } = JSON.parse(readFileSync(path.join(project, 'node_modules', name, 'package.json'), 'utf8'));
    if (version !== packages[`node_modules/${name}`].version) throw new Error(`${name} is ${version} on disk`);
  }
}
