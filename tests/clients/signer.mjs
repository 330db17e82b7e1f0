// A registry's own key, and what it signs: `name@version:integrity`, by P-256 and SHA-256, as npm's own registry does.
// Knows nothing of who asks.

import { createHash, createSign, generateKeyPairSync } from 'node:crypto';

const ALGORITHM = 'ecdsa-sha2-nistp256';

/** Makes a key, and what is told and done by it. */
export function newSigner() {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const keyid = `SHA256:${createHash('sha256').update(spki).digest('base64')}`;
  return {
    /** The public key, as `/-/npm/v1/keys` tells it. */
    key: { expires: null, keyid, keytype: ALGORITHM, scheme: ALGORITHM, key: spki.toString('base64') },
    /** What `dist.signatures` of a version holds. */
    sign: (name, version, integrity) => {
      return { keyid, sig: createSign('SHA256').update(`${name}@${version}:${integrity}`).sign(privateKey, 'base64') };
    },
  };
}
