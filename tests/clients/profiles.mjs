// A package manager looks at its user's profile, and changes the password.
// Knows nothing of how either is kept.

import { PASSWORD } from './publishing.mjs';
import { check, expect } from './report.mjs';

const OTHER_PASSWORD = 'quite another password';

/** The profile of one of its people, who has another password then. */
export async function checkProfile(one) {
  const { profile } = one.means;
  if (!profile) return;
  const user = one.person('mover');
  const project = await one.as('mover');
  await check(`${one.name}: profile get`, async () => {
    const { output } = await project.succeed(profile.get);
    for (const words of [user, `${user}@acme.example`]) expect(output.includes(words), output);
  });
  await check(`${one.name}: profile set password, which ends all other tokens`, async () => {
    const others = await one.tokenOf('mover');
    const answers = [[/Current password/, PASSWORD], [/New password/, OTHER_PASSWORD], [/Again/, OTHER_PASSWORD]];
    await project.converse(profile.setPassword, answers);
    expect(await logInStatus(one, user, PASSWORD) === 401, 'the password of old is one still');
    expect(await logInStatus(one, user, OTHER_PASSWORD) === 201, 'the other one is none');
    await project.succeed(one.acts.whoami);
    const { code } = await one.holding(others).run(one.acts.whoami);
    expect(code !== 0, 'another token is one still');
  });
}

async function logInStatus(one, name, password) {
  const response = await fetch(new URL(`-/user/org.couchdb.user:${name}`, one.registry.url), {
    method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name, password }),
  });
  return response.status;
}
