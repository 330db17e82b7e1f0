// A package manager logs in as somebody who has a password: with another one, under a name that nobody has, and at a page.
// Knows nothing of NOPAR but the paths that are npm's own.

import { WEB_LOGIN } from './account.mjs';
import { filled, formsIn } from './form.mjs';
import { joined } from './member.mjs';
import { PASSWORD } from './publishing.mjs';
import { check, expect } from './report.mjs';
import { startTap } from './tap.mjs';

/** What blames the password: without it, nobody knows what to do else. yarn has no other words for any 401. */
const BLAMED = /password|Invalid authentication/i;

/** An address on the screen, but not that of the registry itself. */
const ADDRESS = /(https?:\/\/[^\s/]+\/\S+)\s/;

/** Logins on the terminal that fail. */
export async function checkRefusedLogins(one) {
  const { login, answers } = one.acts;
  if (!login) return;
  const tap = await startTap(one.registry.url, [WEB_LOGIN]);
  const who = { 'a wrong password': [one.user, 'not the password'], 'an unknown user': ['nobody-here', PASSWORD] };
  for (const [what, [user, password]] of Object.entries(who)) {
    await check(`${one.name}: login with ${what} fails, and the password is blamed`, async () => {
      const { code, output } = await one.nobody(tap.url).talk(login, answers(user, password));
      // What it asked for is no answer.
      const said = joined(output).split(/Password:/).at(-1);
      expect(code !== 0 && BLAMED.test(said), `it ended with ${code}:\n${output}`);
    });
  }
  await tap.stop();
}

/** Whether the registry has a page to log in at. */
export async function hasWebLogin(url) {
  const response = await fetch(new URL(WEB_LOGIN, url), {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}',
  });
  return response.ok;
}

/** A login at a page, whose address is on the client's screen. */
export async function checkWebLogin(one) {
  const { webLogin, toBrowser = [] } = one.means;
  if (!webLogin) return;
  const project = one.nobody();
  await check(`${one.name}: login at a page`, async () => {
    const visit = ([, address]) => logIn(address, one.user);
    await project.converse(webLogin, [...toBrowser, [ADDRESS, visit]]);
    await expectWhoami(one, project, one.user);
  });
}

/** Logins of who has a second factor, on the terminal and, if there is one, at a page, with a code for each. */
export async function checkLoginsWithCode(one, isWeb, [code, other]) {
  const { means: { webLogin, toBrowser = [], asksOnce }, acts: { login, answers } } = one;
  if (!login) return;
  const user = one.person('guarded');
  await check(`${one.name}: login asks for a code`, async () => {
    const tap = await startTap(one.registry.url, [WEB_LOGIN]);
    const project = one.nobody(tap.url);
    await project.converse(login, [...answers(user), [asksOnce, code]]);
    await expectWhoami(one, project, user);
    await tap.stop();
  });
  if (!isWeb) return;
  await check(`${one.name}: login at a page asks for a code`, async () => {
    const project = one.nobody();
    await project.converse(webLogin, [...toBrowser, [ADDRESS, ([, address]) => logIn(address, user, other)]]);
    await expectWhoami(one, project, user);
  });
}

async function expectWhoami(one, project, user) {
  const { output } = await project.succeed(one.acts.whoami);
  expect(output.includes(user), `it is somebody else:\n${output}`);
}

/** Somebody opens the address in a browser, and fills in the form that is there, and the one for a code if that comes. */
async function logIn(address, user, code) {
  const asked = await form(await fetch(address), isSecret);
  const isName = ({ type }) => type === 'text';
  const { name: who } = asked.fields.find(isName);
  const page = await send(asked, (field) => (isSecret(field) ? PASSWORD : { [who]: user }[field.name]));
  if (!code) return;
  const isCode = ({ autocomplete }) => autocomplete === 'one-time-code';
  await send(await form(page, isCode), (field) => (isCode(field) ? code : undefined));
}

/** The form of a page that has such a field. */
async function form(page, isWanted) {
  const html = await page.text();
  const found = formsIn(html, page.url).find(({ fields }) => fields.some(isWanted));
  expect(page.ok && found, `${page.url} is answered with ${page.status}, and has not the form that is needed:\n${html}`);
  return found;
}

async function send(form, answer) {
  const headers = { origin: new URL(form.action).origin };
  const page = await fetch(form.action, { method: form.method, headers, body: filled(form, answer) });
  expect(page.ok, `the form is answered with ${page.status}`);
  return page;
}

function isSecret({ type }) {
  return type === 'password';
}
