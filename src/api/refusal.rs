//! Why a call is not answered as the client would like it, and what it is told.
//! Knows nothing of who said no but what that one said.

use super::Evasion;
use crate::access::Denied;
use crate::hosted::HostedError;
use crate::npm::hosted::ChangeError;
use crate::npm::publish::{PublishError, ScanError};
use crate::npm::{InvalidDistTag, InvalidName, PackageName, Selector, TarballName};
use crate::reply::Reply;
use crate::store::StoreError;
use http::{StatusCode, header};
use log::error;

/// What it takes to be let in (RFC 9110 §11.6.1).
const BEARER: &str = "Bearer realm=\"NOPAR\"";

/// The reason of who is asked for a code.
const NEEDS_CODE: &str = "otp_required";

/// The reason of who is known, and may not do it.
pub(super) const FORBIDDEN: &str = "forbidden";

/// The reason of who has given a wrong password, at a login or beside credentials that are good.
const WRONG_PASSWORD: &str = "wrong_password";

/// A refusal: a status, a sentence for the person at the client, a word for programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status.
    pub status: StatusCode,
    /// npm's `error`.
    pub error: String,
    /// CouchDB's `reason`.
    pub reason: &'static str,
    /// In how many seconds to try again, if that is known.
    pub retry_after: Option<u64>,
}

impl Refusal {
    /// With these words.
    pub fn new(status: StatusCode, error: impl Into<String>, reason: &'static str) -> Refusal {
        Refusal { status, error: error.into(), reason, retry_after: None }
    }

    /// Whether it says that there is no such package.
    pub fn is_absence(&self) -> bool {
        *self == Refusal::no_package()
    }

    /// The package is not here.
    pub(super) fn no_package() -> Refusal {
        Refusal::new(StatusCode::NOT_FOUND, "not_found", "document not found")
    }

    /// The version has none, or is not here itself; told as of packages of upstreams.
    pub(super) fn no_attestations() -> Refusal {
        let error = "no attestations of this version are known here";
        Refusal::new(StatusCode::NOT_FOUND, error, "not_found")
    }

    /// No version has this tarball, or had.
    pub(super) fn no_tarball(file: &TarballName) -> Refusal {
        Refusal::new(StatusCode::NOT_FOUND, format!("tarball not found: {file}"), "not_found")
    }

    /// Nothing is at this path.
    pub(super) fn no_endpoint() -> Refusal {
        Refusal::new(StatusCode::NOT_FOUND, "not_found", "no such endpoint")
    }

    /// The package is the upstream's, and so are its changes.
    pub(super) fn not_hosted(name: &PackageName) -> Refusal {
        let error = format!(
            "{name} is a package of the upstream registry, not of this one, and can be changed only there"
        );
        Refusal::new(StatusCode::FORBIDDEN, error, "not_hosted")
    }

    /// The package is NOPAR's own: there is no upstream that could say anything of it.
    pub(super) fn hosted(name: &PackageName) -> Refusal {
        let error = format!("{name} is published here: there is nothing to refresh");
        Refusal::new(StatusCode::CONFLICT, error, "hosted")
    }

    /// The package is NOPAR's own: what is here is no copy that could be had again.
    pub(super) fn no_copy(name: &PackageName) -> Refusal {
        let error = format!(
            "{name} is published here: what is held of it is no copy, and is not purged; npm unpublish removes it"
        );
        Refusal::new(StatusCode::CONFLICT, error, "hosted")
    }

    /// A dist-tag stands where a version should.
    pub(super) fn no_version(selector: &Selector) -> Refusal {
        let error = format!(
            "{selector} is no version: purge a version by its number, or the package by its name, which has its dist-tags fetched anew"
        );
        Refusal::new(StatusCode::BAD_REQUEST, error, "bad_version")
    }

    /// The name is the upstream's: nobody publishes under it here.
    pub(super) fn taken(name: &PackageName) -> Refusal {
        let error = format!(
            "{name} is a package of the upstream registry; to host a package of that name here, add {name} to NOPAR_LOCAL_PACKAGES and restart NOPAR"
        );
        Refusal::new(StatusCode::FORBIDDEN, error, "name_of_upstream")
    }

