//! A change of a package, decided on what it is just then, and decided again when somebody got ahead.
//! Knows nothing of what is changed.

use super::{Api, Refusal};
use crate::clock::iso;
use crate::hosted::{HostedError, Room, Worked, computed};
use crate::npm::hosted::{HostedDocument, LONGEST_DOCUMENT, Moment};
use crate::npm::{PackageName, TarballName};
use crate::store::{Change, Committed, StoreError, Tag, Upload};
use bytes::Bytes;
use log::warn;
use std::sync::Arc;

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

/// What an edit says: the files that may go with it.
pub(super) type Edited = Result<Vec<TarballName>, Refusal>;

/// What is to be different in a document. It owns what it goes by: with a long document it is asked on another thread.
type Edit = dyn Fn(&mut HostedDocument, Moment<'_>) -> Edited + Send + Sync;

/// Why a change was not made.
pub(super) enum NotMade {
    /// This is told of it, and the log knows what it has to know.
    Refused(Refusal),
    /// The store failed, and nobody was told yet.
    Failed(StoreError),
}

impl From<Refusal> for NotMade {
    fn from(refusal: Refusal) -> NotMade {
        NotMade::Refused(refusal)
    }
}

impl From<HostedError> for NotMade {
    fn from(error: HostedError) -> NotMade {
        NotMade::Refused(error.into())
    }
}

/// What an edit comes to.
#[derive(Debug)]
struct Outcome {
    /// The revision of the document from then on.
    rev: String,
    /// The document to be, and the files that go; `None` if it says what it said before.
    change: Option<(Bytes, Vec<TarballName>)>,
}

impl Api {
    /// Changes a package that is there, by a few words and without a file more.
    ///
    /// # Errors
    /// As of [`commit`](Self::commit).
    pub(super) async fn edit(
        &self,
        name: &PackageName,
        edit: impl Fn(&mut HostedDocument, Moment<'_>) -> Edited + Send + Sync + 'static,
    ) -> Result<String, Refusal> {
        self.commit(name, Absent::Refuse, Vec::new(), 0, edit).await
    }

    /// Makes a change. `edit` says what is to be different, and which files may go then, by `len` bytes that the client
    /// sent; it is asked again, of another document, when that one was changed meanwhile. The revision of the document
    /// from then on.
    ///
    /// # Errors
    /// What `edit` says, or the store, or that the document would become too long. Nothing was changed, unless the
    /// refusal says that this is not known.
    pub(super) async fn commit(
        &self,
        name: &PackageName,
        absent: Absent,
        files: Files,
        len: usize,
        edit: impl Fn(&mut HostedDocument, Moment<'_>) -> Edited + Send + Sync + 'static,
    ) -> Result<String, Refusal> {
        let made = self.try_commit(name, absent, files, len, edit).await;
        made.map_err(|not_made| match not_made {
            NotMade::Refused(refusal) => refusal,
            NotMade::Failed(error) => Refusal::of_change(error),
        })
    }

    /// The same for who tells the log himself what the store said.
    ///
    /// # Errors
    /// As of [`commit`](Self::commit).
    pub(super) async fn try_commit(
        &self,
        name: &PackageName,
        absent: Absent,
        mut files: Files,
        len: usize,
        edit: impl Fn(&mut HostedDocument, Moment<'_>) -> Edited + Send + Sync + 'static,
    ) -> Result<String, NotMade> {
        let edit: Arc<Edit> = Arc::new(edit);
        for _ in 0..ATTEMPTS {
            let (tag, outcome, room) = self.decided(name, absent, len, &edit).await?;
            let Some((document, remove)) = outcome.change else {
                return Ok(outcome.rev);
            };
            let change = Change { document, add: std::mem::take(&mut files), remove };
            let committed = self.hosted.store().commit(name, tag.as_ref(), change).await;
            // What was made took it until now; whatever comes next takes room of its own.
            drop(room);
            match committed.map_err(NotMade::Failed)? {
                Committed::Done(_) => {
                    self.hosted.note_change(name);
                    // With the first document the name changes hands: whoever holds a copy of it is to know that
                    // now, and not when it is next asked for.
                    if tag.is_none()
                        && let Err(error) = self.hosted.authority(name).await
                    {
                        warn!("{name} was committed and cannot be read: {error}");
                    }
                    return Ok(outcome.rev);
                }
                Committed::Conflict(change) => files = change.add,
            }
        }
        Err(Refusal::crowded(name).into())
    }

    /// Whether a change could be made just now: nothing is.
    ///
    /// # Errors
    /// As of [`commit`](Self::commit).
    pub(super) async fn check_change(
        &self,
        name: &PackageName,
        absent: Absent,
        len: usize,
        edit: impl Fn(&mut HostedDocument, Moment<'_>) -> Edited + Send + Sync + 'static,
    ) -> Result<(), Refusal> {
        let edit: Arc<Edit> = Arc::new(edit);
        self.decided(name, absent, len, &edit).await.map(drop)
    }

    /// What an edit comes to of the document of now, whose tag it is, and the room that is taken for it.
    async fn decided(
        &self,
        name: &PackageName,
        absent: Absent,
        len: usize,
        edit: &Arc<Edit>,
    ) -> Result<(Option<Tag>, Outcome, Option<Room>), Refusal> {
        let (edit, clock) = (Arc::clone(edit), self.clock.clone());
        let work = move |before: HostedDocument| {
            decide(&before, edit.as_ref(), &iso(clock.now()), LONGEST_DOCUMENT)
        };
        match self.hosted.work_on(name, len, work.clone()).await? {
            Some(Worked { tag, done, room }) => Ok((Some(tag), done?, room)),
            None if absent == Absent::Create => {
                let first = HostedDocument::new(name.clone());
                let made = computed(len, move || work(first)).await;
                let (outcome, room) = made.map_err(HostedError::from)?;
                Ok((None, outcome?, room))
            }
            None => Err(Refusal::no_package()),
        }
    }
}

/// Asks an edit, of a document that may become `longest` bytes long.
fn decide(
    before: &HostedDocument,
    edit: &Edit,
    now: &str,
    longest: usize,
) -> Result<Outcome, Refusal> {
    if !before.is_hosted() {
        return Err(Refusal::copied(before.name()));
    }
    let mut document = before.clone();
    let rev = before.end_of_revision(now);
    let remove = edit(&mut document, Moment { now, rev: &rev })?;
    let rev = document.rev().unwrap_or_default();
    if document == *before {
        return Ok(Outcome { rev, change: None });
    }
    let bytes = document.to_bytes_within(longest, before)?;
    let remove = remove.into_iter().flat_map(with_its_bundle).collect();
    Ok(Outcome { rev, change: Some((Bytes::from(bytes), remove)) })
}

/// A tarball's file, and that of its provenance.
fn with_its_bundle(file: TarballName) -> impl Iterator<Item = TarballName> {
    let bundle = file.bundle();
    std::iter::once(file).chain(bundle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::npm::hosted::Person;
    use http::StatusCode;

    /// Sets the owners of a package `a` with one version, to `count` of them.
    fn with_owners(count: usize, longest: usize) -> Result<Outcome, Refusal> {
        let text = r#"{"name":"a","maintainers":[{"name":"n0"}],"versions":{"1.0.0":{}}}"#;
        let before = HostedDocument::parse(text.as_bytes()).unwrap();
        let edit = move |document: &mut HostedDocument, moment: Moment<'_>| -> Edited {
            let owner = |number| Person { name: format!("n{number}"), email: String::new() };
            let owners: Vec<Person> = (0..count).map(owner).collect();
            if owners != document.maintainers() {
                document.set_maintainers(&owners, moment)?;
            }
            Ok(vec![TarballName::parse("a-1.0.0.tgz").unwrap()])
        };
        decide(&before, &edit, "2026-11-28T11:35:00.000Z", longest)
    }

    #[test]
    fn what_changes_is_written_and_what_stays_is_not() {
        let changed = with_owners(2, LONGEST_DOCUMENT).unwrap();
        let (document, remove) = changed.change.unwrap();
        let document = HostedDocument::parse(&document).unwrap();
        assert_eq!(document.maintainers().len(), 2);
        assert_eq!(document.rev(), Some(changed.rev));
        let remove: Vec<&str> = remove.iter().map(TarballName::as_str).collect();
        assert_eq!(remove, ["a-1.0.0.tgz", "a-1.0.0.sigstore"]);
        assert!(with_owners(1, LONGEST_DOCUMENT).unwrap().change.is_none());
        assert_eq!(with_owners(0, LONGEST_DOCUMENT).unwrap_err().status, StatusCode::FORBIDDEN);
    }

    #[test]
    fn a_document_that_would_become_too_long_is_refused() {
        let (document, _) = with_owners(50, LONGEST_DOCUMENT).unwrap().change.unwrap();
        let len = document.len();
        assert!(with_owners(50, len).unwrap().change.is_some());
        let refusal = with_owners(50, len - 1).unwrap_err();
        assert_eq!(refusal.status, StatusCode::PAYLOAD_TOO_LARGE);
        let expected = format!("the document of a would have {len} bytes");
        assert!(refusal.error.starts_with(&expected), "{}", refusal.error);
        assert!(refusal.error.contains("unpublish versions"), "{}", refusal.error);
    }
}
