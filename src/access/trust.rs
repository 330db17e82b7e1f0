//! Trusted publishing: jobs that show a token of their issuer, and no password.
//! Knows nothing of how an issuer's keys are fetched, nor what is published.
//!
//! A CI system signs a token (a JWT, RFC 7519) that says which job of which repository has it, and for whom it was made
//! (OpenID Connect Core §2). A job shows it, and gets one of NOPAR's for the package that it asks for, if a `[[trust]]`
//! of the configuration is for that job and that package. What is asked for by a token that nobody trusts, costs its
//! parsing; only a known issuer's keys are asked for, and these seldom (`issuer`).

mod issuer;
mod jwks;
mod jwt;
mod key;
mod name;
mod refused;
mod replays;
mod shown;

#[cfg(test)]
mod tests;

pub use issuer::Keys;
pub use refused::Refused;
pub(super) use shown::Shown;

use super::ground::Ground;
use super::user::User;
use crate::clock::{Clock, to_millis};
use crate::config::{Pattern, Trust as Trusting};
use crate::npm::PackageName;
use issuer::Issuer;
use jwt::{Claims, Unverified};
use replays::Replays;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// Whom the configuration trusts with what, and their keys.
pub struct Trust {
    trusted: Vec<Trusting>,
    issuers: HashMap<String, Arc<Issuer>>,
    keys: Arc<dyn Keys>,
    replays: Replays,
    clock: Clock,
}

/// An ID token that is good, and was not used before.
pub(super) struct Unused {
    identity: [u8; 32],
    until: u64,
}

/// A job that is trusted, and with what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trusted {
    pub(super) job: User,
    pub(super) packages: Vec<Pattern>,
    pub(super) read_only: bool,
}

impl Trusted {
    /// What the job is called where a user would be named: `oidc:` and a name by its issuer. No user has such a one.
    pub fn job(&self) -> &str {
        self.job.as_str()
    }

    /// The packages it is trusted with.
    pub fn packages(&self) -> &[Pattern] {
        &self.packages
    }

    /// Whether it may only read them.
    pub fn is_read_only(&self) -> bool {
        self.read_only
    }
}

impl Trust {
    /// Trust in these, whose keys `keys` fetches; which tokens were shown is noted in the directory of the registry, which
    /// `ground` looks after.
    pub fn new(
        trusted: Vec<Trusting>,
        keys: Arc<dyn Keys>,
        registry: &Path,
        ground: Arc<dyn Ground>,
        clock: Clock,
    ) -> Trust {
        let (issuers, replays) = (HashMap::new(), Replays::new(registry, ground));
        Trust { trusted: Vec::new(), issuers, keys, replays, clock }.with(trusted)
    }

    /// Trust in these instead. What is known of issuers stays, and which tokens were shown.
    pub(super) fn with(&self, trusted: Vec<Trusting>) -> Trust {
        let (keys, clock) = (Arc::clone(&self.keys), self.clock.clone());
        let issuer = |Trusting { issuer, .. }: &Trusting| {
            let new = || Arc::new(Issuer::new(issuer.clone(), Arc::clone(&keys), clock.clone()));
            (issuer.clone(), self.issuers.get(issuer).map_or_else(new, Arc::clone))
        };
        let issuers = trusted.iter().map(issuer).collect();
        Trust { trusted, issuers, replays: self.replays.clone(), keys, clock }
    }

    /// Whether nobody is trusted.
    pub fn is_empty(&self) -> bool {
        self.trusted.is_empty()
    }

    /// Who shows this token, and what they are trusted with, when they ask for this package: to publish it, or to read
    /// all that the `[[trust]]` is for, if it is to read. The first that fits holds.
    ///
    /// A token is good once for each package: one job may publish several with the one it has. So it has to be
    /// [used up](Trust::use_up) before anybody is told what they get for it.
    ///
    /// # Errors
    /// Why not, as a sentence for the log of the job. [`Refused::Unknown`] is for who shows what is no such token at
    /// all; [`Refused::NoKeys`] and [`Refused::Busy`] may be over in a moment; [`Refused::Unnoted`] has its reason in the
    /// log.
    pub(super) async fn verify(
        &self,
        token: &str,
        name: &PackageName,
    ) -> Result<(Trusted, Unused), Refused> {
        let unverified = Unverified::parse(token)?;
        let issuer = self.issuers.get(unverified.issuer()).ok_or(Refused::Issuer)?;
        let key = issuer.key(unverified.key_id()).await?;
        let signed = unverified.signed();
        let claims = unverified.verify(&key)?;
        let now = self.now();
        let until = claims.check_time(now)?;
        let trusted = self.fitting(&claims, name)?;
        let job = name::of(&claims)?;
        let unused = Unused { identity: claims.identity(signed, name), until };
        self.replays.check(&unused.identity, now).await?;
        let packages = match trusted.read_only {
            true => trusted.packages.clone(),
            false => vec![Pattern::Name(name.clone())],
        };
        Ok((Trusted { job, packages, read_only: trusted.read_only }, unused))
    }

    /// Uses an ID token up: of all who show it, for one it is good. All processes on one directory know that, also those
    /// that are started later.
    ///
    /// # Errors
    /// [`Refused::Replayed`] if somebody else did, [`Refused::Busy`] and [`Refused::Unnoted`] as of [`Trust::verify`].
    pub(super) async fn use_up(&self, unused: Unused) -> Result<(), Refused> {
        self.replays.note(&unused.identity, unused.until, self.now()).await
    }

    /// Now, in seconds since 1970.
    fn now(&self) -> u64 {
        to_millis(self.clock.now()) / 1000
    }

    /// The first that is for this issuer, audience, job and package. What is wrong is said of the one that fits best.
    fn fitting(&self, claims: &Claims, name: &PackageName) -> Result<&Trusting, Refused> {
        let mut refused = Refused::Audience;
        for trusted in self.trusted.iter().filter(|it| it.issuer == claims.issuer()) {
            if !claims.is_for(&trusted.audience) {
                continue;
            }
            let mut claimed = trusted.claims.iter();
            if !claimed.all(|(claim, expected)| claims.says(claim, |said| expected.matches(said))) {
                if refused == Refused::Audience {
                    refused = Refused::Claims;
                }
            } else if trusted.is_for(name) {
                return Ok(trusted);
            } else {
                refused = Refused::Package(name.to_string());
            }
        }
        Err(refused)
    }
}
