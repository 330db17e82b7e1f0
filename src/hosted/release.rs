//! A name that was NOPAR's own is given back to the upstream.
//! Knows nothing of who asks for it: it is a command of the person who runs NOPAR.

use crate::config::Pattern;
use crate::npm::PackageName;
use crate::npm::hosted::{DocumentUnreadable, HostedDocument};
use crate::store::disk::Released;
use crate::store::{DiskStore, Store, StoreError, Stored};

/// Why a name is not given back.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The name is free.
    #[error("nothing was ever published under the name {0}")]
    Unknown(PackageName),
    /// The document is none that NOPAR can work with.
    #[error("the document of {0} cannot be read: {1}")]
    Unreadable(PackageName, DocumentUnreadable),
    /// There are versions.
    #[error("{0} has versions that are published: unpublish them first")]
    Published(PackageName),
    /// It is a copy of what an upstream said, and makes no name NOPAR's own.
    #[error("{0} is the upstream's: an older NOPAR left a copy of it")]
    Copy(PackageName),
    /// Somebody publishes just now.
    #[error("{0} was changed just now")]
    Changed(PackageName),
}

/// Gives a name back: what was published under it, and unpublished, is forgotten, and may be published again. Whose it
/// is then, [`released`] tells.
///
/// # Errors
/// When there is nothing to give back, or versions are published.
pub async fn release(store: &DiskStore, name: &PackageName) -> Result<(), ReleaseError> {
    let unknown = || ReleaseError::Unknown(name.clone());
    let Stored { tag, document } = store.document(name).await?.ok_or_else(unknown)?;
    let document = HostedDocument::parse(&document)
        .map_err(|error| ReleaseError::Unreadable(name.clone(), error))?;
    if !document.is_hosted() {
        return Err(ReleaseError::Copy(name.clone()));
    }
    if document.versions().len() > 0 {
        return Err(ReleaseError::Published(name.clone()));
    }
    match store.release(name, &tag)? {
        Released::Done => Ok(()),
        Released::Conflict => Err(ReleaseError::Changed(name.clone())),
    }
}

/// What is to become of a name that is about to be given back, as sentences for who does that.
pub fn releasing(name: &PackageName, claims: &[Pattern]) -> String {
    let then = match claims.iter().find(|claim| claim.matches_any_case(name)) {
        None => {
            "From then on it is the upstream's: clients get what the upstream has under this name"
                .to_owned()
        }
        Some(claim) => {
            format!("It stays this registry's own, as NOPAR_LOCAL_PACKAGES claims {claim}")
        }
    };
    format!(
        "All that is known of the versions of {name} is forgotten, and they may be published again. {then}."
    )
}

/// What is so of a name that was given back, as sentences for who did that: a claim of the configuration (`claims`) keeps
/// it NOPAR's own all the same.
pub fn released(name: &PackageName, claims: &[Pattern]) -> String {
    match claims.iter().find(|claim| claim.matches_any_case(name)) {
        None => format!(
            "{name} is the upstream's from now on. If the upstream does not have it, it may be published here again, in versions that were used before as well"
        ),
        Some(claim) => format!(
            "{name} is forgotten, and stays this registry's own, as NOPAR_LOCAL_PACKAGES claims {claim}: the upstream is not asked for it, and nothing but a publish here brings it back, in versions that were used before as well"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claimed_name_is_not_said_to_be_the_upstreams() {
        let name: PackageName = "@acme/ui".parse().unwrap();
        let [acme, other] = ["@acme/", "x-"].map(|text| Pattern::Prefix(text.to_owned()));
        let free = released(&name, std::slice::from_ref(&other));
        assert!(free.starts_with("@acme/ui is the upstream's from now on"), "{free}");
        let claimed = released(&name, &[other, acme]);
        assert!(claimed.contains("as NOPAR_LOCAL_PACKAGES claims @acme/*"), "{claimed}");
        assert!(!claimed.contains("is the upstream's"), "{claimed}");
        for told in [free, claimed] {
            assert!(told.contains("versions that were used before"), "{told}");
        }
        let [acme, other] = ["@acme/", "x-"].map(|text| Pattern::Prefix(text.to_owned()));
        let free = releasing(&name, &[other]);
        assert!(free.contains("From then on it is the upstream's"), "{free}");
        let claimed = releasing(&name, &[acme]);
        assert!(claimed.contains("claims @acme/*") && !claimed.contains("upstream's"), "{claimed}");
    }
}
