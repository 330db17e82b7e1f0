// A project that depends on a few packages, and what it has of them.
// Knows nothing of where they come from: a registry is whatever the project's is.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { expect } from './report.mjs';

/** Makes a project one that depends on these, name → range, and has its client install them. */
export function installAll(project, client, dependencies) {
  const manifest = { name: 'consumer', version: '1.0.0', private: true, dependencies };
  project.write({ 'package.json': JSON.stringify(manifest) });
  return project.succeed(client.install);
}

/** Throws unless the `index.js` of each package that is installed is this text, name → text. */
export function expectInstalled(project, texts) {
  for (const [name, text] of Object.entries(texts)) {
    const file = path.join(project.nodeModules, name, 'index.js');
    expect(existsSync(file), `${file} is missing`);
    expect(readFileSync(file, 'utf8') === text, `${name}: index.js is another`);
  }
}
