//! A certificate and its key, read and found to fit.
//! Knows nothing of when they are read.

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The setting of the certificate's file.
pub const CERT: &str = "NOPAR_TLS_CERT";
/// The setting of the key's file.
pub const KEY: &str = "NOPAR_TLS_KEY";

/// A file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {}", self.sentence())]
pub struct Unusable {
    /// The setting that names the file.
    pub setting: &'static str,
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it, as the rest of a sentence about it.
    pub problem: String,
}

impl Unusable {
    /// What is wrong, without the setting.
    pub fn sentence(&self) -> String {
        format!("{} {}", self.path.display(), self.problem)
    }
}

/// Reads the certificate (with those between it and its authority, in that order) and its key. They
/// may be in one file.
///
/// # Errors
/// What is wrong with which file: it cannot be read, does not hold what it should, or the two do not
/// belong together.
pub fn load(cert: &Path, key: &Path) -> Result<Arc<CertifiedKey>, Unusable> {
    let of_cert = |problem| Unusable { setting: CERT, path: cert.to_owned(), problem };
    let of_key = |problem| Unusable { setting: KEY, path: key.to_owned(), problem };
    let chain = chain(&read(cert).map_err(of_cert)?).map_err(of_cert)?;
    let secret = secret(&read(key).map_err(of_key)?).map_err(of_key)?;
    let signing = ring::default_provider().key_provider.load_private_key(secret);
    let signing =
        signing.map_err(|error| of_key(format!("holds a key that cannot be used: {error}")))?;
    let certified = CertifiedKey::new(chain, signing);
    match certified.keys_match() {
        Ok(()) => Ok(Arc::new(certified)),
        Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => Err(of_key(format!(
            "holds a key that does not belong to the certificate in {}",
            cert.display()
        ))),
        // Not a kind of key whose public half can be told: the handshake would.
        Err(Error::InconsistentKeys(_)) => Ok(Arc::new(certified)),
        Err(error) => Err(of_cert(format!("holds a certificate that cannot be used: {error}"))),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("cannot be read: {error}"))
}

fn chain(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let chain = read.map_err(|error| format!("is not PEM: {error}"))?;
    if chain.is_empty() {
        return Err("holds no certificate: PEM is allowed".to_owned());
    }
    Ok(chain)
}

fn secret(pem: &[u8]) -> Result<PrivateKeyDer<'static>, String> {
    let is_encrypted = || pem.windows(9).any(|word| word == b"ENCRYPTED");
    PrivateKeyDer::from_pem_slice(pem).map_err(|error| match error {
        // Of both forms: a label of PEM, and a line in it (RFC 7468 §11, RFC 1421 §4.6.1.1).
        _ if is_encrypted() => {
            "holds an encrypted key: one without a passphrase is allowed".to_owned()
        }
        rustls::pki_types::pem::Error::NoItemsFound => {
            "holds no private key: PEM is allowed".to_owned()
        }
        error => format!("is not PEM: {error}"),
    })
}
