//! A key pair: ECDSA on P-256 with SHA-256, which is what npm's clients verify.
//! Knows nothing of where it is kept.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _,
    UnparsedPublicKey,
};
use sha2::{Digest, Sha256};

/// What comes before the point in the DER of a public key on P-256 (SubjectPublicKeyInfo, RFC 5480 §2).
const SPKI: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// The bytes of an uncompressed point.
const POINT: usize = 65;

/// What is given away of a pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// `SHA256:` and the digest of the key's DER, in base64 without padding.
    pub keyid: String,
    /// The key's DER in base64.
    pub key: String,
}

impl PublicKey {
    /// That of npm's documents for both `keytype` and `scheme`.
    pub const KIND: &'static str = "ecdsa-sha2-nistp256";

    fn of_point(point: &[u8]) -> PublicKey {
        PublicKey::of_der(&[&SPKI, point].concat())
    }

    fn of_der(der: &[u8]) -> PublicKey {
        let keyid = format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(der)));
        PublicKey { keyid, key: STANDARD.encode(der) }
    }

    /// Whether a signature (DER in base64) of a text is by this key.
    pub(super) fn verifies(&self, text: &str, sig: &str) -> bool {
        let (Ok(der), Ok(sig)) = (STANDARD.decode(&self.key), STANDARD.decode(sig)) else {
            return false;
        };
        let point = der.get(SPKI.len()..).unwrap_or_default();
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point);
        key.verify(text.as_bytes(), &sig).is_ok()
    }

    /// The key with this DER in base64, if it is one on that curve.
    pub(super) fn parse(key: &str) -> Option<PublicKey> {
        let der = STANDARD.decode(key).ok()?;
        let is_one = der.len() == SPKI.len() + POINT && der.starts_with(&SPKI);
        is_one.then(|| PublicKey::of_der(&der))
    }
}

/// A pair.
#[derive(Debug)]
pub(super) struct KeyPair {
    pair: EcdsaKeyPair,
    public: PublicKey,
}

impl KeyPair {
    /// A new one, and its private half as it is kept; `None` when the system gives no random numbers.
    pub(super) fn generate() -> Option<(KeyPair, String)> {
        let made =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new());
        let private = STANDARD.encode(made.ok()?);
        Some((KeyPair::parse(&private)?, private))
    }

    /// The pair whose private half this is (PKCS#8 in base64), if it is one.
    pub(super) fn parse(private: &str) -> Option<KeyPair> {
        let der = STANDARD.decode(private).ok()?;
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &der, &random).ok()?;
        let public = PublicKey::of_point(pair.public_key().as_ref());
        Some(KeyPair { pair, public })
    }

    pub(super) fn public(&self) -> &PublicKey {
        &self.public
    }

    /// A signature in DER, in base64; `None` when the system gives no random numbers.
    pub(super) fn sign(&self, text: &str) -> Option<String> {
        let signature = self.pair.sign(&SystemRandom::new(), text.as_bytes()).ok()?;
        Some(STANDARD.encode(signature))
    }
}
