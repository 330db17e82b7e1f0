//! Certificates of authorities, as Pingora takes them for single connections.
//! Knows nothing of who trusts them.

use super::SetUpError;
use pingora::protocols::tls::CaType;
use pingora::utils::tls::WrappedX509;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::path::Path;
use std::sync::Arc;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

/// Reads a file of certificates in PEM.
///
/// # Errors
/// When it cannot be read, or holds what is no certificate.
pub(super) fn read(path: &Path) -> Result<Arc<CaType>, SetUpError> {
    let wrong = |problem: String| SetUpError::Authorities(format!("{} {problem}", path.display()));
    let pem = std::fs::read(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    let certificates = CertificateDer::pem_slice_iter(&pem).map(|certificate| {
        let der = certificate.map_err(|error| wrong(format!("is not PEM: {error}")))?;
        WrappedX509::try_new(der.to_vec(), |der: &Vec<u8>| parse(der))
            .map_err(|error| wrong(format!("holds a certificate that cannot be used: {error}")))
    });
    certificates.collect()
}

fn parse(der: &[u8]) -> Result<X509Certificate<'_>, x509_parser::error::X509Error> {
    Ok(X509Certificate::from_der(der)
        .map_err(|error| match error {
            x509_parser::nom::Err::Error(error) | x509_parser::nom::Err::Failure(error) => error,
            x509_parser::nom::Err::Incomplete(_) => {
                x509_parser::error::X509Error::InvalidCertificate
            }
        })?
        .1)
}
