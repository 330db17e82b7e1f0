// A package manager checks the signatures of what a project has: proxied packages, whose registry signed them, and
// hosted ones.
// Knows nothing of keys: it looks at what the client says; of a hosted package's document, where signatures are in it.

import { readFileSync, renameSync, writeFileSync } from 'node:fs';

import { check, expect, expectNone } from './report.mjs';

/** All is as it was published. */
export async function checkSignatures(one, dependencies) {
  const { signatures, signaturesBy } = one.acts;
  if (!signatures) return;
  await check(`${one.name}: audit signatures finds all of them true`, async () => {
    const project = await one.projectWith(dependencies);
    const { output } = await project.succeed(signatures, signaturesBy);
    const count = Object.keys(dependencies).length;
    expect(new RegExp(`\\b${count} packages have `).test(output), `it does not speak of ${count} packages:\n${output}`);
  });
}

/** Of what a project has, `wrong` are not as they were published, and the others are. */
export async function checkUntrue(one, dependencies, wrong) {
  const { signatures, signaturesBy } = one.acts;
  if (!signatures) return;
  await check(`${one.name}: audit signatures finds untrue ${wrong.join(' and ')}`, async () => {
    const project = await one.projectWith(dependencies);
    const { code, output } = await project.run(signatures, signaturesBy);
    expect(code === 1, `it ended with ${code}:\n${output}`);
    expect(/invalid|tampered/i.test(output), output);
    expectNone(wrong.filter((name) => !output.includes(name)), `it does not speak of these:\n${output}\nnamely`);
    const others = Object.keys(dependencies).filter((name) => !wrong.includes(name));
    expectNone(others.filter((name) => output.includes(name)), `it speaks of these, too:\n${output}\nnamely`);
  });
}

/** Puts in a hosted version's document, which is this file, the signature of another version in place of its own. */
export function exchangeSignature(file, version, other) {
  const document = JSON.parse(readFileSync(file, 'utf8'));
  const [mine, others] = [version, other].map((each) => document.versions[each].dist);
  expect(mine.signatures?.length > 0, `${file} has no signatures for ${version}: where are they kept?`);
  expect(JSON.stringify(mine.signatures) !== JSON.stringify(others.signatures), `${file}: both have the same signatures`);
  mine.signatures = others.signatures;
  // As a whole, since it may be read meanwhile.
  writeFileSync(`${file}.new`, JSON.stringify(document));
  renameSync(`${file}.new`, file);
}
