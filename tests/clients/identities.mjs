// What each package manager has to be told to be somebody in more ways than by a login on its terminal: one row each.
// Knows nothing of NOPAR: a registry is a URL. Rows only say what to type; the checks say what has to come of it.

import { npmrcToken } from './publishing.mjs';

/**
 * By client. Arguments, or functions that make them; what is not there, the client cannot do.
 *
 * `shows(url, token)` is a file of its project, and lines there by which it shows a token; `showsPassword(url, user,
 * password)` the same by which it shows a password. `webLogin` logs in at a page, with `toBrowser`, what is answered
 * before its address is on the screen.
 *
 * `once(args, code)` are arguments by which a one-time code is shown, `asksOnce` is how it asks for one.
 *
 * `tokens`: `create(wish)`, `list`, `revoke(id)`, where a wish is `{ readOnly, cidr, days, packages }` as far as the client
 * has words for it; `wishes` are those. `profile`: `get`, `setPassword` and `enable`, on a terminal.
 *
 * `job(issuer, audience)` are environment variables of a job in which it publishes without a token.
 */
export const IDENTITIES = {
  'npm-11': npm(),
  'npm-12': npm(),
  // It has neither a command for tokens nor one for profiles.
  'pnpm-11': { ...pnpm(), tokens: undefined, profile: undefined },
  'pnpm-12': pnpm(),
  'yarn-4': {
    shows: (url, token) => ['.yarnrc.yml', `npmAuthToken: "${token}"\n`],
    showsPassword: (url, user, password) => ['.yarnrc.yml', `npmAuthIdent: "${user}:${password}"\n`],
    webLogin: ['npm', 'login', '--web-login'],
    toBrowser: [[/open your browser/, 'n']],
    once: (args, code) => [...args, '--otp', code],
    asksOnce: /One-time password/,
    // Asked as on GitHub, it would name its audience with the port.
    job: (issuer, audience) => issuer.jobWithToken(audience),
  },
  bun: {
    shows: npmrcToken,
    showsPassword: npmrcPassword,
    once: (args, code) => [...args, '--otp', code],
    asksOnce: /one-time password/i,
  },
};

function npm() {
  return {
    shows: npmrcToken,
    showsPassword: npmrcPassword,
    webLogin: ['login'],
    once: (args, code) => [...args, `--otp=${code}`],
    asksOnce: /Enter OTP/,
    tokens: {
      wishes: ['readOnly', 'cidr', 'days', 'packages'],
      create: ({ readOnly, cidr, days, packages }) => [
        'token', 'create', '--name=made-by-a-test',
        // It has `--read-only` too, and sends nothing for it.
        ...(readOnly ? ['--packages-and-scopes-permission=read-only'] : []),
        ...(cidr ? [`--cidr=${cidr}`] : []),
        ...(days ? [`--expires=${days}`] : []),
        ...(packages ?? []).map((name) => `--packages=${name}`),
      ],
      list: ['token', 'list', '--json'],
      revoke: (id) => ['token', 'revoke', id],
    },
    profile: profile(),
    job: (issuer) => issuer.askingJob,
  };
}

function pnpm() {
  return {
    ...npm(),
    once: (args, code) => [...args, '--otp', code],
    tokens: {
      wishes: ['readOnly', 'cidr'],
      create: ({ readOnly, cidr }) => [
        'token', 'create', ...(readOnly ? ['--read-only'] : []), ...(cidr ? ['--cidr', cidr] : []),
      ],
      list: ['token', 'list', '--json'],
      revoke: (id) => ['token', 'revoke', id],
    },
  };
}

function profile() {
  return {
    get: ['profile', 'get'],
    setPassword: ['profile', 'set', 'password'],
    enable: ['profile', 'enable-2fa', 'auth-and-writes'],
  };
}

function npmrcPassword(url, user, password) {
  const shown = Buffer.from(`${user}:${password}`).toString('base64');
  return ['.npmrc', `${url.replace(/^http:/, '')}:_auth=${shown}\n`];
}
