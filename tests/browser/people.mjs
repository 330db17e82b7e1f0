// Somebody signs in, makes a token and a second factor, and signs out, all by pages.
// Knows nothing of what they may do.

import { Authenticator } from '../clients/one-time.mjs';
import { PASSWORD } from '../clients/publishing.mjs';
import { check, expect } from '../clients/report.mjs';
import { expectTold } from './administering.mjs';
import { BACKWARDS } from './hostile.mjs';
import { expectGood, windowOf } from './looks.mjs';
import { openTab } from './tab.mjs';

const USER = 'main input[autocomplete=username]:not([type=hidden])';
const SECRET = 'main input[type=password]';
const CODE = 'main input[autocomplete=one-time-code]';
const TOKEN = /^npm_\w{20,}$/;

/** Signs somebody in, in a tab. */
export async function signIn({ page }, scene, user, password = PASSWORD) {
  await page.goto(scene.at('-/login'));
  await page.fill(USER, user);
  await page.fill(SECRET, password);
  await page.click('main button');
}

/** What a context has to know to be somebody's. */
export async function sessionOf(browser, scene, user) {
  const tab = await openTab(browser);
  await signIn(tab, scene, user);
  await tab.page.waitForSelector(`nav a:text-is("${user}")`);
  const storageState = await tab.context.storageState();
  await tab.close();
  return { storageState };
}

/** With a script and, if `isPlain`, without one. */
export async function checkSession(browser, scene, user, isPlain = false) {
  const how = isPlain ? 'without a script, ' : '';
  const tab = await openTab(browser, { javaScriptEnabled: !isPlain });
  const { page } = tab;
  await check(`${how}a wrong password is said to be one`, async () => {
    await signIn(tab, scene, user, 'another password');
    await page.waitForSelector('main .error');
    expect(await page.inputValue(USER) === user, 'the name has to be typed again');
  });
  await check(`${how}who signs in for a page comes to it`, async () => {
    await page.goto(scene.at('-/account'));
    await page.fill(USER, user);
    await page.fill(SECRET, PASSWORD);
    await page.click('main button');
    await page.waitForURL(/\/-\/account/);
    expect((await page.textContent('header nav')).includes(user), 'the header does not say who it is');
    const [cookie] = await tab.context.cookies();
    expect(cookie.httpOnly && cookie.sameSite === 'Strict', `the cookie is ${JSON.stringify(cookie)}`);
  });
  await check(`${how}who signs out is nobody, also by the button that goes back`, async () => {
    await page.click('button:text-is("Sign out")');
    await page.waitForSelector('header nav a:text-is("Sign in")');
    await page.goBack();
    await page.waitForSelector('header nav a:text-is("Sign in")');
  });
  await tab.close();
}

/** A token is made by a page, is of use, and ends by a page. */
export async function checkToken(browser, scene, session) {
  const tab = await openTab(browser, session);
  const { page } = tab;
  const made = await check('a token is made, and shown once', async () => {
    await tab.go(scene.at('-/account'));
    const form = page.locator('form:has(input[name=form][value=token])');
    await form.locator('[name=name]').fill(`build ${BACKWARDS}`);
    await form.locator('[type=password]').fill(PASSWORD);
    await form.locator('button').click();
    const token = (await page.textContent('#new-token')).trim();
    expect(TOKEN.test(token), `it is ${token}`);
    await expectGood(tab, scene, 'token that was made');
    return token;
  });
  if (!made) return tab.close();
  const whoami = () => fetch(scene.at('-/whoami'), { headers: { authorization: `Bearer ${made}` } });
  await check('it is of use, until it is revoked', async () => {
    expect((await whoami()).status === 200, 'it is of none');
    await tab.go(scene.at('-/account'));
    expect(!(await page.content()).includes(made), 'it is shown twice');
    // What is done with it is to be seen in a window of any width.
    for (const width of [360, 768, 1280]) {
      await page.setViewportSize(windowOf(width));
      await tab.go(scene.at('-/account'));
      await expectGood(tab, scene, 'account with a token');
    }
    await page.click('tr:has-text("gnp.exe.txt") a:has-text("Revoke")');
    await expectGood(tab, scene, 'token that is to be revoked');
    await page.click('button:has-text("Revoke")');
    await expectTold(page, /revoked/);
    expect((await whoami()).status === 401, 'it is of use still');
  });
  await check('nothing was wrong with these pages', () => tab.expectQuiet(scene.url));
  return tab.close();
}

/** A second factor is begun by a page, and asked for at the next sign-in. */
export async function checkFactor(browser, scene, user) {
  const tab = await openTab(browser, { viewport: { width: 360, height: 740 } });
  const { page } = tab;
  await signIn(tab, scene, user);
  const factor = await check('a second factor is begun', async () => {
    await page.goto(scene.at('-/account'));
    const form = page.locator('form:has(input[name=form][value=factor])');
    await form.locator('[type=password]').fill(PASSWORD);
    await form.locator('button').first().click();
    const secret = (await page.textContent('#secret')).trim();
    await expectGood(tab, scene, 'second factor that was begun');
    const app = new Authenticator(secret);
    await page.fill(CODE, await app.next());
    await page.click('main form button');
    const codes = (await page.innerText('#codes')).trim().split('\n');
    expect(codes.length > 1, `there are ${codes.length} recovery codes`);
    await expectGood(tab, scene, 'recovery codes');
    return { app, codes };
  });
  if (!factor) return tab.close();
  await check('who signs in then is asked for a code', async () => {
    await tab.context.clearCookies();
    await signIn(tab, scene, user);
    await page.fill(CODE, '000000');
    await page.click('main form button');
    await page.waitForSelector('main .error');
    await page.fill(CODE, await factor.app.next());
    await page.click('main form button');
    await page.waitForSelector(`header nav a:text-is("${user}")`);
  });
  await check('nothing was wrong with these pages either', () => tab.expectQuiet(scene.url));
  return tab.close();
}
