// A package manager begins a second factor, and publishes with its codes: asked on a terminal, by an option, from paper.
// Knows nothing of how codes are judged.

import { Authenticator } from './one-time.mjs';
import { PASSWORD } from './publishing.mjs';
import { check, expect } from './report.mjs';

const SECRET = /secret=([A-Z2-7]+)/;
const RECOVERY = /\b[0-9a-f]{64}\b/g;
const MODE = 'auth-and-writes';

/**
 * Everything about a second factor; `name` is a package that is not there. The codes for paper that are left, if there are
 * any.
 */
export async function checkSecondFactor(one, name) {
  const { once, asksOnce, profile } = one.means;
  const project = await one.as('guarded');
  const begin = profile ? () => enable(project, profile) : () => enableByHand(one);
  const factor = await check(`${one.name}: a second factor is begun`, begin);
  if (!factor) return undefined;
  const { app, recovery } = factor;
  await check(`${one.name}: publish without a code, where nobody can be asked, says that it needs one`, () => {
    return one.isRefused(project, name, '1.0.0', /one-time pass|OTP|additional authentication/i);
  });
  await check(`${one.name}: publish asks for a code on a terminal`, async () => {
    const answers = [[asksOnce, () => app.next()]];
    await one.offer(project, name, '1.0.0', (args) => project.converse(args, answers));
    expect((await one.owners(name)).join() === one.person('guarded'), 'it is of somebody else');
  });
  await check(`${one.name}: publish with a code`, async () => {
    const code = await app.next();
    await one.offer(project, name, '1.0.1', (args) => project.succeed(once(args, code)));
  });
  await check(`${one.name}: publish with a code from paper, which is good once`, async () => {
    await one.offer(project, name, '1.0.2', (args) => project.succeed(once(args, recovery[0])));
    const { code } = await one.offer(project, name, '1.0.3', (args) => project.run(once(args, recovery[0])));
    const { versions } = await one.document(name);
    expect(code !== 0 && !versions['1.0.3'], 'it was good twice');
  });
  return recovery.slice(1);
}

/** As the client does it: the app, and the codes for paper. */
async function enable(project, profile) {
  let app;
  const scan = async ([, secret]) => {
    app = new Authenticator(secret);
    return app.next();
  };
  const answers = [[/password/i, PASSWORD], [/Or enter code: +([A-Z2-7]+)[^]*OTP code from your authenticator/, scan]];
  const { output } = await project.converse(profile.enable, answers);
  const recovery = output.match(RECOVERY) ?? [];
  expect(recovery.length > 0, `it shows no recovery codes:\n${output}`);
  return { app, recovery };
}

/** For who has no command for that: as npm asks for it. */
async function enableByHand(one) {
  const authorization = `Bearer ${await one.tokenOf('guarded')}`;
  const ask = async (tfa) => {
    const response = await fetch(new URL('-/npm/v1/user', one.registry.url), {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ tfa }),
    });
    expect(response.ok, `a step to a second factor is answered with ${response.status}`);
    return (await response.json()).tfa;
  };
  const url = await ask({ mode: MODE, password: PASSWORD });
  const app = new Authenticator(url.match(SECRET)[1]);
  return { app, recovery: await ask([await app.next()]) };
}
