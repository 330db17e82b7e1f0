// A package manager logs in, first and again, is told who it is, and logs out.
// Knows nothing of NOPAR but the paths that are npm's own; tokens are what the client is seen to send.

import { appendFileSync } from 'node:fs';
import path from 'node:path';

import { writePackage } from './publisher.mjs';
import { PASSWORD } from './publishing.mjs';
import { check, expect } from './report.mjs';
import { startTap } from './tap.mjs';

/** Where a registry is asked for a page to log in at. What has none asks on the terminal. */
export const WEB_LOGIN = '/-/v1/login';

/** Everything about being somebody, in a project of its own. */
export async function checkAccount(one) {
  const { client: { name }, acts, user } = one;
  const tap = await startTap(one.registry.url, [WEB_LOGIN]);
  const project = one.newProject(tap.url);
  if (acts.login) {
    await check(`${name}: login`, () => project.converse(acts.login, acts.answers(user)));
    await check(`${name}: login again`, () => project.converse(acts.login, acts.answers(user)));
  } else {
    await check(`${name}: a token`, () => signIn(one, project, tap.url));
  }
  if (acts.publishAsked) await checkAsked(one, project, tap);
  if (acts.whoami) await checkWhoami(one, project);
  await checkEnd(one, project, tap);
  await project.remove();
  await tap.stop();
}

/** Makes the client somebody in a project, in whichever way it has. */
export async function signIn({ acts, user }, project, url) {
  if (!acts.signedIn) return project.converse(acts.login, acts.answers(user));
  const [file, line] = acts.signedIn(url, await newToken(url, user));
  appendFileSync(path.join(project.directory, file), line);
  return true;
}

async function checkAsked({ client, acts }, project, tap) {
  await check(`${client.name}: publish asks for the password, and ends the token that it gets`, async () => {
    writePackage(project, `asked-${client.name}`, '1.0.0');
    await project.converse(acts.publishAsked, acts.publishAnswers);
    expect(tap.exchanges.some(({ method, status }) => method === 'PUT' && status === 201), 'nothing was published');
    await expectDead(tap);
  });
}

async function checkWhoami({ client, acts, user }, project) {
  await check(`${client.name}: ${acts.whoami.join(' ')}`, async () => {
    const { output } = await project.succeed(acts.whoami);
    expect(output.includes(user), output);
  });
}

async function checkEnd({ client, acts }, project, tap) {
  await check(`${client.name}: a token that has ended is none any more`, async () => {
    if (!acts.publishAsked) expect(await whoamiStatus(tap) === 200, 'it was none before');
    if (acts.logout) await project.succeed(acts.logout);
    else await endToken(tap);
    if (!acts.forgets) await expectDead(tap);
    if (!acts.whoami) return;
    const { code, output } = await project.run(acts.whoami);
    expect(code !== 0, `it is still somebody:\n${output}`);
  });
}

async function expectDead(tap) {
  const status = await whoamiStatus(tap);
  expect(status === 401, `whoami with it is answered with ${status}`);
}

async function whoamiStatus(tap) {
  const response = await fetch(new URL('-/whoami', tap.url), { headers: { authorization: shown(tap) } });
  return response.status;
}

async function endToken(tap) {
  const authorization = shown(tap);
  const token = authorization.replace(/^Bearer /, '');
  const url = new URL(`-/user/token/${token}`, tap.url);
  const response = await fetch(url, { method: 'DELETE', headers: { authorization } });
  expect(response.ok, `its end is answered with ${response.status}`);
}

/** A token of a user, as a login gets it. */
export async function newToken(url, user) {
  const response = await fetch(new URL(`-/user/org.couchdb.user:${user}`, url), {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: user, password: PASSWORD }),
  });
  expect(response.status === 201, `a login is answered with ${response.status}`);
  return (await response.json()).token;
}

/** The token that the client showed last, as a header. */
function shown({ exchanges }) {
  const last = exchanges.findLast(({ headers }) => headers.authorization?.startsWith('Bearer '));
  expect(last, 'it showed no token');
  return last.headers.authorization;
}
