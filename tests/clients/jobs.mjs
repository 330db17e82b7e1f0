// A package manager publishes in the job of a CI system, by the ID token that this makes for it, and installs there.
// Knows nothing of whom the registry trusts, but that it does.

import { installAll } from './consumer.mjs';
import { check, expect } from './report.mjs';

/**
 * What is done in a job, which is trusted to publish the package `published`, and not `other`, and to read `read`. The
 * last two are there, with the version 1.0.0.
 */
export async function checkJob(one, issuer, audience, { published, other, read }) {
  const { job } = one.means;
  if (job) await checkPublish(one, () => job(issuer, audience), published, other);
  await check(`${one.name}: a job asks for a token by itself, and installs what it may read`, async () => {
    const project = one.holding(await exchanged(one, issuer.token(audience), read));
    await installAll(project, one.client, { [read]: '1.0.0' });
    expect(project.installed(read).includes(`${read} 1.0.0`), 'it is another');
    const { code } = await one.offer(project, read, '9.0.0', (args) => project.run(args));
    expect(code !== 0, 'it publishes with it');
  });
}

async function checkPublish(one, variables, published, other) {
  const project = one.nobody();
  await check(`${one.name}: publish in a job needs no token`, async () => {
    await one.publishes(project, published, '1.0.0', variables());
    const owners = await one.owners(published);
    expect(owners.length === 1 && owners[0].startsWith('oidc:'), `its owners are ${owners}`);
  });
  await check(`${one.name}: publish in a job of what it is not trusted with is refused`, async () => {
    const { code, output } = await one.offer(project, other, '1.0.1', (args) => project.run(args, variables()));
    expect(code !== 0, `it ended with 0:\n${output}`);
    const { versions } = await one.document(other);
    expect(!versions['1.0.1'], 'it was published all the same');
  });
}

async function exchanged(one, token, name) {
  const path = `-/npm/v1/oidc/token/exchange/package/${encodeURIComponent(name)}`;
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(new URL(path, one.registry.url), { method: 'POST', headers });
  const body = await response.json();
  expect(response.ok && body.token, `it is answered with ${response.status}: ${JSON.stringify(body)}`);
  return body.token;
}
