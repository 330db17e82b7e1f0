//! Why a request has no good answer, and what the client is told.
//! Knows nothing of connections.

use crate::cache::Wrong;
use crate::document::{Attestations, BadAttestations, BuildError, GunzipError};
use crate::reply::Reply;
use crate::upstream::{self, FetchError, is_forbidden};
use http::StatusCode;
use http::header::{self, HeaderMap};
use pingora::{Error, ErrorSource, ErrorType};
use std::time::Duration;

/// How long a failure of the upstream is remembered. Those who asked together share it; a client
/// that tries again of itself does so after a second at the earliest, and finds the upstream as it
/// is then.
const BRIEFLY: Duration = Duration::from_secs(1);
const WRONG_DIGEST: &str = "upstream_integrity";
const SLOW: &str = "upstream_slow";
const TOO_LARGE: &str = "upstream_too_large";
const UNREACHABLE: &str = "upstream_unreachable";
const INVALID: &str = "upstream_invalid";
const FORBIDDEN: &str = "upstream_forbidden_address";
const REDIRECTS: &str = "upstream_redirects";
const BUSY: &str = "upstream_busy";
const CUT: &str = "upstream_cut";
const WAITED: &str = "upstream_wait";
const INTERNAL: &str = "internal_error";
/// How the reason begins that has an upstream's status behind it.
const STATUS: &str = "upstream_status_";
/// An upstream that wants fewer requests.
const PAUSE: &str = "upstream_status_429";
const A_MINUTE: Duration = Duration::from_secs(60);

/// A request that fails. `Clone`, because all who waited for one fetch share its failure.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) status: StatusCode,
    /// npm's `error`: a sentence for the person at the client.
    pub(super) error: String,
    /// CouchDB's `reason`: a word for programs, or more of the story.
    pub(super) reason: String,
    /// In how many seconds to try again, if the upstream said that.
    pub(super) retry_after: Option<u64>,
    /// Whether the upstream had begun to send what it was asked for.
    began: bool,
}

impl Failure {
    pub(super) fn new(
        status: StatusCode,
        error: impl Into<String>,
        reason: impl Into<String>,
    ) -> Failure {
        let (error, reason) = (error.into(), reason.into());
        Failure { status, error, reason, retry_after: None, began: false }
    }

    /// The upstream was replaced in the settings while it was waited for.
    pub(super) fn replaced() -> Failure {
        let error = "another upstream registry was set while this was on its way: ask again";
        Failure::new(StatusCode::SERVICE_UNAVAILABLE, error, "upstream_replaced")
    }

    /// The package is nowhere. The words are CouchDB's, which npm and its kin look for.
    pub(super) fn no_package() -> Failure {
        Failure::new(StatusCode::NOT_FOUND, "not_found", "document not found")
    }

    /// The package is not held, and no upstream may be asked for it.
    pub(super) fn not_held() -> Failure {
        let reason = "not here, and no upstream is asked (NOPAR_AUTO_FORWARD=no)";
        Failure::new(StatusCode::NOT_FOUND, "not_found", reason)
    }

    /// The package is there, the version or dist-tag is not.
    pub(super) fn no_version(selector: &str) -> Failure {
        let error = format!("version not found: {selector}");
        Failure::new(StatusCode::NOT_FOUND, error, "the package has no such version or dist-tag")
    }

    /// The version has none, or is nowhere itself: whose it would be is not told.
    pub(super) fn no_attestations() -> Failure {
        let error = "no attestations of this version are known here";
        Failure::new(StatusCode::NOT_FOUND, error, "not_found")
    }

    /// A `Range` that lies outside of a tarball.
    pub(super) fn bad_range() -> Failure {
        let error = "the range that is asked for is not in the tarball";
        Failure::new(StatusCode::RANGE_NOT_SATISFIABLE, error, "bad_range")
    }

    /// The tarball is nowhere.
    pub(super) fn no_tarball(file: &str) -> Failure {
        Failure::new(StatusCode::NOT_FOUND, format!("tarball not found: {file}"), "not_found")
    }

