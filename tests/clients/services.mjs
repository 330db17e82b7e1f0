// What each package manager has to be told to search, to audit and to stage: one row each.
// Knows nothing of NOPAR: a registry is a URL. Rows only say what to type; the checks say what has to come of it.

import path from 'node:path';

/** A module that has npm take its registry's keys from its registry, and believe a bundle: see there. */
const BELIEVING = { NODE_OPTIONS: `--require ${JSON.stringify(path.join(import.meta.dirname, 'believing.cjs'))}` };

/**
 * By client. Arguments, or functions that make them; what is not there, the client cannot do.
 *
 * `search(text)`, `searchJson(text)`. `audit`, with `auditFailure` for what it says when that
 * could not be done, where that is more than the status; `auditedInstall` is an install that has what it installs audited.
 * `signatures` with `signaturesBy`, environment variables that it needs. `staging`: `publish`, `list(name)`, and of an
 * identifier `view(id)`, `download(id)`, `approve(id)`, `reject(id)`.
 *
 * `files` are settings in its project by which what was published a moment ago is old enough.
 *
 * `failing` are environment variables by which it does not ask again, a minute later, what failed. yarn 1 is not here: it
 * has no search, and asks for audits at a host that it has built in.
 */
export const SERVICES = {
  'npm-11': npm(),
  'npm-12': npm(),
  'pnpm-11': pnpm(),
  'pnpm-12': pnpm(),
  'yarn-4': {
    audit: ['npm', 'audit'],
    // It falls over, and shows its own text.
    auditFailure: /Response code 50[234]/,
    staging: {
      publish: ['npm', 'publish', '--staged'],
      list: (name) => ['npm', 'stage', 'list', name],
      approve: (id) => ['npm', 'stage', 'approve', id],
      reject: (id) => ['npm', 'stage', 'reject', id],
    },
    failing: { YARN_HTTP_RETRY: '0' },
  },
  bun: { audit: ['audit'] },
  deno: {
    audit: ['audit'],
    // It looks at no status, and would take an empty body for a good answer.
    auditFailure: /Failed to deserialize/,
    files: { 'deno.json': '{ "minimumDependencyAge": 0 }\n' },
  },
};

function npm() {
  return {
    search: (text) => ['search', text],
    searchJson: (text) => ['search', '--json', text],
    audit: ['audit'],
    auditedInstall: ['install', '--audit'],
    signatures: ['audit', 'signatures'],
    signaturesBy: BELIEVING,
    staging: staging(['stage', 'publish']),
    failing: { npm_config_fetch_retries: '0' },
  };
}

function pnpm() {
  return {
    search: (text) => ['search', text],
    searchJson: (text) => ['search', '--json', text],
    audit: ['audit'],
    signatures: ['audit', 'signatures'],
    staging: staging(['stage', 'publish', '--no-git-checks']),
    // pnpm 11 asks again, over a minute, also after a 409 about what is staged, and cannot be told otherwise.
    failing: { pnpm_config_fetch_retries: '0' },
  };
}

function staging(publish) {
  return {
    publish,
    list: (name) => ['stage', 'list', name],
    view: (id) => ['stage', 'view', id],
    download: (id) => ['stage', 'download', id],
    approve: (id) => ['stage', 'approve', id],
    reject: (id) => ['stage', 'reject', id],
  };
}
