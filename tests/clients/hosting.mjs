// Packages of a registry's own, published by plain HTTP as a package manager does it.
// Knows nothing of NOPAR but that it takes a publish from anybody.

import { createHash } from 'node:crypto';

import { bundleOf, MEDIA_TYPE } from './bundle.mjs';
import { tarball } from './dated.mjs';
import { expect } from './report.mjs';

/** Publishes a version that is a manifest alone, `isAttested` with its provenance. */
export async function host(registry, name, version, description, isAttested = false) {
  const packed = tarball(name, version);
  const dist = {
    integrity: `sha512-${createHash('sha512').update(packed).digest('base64')}`,
    shasum: createHash('sha1').update(packed).digest('hex'),
    tarball: `${registry}${name}/-/${name}-${version}.tgz`,
  };
  const document = {
    _id: name,
    name,
    description,
    'dist-tags': { latest: version },
    versions: { [version]: { _id: `${name}@${version}`, name, version, description, dist } },
    _attachments: {
      [`${name}-${version}.tgz`]: attachment('application/octet-stream', packed.toString('base64'), packed.length),
      ...(isAttested ? provenance(name, version, packed) : {}),
    },
  };
  const response = await fetch(new URL(encodeURIComponent(name), registry), {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(document),
  });
  expect(response.status === 201, `the publish of ${name} is answered with ${response.status}: ${await response.text()}`);
}

function provenance(name, version, packed) {
  const data = JSON.stringify(bundleOf(name, version, packed));
  return { [`${name}-${version}.sigstore`]: attachment(MEDIA_TYPE, data, data.length) };
}

function attachment(type, data, length) {
  return { content_type: type, data, length };
}
