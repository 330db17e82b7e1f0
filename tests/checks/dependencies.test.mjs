// What dependencies.mjs finds in made-up crates.

import assert from 'node:assert/strict';
import test from 'node:test';

import { compatibilityLine, duplicateFindings, licenceFindings } from './dependencies.mjs';

const crate = (name, version, license) => ({ name, version, license });
const licences = { MIT: 'own', ISC: 'notice only' };

test('crates under allowed licences are well', () => {
  assert.deepEqual(licenceFindings([crate('a', '1.0.0', 'MIT'), crate('b', '1.0.0', 'ISC')], { licences }), []);
});

test('a licence that is not allowed, one that is missing and a row nobody needs are found', () => {
  const findings = licenceFindings([crate('a', '1.0.0', 'MIT'), crate('b', '1.0.0', 'GPL-3.0-only'), crate('c', '1.0.0', null)], { licences });
  assert.equal(findings.length, 3);
  assert.match(findings.join('\n'), /c 1\.0\.0.*none[^]*b 1\.0\.0: GPL-3\.0-only[^]*ISC is allowed, but no crate needs it/);
});

test('two compatible versions are one', () => {
  assert.deepEqual(duplicateFindings([crate('a', '1.0.0'), crate('a', '1.2.0')], { duplicates: [] }), []);
});

test('two majors need a row with both versions and a reason', () => {
  const packages = [crate('a', '0.4.1'), crate('a', '0.5.0')];
  const row = { crate: 'a', versions: ['0.4', '0.5'], reason: 'b is behind' };
  assert.deepEqual(duplicateFindings(packages, { duplicates: [row] }), []);
  assert.equal(duplicateFindings(packages, { duplicates: [] }).length, 1);
  assert.equal(duplicateFindings(packages, { duplicates: [{ ...row, versions: ['0.4'] }] }).length, 1);
  assert.equal(duplicateFindings(packages, { duplicates: [{ ...row, reason: '' }] }).length, 1);
});

test('a row for what is no longer double is stale', () => {
  const row = { crate: 'a', versions: ['1', '2'], reason: 'b is behind' };
  assert.equal(duplicateFindings([crate('a', '2.0.0')], { duplicates: [row] }).length, 1);
});

test('the line of a version is what Cargo keeps', () => {
  assert.deepEqual(['2.3.4', '0.5.6', '0.0.7-beta'].map(compatibilityLine), ['2', '0.5', '0.0.7']);
});
