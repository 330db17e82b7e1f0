//! Packages published to NOPAR: the source of truth, never evicted.
//! Knows nothing of HTTP, of upstreams, or of what a document says beside its package's name.
//!
//! The contract is the product: it is written at [`Store`], and `conformance.rs` asks every
//! implementation for it.

mod error;
mod identity;
mod stages;
mod tarball;

pub mod disk;
pub mod memory;

#[cfg(test)]
mod conformance;

pub use disk::DiskStore;
pub use error::StoreError;
pub use memory::MemoryStore;
pub use stages::{Extent, Held, Hold, Kept, StageId, StagePart, Stages};
pub use tarball::{CHUNK, Content, Tarball};

use crate::npm::{PackageName, TarballName, hex};
use async_trait::async_trait;
use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::any::Any;
use std::fmt;

/// Where hosted packages live: of each a document, and tarballs beside it.
///
/// Nothing here assumes that there is one process, or that there is a disk. Any number of stores may be
/// open on the same packages, in one process and in many, and the contract holds between all of them;
/// so an implementation remembers nothing between two calls that another could change meanwhile.
///
/// # One change, all of it or nothing
/// [`commit`](Store::commit) is the only way to change anything. The moment the document takes its place
/// is the commit point: before it all that `change.add` names is there, whole and durable; what
/// `change.remove` names goes after it. Who reads gets the old document or the new one, never a mixture,
/// and finds every tarball that the document he got has added, until another commit removes it. A change
/// may be seen a moment before it is durable; the one who made it is answered after.
///
/// # Compare and swap
/// A commit happens only if the document is still the one that the caller decided on, by its [`Tag`].
/// Otherwise the answer is [`Committed::Conflict`]: nothing was changed, and the change comes back with
/// its uploads as good as before, for the caller to read the document again and to decide again. One of
/// any number of callers with the same tag wins, so a conflict always means that somebody got ahead.
///
/// # Whose bytes stay
/// The comparison and all of the change happen while every other commit of the same package waits. Of two
/// who publish the same version at once, the one who comes second gets the conflict *before* any of its
/// tarballs has a name; reading again it finds the version taken. So the bytes of a committed version are
/// never replaced by an uncommitted publish. What the caller owes for it: `change.add` holds no file that
/// the document with the tag `expected` names.
///
/// # Durability
/// What [`Committed::Done`] answers survives a crash of the process, of the system, and of its power, as
/// far as the medium keeps what it says it has written.
///
/// # Errors
/// After an error the change has not been made; what of it was there already has been taken back. Only if
/// the medium fails while that is done, which is [`StoreError::InDoubt`], the whole change may be found made,
/// now or after a crash; half of it never. Who must know reads the document.
///
/// # What a crash leaves
/// The change is complete or absent. Beside that a crash may leave bytes that have no name, which the
/// next start removes, and tarballs that no document names. Those are nobody's: they must not be served,
/// so look a file up in the document before asking for its [`tarball`](Store::tarball); and the next commit
/// that adds a tarball of that name replaces them.
///
/// # Dropped futures
/// A commit whose future is dropped is carried out, or not begun; half of it never. A dropped upload
/// leaves nothing, if not at once: what is large takes a while to go, and nobody waits for it.
///
/// # Names
/// Each [`PackageName`] and each [`TarballName`] has a place of its own, whatever it would mean elsewhere:
/// `JSONStream` and `jsonstream`, `constructor`, `__proto__`, `nul`, `aux.js`.
///
/// # Documents
/// A document is a JSON object whose `name` is its package's. All else in it is the callers' affair:
/// which versions there are, and whether the package is hosted at all (a store may hold the copies that
/// an older NOPAR took from its upstream).
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// The package's document, if there is one.
    ///
    /// # Errors
    /// Also when there is one that cannot be read: nobody may take the name for free then.
    async fn document(&self, name: &PackageName) -> Result<Option<Stored>, StoreError>;

    /// What tells the package's document from all that were and will be in its place, and how long it is, without
    /// reading it; `None` when there is none. Costs little: it is asked for with every request. Who has read a document
    /// after he got a stamp has read that one or a newer one.
    ///
    /// # Errors
    /// When the medium fails.
    async fn stamp(&self, name: &PackageName) -> Result<Option<Stamp>, StoreError>;

    /// A place for bytes on their way in. Nothing of it is visible; dropped, nothing of it stays for long.
    ///
    /// # Errors
    /// When the medium takes nothing.
    async fn upload(&self) -> Result<Box<dyn Upload>, StoreError>;

    /// Makes a change visible and durable, all of it or nothing, if the document's tag still is
    /// `expected` (`None`: there is no document). See above for what that means.
    ///
    /// # Errors
    /// When the medium fails, or the new document is not one of this package. Nothing was changed, unless it is
    /// [`StoreError::InDoubt`].
    async fn commit(
        &self,
        name: &PackageName,
        expected: Option<&Tag>,
        change: Change,
    ) -> Result<Committed, StoreError>;

    /// The bytes of a tarball, if there is one of that name: perhaps one that no document names, see
    /// above. What was got stays readable to its end, whatever is committed meanwhile.
    ///
    /// # Errors
    /// When the medium fails.
    async fn tarball(
        &self,
        name: &PackageName,
        file: &TarballName,
    ) -> Result<Option<Tarball>, StoreError>;

    /// What tells a tarball's bytes from all that were and will be in their place, without opening it: the stamp that
    /// [`tarball`](Store::tarball) would give with them. `None` when there is none of that name. Costs little: it is
    /// asked for with every request of a large one.
    ///
    /// # Errors
    /// When the medium fails.
    async fn tarball_stamp(
        &self,
        name: &PackageName,
        file: &TarballName,
    ) -> Result<Option<Stamp>, StoreError>;

    /// The packages that have a document, in order. Whether it can be read is seen by who reads it: most are
    /// not read for this, but all are listed, so it is for starts and for pages, not for every request.
    ///
    /// # Errors
    /// When the medium fails.
    async fn names(&self) -> Result<Vec<PackageName>, StoreError>;

    /// What waits to be published, beside the packages.
    fn stages(&self) -> &dyn Stages;

    /// Whether what the packages are kept on is where it was: for who keeps something else there, and does not find
    /// it. Blocks for a moment.
    ///
    /// # Errors
    /// While it is gone, as a directory is whose volume was unmounted. An implementation that nobody can take
    /// anything away from has none.
    fn check(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// The same for who is about to keep something there. What was never there is made, as for the first package,
    /// and is missed from then on. Blocks.
    ///
    /// # Errors
    /// As for [`check`](Store::check), and when the medium takes nothing.
    fn prepare(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Whether something could be published just now, as far as the medium is concerned. What was never there is not
    /// made for it, and nothing of it stays. Blocks.
    ///
    /// # Errors
    /// As for [`prepare`](Store::prepare).
    fn probe(&self) -> Result<(), StoreError> {
        self.check()
    }
}

/// Bytes on their way in, under no name yet.
#[async_trait]
pub trait Upload: Any + Send {
    /// The next bytes. They may wait in memory for more, so that each piece costs little; never many.
    ///
    /// # Errors
    /// When the medium takes no more. The upload is of no use then, and a commit with it fails.
    async fn write(&mut self, bytes: Bytes) -> Result<(), StoreError>;
}

/// One version of a package's document, for compare-and-swap: a digest of its bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tag([u8; 16]);

impl Tag {
    /// The tag of a document.
    pub fn of(document: &[u8]) -> Tag {
        Tag(digest(document))
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tag({self})")
    }
}

/// The first half of a SHA-256: nobody finds two texts with the same one.
fn digest(bytes: &[u8]) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&Sha256::digest(bytes)[..16]);
    half
}

