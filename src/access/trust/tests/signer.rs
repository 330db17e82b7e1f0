//! Keys of a made-up issuer, and what it signs by them.
//! Knows nothing of what the tokens say.

use super::super::Keys;
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use ring::rand::SystemRandom;
use ring::rsa;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};
use std::io;

/// Made for tests, see the README beside it: ring makes no RSA keys.
const RSA: &[u8] = include_bytes!("../../../../tests/fixtures/oidc/rsa-2048.pem");

/// A key, its ID, and the algorithm it is for.
pub(super) struct Signer {
    pub(super) id: &'static str,
    pub(super) algorithm: &'static str,
    pair: Pair,
}

enum Pair {
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(Box<RsaKeyPair>),
}

impl Signer {
    /// One of each kind.
    pub(super) fn each() -> Vec<Signer> {
        let rsa = PrivatePkcs8KeyDer::from_pem_slice(RSA).unwrap();
        let rsa = RsaKeyPair::from_pkcs8(rsa.secret_pkcs8_der()).unwrap();
        let rsa = Signer { id: "rsa", algorithm: "RS256", pair: Pair::Rsa(Box::new(rsa)) };
        vec![p256(), ed25519(), rsa]
    }

    /// Keys of somebody else, of the kinds of [`each`](Signer::each), where there can be another.
    pub(super) fn strangers() -> [Option<Signer>; 3] {
        [Some(p256()), Some(ed25519()), None]
    }

    /// A token with these claims.
    pub(super) fn token(&self, claims: &Value) -> String {
        self.signed(&json!({"alg": self.algorithm, "typ": "JWT", "kid": self.id}), claims)
    }

    /// The same, whatever its header says.
    pub(super) fn signed(&self, header: &Value, claims: &Value) -> String {
        let [header, claims] = [header, claims].map(|part| encode(part.to_string().as_bytes()));
        let signed = format!("{header}.{claims}");
        let signature = encode(self.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::P256(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
                signature
            }
        }
    }

    /// The public key, as an issuer shows it.
    pub(super) fn jwk(&self) -> Value {
        match &self.pair {
            Pair::P256(pair) => {
                let point = pair.public_key().as_ref();
                let [x, y] = [&point[1..33], &point[33..]].map(encode);
                json!({"kty": "EC", "crv": "P-256", "kid": self.id, "x": x, "y": y, "use": "sig"})
            }
            Pair::Ed25519(pair) => {
                let x = encode(pair.public_key().as_ref());
                json!({"kty": "OKP", "crv": "Ed25519", "kid": self.id, "x": x, "alg": "EdDSA"})
            }
            Pair::Rsa(pair) => {
                let rsa::PublicKeyComponents { n, e } =
                    rsa::PublicKeyComponents::<Vec<u8>>::from(pair.public());
                let [n, e] = [n, e].map(encode);
                json!({"kty": "RSA", "kid": self.id, "n": n, "e": e, "alg": "RS256", "use": "sig"})
            }
        }
    }
}

fn p256() -> Signer {
    let (random, kind) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(kind, pkcs8.as_ref(), &random).unwrap();
    Signer { id: "p256", algorithm: "ES256", pair: Pair::P256(pair) }
}

fn ed25519() -> Signer {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
    Signer { id: "ed25519", algorithm: "EdDSA", pair: Pair::Ed25519(pair) }
}

pub(super) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// How many points the curve P-256 has (FIPS 186-4 D.1.2.3).
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6,
    0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// The same token of ES256 with the other signature that is right, which takes no key to make.
pub(super) fn signed_otherwise(token: &str) -> String {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let mut signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let mut borrowed = 0;
    for (at, order) in ORDER.iter().enumerate().rev() {
        let difference = i16::from(*order) - i16::from(signature[32 + at]) - borrowed;
        borrowed = i16::from(difference < 0);
        signature[32 + at] = (difference + 256 * borrowed) as u8;
    }
    format!("{signed}.{}", encode(signature))
}

/// A document that all issuers show.
pub(super) struct Shown(Bytes);

/// The keys of these.
pub(super) fn shown(signers: &[Signer]) -> Shown {
    let keys: Vec<Value> = signers.iter().map(Signer::jwk).collect();
    Shown(json!({"keys": keys}).to_string().into())
}

#[async_trait]
impl Keys for Shown {
    async fn keys(&self, _issuer: &str) -> io::Result<Bytes> {
        Ok(self.0.clone())
    }
}
