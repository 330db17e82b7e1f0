// Lists of packages: searched as one types and without a script, sorted, paged.
// Knows nothing of how the search works.

import { check, expect } from '../clients/report.mjs';
import { TEXT } from './hostile.mjs';
import { FILLER_WORD, LOCAL, ORDINARY } from './packages.mjs';
import { openTab } from './tab.mjs';

const ROWS = '#results tbody tr';

/** With a script and without one. */
export async function checkLists(browser, scene) {
  const tab = await openTab(browser);
  await checkTyping(tab, scene);
  await checkEach(tab, scene, 'with a script');
  await tab.close();
  const plain = await openTab(browser, { javaScriptEnabled: false });
  await checkEach(plain, scene, 'without a script');
  await plain.close();
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