    /// Nobody knows whether the name is the upstream's. What npm tries again, 503, is what may go otherwise then.
    pub(super) fn unsaid(name: &PackageName, evasion: &Evasion) -> Refusal {
        let Evasion { said, is_passing, retry_after } = evasion;
        let status =
            if *is_passing { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::FORBIDDEN };
        let error = format!(
            "{said}: nobody knows whether the upstream registry has {name}; to host a package of that name here whether or not, add {name} to NOPAR_LOCAL_PACKAGES and restart NOPAR"
        );
        Refusal { retry_after: *retry_after, ..Refusal::new(status, error, "upstream_unsaid") }
    }

    /// The store has a copy of the upstream's document in the package's place.
    pub(super) fn copied(name: &PackageName) -> Refusal {
        let error = format!(
            "an older NOPAR left a copy of the upstream's {name} in the registry's directory, where a package of that name would be; move it away to publish one"
        );
        Refusal::new(StatusCode::FORBIDDEN, error, "copy_in_its_place")
    }

    /// Nobody here has that name.
    pub(super) fn no_user(user: &str) -> Refusal {
        let error = format!(
            "{user} is no user of this registry: see how the name is spelt, or have them added first"
        );
        Refusal::new(StatusCode::NOT_FOUND, error, "not_found")
    }

    /// Nobody of that name is an owner.
    pub(super) fn no_owner(user: &str) -> Refusal {
        Refusal::new(StatusCode::NOT_FOUND, format!("{user} is no owner"), "not_found")
    }

    /// The body is too long.
    pub(super) fn too_large(limit: u64) -> Refusal {
        let error = format!(
            "the request is larger than the {limit} bytes it may have (NOPAR_MAX_BODY, at most)"
        );
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, error, "body_too_large")
    }

    /// What came is not what belongs there.
    pub(super) fn bad_body(error: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, error, "bad_body")
    }

    /// Something is wrong with NOPAR itself.
    pub(super) fn internal() -> Refusal {
        let error = "the registry could not work on it, nothing was changed; its log says why";
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, error, "internal_error")
    }

    /// The store did not make a change, as far as it knows: so much is told of all that writes.
    pub(super) fn of_change(source: StoreError) -> Refusal {
        error!("{source}");
        let internal = StatusCode::INTERNAL_SERVER_ERROR;
        let (status, error, reason) = match source {
            StoreError::Full { .. } => {
                let error = "the disk of this registry is full; nothing was changed";
                (StatusCode::INSUFFICIENT_STORAGE, error, "disk_full")
            }
            StoreError::Denied { .. } => {
                let error = "this registry may not write to its own directory; nothing was changed";
                (internal, error, "store_error")
            }
            StoreError::InDoubt { .. } => {
                let error = "the registry's store failed while it made this change, and whether it was made is not known: look (npm view) before you try again; its log says why";
                (internal, error, "change_in_doubt")
            }
            StoreError::Io { .. } | StoreError::Damaged { .. } => {
                let error = "the registry's store failed, nothing was changed; its log says why";
                (internal, error, "store_error")
            }
        };
        Refusal::new(status, error, reason)
    }

    /// Others changed the package again and again.
    pub(super) fn crowded(name: &PackageName) -> Refusal {
        let error = format!("too many others change {name} at once; try again");
        Refusal::new(StatusCode::CONFLICT, error, "conflict")
    }

    /// The answer.
    pub fn reply(&self) -> Reply {
        let mut reply = Reply::error(self.status, &self.error, self.reason);
        if let Some(after) = self.retry_after {
            reply = reply.with(header::RETRY_AFTER, after.to_string());
        }
        match self.status {
            // What clients ask their user for a code by; the logins of pnpm know it in small letters only.
            StatusCode::UNAUTHORIZED if self.reason == NEEDS_CODE => {
                reply.with(header::WWW_AUTHENTICATE, "otp")
            }
            // By which npm says that it is the password, and not the token.
            StatusCode::UNAUTHORIZED if self.reason == WRONG_PASSWORD => {
                reply.with(header::WWW_AUTHENTICATE, "Basic realm=\"NOPAR\"")
            }
            StatusCode::UNAUTHORIZED => reply.with(header::WWW_AUTHENTICATE, BEARER),
            _ => reply,
        }
    }
}

