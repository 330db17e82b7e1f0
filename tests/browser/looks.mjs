// How a page stands in a window: nothing sticks out or moves, everybody can use it, nothing is wrong with it.
// Knows nothing of what is on it.

import { mkdirSync } from 'node:fs';
import path from 'node:path';

import { check, expect, expectNone } from '../clients/report.mjs';
import { axeSource } from './chromium.mjs';
import { openTab } from './tab.mjs';

/** The widths of windows: the narrowest phone, and a desk. */
export const WIDTHS = [360, 1280];

/** A window of such a width. */
export function windowOf(width) {
  return { width, height: width < 600 ? 740 : 800 };
}

/** Findings of axe-core that fail a page. */
const GRAVE = ['serious', 'critical'];

/** What axe-core looks for: what the guidelines demand, and what it takes for good practice. */
const AXE = { resultTypes: ['violations'] };

/** Where pictures are left, if anywhere. */
let album;

/** From now on there is a picture of each page that is looked at, in this directory. */
export function keepShots(directory) {
  mkdirSync(directory, { recursive: true });
  album = directory;
}

/**
 * Looks at pages, each in every width and each of `schemes` of colours. `pages` are `{ name, path, status }`; `options` are
 * the context's, for who is signed in.
 */
export async function checkLooks(browser, scene, pages, schemes, options) {
  const windows = schemes.flatMap((colorScheme) => WIDTHS.map((width) => ({ colorScheme, width })));
  await Promise.all(windows.map(async ({ colorScheme, width }) => {
    const tab = await openTab(browser, { ...options, colorScheme, viewport: windowOf(width) });
    for (const { name, path: at, status = 200 } of pages) {
      await check(`${name}, ${width} px, ${colorScheme}`, async () => {
        const answered = await tab.go(scene.at(at));
        expect(answered === status, `it is answered with ${answered}`);
        await expectGood(tab, scene, name, colorScheme);
      });
    }
    await tab.close();
  }));
}

/** Throws if anything is wrong with the page that a tab shows. */
export async function expectGood(tab, scene, name, colorScheme = 'light') {
  // What a script moves, it moves in the first frames.
  await tab.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  try {
    await expectStanding(tab.page);
    await expectUsable(tab.page);
    await tab.expectQuiet(scene.url);
  } finally {
    const file = `${name.replaceAll(/\W+/g, '-')}-${tab.page.viewportSize().width}-${colorScheme}.png`;
    // Last, as it changes the page: it hides the cursor.
    if (album) await tab.page.screenshot({ path: path.join(album, file), fullPage: true });
  }
}

/** Throws if a page scrolls sideways, or has moved while it was shown. */
export async function expectStanding(page) {
  const { wide, moved } = await page.evaluate(() => {
    const room = document.documentElement.clientWidth;
    const isBoxed = (element) => element.closest('.table, .source, pre, .scroll, .unseen, .skip');
    const sticks = [...document.body.querySelectorAll('*')].filter((element) => {
      const { right, width } = element.getBoundingClientRect();
      return width > 0 && right > room + 1 && !isBoxed(element);
    });
    const scrolls = document.documentElement.scrollWidth > room ? ['the page scrolls sideways'] : [];
    const tables = [...document.querySelectorAll('.table:has(> .rows)')].filter((each) => each.scrollWidth > each.clientWidth + 1);
    scrolls.push(...tables.map((each) => `a table scrolls: ${each.getAttribute('aria-label')}`));
    return { wide: [...scrolls, ...sticks.map((element) => element.outerHTML.slice(0, 120))], moved: globalThis.noparMoved };
  });
  expectNone(wide, 'wider than the window');
  expectNone(moved ?? [], 'this moved');
}

/** Throws if axe-core has found something grave. */
export async function expectUsable(page) {
  // The policy of pages forbids scripts that are put into them, but not what a debugger evaluates.
  await page.evaluate(axeSource());
  const { violations } = await page.evaluate((options) => globalThis.axe.run(document, options), AXE);
  const grave = violations.filter(({ impact }) => GRAVE.includes(impact));
  const told = ({ id, help, nodes }) => `${id}: ${help}: ${nodes.slice(0, 3).map(({ html }) => html.slice(0, 150)).join(' ')}`;
  expectNone(grave.map(told), 'axe-core has found');
}