    /// The upstream answered with a status that is no answer to the question.
    pub(super) fn upstream_status(status: StatusCode, headers: &HeaderMap) -> Failure {
        let reason = format!("{STATUS}{}", status.as_u16());
        let (answer, error) = match status.as_u16() {
            401 | 403 => (
                StatusCode::BAD_GATEWAY,
                format!(
                    "the upstream registry refused NOPAR access ({status}); the token of NOPAR for it (NOPAR_FORWARDER_TOKEN) is the matter, not yours"
                ),
            ),
            429 => (StatusCode::SERVICE_UNAVAILABLE, told(PAUSE).to_owned()),
            503 => (
                StatusCode::SERVICE_UNAVAILABLE,
                "the upstream registry is not available (503)".to_owned(),
            ),
            508 => {
                let error = "the upstream registry leads back to this NOPAR (NOPAR_FORWARDER_URL)";
                (StatusCode::LOOP_DETECTED, error.to_owned())
            }
            504 => {
                (StatusCode::GATEWAY_TIMEOUT, "the upstream registry timed out (504)".to_owned())
            }
            _ => (StatusCode::BAD_GATEWAY, format!("the upstream registry answered {status}")),
        };
        let retry_after = upstream::retry_after(headers);
        let retry_after = retry_after.filter(|_| answer == StatusCode::SERVICE_UNAVAILABLE);
        Failure { retry_after, ..Failure::new(answer, error, reason) }
    }

    /// The upstream gave no answer.
    pub(super) fn fetch(error: &FetchError) -> Failure {
        let (status, reason) = match error {
            FetchError::Unfinished(error) => return Failure::fetch(error).after_its_begin(),
            error if error.is_timeout() => (StatusCode::GATEWAY_TIMEOUT, "upstream_timeout"),
            FetchError::Connection { source, .. } if is_forbidden(source) => {
                return Failure::forbidden();
            }
            FetchError::TooLarge { .. } => (StatusCode::BAD_GATEWAY, TOO_LARGE),
            FetchError::Redirect { .. } => (StatusCode::BAD_GATEWAY, REDIRECTS),
            FetchError::Busy { .. } => {
                let busy = Failure::new(StatusCode::SERVICE_UNAVAILABLE, told(BUSY), BUSY);
                return busy.passing_after(BRIEFLY);
            }
            // As of who was told so by the upstream itself.
            FetchError::HeldBack { left, .. } => {
                let held = Failure::new(StatusCode::SERVICE_UNAVAILABLE, told(PAUSE), PAUSE);
                return held.passing_after(*left);
            }
            _ => (StatusCode::BAD_GATEWAY, UNREACHABLE),
        };
        Failure::new(status, told(reason), reason)
    }

    /// The same, told with how long it lasts.
    fn passing_after(self, left: Duration) -> Failure {
        Failure { retry_after: Some(left.as_millis().div_ceil(1000) as u64), ..self }
    }

    /// The same failure, in the middle of an answer.
    fn after_its_begin(self) -> Failure {
        let error = match self.reason.as_str() {
            UNREACHABLE => "the upstream registry broke its answer off".to_owned(),
            _ => self.error,
        };
        Failure { error, began: true, ..self }
    }

    /// The upstream must not give it out.
    pub(super) fn withheld() -> Failure {
        let status = StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS;
        let error = "the upstream registry withholds this package for legal reasons";
        Failure::new(status, error, "unavailable_for_legal_reasons")
    }

    /// A tarball that is not what its packument says, or did not come to its end.
    pub(super) fn broken_tarball(wrong: Option<&Wrong>) -> Failure {
        let Some(wrong @ Wrong::Digest { .. }) = wrong else { return Failure::cut_tarball() };
        let error = "the upstream registry's tarball is not what its packument says";
        Failure::new(StatusCode::BAD_GATEWAY, format!("{error}: {wrong}"), WRONG_DIGEST)
    }

    /// The status that the upstream answered with, if that is the matter.
    fn upstream_said(&self) -> Option<StatusCode> {
        self.reason.strip_prefix(STATUS)?.parse().ok()
    }

    /// Whether the upstream may well be up and yet did not say what it was asked: it refused, or sent something else, or
    /// not all of it, or NOPAR itself did not get to ask. Not when it could not be reached, or failed.
    pub(super) fn is_evasion(&self) -> bool {
        let is_nonsense = || [INVALID, FORBIDDEN, REDIRECTS].contains(&self.reason.as_str());
        match self.upstream_said() {
            Some(status) => !status.is_server_error(),
            None => self.began || self.is_own() || is_nonsense(),
        }
    }