/// A page that tells of a refusal, with what programs are told of it; `retry_after` in seconds, if that is known.
pub fn on_page(mut page: Reply, status: StatusCode, retry_after: Option<&str>) -> Reply {
    if let Some(after) = retry_after {
        page = page.with(header::RETRY_AFTER, after);
    }
    if status == StatusCode::UNAUTHORIZED {
        // Never Basic, for which a browser would ask by itself, in front of the page.
        page = page.with(header::WWW_AUTHENTICATE, BEARER);
    }
    page
}

impl From<ChangeError> for Refusal {
    fn from(error: ChangeError) -> Refusal {
        use ChangeError as E;
        let (status, reason) = match &error {
            E::VersionExists(_) => (StatusCode::CONFLICT, "version_exists"),
            E::VersionUnpublished(_) => (StatusCode::FORBIDDEN, "version_unpublished"),
            E::NoVersion(_) | E::NoTag(_) | E::NothingPublished(_) => {
                (StatusCode::NOT_FOUND, "not_found")
            }
            E::Conflict { .. } => (StatusCode::CONFLICT, "conflict"),
            E::TooMany(_) => (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"),
            E::TooLong { .. } | E::Full { .. } => {
                (StatusCode::PAYLOAD_TOO_LARGE, "package_too_large")
            }
            E::LatestRemoved | E::LastOwner(_) | E::TarballChanged(_) | E::VersionAdded(_) => {
                (StatusCode::FORBIDDEN, "not_allowed")
            }
            E::Tag(_)
            | E::NamelessOwner
            | E::NotADocument
            | E::NothingSaid
            | E::NotAText(_)
            | E::WrongName { .. } => (StatusCode::BAD_REQUEST, "bad_request"),
            E::NobodysStar => (StatusCode::UNAUTHORIZED, "unauthorized"),
        };
        Refusal::new(status, error.to_string(), reason)
    }
}

impl From<PublishError> for Refusal {
    fn from(error: PublishError) -> Refusal {
        let status = match &error {
            PublishError::Length { .. } | PublishError::Digest { .. } => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            PublishError::LongManifest { .. }
            | PublishError::LongBundle { .. }
            | PublishError::TooMany(_) => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::BAD_REQUEST,
        };
        Refusal::new(status, error.to_string(), "bad_publish")
    }
}

impl From<ScanError> for Refusal {
    fn from(error: ScanError) -> Refusal {
        let status = match &error {
            ScanError::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::BAD_REQUEST,
        };
        Refusal::new(status, error.to_string(), "bad_publish")
    }
}

impl From<InvalidDistTag> for Refusal {
    fn from(error: InvalidDistTag) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, error.to_string(), "bad_dist_tag")
    }
}

impl From<InvalidName> for Refusal {
    fn from(error: InvalidName) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, error.to_string(), "bad_name")
    }
}

/// Of what was to be read. What was to be written is told by `Refusal::of_change`.
impl From<StoreError> for Refusal {
    fn from(source: StoreError) -> Refusal {
        error!("{source}");
        let error = "the registry's store could not be read; its log says why";
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, error, "store_error")
    }
}

impl From<HostedError> for Refusal {
    fn from(error: HostedError) -> Refusal {
        match error {
            HostedError::Absent => Refusal::no_package(),
            HostedError::Store(error) => error.into(),
            error => {
                error!("{error}");
                let told = match error {
                    HostedError::Unlisted(_) => {
                        "the registry's packages cannot be listed; its log says why"
                    }
                    _ => "the package's document cannot be read; the registry's log says why",
                };
                Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, told, "store_error")
            }
        }
    }
}

