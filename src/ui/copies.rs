//! What is held of upstreams' packages: documents and tarballs, as pages tell of them.
//! Knows nothing of hosted packages. Asks no upstream for anything, and changes nothing that is held.

use super::files::Tarball;
use crate::cache::{DiskCache, Entry, Key, Known};
use crate::document::DocumentLost;
use crate::npm::{About, AboutVersion, PackageName};
use crate::view::Views;
use log::warn;
use std::sync::Arc;

/// What is here of a version's tarball.
pub(super) struct TarballHeld {
    /// Whether it is.
    pub(super) is_held: bool,
    /// How long it is in bytes, about, if that is known.
    pub(super) len: Option<u64>,
}

/// The root of the upstream that a package comes from.
type RootOf = Box<dyn Fn(&PackageName) -> String + Send + Sync>;

/// The copies of upstreams' packages.
pub struct Copies {
    cache: &'static DiskCache,
    views: Views,
    root_of: RootOf,
}

impl Copies {
    /// What `cache` holds, of the upstreams that packages come from now.
    pub fn new(
        cache: &'static DiskCache,
        views: Views,
        root_of: impl Fn(&PackageName) -> String + Send + Sync + 'static,
    ) -> Copies {
        Copies { cache, views, root_of: Box::new(root_of) }
    }

    /// The packument that is held of a package, whatever its age.
    pub(super) async fn packument(&self, name: &PackageName) -> Option<Arc<Entry>> {
        self.cache.get(&Key::packument(&(self.root_of)(name), name)).await
    }

    /// What a packument tells of itself and of one version: that of this name, or else the latest. `None` if there is no
    /// such version.
    ///
    /// # Errors
    /// When its entry is damaged or gone; it has been dropped.
    pub(super) async fn about(
        &self,
        entry: &Arc<Entry>,
        version: Option<String>,
    ) -> Result<Option<About>, DocumentLost> {
        let about = async {
            let document = self.views.document(entry).await?;
            document.derive(self.cache, move |source| source.about(version.as_deref())).await
        };
        let about = about.await;
        if let Err(lost) = &about {
            self.cache.drop_damaged(entry, lost);
        }
        about
    }

    /// What is held of the tarball of a version, as far as that is known without a look at it.
    pub(super) fn held_of(&self, name: &PackageName, version: &AboutVersion) -> TarballHeld {
        let root = (self.root_of)(name);
        let keys =
            version.files(name).into_iter().map(|file| Key::tarball(&root, name, file.as_str()));
        let mut held = keys.filter_map(|key| match self.cache.known(&key) {
            Known::Nothing => None,
            Known::Read(entry) => Some(entry.body_len()),
            // With its head, and the sums of its chunks.
            Known::Unread => self.cache.file_of(&key.hash()).map(|file| file.size()),
        });
        let len = held.next();
        TarballHeld { is_held: len.is_some(), len }
    }

    /// The tarball of a version, if it is held, and is the one that the packument speaks of.
    pub(super) async fn tarball(
        &self,
        name: &PackageName,
        version: &AboutVersion,
    ) -> Option<Tarball> {
        let (root, expected) = ((self.root_of)(name), version.digests());
        for file in version.files(name) {
            let key = Key::tarball(&root, name, file.as_str());
            let Some(entry) = self.cache.get(&key).await else { continue };
            let known = expected.as_ref().zip(entry.integrity());
            if known.is_some_and(|(expected, computed)| computed.matches(expected) == Some(false)) {
                continue;
            }
            match self.cache.opened_file(&entry).await {
                Ok(file) => return Some(Tarball::copied(entry.id(), entry.body_len(), file)),
                Err(error) => {
                    warn!("cache: {} cannot be shown: {error}", key.shown());
                    self.cache.drop_damaged(&entry, &error);
                }
            }
        }
        None
    }
}
