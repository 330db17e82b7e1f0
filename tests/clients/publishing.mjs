// What each package manager has to be told to publish, and to change what it published: one row each.
// Knows nothing of NOPAR: a registry is a URL. Rows only say what to type; `publish.mjs` says what has to come of it.

/** Everybody's. */
export const PASSWORD = 'any password';
const EMAIL = 'somebody@example.com';

/**
 * By client. Arguments, or functions that make them; what is not there, the client cannot do.
 *
 * `login` and `logout` with `answers(user, password)`, `[question, answer]` in order, on a terminal; `forgets`: its logout ends
 * no token and only forgets it. `signedIn`: the token is written into its settings instead. `publishAsked` with
 * `publishAnswers` publishes on a terminal, after a login that left no token. `whoami`.
 *
 * `prepare` has to go before a publish when a manifest has changed. `environment`: what lets an install take what was
 * published a moment ago. `publish(tag)`.
 *
 * `attest(tarball, bundle)` publishes a tarball with its provenance.
 *
 * `tags`, `deprecations`, `owners`, `stars`, `access`: see the rows; `blind`: it adds an owner without having seen the
 * others. `unpublish(spec)` takes `NAME` or `NAME@VERSION`. `view(name)` asks for the version that is the latest,
 * `viewRange(name)` for those that are in a range. `outdated` lists what a project has that is not the latest.
 */
export const PUBLISHING = {
  'npm-11': { ...npm(), stars: starring() },
  'npm-12': npm(),
  'pnpm-11': pnpm(),
  'pnpm-12': pnpm(),
  'yarn-1': {
    // A login asks for the name only. Each command that needs a token asks for the password, gets one, and ends it.
    login: ['login'],
    answers: (user) => [[/npm username/, user], [/npm email/, EMAIL]],
    logout: ['logout'],
    publishAsked: ['publish'],
    publishAnswers: [[/New version/, ''], [/npm password/, PASSWORD]],
    signedIn: npmrcToken,
    publish: (tag) => ['publish', '--non-interactive', '--no-git-tag-version', ...tagged(tag)],
    tags: tagging(['tag'], 'list', 'remove'),
    // It looks for owners in the abbreviated document, which has none, and sends the new one alone. A name with a scope
    // it escapes before it checks it, and refuses.
    owners: { ...owning((user, name) => [user, name]), blind: true },
    view: (name) => ['info', name, 'version'],
  },
  'yarn-4': {
    login: ['npm', 'login'],
    answers: named,
    logout: ['npm', 'logout'],
    forgets: true,
    whoami: ['npm', 'whoami'],
    environment: { YARN_NPM_MINIMAL_AGE_GATE: '0' },
    // It publishes nothing that its lock file does not have.
    prepare: ['install'],
    publish: (tag) => ['npm', 'publish', ...tagged(tag)],
    tags: tagging(['npm', 'tag'], 'list', 'remove'),
    view: (name) => ['npm', 'info', name, '--fields', 'version'],
  },
  bun: {
    signedIn: npmrcToken,
    whoami: ['pm', 'whoami'],
    publish: (tag) => ['publish', ...tagged(tag)],
    view: (name) => ['info', name, 'version'],
  },
};

function npm() {
  return {
    login: ['login', '--auth-type=legacy'],
    answers: named,
    logout: ['logout'],
    whoami: ['whoami'],
    publish: (tag) => ['publish', ...tagged(tag)],
    tags: tagging(['dist-tag'], 'ls', 'rm'),
    deprecations: deprecating(),
    owners: owning((user, name) => [user, name]),
    access: accessing(),
    attest: (tarball, bundle) => ['publish', tarball, '--provenance-file', bundle],
    unpublish: (spec) => ['unpublish', spec, '--force'],
    view: (name) => ['view', name, 'version'],
    viewRange: (name) => ['view', `${name}@^1`, 'version'],
    outdated: ['outdated'],
  };
}

function pnpm() {
  const { status, open } = accessing();
  return {
    ...npm(),
    login: ['login'],
    answers: (user, password) => [...named(user, password), [/Email/, EMAIL]],
    environment: { pnpm_config_minimum_release_age: '0' },
    publish: (tag) => ['publish', '--no-git-checks', ...tagged(tag)],
    owners: owning((user, name) => [name, user]),
    stars: starring(),
    // It wants collaborators as a list, and is sent a map, which is what npm reads. Its own packages it looks for where
    // no registry has them, unless it is told whose they are.
    access: { status, open, packages: (user) => ['access', 'list', 'packages', user] },
    attest: undefined,
  };
}

function named(user, password = PASSWORD) {
  return [[/Username:/, user], [/Password:/, password]];
}

function tagged(tag) {
  return tag ? ['--tag', tag] : [];
}

function deprecating() {
  return {
    set: (spec, message) => ['deprecate', spec, message],
    unset: (spec) => ['undeprecate', spec],
  };
}

function accessing() {
  return {
    status: (name) => ['access', 'get', 'status', name],
    open: (name) => ['access', 'set', 'status=public', name],
    packages: () => ['access', 'list', 'packages'],
    collaborators: (name) => ['access', 'list', 'collaborators', name],
  };
}

function tagging(command, list, remove) {
  return {
    add: (spec, tag) => [...command, 'add', spec, tag],
    list: (name) => [...command, list, name],
    remove: (name, tag) => [...command, remove, name, tag],
  };
}

function owning(order) {
  return {
    add: (user, name) => ['owner', 'add', ...order(user, name)],
    list: (name) => ['owner', 'ls', name],
    remove: (user, name) => ['owner', 'rm', ...order(user, name)],
  };
}

function starring() {
  return { set: (name) => ['star', name], unset: (name) => ['unstar', name], list: ['stars'] };
}

/** The settings by which a client shows a token, as a file and a line of it. */
export function npmrcToken(registry, token) {
  return ['.npmrc', `${registry.replace(/^http:/, '')}:_authToken=${token}\n`];
}
