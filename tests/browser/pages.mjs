// The pages there are, by path, and how each is answered. `keys`: it is gone through with a keyboard as well.
// Knows nothing of what is on them.

import { BACKWARDS_NAME, FILES, TEXT } from './hostile.mjs';
import { FILLER_WORD, HOSTILE, HOSTILE_LOCAL, LATER, LOCAL, LONG_NAME, MANY, ORDINARY, SOURCE } from './packages.mjs';

const text = encodeURIComponent(TEXT.slice(0, 150));
const file = (name) => name.split('/').map(encodeURIComponent).join('/');
const odd = Object.keys(FILES).find((name) => name.startsWith('<'));
const deep = Object.keys(FILES).find((name) => name.includes('/'));

/** Of a registry that everybody may do everything in. */
export const OPEN_PAGES = [
  { name: 'home', path: '', keys: true },
  { name: 'packages', path: '-/packages/all', keys: true },
  { name: 'packages, local', path: '-/packages/local' },
  { name: 'packages, proxied, by size', path: '-/packages/proxied?sort=size' },
  { name: 'packages, second page', path: `-/packages/all?q=${FILLER_WORD}&page=2` },
  { name: 'search that finds', path: '-/packages/all?q=margin' },
  { name: 'search that finds nothing', path: '-/packages/all?q=nothing-has-this-name' },
  { name: 'search with hostile words', path: `-/packages/all?q=${text}` },
  { name: 'search that is refused', path: `-/packages/all?q=${'a'.repeat(1100)}`, status: 400 },
  { name: 'package', path: `-/package/${ORDINARY}`, keys: true },
  { name: 'package, older version', path: `-/package/${ORDINARY}?version=0.9.0` },
  { name: 'package, local', path: `-/package/${LOCAL}` },
  { name: 'package of many versions', path: `-/package/${MANY}?versions=2` },
  { name: 'package with hostile words', path: `-/package/${HOSTILE}` },
  { name: 'package with hostile words, local', path: `-/package/${HOSTILE_LOCAL}` },
  { name: 'package of a name that turns around', path: `-/package/${encodeURIComponent(BACKWARDS_NAME)}` },
  { name: 'search for what turns around', path: `-/packages/all?q=${encodeURIComponent(BACKWARDS_NAME)}` },
  { name: 'package of a long name', path: `-/package/${LONG_NAME}` },
  { name: 'package that is not held', path: `-/package/${LATER}`, status: 404 },
  { name: 'files', path: `-/package/${ORDINARY}/files/2.0.0`, keys: true },
  { name: 'files, hostile', path: `-/package/${HOSTILE}/files/1.0.1` },
  { name: 'files that are not held', path: `-/package/${ORDINARY}/files/1.0.0`, status: 404 },
  { name: 'file', path: `-/package/${ORDINARY}/files/2.0.0/${SOURCE}`, keys: true },
  { name: 'file, hostile', path: `-/package/${HOSTILE}/files/1.0.1/${file(odd)}` },
  { name: 'file, deep', path: `-/package/${HOSTILE}/files/1.0.1/${deep}` },
  { name: 'file that is no text', path: `-/package/${HOSTILE}/files/1.0.1/picture.png` },
  { name: 'file that is not there', path: `-/package/${ORDINARY}/files/2.0.0/nothing.js`, status: 404 },
  { name: 'settings', path: '-/settings', keys: true },
  { name: 'refresh', path: `-/package/${ORDINARY}/refresh`, keys: true },
  { name: 'discard', path: `-/package/${ORDINARY}/delete` },
  { name: 'delete', path: `-/package/${LOCAL}/delete`, keys: true },
  { name: 'page that is not there', path: '-/nothing-here', status: 404 },
  { name: 'bad path', path: '-/package/%00<b>', status: 400 },
];

/** Of a registry with users, for who is not signed in. */
export const STRANGERS_PAGES = [
  { name: 'home, for strangers', path: '' },
  { name: 'sign-in', path: '-/login', keys: true },
  { name: 'account, for strangers', path: '-/account' },
];

/** The same for who is signed in and may administer. */
export const ACCOUNT_PAGES = [
  { name: 'home, signed in', path: '' },
  { name: 'account', path: '-/account', keys: true },
  { name: 'settings of a registry with users', path: '-/settings' },
  { name: 'delete, signed in', path: `-/package/${LOCAL}/delete` },
];

/** And for who may not. */
export const MEMBERS_PAGES = [{ name: 'settings, for who may not', path: '-/settings', status: 403 }];
