// The pinned package managers, and a Node.js new enough for them: installed once, by npm, from
// the user's own configured registry, into the user's cache folder.
// Knows nothing of how a package manager is driven.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** The Node.js that is installed where the one running this is too old for a client. */
const NODE = '24.21.0';

/** npm 12.2.0's `engines`: a later patch of one of these lines, or any later line. */
const NODE_LINES = [[22, 22, 2], [24, 15, 0], [26, 0, 0]];

const cacheHome = process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache');
const toolsHome = path.join(cacheHome, 'nopar', 'tools');

/** The directory that holds `name@version` and its dependencies as `node_modules`. */
export function toolDirectory(name, version) {
  const directory = path.join(toolsHome, `${name.replaceAll('/', '+')}@${version}-${process.platform}-${process.arch}`);
  if (!existsSync(directory)) install(`${name}@${version}`, directory);
  return path.join(directory, 'node_modules');
}

/** A Node.js that npm 12 runs on: this one if it will do, else an installed one. */
export function recentNode() {
  if (isRecent(process.versions.node)) return process.execPath;
  const name = nodePackage();
  return path.join(toolDirectory(name, NODE), name, 'bin', 'node');
}

/** Whether a Node.js version is one of `NODE_LINES`. */
export function isRecent(version) {
  const [major, minor, patch] = version.split('.').map(Number);
  const [newestLine] = NODE_LINES.at(-1);
  if (major > newestLine) return true;
  const line = NODE_LINES.find(([m]) => m === major);
  return Boolean(line) && (minor > line[1] || (minor === line[1] && patch >= line[2]));
}

// The package `node` fetches one of these in an install script; asked for by its own name it
// needs no script.
function nodePackage() {
  const prefix = process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node';
  return `${prefix}-${process.platform}-${process.arch}`;
}

// Installed beside and renamed, so that what exists is whole.
function install(spec, directory) {
  mkdirSync(toolsHome, { recursive: true });
  const beside = mkdtempSync(path.join(toolsHome, '.installing-'));
  console.log(`# installing ${spec}`);
  const flags = ['--no-save', '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund'];
  try {
    execFileSync('npm', ['install', '--prefix', beside, ...flags, spec], {
      cwd: beside,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    renameSync(beside, directory);
  } catch (error) {
    rmSync(beside, { recursive: true, force: true });
    if (!existsSync(directory)) throw new Error(`npm could not install ${spec}:\n${error.stderr ?? error.message}`);
  }
}
