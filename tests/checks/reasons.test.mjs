// What reasons.mjs finds in made-up manifests.

import assert from 'node:assert/strict';
import test from 'node:test';

import { withoutReason } from './reasons.mjs';

const check = (title, manifest, expected) => test(title, () => assert.deepEqual(withoutReason(manifest), expected));

check('a comment above is a reason', '[dependencies]\n# because\na = "1"', []);
check('a dependency without one is found', '[dependencies]\na = "1"', ['line 2: a']);
check('other tables need none', '[package]\nname = "x"', []);
check('a comment speaks for the family it names', '[dependencies]\n# fam: why\nfam = "1"\nfam-two = "1"', []);
check('a comment speaks for several names', '[dependencies]\n# a_x, b: why\na-x = "1"\nb = "1"', []);
check('but for no stranger', '[dependencies]\n# a: why\na = "1"\nb = "1"', ['line 4: b']);
check('nor across an empty line', '[dev-dependencies]\n# a: why\n\na = "1"', ['line 4: a']);
check('long values are one dependency', '[dependencies]\n# a: why\na = { version = "1", features = [\n  "x",\n] }\nb = "1"', ['line 6: b']);
check('a table of its own needs one too', '[dependencies.a]\nversion = "1"', ['line 1: a']);
check('and may have it', '# why\n[target.\'cfg(unix)\'.dependencies.a]\nversion = "1"', []);
