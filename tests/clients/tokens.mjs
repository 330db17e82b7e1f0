// A package manager makes tokens that may do less than its user, lists them, and takes them back.
// Knows nothing of how tokens are kept: it looks at what can be done with them.

import { installAll } from './consumer.mjs';
import { PASSWORD } from './publishing.mjs';
import { check, expect } from './report.mjs';

const TOKEN = /\bnpm_\w+/;
const ASKED = [[/password/i, PASSWORD]];
/** Where nobody is who is asked here. */
const ELSEWHERE = '192.0.2.0/24';
const HERE = '127.0.0.0/8';
const DAY_MS = 86_400_000;

/** Everything about tokens; `name` is a package that the user publishes, with the version 1.0.0. */
export async function checkTokens(one, name) {
  const { tokens } = one.means;
  if (!tokens) return;
  const made = new Made(one, tokens, await one.as('user'));
  await check(`${one.name}: a token that only reads installs, and publishes nothing`, async () => {
    const project = one.holding(await made.create({ readOnly: true }));
    await installAll(project, one.client, { [name]: '1.0.0' });
    await one.isRefused(project, name, '1.0.1', /with this token/);
  });
  await check(`${one.name}: a token for elsewhere is none here, and one for here is`, async () => {
    expect(await whoami(one, await made.create({ cidr: HERE })) === 200, 'one for here is none');
    expect(await whoami(one, await made.create({ cidr: ELSEWHERE })) >= 400, 'one for elsewhere is taken');
  });
  if (tokens.wishes.includes('days')) await checkExpires(one, made);
  if (tokens.wishes.includes('packages')) await checkPackages(one, made, name);
  await check(`${one.name}: a token that is revoked is none any more`, async () => {
    const token = await made.create({});
    expect(await whoami(one, token) === 200, 'it was none before');
    await made.revoke(token);
    expect(await whoami(one, token) === 401, 'it is one still');
  });
}

async function checkExpires(one, made) {
  await check(`${one.name}: a token ends when it is to`, async () => {
    const { expires } = await made.row(await made.create({ days: 30 }));
    const days = (Date.parse(expires) - Date.now()) / DAY_MS;
    expect(days > 29 && days <= 30, `it ends in ${days} days`);
  });
}

async function checkPackages(one, made, name) {
  await check(`${one.name}: a token for one package publishes no other`, async () => {
    const project = one.holding(await made.create({ packages: [name] }));
    await one.publishes(project, name, '1.0.2');
    await one.isRefused(project, `${name}-other`, '1.0.0', /with this token/);
  });
}

async function whoami(one, token) {
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(new URL('-/whoami', one.registry.url), { headers })).status;
}

/** The tokens that a client has made in a project. */
class Made {
  #one;
  #tokens;
  #project;

  constructor(one, tokens, project) {
    this.#one = one;
    this.#tokens = tokens;
    this.#project = project;
  }

  async create(wish) {
    const { output } = await this.#project.converse(this.#tokens.create(wish), ASKED);
    const [token] = output.match(TOKEN) ?? [];
    expect(token, `it shows no token:\n${output}`);
    return token;
  }

  /** What the client's list says of a token. */
  async row(token) {
    const { output } = await this.#project.succeed(this.#tokens.list);
    // Which of those that were made within a second is the newest, no list says.
    const row = JSON.parse(output).find(({ token: hint }) => token.startsWith(hint));
    expect(row, `it is not in the list:\n${output}`);
    return row;
  }

  async revoke(token) {
    const { key } = await this.row(token);
    await this.#project.succeed(this.#tokens.revoke(key));
  }
}
