// What hosts.mjs finds in made-up files.

import assert from 'node:assert/strict';
import test from 'node:test';

import { findingsIn } from './hosts.mjs';

const HOST = 'registry.example';
const check = (title, file, text, host, expected) => test(title, () => assert.equal(findingsIn(file, text, host).length, expected));

check('the host is found, in any case', 'a.md', 'one\nhttps://Registry.Example/x', HOST, 1);
check('another host is not', 'a.md', 'https://other.example/x', HOST, 0);
check('nor NOPAR\'s own default', 'a.md', 'https://registry.yarnpkg.com', 'registry.yarnpkg.com', 0);
check('nor a NOPAR on this machine', 'a.md', 'http://localhost:5984/', 'localhost', 0);
check('a package-lock with addresses', 'x/package-lock.json', '"resolved": "https://other.example/a.tgz"', HOST, 1);
check('and one without', 'x/package-lock.json', '"integrity": "sha512-x"', HOST, 0);
check('a pnpm-lock with addresses', 'pnpm-lock.yaml', "resolution: {tarball: https://other.example/a.tgz}", HOST, 1);
check('a yarn.lock with addresses', 'yarn.lock', '  resolved "https://other.example/a.tgz#x"', HOST, 1);
check('a crate from elsewhere', 'Cargo.lock', 'source = "git+https://other.example/a"', HOST, 1);
check('a crate from Cargo\'s index', 'Cargo.lock', 'source = "registry+https://github.com/rust-lang/crates.io-index"', HOST, 0);
