//! What went wrong with a connection, for a person: Pingora tells it as a chain of kinds and contexts.
//! Knows nothing of what was asked for.

use pingora::{Error, ErrorType};

/// How rustls begins to tell what is wrong with a certificate.
const CERTIFICATE: &str = "invalid peer certificate: ";
/// What Pingora puts behind that.
const BEHIND: &str = ", SNI: ";
/// What rustls says of one that no known authority has signed.
const UNKNOWN_ISSUER: &str = "UnknownIssuer";

/// What went wrong, in words; in Pingora's own where there are no better ones. `address` is what was connected to, if it came
/// as far as that.
pub(super) fn told(error: &Error, address: Option<&str>) -> String {
    let said = error.to_string();
    let plain = certificate(&said).or_else(|| unconnected(error.etype(), address?));
    // Without a source Pingora begins with a space.
    plain.unwrap_or_else(|| said.trim_start().to_owned())
}

/// What is wrong with the certificate, if that is the matter.
fn certificate(said: &str) -> Option<String> {
    let (_, reason) = said.split_once(CERTIFICATE)?;
    let reason = reason.split_once(BEHIND).map_or(reason, |(reason, _)| reason);
    Some(match reason {
        UNKNOWN_ISSUER => format!(
            "its certificate is not trusted ({UNKNOWN_ISSUER}): NOPAR_CA_FILE names a file with the authority that signed it"
        ),
        _ => format!("its certificate is not valid: {reason}"),
    })
}

/// Why there is no connection to this address.
fn unconnected(kind: &ErrorType, address: &str) -> Option<String> {
    match kind {
        ErrorType::ConnectRefused => Some(format!("connection refused by {address}")),
        ErrorType::ConnectNoRoute => Some(format!("there is no route to {address}")),
        ErrorType::ConnectTimedout => Some(format!("connecting to {address} took too long")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: Option<&str> = Some("192.0.2.1:443");

    /// As Pingora makes it when rustls ends a handshake.
    fn handshake(reason: &str) -> Box<Error> {
        let inner = Error::because(ErrorType::TLSHandshakeFailure, "tls", reason);
        let context = format!("TLS connect() failed: {inner}, SNI: npm.acme.example");
        Error::explain(ErrorType::TLSHandshakeFailure, context)
    }

    #[test]
    fn a_certificate_is_told_of_in_plain_words() {
        let error = handshake("invalid peer certificate: UnknownIssuer");
        assert_eq!(
            told(&error, ADDRESS),
            "its certificate is not trusted (UnknownIssuer): NOPAR_CA_FILE names a file with the authority that signed it"
        );
        let error = handshake("invalid peer certificate: certificate expired: since 5 days");
        let words = "its certificate is not valid: certificate expired: since 5 days";
        assert_eq!(told(&error, None), words);
    }

    #[test]
    fn an_address_that_cannot_be_connected_to_is_named() {
        for (kind, words) in [
            (ErrorType::ConnectRefused, "connection refused by 192.0.2.1:443"),
            (ErrorType::ConnectNoRoute, "there is no route to 192.0.2.1:443"),
            (ErrorType::ConnectTimedout, "connecting to 192.0.2.1:443 took too long"),
        ] {
            let error = Error::explain(kind, "connect").more_context("Fail to connect to addr: x");
            assert_eq!(told(&error, ADDRESS), words);
        }
    }

    #[test]
    fn all_else_is_told_as_it_is() {
        let error = Error::explain(ErrorType::ReadError, "reset by peer");
        assert_eq!(told(&error, ADDRESS), "ReadError context: reset by peer");
        let error = Error::explain(ErrorType::ConnectTimedout, "resolving npm.acme.example");
        assert!(told(&error, None).contains("resolving npm.acme.example"));
    }
}
