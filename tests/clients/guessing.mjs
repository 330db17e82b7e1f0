// Somebody guesses passwords, and has to wait.
// Knows nothing of how long but that a person would notice.

import { newToken } from './account.mjs';
import { check, expect } from './report.mjs';

/** More wrong passwords than anybody types by mistake. */
const GUESSES = 8;

/** Guesses at the password of somebody, and of nobody: who guesses is not told which. */
export async function checkGuessing(url, user) {
  const token = await newToken(url, user);
  for (const name of [user, 'nobody-there']) {
    await check(`who guesses the password of ${name} has to wait`, async () => {
      const answers = [];
      for (let guess = 1; guess <= GUESSES; guess += 1) answers.push(await logIn(url, name, `guess ${guess}`));
      const statuses = answers.map(({ status }) => status);
      expect(statuses[0] === 401 && statuses.at(-1) === 429, `they are answered with ${statuses}`);
      expect(Number(answers.at(-1).headers.get('retry-after')) > 0, 'it is not told how long');
    });
  }
  await check(`${user}, who is logged in, is not kept waiting`, async () => {
    const { status } = await fetch(new URL('-/whoami', url), { headers: { authorization: `Bearer ${token}` } });
    expect(status === 200, `whoami is answered with ${status}`);
  });
}

function logIn(url, name, password) {
  return fetch(new URL(`-/user/org.couchdb.user:${name}`, url), {
    method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name, password }),
  });
}
