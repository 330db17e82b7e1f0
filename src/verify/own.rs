//! What is NOPAR's own in the directory of a registry: settings, users, tokens, keys.
//! Knows nothing of what is in them, nor repeats it: they hold secrets.

use super::finding::{Finding, Step, Watch, Where};
use super::{Firm, VerifyError};
use crate::access::{Access, Ground, Users};
use crate::config::Saved;
use crate::regular;
use crate::signing::Signing;
use crate::store::DiskStore;
use serde::Serialize;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Of the page, or the packages of the oldest NOPARs.
pub(super) const SETTINGS: &str = "registry.json";

/// What to do about a file that holds more than one thing.
const RESTORE: &str = "put this file back from a backup";

/// What there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OwnCounts {
    /// Users.
    pub users: usize,
    /// Tokens.
    pub tokens: usize,
    /// Keys that versions are, or were, signed with.
    pub keys: usize,
}

/// Whether whoever looks may read what only NOPAR's user may: else all of it would look damaged.
pub(super) fn check_rights(root: &Path) -> Result<(), VerifyError> {
    let own = [".nopar/users.json", ".nopar/keys/keys.json", ".nopar/tokens"];
    let [users, keys, tokens] = own.map(|it| root.join(it));
    let looks = [
        (regular::open(&users).err(), users),
        (regular::open(&keys).err(), keys),
        (std::fs::read_dir(&tokens).err(), tokens),
    ];
    let is_forbidden = |error: &io::Error| error.kind() == io::ErrorKind::PermissionDenied;
    match looks.into_iter().find(|(error, _)| error.as_ref().is_some_and(is_forbidden)) {
        Some((_, path)) => Err(VerifyError::Forbidden(path)),
        None => Ok(()),
    }
}

/// Looks at all of it.
pub(super) fn own(root: &Path, store: &DiskStore, watch: &mut Watch<'_>) -> OwnCounts {
    let mut counts = OwnCounts::default();
    let mut damage = |path: &str, what: String, remedy: &str| {
        let finding = Finding::damage(Where::Registry, Path::new(path), what).remedy(remedy);
        watch(Step::Found(Box::new(finding)));
    };
    if let Err(error) = Saved::read(root) {
        damage(SETTINGS, error.to_string(), RESTORE);
    }
    let ground: Arc<dyn Ground> = Arc::new(Firm(store.clone()));
    match Users::open(root, Arc::clone(&ground)).all() {
        Ok(roster) => counts.users = roster.iter().count(),
        Err(error) => damage(".nopar/users.json", error.to_string(), RESTORE),
    }
    match Access::of_directory(root, ground).examine_tokens() {
        Ok((tokens, damaged)) => {
            counts.tokens = tokens;
            for file in damaged {
                damage(
                    &format!(".nopar/tokens/{file}"),
                    "it is no token any more".to_owned(),
                    "whoever had it logs in again; the file may be removed",
                );
            }
        }
        Err(error) => {
            damage(".nopar/tokens", format!("it cannot be read: {error}"), RESTORE);
        }
    }
    match Signing::of_directory(root, Arc::new(store.clone())).look() {
        Ok(keys) => counts.keys = keys.map_or(0, |keys| keys.all().len()),
        Err(error) => damage(".nopar/keys/keys.json", error.to_string(), RESTORE),
    }
    counts
}
