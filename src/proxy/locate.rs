//! Where the upstream has a tarball.
//! Knows nothing of how it is fetched.
//!
//! Packuments carry NOPAR's canonical URLs; the index maps them back to what the upstream said.
//! `npm ci` asks for tarballs alone, on a cold cache too: then the upstream's usual path is asked
//! first, which is right for nearly all, and the packument only if that is a 404.

use super::Door;
use super::failure::Failure;
use super::tarball::Wanted;
use crate::npm::{Index, Integrity};
use crate::upstream::Target;
use log::warn;

/// Where a tarball is.
#[derive(Clone, Debug)]
pub(super) struct Located {
    pub(super) target: Target,
    /// Whether the packument said so; else it is the usual path, a guess.
    pub(super) known: bool,
    /// What its bytes must digest to, if the packument said that.
    pub(super) integrity: Option<Integrity>,
}

impl Door {
    /// Where to ask for a tarball, as far as it is known without asking anything; with
    /// `NOPAR_VERIFY=always`, as its packument says.
    pub(super) async fn locate(&self, wanted: &Wanted) -> Result<Located, Failure> {
        let held = self.cache.get(&self.packument_key(&wanted.name)).await;
        // A damaged index is dropped; then nothing is known.
        let index = match held {
            Some(entry) => self.index_of(&entry).await.ok(),
            None => None,
        };
        let Some(index) = index else {
            return match self.current.is_strict() {
                false => Ok(self.usual(wanted)),
                true => self.locate_surely(wanted).await,
            };
        };
        if let Some(located) = self.in_index(&index, wanted) {
            return Ok(located);
        }
        // The version may be newer than what is held.
        match self.obtain_index(&wanted.name, &wanted.base, true, &wanted.behalf).await {
            Ok(index) => self.in_index(&index, wanted).ok_or_else(|| absent(wanted)),
            // Whatever became of the packument: the tarball may well be where it usually is.
            Err(_) if !self.current.is_strict() => Ok(self.usual(wanted)),
            Err(failure) => Err(failure),
        }
    }

    /// Where the packument, fetched for this, says that it is.
    pub(super) async fn locate_surely(&self, wanted: &Wanted) -> Result<Located, Failure> {
        let index = self.obtain_index(&wanted.name, &wanted.base, false, &wanted.behalf).await?;
        self.in_index(&index, wanted).ok_or_else(|| absent(wanted))
    }

    /// Where to ask after the usual path was a 404.
    pub(super) async fn locate_anew(&self, wanted: &Wanted) -> Result<Located, Failure> {
        let index = self.obtain_index(&wanted.name, &wanted.base, false, &wanted.behalf).await?;
        let tried = self.usual(wanted).target;
        self.in_index(&index, wanted)
            .filter(|located| located.target != tried)
            .ok_or_else(|| absent(wanted))
    }

    fn usual(&self, wanted: &Wanted) -> Located {
        let target = self.upstreams.of(&wanted.name).tarball(&wanted.name, &wanted.file);
        Located { target, known: false, integrity: None }
    }

    fn in_index(&self, index: &Index, wanted: &Wanted) -> Option<Located> {
        let (version, said) = index.by_file(&wanted.name, &wanted.file)?;
        let usual = || self.usual(wanted).target;
        let target =
            match said.tarball.as_deref().map(|url| self.upstreams.of(&wanted.name).named(url)) {
                Some(Ok(target)) => target,
                Some(Err(error)) => {
                    let name = &wanted.name;
                    warn!("{name}@{version}: the upstream names no usable tarball URL: {error}");
                    usual()
                }
                None => usual(),
            };
        Some(Located { target, known: true, integrity: said.digests() })
    }
}

fn absent(wanted: &Wanted) -> Failure {
    Failure::no_tarball(wanted.file.as_str())
}
