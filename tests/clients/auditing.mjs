// A package manager asks which packages of a project are known to be vulnerable: one is, which comes from the registry
// behind; others come from there too, or are hosted.
// Knows nothing of who answers: it looks at exit codes and at what the client says.

import { GHSA, TITLE, VULNERABLE } from './advisory.mjs';
import { check, expect } from './report.mjs';

/** What any client may say where it has found nothing. */
const NOTHING_FOUND = /found 0 vulnerabilities|no (known )?vulnerabilities|no audit suggestions/i;

/** The statuses for what an upstream does not do. */
const UNAVAILABLE = /\b50[234]\b/;

/** Audits a project with the vulnerable package, and one with hosted ones alone: `mixed` and `own` are dependencies. */
export async function checkAudit(one, { mixed, own }) {
  const { audit } = one.acts;
  await check(`${one.name}: audit reports the advisory, and fails`, async () => {
    const project = await one.projectWith(mixed);
    const { code, output } = await project.run(audit);
    expect(code === 1, `it ended with ${code}:\n${output}`);
    const said = flat(output);
    expect(said.includes(VULNERABLE) && (said.includes(flat(TITLE)) || said.includes(GHSA)), output);
    const others = Object.keys(mixed).filter((name) => name !== VULNERABLE && said.includes(name));
    expect(others.length === 0, `it speaks of ${others.join(', ')} as well:\n${output}`);
  });
  await check(`${one.name}: audit of hosted packages alone finds nothing`, async () => {
    const project = await one.projectWith(own);
    const { code, output } = await project.run(audit);
    expect(code === 0 && NOTHING_FOUND.test(output), `it ended with ${code}:\n${output}`);
  });
}

/** Audits while the registry behind makes no audits: of `unasked`, of which nobody has, as answers may be remembered. */
export async function checkAuditFails(one, { unasked, own }) {
  const { audit, auditFailure, auditedInstall, failing } = one.acts;
  if (auditedInstall) {
    await check(`${one.name}: an install that cannot be audited is an install`, async () => {
      const project = one.newProject();
      const manifest = { name: 'consumer', version: '1.0.0', private: true, dependencies: unasked };
      project.write({ 'package.json': JSON.stringify(manifest) });
      const { output } = await project.succeed(auditedInstall, failing);
      expect(!NOTHING_FOUND.test(output), output);
    });
  }
  await check(`${one.name}: audit says that it could not be done, and fails`, async () => {
    const project = await one.projectWith(unasked);
    const { code, output } = await project.run(audit, failing);
    expect(code !== 0, `it ended with ${code}:\n${output}`);
    expect(!NOTHING_FOUND.test(output) && !output.includes(TITLE), output);
    expect((auditFailure ?? UNAVAILABLE).test(output), `it does not say why:\n${output}`);
  });
  await check(`${one.name}: audit of hosted packages alone needs no upstream`, async () => {
    const project = await one.projectWith(own);
    const { code, output } = await project.run(audit, failing);
    expect(code === 0 && NOTHING_FOUND.test(output), `it ended with ${code}:\n${output}`);
  });
}

// Clients break their lines, also within words, and frame them.
function flat(text) {
  return text.replace(/[\s│]+/g, '');
}
