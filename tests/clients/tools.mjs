// The pinned package managers, and a Node.js new enough for them: installed once, by npm, from
// the user's own configured registry, into the user's cache folder. The lock files in `tools/`
// hold the digest of each, and no address.
// Knows nothing of how a package manager is driven.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** The `engines` of npm 12.2.0, the choosiest: a later patch of one of these lines, or any later line. */
const NODE_LINES = [[22, 22, 2], [24, 15, 0], [26, 0, 0]];

const FILES = ['package.json', 'package-lock.json'];

const cacheHome = process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache');
const toolsHome = path.join(cacheHome, 'nopar', 'tools');

/** The `node_modules` with what `tools/SET` pins. */
export function toolDirectory(set) {
  const source = path.join(import.meta.dirname, 'tools', set);
  const pins = createHash('sha256');
  for (const file of FILES) pins.update(readFileSync(path.join(source, file)));
  const name = `${set}-${pins.digest('hex').slice(0, 12)}-${process.platform}-${process.arch}`;
  const directory = path.join(toolsHome, name);
  if (!existsSync(directory)) install(source, directory);
  return path.join(directory, 'node_modules');
}

/** A Node.js that every client runs on: this one if it will do, else an installed one. */
export function recentNode() {
  if (isRecent(process.versions.node)) return process.execPath;
  return path.join(toolDirectory('node'), nodePackage(), 'bin', 'node');
}

/** Whether a Node.js version is one of `NODE_LINES`. */
export function isRecent(version) {
  const [major, minor, patch] = version.split('.').map(Number);
  const [newestLine] = NODE_LINES.at(-1);
  if (major > newestLine) return true;
  const line = NODE_LINES.find(([m]) => m === major);
  return Boolean(line) && (minor > line[1] || (minor === line[1] && patch >= line[2]));
}

// The package `node` fetches one of these in an install script; by its own name it needs no script.
function nodePackage() {
  const prefix = process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node';
  return `${prefix}-${process.platform}-${process.arch}`;
}

// Installed beside and renamed, so that what exists is whole. Not `npm ci`: it refuses a lock file
// that lacks other platforms' packages, which not every registry has.
function install(source, directory) {
  const set = path.basename(source);
  mkdirSync(toolsHome, { recursive: true });
  const beside = mkdtempSync(path.join(toolsHome, '.installing-'));
  console.log(`# installing the ${set}`);
  for (const file of FILES) copyFileSync(path.join(source, file), path.join(beside, file));
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  try {
    execFileSync('npm', ['install', ...flags], { cwd: beside, stdio: ['ignore', 'ignore', 'pipe'] });
    renameSync(beside, directory);
  } catch (error) {
    rmSync(beside, { recursive: true, force: true });
    if (!existsSync(directory)) throw new Error(`npm could not install the ${set}:\n${error.stderr ?? error.message}`);
  }
}
