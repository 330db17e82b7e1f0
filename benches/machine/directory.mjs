// One temporary directory for all that a run writes; gone when the script ends, however it ends.
// Knows nothing of what is in it.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Makes the directory, in `parent`; `make(...names)` makes directories in it. */
export function temporaryDirectory(prefix, parent = os.tmpdir()) {
  const root = mkdtempSync(path.join(parent, `${prefix}-`));
  process.once('exit', () => rmSync(root, { recursive: true, force: true, maxRetries: 3 }));
  return {
    root,
    make(...names) {
      const directory = path.join(root, ...names);
      mkdirSync(directory, { recursive: true });
      return directory;
    },
  };
}
