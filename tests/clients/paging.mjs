// What a search finds is the same, page by page, whatever size the pages have.
// Knows nothing of clients, which ask for one page: it asks by plain HTTP.

import { check, expect, expectNone } from './report.mjs';

/** More than any registry gives at once. */
const TOO_MANY = 1000;
const MOST = 250;

/** As JavaScript and npm's own registry write a time. */
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

/** `names` are what the word is to find. */
export async function checkPages(url, word, names) {
  for (const size of [1, 2, 3, names.length, TOO_MANY]) {
    await check(`search in pages of ${size} finds each package once`, async () => {
      const pages = [];
      for (let from = 0; from <= names.length; from += Math.min(size, MOST)) {
        pages.push(await page(url, { text: word, size, from }));
      }
      const found = pages.flatMap(({ objects }) => objects.map((each) => each.package.name));
      expect([...found].sort().join() === [...names].sort().join(), `it finds ${found.join(', ')}`);
      expectNone(pages.filter(({ objects }) => objects.length > size), `these are longer than ${size}`);
      const totals = pages.map(({ total }) => total);
      expectNone(totals.filter((total) => total !== names.length), `the totals are not ${names.length} each, but`);
      const times = pages.map(({ time }) => time);
      expectNone(times.filter((time) => !ISO.test(time)), 'these are no times');
    });
  }
  await check('search finds nothing behind the last page', async () => {
    const { objects } = await page(url, { text: word, size: 20, from: names.length });
    expect(objects.length === 0, JSON.stringify(objects));
  });
  await check('search for nothing is refused, with a reason', async () => {
    const response = await fetch(new URL('-/v1/search', url));
    const text = await response.text();
    expect(response.status === 400 && JSON.parse(text).error, `it is answered with ${response.status}: ${text}`);
  });
}

async function page(url, query) {
  const response = await fetch(new URL(`-/v1/search?${new URLSearchParams(query)}`, url));
  const text = await response.text();
  expect(response.status === 200, `${new URLSearchParams(query)} is answered with ${response.status}: ${text}`);
  return JSON.parse(text);
}