/// What changes whenever a document or a tarball does: numbers that an implementation has anyway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stamp {
    len: u64,
    numbers: [u64; 3],
}

impl Stamp {
    /// The stamp of something with `len` bytes, and these numbers besides.
    pub fn new(len: u64, numbers: [u64; 3]) -> Stamp {
        Stamp { len, numbers }
    }

    /// How many bytes it is of: known before any of them is read.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> u64 {
        self.len
    }
}

/// A document as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Which version of it this is.
    pub tag: Tag,
    /// Its bytes, as they were committed.
    pub document: Bytes,
}

impl Stored {
    fn new(document: Bytes) -> Stored {
        Stored { tag: Tag::of(&document), document }
    }
}

/// What a commit changes of one package.
pub struct Change {
    /// The document from now on.
    pub document: Bytes,
    /// Tarballs that get their names: uploads of the same store, and no file that the document before
    /// this one names.
    pub add: Vec<(TarballName, Box<dyn Upload>)>,
    /// Tarballs that go. It is no error if one is not there.
    pub remove: Vec<TarballName>,
}

impl Change {
    /// A change of the document alone.
    pub fn of_document(document: Bytes) -> Change {
        Change { document, add: Vec::new(), remove: Vec::new() }
    }
}

/// How a commit ended.
pub enum Committed {
    /// The change is made and durable; the document's tag from now on.
    Done(Tag),
    /// The document is another one: nothing was changed, and this is the change. Its uploads can be used
    /// again; its document was made from one that is no longer there.
    Conflict(Change),
}
