//! The copy of an upstream's package, when somebody asks for something to be done about it: that the upstream confirms
//! it now, or that it goes.
//! Knows nothing of who may ask for that (`api`), nor whose a name is (`hosted`).

use super::Door;
use super::behalf::Behalf;
use super::failure::Failure;
use super::obtain::Obtained;
use crate::api::Purged;
use crate::base_url::BaseUrl;
use crate::npm::PackageName;
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
    pub(super) async fn list_again(&self, name: &PackageName) {
        let (catalogue, whose) = (Arc::clone(&self.catalogue), name.clone());
        let packument = self.packument_key(name).hash();
        let looked = spawn_blocking(move || catalogue.look_again_at(&whose, &packument)).await;
        if let Err(panic) = looked {
            error!("{name} could not be looked at for lists: {panic}");
        }
    }

    /// Discards the packument of `name` with all that is held of the package; whether there was one. Tarballs alone are no
    /// copy of a package: without a packument they stay.
    pub(super) async fn discard_copy(&self, name: &PackageName) -> bool {
        let is_held = self.cache.get(&self.packument_key(name)).await.is_some();
        if is_held {
            self.purge(name, &Purged::Package).await;
        }
        is_held
    }
}

fn not_asked(name: &PackageName) -> Failure {
    let error = format!(
        "no upstream registry is asked for {name} (NOPAR_AUTO_FORWARD): its copy stays as it is"
    );
    Failure::new(StatusCode::CONFLICT, error, "not_asked")
}

pub(super) fn not_kept(name: &PackageName) -> Failure {
    let error = format!(
        "the upstream registry sent {name}, but NOPAR could not keep it (NOPAR_CACHE_PATH, NOPAR_CACHE_SIZE); its log says why"
    );
    Failure::new(StatusCode::INSUFFICIENT_STORAGE, error, "not_kept")
}