impl From<Denied> for Refusal {
    fn from(denied: Denied) -> Refusal {
        let (status, reason) = match &denied {
            Denied::Hidden => return Refusal::no_package(),
            Denied::NeedsCode => (StatusCode::UNAUTHORIZED, NEEDS_CODE),
            Denied::NeedsToken => (StatusCode::UNAUTHORIZED, "token_required"),
            Denied::BadCredentials | Denied::NotLoggedIn => {
                (StatusCode::UNAUTHORIZED, "unauthorized")
            }
            Denied::BadLogin => (StatusCode::UNAUTHORIZED, WRONG_PASSWORD),
            Denied::NoLogin => (StatusCode::NOT_FOUND, "not_found"),
            Denied::UsedLogin => (StatusCode::GONE, "used"),
            Denied::Crowded { seconds, .. } => {
                let status = StatusCode::TOO_MANY_REQUESTS;
                let refusal = Refusal::new(status, denied.to_string(), "crowded");
                return Refusal { retry_after: Some(*seconds), ..refusal };
            }
            Denied::TooEarly { seconds } => {
                let status = StatusCode::TOO_MANY_REQUESTS;
                let refusal = Refusal::new(status, denied.to_string(), "too_many_logins");
                return Refusal { retry_after: Some(*seconds), ..refusal };
            }
            Denied::Busy => {
                let status = StatusCode::SERVICE_UNAVAILABLE;
                let refusal = Refusal::new(status, denied.to_string(), "busy");
                return Refusal { retry_after: Some(3), ..refusal };
            }
            Denied::Forbidden(_) => (StatusCode::FORBIDDEN, FORBIDDEN),
            Denied::WrongPassword => (StatusCode::UNAUTHORIZED, WRONG_PASSWORD),
            Denied::Invalid(_) => (StatusCode::BAD_REQUEST, "bad_request"),
            Denied::Unfit(unfit) => (StatusCode::BAD_REQUEST, unfit.part.reason()),
            Denied::BadUser(_) => (StatusCode::BAD_REQUEST, "bad_user"),
            Denied::TokensLeft(_) => {
                error!("{denied}");
                let error = "your password is changed, but not all of your tokens could be ended: revoke them (npm token list, npm token revoke), or change it once more; the log of this registry says why";
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                return Refusal::new(status, error, "tokens_left");
            }
            Denied::Failed { .. } => {
                error!("{denied}");
                let error = "the registry's users and tokens cannot be used; its log says why";
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                return Refusal::new(status, error, "token_error");
            }
        };
        Refusal::new(status, denied.to_string(), reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    fn failed(code: i32) -> StoreError {
        StoreError::io("a/a.json could not be written", io::Error::from_raw_os_error(code))
    }

    #[test]
    fn what_is_told_of_a_change_is_what_is_known_of_it() {
        for (error, status, reason) in [
            (failed(libc::ENOSPC), 507, "disk_full"),
            (failed(libc::EROFS), 500, "store_error"),
            (failed(libc::EIO), 500, "store_error"),
        ] {
            let refusal = Refusal::of_change(error);
            assert_eq!((refusal.status.as_u16(), refusal.reason), (status, reason));
            assert!(refusal.error.contains("nothing was changed"), "{}", refusal.error);
        }
        let name = "a".parse().unwrap();
        let doubt = StoreError::in_doubt(&name, &failed(libc::EIO), &failed(libc::EIO));
        let refusal = Refusal::of_change(doubt);
        assert_eq!((refusal.status.as_u16(), refusal.reason), (500, "change_in_doubt"));
        assert!(!refusal.error.contains("nothing was changed"), "{}", refusal.error);
        assert!(refusal.error.contains("is not known: look (npm view)"), "{}", refusal.error);
    }

    #[test]
    fn of_what_is_read_no_change_is_told() {
        for code in [libc::EACCES, libc::EIO, libc::ENOSPC] {
            let refusal = Refusal::from(failed(code));
            assert_eq!((refusal.status.as_u16(), refusal.reason), (500, "store_error"));
            assert!(!refusal.error.contains("changed"), "{}", refusal.error);
        }
    }
}
