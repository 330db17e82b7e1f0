//! Digests of a tarball's bytes as they pass, to compare with what its `dist` says.
//! Knows nothing of where the bytes come from.

use super::integrity::{Algorithm, Digest, Integrity};
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

/// Computes a tarball's digests.
///
/// SHA-512 and SHA-1 always: nearly every `dist` names one of them. The others where they are asked
/// for.
pub struct Digester {
    sha1: Sha1,
    sha512: Sha512,
    sha256: Option<Sha256>,
    sha384: Option<Sha384>,
}

impl Digester {
    /// For bytes that are to be compared with `expected`, as far as that is known already.
    pub fn new(expected: Option<&Integrity>) -> Digester {
        let asked = |algorithm| {
            expected.is_some_and(|expected| expected.strongest()[0].algorithm() == algorithm)
        };
        Digester {
            sha1: Sha1::new(),
            sha512: Sha512::new(),
            sha256: asked(Algorithm::Sha256).then(Sha256::new),
            sha384: asked(Algorithm::Sha384).then(Sha384::new),
        }
    }

    /// For bytes of which it is said later what they should be.
    pub fn of_all() -> Digester {
        let (sha256, sha384) = (Some(Sha256::new()), Some(Sha384::new()));
        Digester { sha256, sha384, ..Digester::new(None) }
    }

    /// The next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.sha1.update(bytes);
        self.sha512.update(bytes);
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(bytes);
        }
        if let Some(sha384) = &mut self.sha384 {
            sha384.update(bytes);
        }
    }

    /// The digests, after the last byte.
    pub fn finish(self) -> Integrity {
        let mut digests = vec![Digest::new(Algorithm::Sha512, self.sha512.finalize().to_vec())];
        let sha384 = self.sha384.map(|it| Digest::new(Algorithm::Sha384, it.finalize().to_vec()));
        let sha256 = self.sha256.map(|it| Digest::new(Algorithm::Sha256, it.finalize().to_vec()));
        digests.extend(sha384);
        digests.extend(sha256);
        digests.push(Digest::new(Algorithm::Sha1, self.sha1.finalize().to_vec()));
        Integrity::of_digests(digests)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digests(expected: Option<&Integrity>) -> Integrity {
        let mut digester = Digester::new(expected);
        digester.update(b"hello ");
        digester.update(b"world");
        digester.finish()
    }

    /// What `printf 'hello world' | openssl dgst -ALGORITHM -binary | base64` prints.
    const SHA512: &str = "sha512-MJ7MSJwS1utMxA9QyQLytNDtd+5RGnx6m808qG1M2G+YndNbxf9JlnDaNCVbRbDP2DDoH2Bdz33FVC6TrpzXbw==";
    const SHA384: &str = "sha384-/b2OdaZ/KfcBpOBAOF4uI5hjA+oQI5IRr5B/y7g1eLPkF8txzmRu/QgZ3YwIjeG9";
    const SHA256: &str = "sha256-uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=";
    const SHA1: &str = "sha1-Kq5sNclPz7QV2+lfQIuc6R7oRu0=";

    #[test]
    fn the_digests_are_those_of_openssl() {
        assert_eq!(digests(None), Integrity::parse(&format!("{SHA1} {SHA512}")).unwrap());
        let mut all = Digester::of_all();
        all.update(b"hello world");
        let every = format!("{SHA512} {SHA384} {SHA256} {SHA1}");
        assert_eq!(all.finish(), Integrity::parse(&every).unwrap());
        for rare in [SHA256, SHA384] {
            let expected = Integrity::parse(rare).unwrap();
            assert_eq!(digests(Some(&expected)).matches(&expected), Some(true));
        }
    }

    #[test]
    fn bytes_match_by_the_strongest_digest_alone() {
        let computed = digests(None);
        let other = "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==";
        let matches = |text: &str| computed.matches(&Integrity::parse(text).unwrap());
        assert_eq!(matches(SHA512), Some(true));
        assert_eq!(matches(SHA1), Some(true));
        assert_eq!(matches(&format!("{other} {SHA512}")), Some(true));
        assert_eq!(matches(&format!("{other} {SHA1}")), Some(false));
        assert_eq!(matches(SHA256), None, "not computed, so nothing can be said");
    }
}
