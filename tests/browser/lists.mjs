// Lists of packages: searched as one types and without a script, sorted, paged.
// Knows nothing of how the search works.

import { check, expect } from '../clients/report.mjs';
import { TEXT } from './hostile.mjs';
import { windowOf } from './looks.mjs';
import { FILLER_WORD, LATER, LOCAL, ORDINARY } from './packages.mjs';
import { openTab } from './tab.mjs';

const ROWS = '#results tbody tr';

/** With a script and without one. */
export async function checkLists(browser, scene) {
  const tab = await openTab(browser);
  await checkTyping(tab, scene);
  await checkFailing(tab, scene);
  await checkEach(tab, scene, 'with a script');
  await tab.close();
  const plain = await openTab(browser, { javaScriptEnabled: false });
  await checkEach(plain, scene, 'without a script');
  await plain.close();
  await checkNarrow(browser, scene);
}

async function checkTyping({ page, ...tab }, scene) {
  await check('a list follows what is typed, and its address with it', async () => {
    await page.goto(scene.at('-/packages/all'));
    await page.fill('#q', 'margin');
    await page.waitForFunction((rows) => document.querySelectorAll(rows).length < 10, ROWS);
    expect((await names(page)).includes(ORDINARY), 'the package is not on the list');
    expect(new URL(page.url()).searchParams.get('q') === 'margin', `the address is ${page.url()}`);
    const said = await page.textContent('#status');
    expect(/^\d+ packages? for “margin”$/.test(said.trim()), `who cannot see it hears ${said}`);
    await page.fill('#q', TEXT.slice(0, 100));
    await page.waitForFunction((rows) => document.querySelectorAll(rows).length < 2, ROWS);
    await page.fill('#q', '');
    await page.waitForFunction((rows) => document.querySelectorAll(rows).length === 50, ROWS);
  });
}

async function checkFailing({ page }, scene) {
  const failing = (url) => url.searchParams.get('q') === 'margin';
  const ways = {
    'is answered with an error': (route) => route.fulfill({ status: 503, body: 'no' }),
    'is not answered': (route) => route.abort('connectionreset'),
  };
  for (const [how, answer] of Object.entries(ways)) {
    await check(`a search that ${how} while one types is said to have failed`, async () => {
      await page.goto(scene.at('-/packages/all'));
      await page.route(failing, answer);
      await page.fill('#q', 'margin');
      const told = await page.waitForSelector('#results > .error');
      const words = await told.textContent();
      expect(/list of before/.test(words) && words === await page.textContent('#status'), `it says ${words}`);
      await page.unroute(failing);
      await page.fill('#q', 'margins');
      await page.waitForFunction(() => !document.querySelector('#results > .error'));
    });
  }
}

async function checkNarrow(browser, scene) {
  const tab = await openTab(browser, { viewport: windowOf(360) });
  await check('on a phone, lists are sorted as well', async () => {
    await tab.go(scene.at('-/packages/all'));
    await tab.page.click('thead a:text("Size")');
    await tab.page.waitForURL(/sort=size/);
    const box = await tab.page.locator('th[aria-sort=descending] a').boundingBox();
    expect(box.width > 20 && box.height > 10, 'one does not see by what');
  });
  await check('a name that is not found leads to its page', async () => {
    await tab.go(scene.at(`-/packages/all?q=${LATER}`));
    await tab.page.click('#results a');
    await tab.page.waitForSelector(`h1:has-text("${LATER}")`);
  });
  await tab.close();
}

async function checkEach({ page }, scene, how) {
  await check(`${how}, a search finds what it is for`, async () => {
    await page.goto(scene.at(''));
    await page.fill('#q', 'button');
    await Promise.all([page.waitForURL(/\/-\/packages\/all\?q=button/), page.press('#q', 'Enter')]);
    expect((await names(page))[0] === LOCAL, `the first is ${(await names(page))[0]}`);
    expect(await page.inputValue('#q') === 'button', 'the field forgot it');
  });
  await check(`${how}, a column sorts, and pages follow one another`, async () => {
    await page.goto(scene.at(`-/packages/all?q=${FILLER_WORD}`));
    await page.click('th a:text("Package")');
    await page.waitForURL(/sort=name/);
    const first = await names(page);
    expect(first[0] === 'filler-001' && first.length === 50, `it begins with ${first[0]}, of ${first.length}`);
    await page.click('a[rel=next]');
    await page.waitForURL(/page=2/);
    expect((await names(page))[0] === 'filler-051', `the second begins with ${(await names(page))[0]}`);
    await page.click('a[rel=next]');
    await page.waitForURL(/page=3/);
    expect(await page.locator('a[rel=next]').count() === 0, 'there is a page behind the last one');
    await page.click('a[rel=prev]');
    await page.waitForURL(/page=2/);
  });
  await check(`${how}, there is a list of what is local`, async () => {
    await page.goto(scene.at('-/packages/all'));
    await page.click('.tabs a:has-text("Local")');
    await page.waitForURL(/\/-\/packages\/local/);
    const all = await names(page);
    expect(all.includes(LOCAL) && !all.includes(ORDINARY), `it has ${all.join(', ')}`);
  });
}

/** The names on a list. */
async function names(page) {
  return page.locator(`${ROWS} th a`).allTextContents();
}
