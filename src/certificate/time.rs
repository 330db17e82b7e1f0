//! The time that a certificate is for.
//! Knows nothing of keys, nor of who issued it.

use jiff::Timestamp;
use rustls::sign::CertifiedKey;
use std::time::{SystemTime, UNIX_EPOCH};
use x509_parser::parse_x509_certificate;

/// What is wrong with a certificate at this time, as the rest of a sentence about its file; clients refuse it then.
pub fn untimely(certified: &CertifiedKey, now: SystemTime) -> Option<String> {
    let (_, certificate) = parse_x509_certificate(certified.cert.first()?).ok()?;
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
    let (first, last) = (
        certificate.validity().not_before.timestamp(),
        certificate.validity().not_after.timestamp(),
    );
    if now > last {
        return Some(format!("holds a certificate that has expired ({})", told(last)));
    }
    (now < first).then(|| format!("holds a certificate that is not good yet ({})", told(first)))
}

fn told(seconds: i64) -> String {
    let time = Timestamp::from_second(seconds).unwrap_or_default();
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
