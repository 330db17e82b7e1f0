//! The copy of an upstream's package, when somebody asks for something to be done about it: that the upstream confirms
//! it now, or that it goes.
//! Knows nothing of who may ask for that (`api`), nor whose a name is (`hosted`).

use super::Door;
use super::behalf::Behalf;
use super::failure::Failure;
use super::obtain::Obtained;
use crate::base_url::BaseUrl;
use crate::document::CachedDocument;
use crate::npm::{PackageName, TarballName};
use http::StatusCode;
use log::error;
use std::sync::Arc;
use tokio::task::spawn_blocking;

impl Door {
    /// Has the upstream confirm the packument of `name`, or fetches it, unless that was done after the request came in
    /// on whose behalf this is.
    ///
    /// # Errors
    /// As for a client that asks for the packument and has no copy to be served from: the one that is held stays,
    /// unless the upstream says that the package is gone. And where nobody is asked, or nothing can be kept.
    pub(super) async fn refresh_copy(
        &self,
        name: &PackageName,
        base: &BaseUrl,
        behalf: &Behalf,
    ) -> Result<(), Failure> {
        if !self.is_asked(name) {
            let held = self.cache.get(&self.packument_key(name)).await;
            return Err(held.map_or_else(Failure::no_package, |_| not_asked(name)));
        }
        let obtained = self.obtain(name, base, true, behalf).await;
        // Whatever came of it: of what the upstream says is gone, the copy is.
        self.list_again(name).await;
        match obtained? {
            Obtained::Held(..) => Ok(()),
            Obtained::Sent(_) => Err(not_kept(name)),
        }
    }

    /// Has the lists say at once what became of a copy.
    async fn list_again(&self, name: &PackageName) {
        let (catalogue, whose) = (Arc::clone(&self.catalogue), name.clone());
        let packument = self.packument_key(name).hash();
        let looked = spawn_blocking(move || catalogue.look_again_at(&whose, &packument)).await;
        if let Err(panic) = looked {
            error!("{name} could not be looked at for lists: {panic}");
        }
    }

    /// Discards the packument of `name`, with its views, and the tarballs and attestations of the versions that it names; whether
    /// there was one. Without a packument nobody knows which tarballs are of a package: they stay, as do those of
    /// versions that the upstream has taken back.
    pub(super) async fn discard_copy(&self, name: &PackageName) -> bool {
        let Some(entry) = self.cache.get(&self.packument_key(name)).await else { return false };
        // A packument whose index cannot be read is dropped as damaged, and names none.
        if let Ok(index) = self.index_of(&entry).await {
            for (version, said) in index.versions() {
                for file in TarballName::all(name, version, said.tarball.as_deref()) {
                    self.cache.remove(&self.tarball_key(name, &file));
                }
                self.cache.remove(&self.attestations_key(name, version));
            }
        }
        CachedDocument::discard(self.cache, &entry).await;
        self.list_again(name).await;
        true
    }
}

fn not_asked(name: &PackageName) -> Failure {
    let error = format!(
        "no upstream registry is asked for {name} (NOPAR_AUTO_FORWARD): its copy stays as it is"
    );
    Failure::new(StatusCode::CONFLICT, error, "not_asked")
}

fn not_kept(name: &PackageName) -> Failure {
    let error = format!(
        "the upstream registry sent {name}, but NOPAR could not keep it (NOPAR_CACHE_PATH, NOPAR_CACHE_SIZE); its log says why"
    );
    Failure::new(StatusCode::INSUFFICIENT_STORAGE, error, "not_kept")
}
