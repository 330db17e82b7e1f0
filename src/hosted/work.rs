//! Work on documents, where it holds nobody else up: so much of it at a time, by turns.
//! Knows nothing of what the work is.

use super::{Hosted, HostedError, Package};
use crate::document::{self, Turn};
use crate::npm::hosted::HostedDocument;
use crate::npm::{About, Document, PackageName};
use crate::store::{Stored, Tag};
use bytes::Bytes;
use tokio::task::JoinError;

pub use crate::document::Room;

/// What has so many bytes is read, changed and written in less time than the way to another thread takes.
const QUICK: u64 = 16 << 10;

/// What work on a document has come to.
pub struct Worked<T> {
    /// Which document it was: what a commit needs.
    pub tag: Tag,
    /// What was made of it.
    pub done: T,
    /// The room that it takes, if it is long: to be held as long as what was made is as long as the document, and given
    /// back before anything else is worked on.
    pub room: Option<Room>,
}

/// Waits for the turn of what has so many bytes; what is short needs none. Who holds a turn, or the room of one, must
/// not wait for another: that might be waited for in its turn.
pub async fn turn_for(len: u64) -> Option<Turn> {
    if len <= QUICK { None } else { Some(document::turn(len, false).await) }
}

/// Does work in its turn, on the threads for it: a thread of the runtime that computes answers nobody meanwhile, and
/// those of the blocking pool are for files. Without a turn it is done here. The room is held until it is dropped.
///
/// # Errors
/// When the work panicked on another thread.
pub async fn in_turn<T: Send + 'static>(
    turn: Option<Turn>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<(T, Option<Room>), JoinError> {
    let Some(turn) = turn else { return Ok((work(), None)) };
    let (done, room) = turn.work(work).await?;
    Ok((done, Some(room)))
}

/// The same for documents that are in memory, and have `len` bytes together.
///
/// # Errors
/// As of [`in_turn`].
pub async fn computed<T: Send + 'static>(
    len: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<(T, Option<Room>), JoinError> {
    in_turn(turn_for(len as u64).await, work).await
}

impl Hosted {
    /// What `work` makes of the document of a package. A long one waits for its turn before it is read, and is parsed
    /// and worked on in one go; so is a short one if the work reads many bytes `beside` it.
    ///
    /// # Errors
    /// When the store fails, or what it has is no document that NOPAR can work with; and when the work panicked on
    /// another thread.
    pub async fn work_on<T: Send + 'static>(
        &self,
        name: &PackageName,
        beside: usize,
        work: impl FnOnce(HostedDocument) -> T + Send + 'static,
    ) -> Result<Option<Worked<T>>, HostedError> {
        let Some(stamp) = self.store.stamp(name).await? else { return Ok(None) };
        let whose = name.clone();
        let parsed = move |text: Bytes| Ok::<T, HostedError>(work(parse(&whose, text)?));
        self.work_on_text(name, stamp.len(), beside as u64, parsed).await
    }

    /// What `work` makes of what clients may see of a package.
    ///
    /// # Errors
    /// As of [`work_on`](Self::work_on), and when there is no document, or none that views can be made of.
    pub(super) async fn derive<T: Send + 'static>(
        &self,
        package: &Package,
        work: impl FnOnce(&Document<'_>) -> T + Send + 'static,
    ) -> Result<T, HostedError> {
        let name = package.name.clone();
        let derive = move |text: Bytes| -> Result<T, HostedError> {
            // Neither what the store has nor what it was parsed to is needed longer than this takes.
            let public = parse(&name, text)?.to_public_bytes();
            let packument = Document::parse(&public);
            packument.map(|it| work(&it)).map_err(|error| HostedError::NoPackument(name, error))
        };
        let derived = self.work_on_text(&package.name, package.stamp.len(), 0, derive).await?;
        Ok(derived.ok_or(HostedError::Absent)?.done)
    }

    /// What there is to tell of a package, and of one of its versions: that of this name, or else the latest.
    ///
    /// # Errors
    /// [`HostedError::Absent`] when there is no such version, and when it cannot be read.
    pub async fn about(
        &self,
        package: &Package,
        version: Option<String>,
    ) -> Result<About, HostedError> {
        let about = self.derive(package, move |source| source.about(version.as_deref())).await?;
        about.ok_or(HostedError::Absent)
    }

    /// What `work` makes of the text of a document that had `len` bytes a moment ago.
    async fn work_on_text<T: Send + 'static>(
        &self,
        name: &PackageName,
        len: u64,
        beside: u64,
        work: impl FnOnce(Bytes) -> Result<T, HostedError> + Send + 'static,
    ) -> Result<Option<Worked<T>>, HostedError> {
        let mut turn = turn_for(len.saturating_add(beside)).await;
        let Some(Stored { tag, document }) = self.store.document(name).await? else {
            return Ok(None);
        };
        if turn.is_none() {
            // It may have become long meanwhile.
            turn = turn_for((document.len() as u64).saturating_add(beside)).await;
        }
        let (done, room) = in_turn(turn, move || work(document)).await?;
        Ok(Some(Worked { tag, done: done?, room }))
    }
}

/// Parses a document of the store; its text is gone then.
fn parse(name: &PackageName, text: Bytes) -> Result<HostedDocument, HostedError> {
    HostedDocument::parse(&text).map_err(|error| HostedError::Unreadable(name.clone(), error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[tokio::test]
    async fn what_is_long_leaves_the_runtimes_thread_and_takes_room() {
        let here = thread::current().id();
        for (len, is_long) in [(QUICK as usize, false), (QUICK as usize + 1, true)] {
            let (there, room) = computed(len, || thread::current().id()).await.unwrap();
            assert_eq!((there != here, room.is_some()), (is_long, is_long), "{len}");
        }
    }
}
