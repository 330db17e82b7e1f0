//! Where the upstream has a tarball.
//! Knows nothing of how it is fetched.
//!
//! Packuments carry NOPAR's canonical URLs; the index maps them back to what the upstream said.
//! `npm ci` asks for tarballs alone, on a cold cache too: then the upstream's usual path is asked
//! first, which is right for nearly all, and the packument only if that is a 404.

use super::Door;
use super::behalf::Behalf;
use super::failure::Failure;
use crate::base_url::BaseUrl;
use crate::npm::{Index, PackageName, TarballName};
use crate::upstream::Target;
use log::warn;

/// Where a tarball is.
#[derive(Clone, Debug)]
pub(super) struct Located {
    pub(super) target: Target,
    /// Whether the packument said so; else it is the usual path, a guess.
    pub(super) known: bool,
}

impl Door {
    /// Where to ask for a tarball, as far as it is known without asking anything.
    pub(super) async fn locate(
        &self,
        name: &PackageName,
        file: &TarballName,
        base: &BaseUrl,
        behalf: &Behalf,
    ) -> Result<Located, Failure> {
        let usual = Located { target: self.upstreams.of(name).tarball(name, file), known: false };
        let Some(entry) = self.cache.get(&self.packument_key(name)).await else { return Ok(usual) };
        // A damaged index is dropped; then nothing is known.
        let Ok(index) = self.index_of(&entry).await else { return Ok(usual) };
        if let Some(located) = self.in_index(&index, name, file) {
            return Ok(located);
        }
        // The version may be newer than what is held.
        match self.obtain_index(name, base, true, behalf).await {
            Ok(index) => {
                self.in_index(&index, name, file).ok_or_else(|| Failure::no_tarball(file.as_str()))
            }
            // Whatever became of the packument: the tarball may well be where it usually is.
            Err(_) => Ok(usual),
        }
    }

    /// Where to ask after the usual path was a 404.
    pub(super) async fn locate_anew(
        &self,
        name: &PackageName,
        file: &TarballName,
        base: &BaseUrl,
        behalf: &Behalf,
    ) -> Result<Located, Failure> {
        let index = self.obtain_index(name, base, false, behalf).await?;
        let tried = self.upstreams.of(name).tarball(name, file);
        self.in_index(&index, name, file)
            .filter(|located| located.target != tried)
            .ok_or_else(|| Failure::no_tarball(file.as_str()))
    }

    fn in_index(&self, index: &Index, name: &PackageName, file: &TarballName) -> Option<Located> {
        let (version, said) = index.by_file(name, file)?;
        let target = match said.tarball.as_deref().map(|url| self.upstreams.of(name).named(url)) {
            Some(Ok(target)) => target,
            Some(Err(error)) => {
                warn!("{name}@{version}: the upstream names no usable tarball URL: {error}");
                self.upstreams.of(name).tarball(name, file)
            }
            None => self.upstreams.of(name).tarball(name, file),
        };
        Some(Located { target, known: true })
    }
}
