//! A public key of an issuer, and what it has signed.
//! Knows nothing of tokens.

use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};

/// How something is signed (RFC 7518 §3.1, RFC 8037 §3.1). There is no `none`, and nothing by a secret that is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Rs256,
    Es256,
    EdDsa,
}

impl Algorithm {
    /// By its name in a token or a key.
    pub(super) fn parse(name: &str) -> Option<Algorithm> {
        match name {
            "RS256" => Some(Algorithm::Rs256),
            "ES256" => Some(Algorithm::Es256),
            "EdDSA" => Some(Algorithm::EdDsa),
            _ => None,
        }
    }
}

/// A public key. Each is for one algorithm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// Modulus and exponent, in bytes without leading zeros; the modulus of at least 2048 bits, or nothing is signed by
    /// it.
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// A point on P-256, uncompressed.
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
}

impl Key {
    pub(super) fn algorithm(&self) -> Algorithm {
        match self {
            Key::Rsa { .. } => Algorithm::Rs256,
            Key::P256(_) => Algorithm::Es256,
            Key::Ed25519(_) => Algorithm::EdDsa,
        }
    }

    /// Whether this is its signature of the message. Takes some 50 µs.
    pub(super) fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let verified = match self {
            Key::Rsa { n, e } => {
                let key = RsaPublicKeyComponents { n, e };
                key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
            Key::P256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
            Key::Ed25519(point) => {
                UnparsedPublicKey::new(&ED25519, point).verify(message, signature)
            }
        };
        verified.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    /// Of a key of 1024 bits, which was thrown away: its modulus, and its right signature of `message`.
    const N: &str = "yQmYXE54a4P1byxPC0h2b_DOtlaAGeykkY_lfJzEQgrKSRBMPrrN0gUWB1oMe6olkw_DzEojOu_ZygJjfyIpXhqjYfh3lTMe1lvD285YHgaJDJ5MjiG66u5R49D0Dvd0I8CkQK1J-PbHSt9AaspSbPktpa4nADM5yYlDtO1hYnM";
    const SIGNATURE: &str = "l0px-6SI4Jttk3XMnsMx5kenrmFxqoC8gkaVD6hDnGgk-nFW2cBt0CNFiip3MRlHZQwBcgt_GjTS8PQZVvbwiDF6uSo16MDaw5_sFS2vFV90ZZC2Tru0-yM6snaD_blburF-QSdH8HeHY81LsiXad78BIDxJul4Qt-8QSXd4U14";

    #[test]
    fn a_key_that_is_too_short_signs_nothing() {
        let [n, signature] = [N, SIGNATURE].map(|text| URL_SAFE_NO_PAD.decode(text).unwrap());
        assert_eq!((n.len(), signature.len()), (128, 128));
        assert!(!Key::Rsa { n, e: vec![1, 0, 1] }.has_signed(b"message", &signature));
    }

    #[test]
    fn what_is_no_key_signs_nothing() {
        for key in [
            Key::Rsa { n: Vec::new(), e: Vec::new() },
            Key::Rsa { n: vec![255; 256], e: vec![0] },
            Key::Rsa { n: vec![255; 100_000], e: vec![1, 0, 1] },
            Key::P256(vec![4; 65]),
            Key::P256(Vec::new()),
            Key::Ed25519(vec![0; 32]),
            Key::Ed25519(vec![0; 31]),
        ] {
            for length in [0, 64, 256] {
                assert!(!key.has_signed(b"message", &vec![0; length]), "{key:?}");
            }
        }
    }

    #[test]
    fn algorithms_have_the_names_of_the_standard_and_others_are_none() {
        for (name, expected) in [
            ("RS256", Some(Algorithm::Rs256)),
            ("ES256", Some(Algorithm::Es256)),
            ("EdDSA", Some(Algorithm::EdDsa)),
        ] {
            assert_eq!(Algorithm::parse(name), expected);
        }
        for name in ["none", "None", "", "HS256", "RS384", "PS256", "rs256", "ES256K"] {
            assert_eq!(Algorithm::parse(name), None, "{name}");
        }
    }
}
