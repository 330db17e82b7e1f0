// npm publishes a version with its provenance: a sigstore bundle, as a build service would have made it.
// Knows nothing of signatures, of which this one has none that is true: npm is made to believe it (`believing.cjs`).

import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';

import { bundleOf, PREDICATE } from './bundle.mjs';
import { tarball } from './dated.mjs';
import { check, expect } from './report.mjs';

const TARBALL = 'attested.tgz';
const BUNDLE = 'bundle.json';
const VERSION = '1.0.0';
const BELIEVING = { NODE_OPTIONS: `--require ${JSON.stringify(path.join(import.meta.dirname, 'believing.cjs'))}` };

/** Publishes a package of this name, and looks for its bundle where its manifest says that it is. */
export async function checkAttested(one, name) {
  await check(`${one.client.name}: publish of ${name} with its provenance`, async () => {
    const packed = tarball(name, VERSION);
    const bundle = bundleOf(name, VERSION, packed);
    one.project.write({ [TARBALL]: packed, [BUNDLE]: JSON.stringify(bundle) });
    await one.project.succeed(one.acts.attest(`./${TARBALL}`, BUNDLE), BELIEVING);
    const { attestations } = (await one.document(name)).versions[VERSION].dist;
    expect(attestations?.provenance?.predicateType === PREDICATE, `it says ${JSON.stringify(attestations)}`);
    const response = await fetch(attestations.url);
    expect(response.ok, `${attestations.url} is answered with ${response.status}`);
    const told = (await response.json()).attestations;
    expect(isDeepStrictEqual(told, [{ predicateType: PREDICATE, bundle }]), `there is ${JSON.stringify(told)}`);
  });
  for (const file of [TARBALL, BUNDLE]) one.project.forget(file);
}