    /// Whether NOPAR itself is the matter, so that this says nothing of the upstream.
    fn is_own(&self) -> bool {
        [BUSY, WAITED, INTERNAL].contains(&self.reason.as_str())
    }

    /// Whether that may pass: when an answer broke off, or NOPAR is the matter, and by npm's own account of which
    /// statuses to try again.
    pub(super) fn is_passing(&self) -> bool {
        let status = self.upstream_said();
        self.began
            || self.is_own()
            || status.is_some_and(|status| matches!(status.as_u16(), 408 | 420 | 429))
    }

    /// Whether the upstream sent more than NOPAR takes.
    pub(super) fn is_too_large(&self) -> bool {
        self.reason == TOO_LARGE
    }

    /// The upstream sent more than NOPAR takes, told in these words.
    pub(super) fn too_large(error: impl Into<String>) -> Failure {
        Failure::new(StatusCode::BAD_GATEWAY, error, TOO_LARGE)
    }

    /// The upstream sent something else than it was asked for, told in these words.
    pub(super) fn invalid(error: impl Into<String>) -> Failure {
        Failure::new(StatusCode::BAD_GATEWAY, error, INVALID)
    }

    /// Whether it is about a tarball that is not what its packument says.
    pub(super) fn is_wrong_digest(&self) -> bool {
        self.reason == WRONG_DIGEST
    }

    /// A page where a tarball should be.
    pub(super) fn no_tarball_but_a_page() -> Failure {
        let error = "the upstream registry sent a page in place of the tarball";
        Failure::new(StatusCode::BAD_GATEWAY, error, INVALID)
    }

    /// A tarball that did not come to its end.
    pub(super) fn cut_tarball() -> Failure {
        let error = "the upstream registry broke the tarball off";
        Failure::new(StatusCode::BAD_GATEWAY, error, CUT)
    }

    /// Whether it is that.
    pub(super) fn is_cut(&self) -> bool {
        self.reason == CUT
    }

    /// The upstream took too long.
    pub(super) fn timeout() -> Failure {
        let reason = "upstream_timeout";
        Failure::new(StatusCode::GATEWAY_TIMEOUT, told(reason), reason)
    }

    /// Another request was to ask the upstream, and did not come to an end.
    pub(super) fn waited() -> Failure {
        Failure::new(StatusCode::GATEWAY_TIMEOUT, told(WAITED), WAITED)
    }

    /// How long this failure is told to whoever asks, before the upstream is asked once more: as
    /// long as it wants, but no longer than a minute; else [`BRIEFLY`].
    pub(super) fn patience(&self) -> Duration {
        if self.is_slow() {
            return Duration::ZERO;
        }
        let wanted = self.retry_after.map(Duration::from_secs);
        wanted.map_or(BRIEFLY, |wanted| wanted.clamp(BRIEFLY, A_MINUTE))
    }

    /// The upstream takes longer than somebody waits who can be served from a copy. Told to those who
    /// waited with them, and remembered no longer: it is asked on.
    pub(super) fn slow() -> Failure {
        Failure::new(StatusCode::GATEWAY_TIMEOUT, told("upstream_timeout"), SLOW)
    }

    /// Whether it is that.
    pub(super) fn is_slow(&self) -> bool {
        self.reason == SLOW
    }

    /// The upstream leads to where only NOPAR may go. Whoever asks is not told which address that is.
    fn forbidden() -> Failure {
        Failure::new(StatusCode::BAD_GATEWAY, told(FORBIDDEN), FORBIDDEN)
    }

    /// The upstream's answer is not what was asked for.
    pub(super) fn unusable(error: &BuildError) -> Failure {
        if matches!(error, BuildError::Gunzip(GunzipError::TooLarge(_)) | BuildError::TooLarge(_)) {
            let reason = TOO_LARGE;
            return Failure::new(StatusCode::BAD_GATEWAY, told(reason), reason);
        }
        let error = "the upstream registry's answer is not this package's document";
        Failure::new(StatusCode::BAD_GATEWAY, error, INVALID)
    }

