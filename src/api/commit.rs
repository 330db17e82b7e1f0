//! A change of a package, decided on what it is just then, and decided again when somebody got ahead.
//! Knows nothing of what is changed.

use super::{Api, Refusal};
use crate::npm::hosted::{HostedDocument, Moment};
use crate::npm::{PackageName, TarballName, hex};
use crate::store::{Change, Committed, Upload};
use bytes::Bytes;
use jiff::Timestamp;
use log::warn;
use sha2::{Digest, Sha256};
use std::time::SystemTime;

/// How often somebody may get ahead. Each time one of them has made its change, so all come to an end; nobody
/// ever saw more than those that publish at once.
const ATTEMPTS: usize = 1000;

/// What may be done when there is no document.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Absent {
    /// There is nothing to change then.
    Refuse,
    /// The first document is made.
    Create,
}

/// Files that come with a change.
pub(super) type Files = Vec<(TarballName, Box<dyn Upload>)>;

impl Api {
    /// Changes a package that is there, without a file more.
    ///
    /// # Errors
    /// As of [`commit`](Self::commit).
    pub(super) async fn edit(
        &self,
        name: &PackageName,
        edit: impl FnMut(&mut HostedDocument, Moment<'_>) -> Result<Vec<TarballName>, Refusal>,
    ) -> Result<String, Refusal> {
        self.commit(name, Absent::Refuse, Vec::new(), edit).await
    }

    /// Makes a change. `edit` says what is to be different, and which files may go then; it is asked again, of
    /// another document, when that one was changed meanwhile. The revision of the document from then on.
    ///
    /// # Errors
    /// What `edit` says, or the store. Nothing was changed.
    pub(super) async fn commit(
        &self,
        name: &PackageName,
        absent: Absent,
        mut files: Files,
        mut edit: impl FnMut(&mut HostedDocument, Moment<'_>) -> Result<Vec<TarballName>, Refusal>,
    ) -> Result<String, Refusal> {
        for _ in 0..ATTEMPTS {
            let (tag, before) = match self.hosted.tagged_document(name).await? {
                Some((tag, document)) => (Some(tag), document),
                None if absent == Absent::Create => (None, HostedDocument::new(name.clone())),
                None => return Err(Refusal::no_package()),
            };
            if !before.is_hosted() {
                return Err(Refusal::copied(name));
            }
            let (mut document, now) = (before.clone(), iso(self.clock.now()));
            let rev = revision(&before, &now);
            let remove = edit(&mut document, Moment { now: &now, rev: &rev })?;
            let rev = document.rev().unwrap_or_default();
            if document == before {
                return Ok(rev);
            }
            let remove = remove.into_iter().flat_map(with_its_bundle).collect();
            let document = Bytes::from(document.to_bytes());
            let change = Change { document, add: std::mem::take(&mut files), remove };
            match self.hosted.store().commit(name, tag.as_ref(), change).await? {
                Committed::Done(_) => {
                    // With the first document the name changes hands: whoever holds a copy of it is to know that
                    // now, and not when it is next asked for.
                    if tag.is_none()
                        && let Err(error) = self.hosted.authority(name).await
                    {
                        warn!("{name} was committed and cannot be read: {error}");
                    }
                    return Ok(rev);
                }
                Committed::Conflict(change) => files = change.add,
            }
        }
        Err(Refusal::crowded(name))
    }
}

/// A tarball's file, and that of its provenance.
fn with_its_bundle(file: TarballName) -> impl Iterator<Item = TarballName> {
    let bundle = file.bundle();
    std::iter::once(file).chain(bundle)
}

/// The end of a revision: that of two changes is the same only if they were made of one document in one millisecond,
/// and then only one of them is committed.
fn revision(before: &HostedDocument, now: &str) -> String {
    let mut digest = Sha256::new();
    digest.update(before.name().as_str());
    digest.update(before.rev().unwrap_or_default());
    digest.update(now);
    hex(&digest.finalize()[..8])
}

/// A time as npm writes it.
fn iso(time: SystemTime) -> String {
    let time = Timestamp::try_from(time).unwrap_or_default();
    time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn times_are_written_as_npm_does() {
        assert_eq!(iso(UNIX_EPOCH), "1970-01-01T00:00:00.000Z");
        let time = UNIX_EPOCH + Duration::from_micros(1_764_331_199_007_900);
        assert_eq!(iso(time), "2025-11-28T11:59:59.007Z");
    }
}
