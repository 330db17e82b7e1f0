// The Debian package of the built program, made by packaging/deb/build in a directory of the test's own.
// Knows nothing of what is in it.

import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';

export const top = path.join(import.meta.dirname, '..', '..');

/** The program that is packed. */
export function program() {
  const target = process.env.CARGO_TARGET_DIR ?? path.join(top, 'target');
  return process.env.NOPAR_BINARY ?? path.join(target, 'debug', 'nopar');
}

/** Whether a command is there. */
export const has = (command) => !spawnSync(command, ['--version'], { stdio: 'ignore' }).error;

/** Runs a command and returns what it printed; throws its words if it fails. */
export function run(command, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28, ...options });
  if (error || status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${error?.message ?? `${stdout}${stderr}`}`);
  return stdout;
}

/** Makes a package in that directory; returns its path. Packed fast: how small it gets is no question here. */
export function build(directory, revision = '1') {
  const env = { ...process.env, DPKG_DEB_COMPRESSOR_TYPE: 'gzip', DPKG_DEB_COMPRESSOR_LEVEL: '1' };
  const args = ['--binary', program(), '--output', directory, '--revision', revision];
  return execFileSync(path.join(top, 'packaging', 'deb', 'build'), args, { env, encoding: 'utf8', maxBuffer: 1 << 28 }).trim();
}
