import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

import { packed } from './packed.mjs';

test('a tarball is one that tar reads, with names of any length', () => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'nopar-packed-'));
  const long = `${'a-folder/'.repeat(12)}file.txt`;
  const files = { 'package.json': '{}', [long]: 'x'.repeat(600), 'with "quotes" <b>.txt': 'quoted' };
  writeFileSync(path.join(directory, 'it.tgz'), packed(files));
  execFileSync('tar', ['-xzf', 'it.tgz'], { cwd: directory });
  for (const [name, text] of Object.entries(files)) {
    assert.equal(readFileSync(path.join(directory, 'package', name), 'utf8'), text);
  }
  rmSync(directory, { recursive: true });
});
