// What is done to packages by the buttons of their pages, each with a page that asks once more.
// Knows nothing of who may.

import { check, expect } from '../clients/report.mjs';
import { DOOMED, LATER, ORDINARY } from './packages.mjs';
import { openTab } from './tab.mjs';

/** A refresh, a first fetch, a deletion, and a copy that goes. */
export async function checkAdministering(browser, scene) {
  const tab = await openTab(browser);
  const { page } = tab;
  await check('a copy is refreshed by a button, which asks once more', async () => {
    const before = asked(scene, ORDINARY);
    await tab.go(scene.at(`-/package/${ORDINARY}`));
    await page.click('a.button:has-text("Refresh")');
    await page.waitForURL(/\/refresh$/);
    expect(asked(scene, ORDINARY) === before, 'the upstream was asked before anybody said so');
    await page.click('main button');
    await expectTold(page, /as its upstream has it now/);
    expect(asked(scene, ORDINARY) === before + 1, `the upstream was asked ${asked(scene, ORDINARY) - before} times`);
  });
  await check('what is not held is fetched by a button', async () => {
    await tab.go(scene.at(`-/package/${LATER}`));
    expect(asked(scene, LATER) === 0, 'the page has asked for it');
    await page.click('a.button');
    await page.click('main button');
    await expectTold(page, /as its upstream has it now/);
    expect((await page.textContent('h1')).includes(LATER), 'the page is of something else');
    await tab.go(scene.at('-/packages/proxied'));
    expect((await page.textContent('#results')).includes(LATER), 'it is not on the list');
  });
  await check('a package is deleted only by who types its name', async () => {
    await tab.go(scene.at(`-/package/${DOOMED}`));
    await page.click('a.button-danger');
    await page.fill('main input:not([type=hidden])', 'another-name');
    await page.click('main button');
    await page.waitForSelector('main .error');
    await page.fill('main input:not([type=hidden])', DOOMED);
    await page.click('main button');
    await expectTold(page, /deleted/);
    expect(!(await page.textContent('#results')).includes(DOOMED), 'it is on the list');
    expect(await tab.go(scene.at(`-/package/${DOOMED}`)) === 404, 'its page is there');
  });
  await check('a copy is discarded by a button', async () => {
    await tab.go(scene.at(`-/package/${LATER}`));
    await page.click('a.button-danger');
    await page.click('main button');
    await expectTold(page, /discarded/);
    expect(!(await page.textContent('#results')).includes(LATER), 'it is on the list');
  });
  await check('nothing was wrong with these pages', () => tab.expectQuiet(scene.url));
  await tab.close();
}

/** Throws unless a page says of something that it is done. */
export async function expectTold(page, words) {
  const told = await page.waitForSelector('main [role=status].note');
  expect(words.test(await told.textContent()), `it says ${await told.textContent()}`);
}

/** How often the upstream was asked for a package. */
function asked(scene, name) {
  return scene.upstream.asked.filter((url) => decodeURIComponent(url) === `/${name}`).length;
}
