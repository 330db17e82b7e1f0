// Pages are used with a keyboard alone: where Tab goes, that one sees where one is, and the keys that pages have.
// Knows nothing of what is on them.

import { check, expect, expectNone } from '../clients/report.mjs';
import { WIDTHS, windowOf } from './looks.mjs';
import { openTab } from './tab.mjs';

/** So many stops are enough to know the order. */
const STOPS = 40;

/** Each of these pages, by keys, in every width. */
export async function checkKeyboard(browser, scene, pages, options = {}) {
  for (const width of WIDTHS) await checkWindow(browser, scene, pages, { ...options, viewport: windowOf(width) });
}

async function checkWindow(browser, scene, pages, options) {
  const tab = await openTab(browser, options);
  for (const { name, path } of pages) {
    await check(`${name}, ${options.viewport.width} px: Tab goes through it in order, and one sees where`, async () => {
      await tab.go(scene.at(path));
      await expectOrder(tab.page);
    });
  }
  if (!options.storageState) await checkKeys(tab, scene);
  await tab.close();
}

async function checkKeys(tab, scene) {
  await check('the first stop skips to the content', async () => {
    await tab.go(scene.at('-/packages/all'));
    await tab.page.keyboard.press('Tab');
    await tab.page.keyboard.press('Enter');
    await tab.page.keyboard.press('Tab');
    const isInside = await tab.page.evaluate(() => document.activeElement.closest('main') !== null);
    expect(isInside, 'the next stop is not in the content');
  });
  await check('"/" goes to the search, but not from where one types', async () => {
    await tab.go(scene.at(''));
    await tab.page.keyboard.press('/');
    await tab.page.keyboard.type('a/b');
    const value = await tab.page.evaluate(() => document.activeElement.value);
    expect(value === 'a/b', `the field has ${value}`);
  });
}

// Where the focus is, from the start of the page to its end or `STOPS`.
async function expectOrder(page) {
  const expected = await page.evaluate(stops);
  const wrong = [];
  for (const what of expected.slice(0, STOPS)) {
    await page.keyboard.press('Tab');
    const { at, isSeen } = await page.evaluate(focused);
    if (at !== what) wrong.push(`${at} comes where ${what} should`);
    if (!isSeen) wrong.push(`one does not see that ${at} is chosen`);
  }
  expect(expected.length > 3, 'there is nothing to go to');
  expectNone(wrong, 'the order is odd');
}

/** In the page: what can be gone to, as it stands in the document. */
function stops() {
  globalThis.noparStops = [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')]
    .filter((element) => element.checkVisibility() && element.type !== 'hidden' && !element.disabled && element.tabIndex >= 0);
  return globalThis.noparStops.map((element, at) => `${at}: ${element.outerHTML.slice(0, 80)}`);
}

/** In the page: what has the focus, and whether that is to be seen. */
function focused() {
  const element = document.activeElement;
  const at = globalThis.noparStops.indexOf(element);
  const { outlineStyle, outlineWidth } = getComputedStyle(element);
  const { top, bottom, left, right } = element.getClientRects()[0];
  const inside = (from, to, most) => (Math.max(from, 0) + Math.min(to, most)) / 2;
  // Of what is clipped, nothing is where it stands.
  const isInView = element.contains(document.elementFromPoint(inside(left, right, innerWidth), inside(top, bottom, innerHeight)));
  const isRinged = outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
  return { at: `${at}: ${element.outerHTML.slice(0, 80)}`, isSeen: isInView && isRinged };
}