    /// The upstream sent no attestations, or more than are taken.
    pub(super) fn bad_attestations(error: &BadAttestations) -> Failure {
        if matches!(error, BadAttestations::TooLarge) {
            return Failure::long_attestations();
        }
        let error = "the upstream registry's answer is not the attestations of a version";
        Failure::new(StatusCode::BAD_GATEWAY, error, INVALID)
    }

    /// The upstream sent more attestations than are taken.
    pub(super) fn long_attestations() -> Failure {
        let most = Attestations::LONGEST;
        let error = format!(
            "the upstream registry's attestations of this version are longer than {most} bytes, the most that NOPAR takes"
        );
        Failure::new(StatusCode::BAD_GATEWAY, error, TOO_LARGE)
    }

    /// Something is wrong with NOPAR itself.
    pub(super) fn internal() -> Failure {
        let error = "NOPAR could not answer; its log says why";
        Failure::new(StatusCode::INTERNAL_SERVER_ERROR, error, INTERNAL)
    }

    /// What an error that Pingora met on the way means. `None`: the client is gone, nobody is told.
    pub(super) fn of_pingora(error: &Error) -> Option<Failure> {
        let gone = matches!(
            error.etype(),
            ErrorType::WriteError | ErrorType::ReadError | ErrorType::ConnectionClosed
        );
        match error.esource() {
            ErrorSource::Downstream if gone => None,
            ErrorSource::Downstream => {
                let error = "the request could not be read";
                Some(Failure::new(StatusCode::BAD_REQUEST, error, "bad_request"))
            }
            _ => Some(Failure::internal()),
        }
    }

    /// The answer.
    pub(super) fn reply(&self) -> Reply {
        let reply = Reply::error(self.status, &self.error, &self.reason);
        match self.retry_after {
            Some(after) => reply.with(header::RETRY_AFTER, after.to_string()),
            None => reply,
        }
    }
}

fn told(reason: &str) -> &'static str {
    match reason {
        "upstream_timeout" => "the upstream registry did not answer in time",
        BUSY => {
            "too many requests wait for the upstream registry (NOPAR_UPSTREAM_CONNECTIONS, NOPAR_UPSTREAM_REQUESTS_PER_SECOND)"
        }
        PAUSE => "the upstream registry asks for fewer requests (429)",
        WAITED => "another request has waited for the upstream registry for too long",
        TOO_LARGE => {
            "the upstream registry's document is larger than NOPAR takes (NOPAR_MAX_PACKUMENT)"
        }
        REDIRECTS => {
            "the upstream registry redirects too often, or to where nothing can be fetched"
        }
        FORBIDDEN => {
            "the upstream registry leads to an address that is not public (NOPAR_ALLOW_HOSTS)"
        }
        _ => "the upstream registry could not be reached",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What keeps a new name from being taken, and what does not.
    #[test]
    fn who_answers_and_does_not_say_is_not_down() {
        let of_status = |status: u16| {
            let status = StatusCode::from_u16(status).unwrap();
            Failure::upstream_status(status, &HeaderMap::new())
        };
        for (status, is_evasion, is_passing) in [
            (204, true, false),
            (304, true, false),
            (400, true, false),
            (401, true, false),
            (403, true, false),
            (408, true, true),
            (429, true, true),
            (500, false, false),
            (503, false, false),
            (504, false, false),
            (508, false, false),
        ] {
            let failure = of_status(status);
            assert_eq!(failure.is_evasion(), is_evasion, "{status}");
            assert_eq!(failure.is_passing(), is_passing, "{status}");
        }
        let target = String::new();
        assert!(Failure::fetch(&FetchError::Redirect { target: target.clone() }).is_evasion());
        assert!(Failure::forbidden().is_evasion());
        let after = Duration::ZERO;
        // Where NOPAR itself is the matter, the upstream may have the name.
        let busy = Failure::fetch(&FetchError::Busy { target, after });
        for own in [busy, Failure::waited(), Failure::internal()] {
            assert!(own.is_evasion() && own.is_passing(), "{own:?}");
        }
        assert!(!Failure::timeout().is_evasion());
    }
}
