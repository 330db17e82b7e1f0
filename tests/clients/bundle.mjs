// A sigstore bundle, as a build service would have made it, but that no signature in it is true.
// Knows nothing of who publishes it, or shows it.

import { createHash } from 'node:crypto';

/** What such a bundle says of a version. */
export const PREDICATE = 'https://slsa.dev/provenance/v1';

/** What kind of bundle it is: the `content_type` of it as an attachment. */
export const MEDIA_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

/** The bundle of a version with this tarball. npm compares its subject with what it has. */
export function bundleOf(name, version, packed) {
  const subject = [{
    name: `pkg:npm/${name.replace(/^@/, '%40')}@${version}`,
    digest: { sha512: createHash('sha512').update(packed).digest('hex') },
  }];
  const statement = { _type: 'https://in-toto.io/Statement/v1', subject, predicateType: PREDICATE, predicate: {} };
  return {
    mediaType: MEDIA_TYPE,
    dsseEnvelope: {
      payload: Buffer.from(JSON.stringify(statement)).toString('base64'),
      payloadType: 'application/vnd.in-toto+json',
      signatures: [{ sig: 'MEUC', keyid: '' }],
    },
  };
}
