//! What a file of the cache is, found out by a look at its beginning.
//! Knows nothing of what was found out before.

use super::Catalogue;
use super::held::Said;
use super::shelf::Role;
use super::shelves::Found;
use crate::cache::{DiskCache, FileName, Peek, Thing};
use crate::clock;
use crate::document::{DocumentLost, Glimpse};
use crate::npm::{Brief, PackageName};
use log::debug;
use std::io;
use tokio::runtime::Builder;

/// What came of a look.
#[derive(Debug)]
pub(super) enum Look {
    /// It is of this package.
    Found(Found),
    /// It is of none, cannot be read, or is of an upstream that its package does not come from.
    Nothing,
    /// NOPAR lacks something just now: open files, memory.
    Later,
}

/// Why nothing is told in short.
#[derive(Debug, thiserror::Error)]
enum NoBrief {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Lost(#[from] DocumentLost),
    #[error("the length of its head is not what it says")]
    Length,
}

impl Catalogue {
    /// Looks at a file. Blocks.
    pub(super) fn look_at(&self, name: &FileName) -> Look {
        let peek = match self.cache.peek(name) {
            Ok(peek) => peek,
            Err(error) if DiskCache::is_passing(&error) => return Look::Later,
            Err(error) => {
                debug!("catalogue: a file is left out: {error}");
                return Look::Nothing;
            }
        };
        self.found(name, &peek).map_or(Look::Nothing, Look::Found)
    }

    fn found(&self, name: &FileName, peek: &Peek) -> Option<Found> {
        let subject = peek.key.subject()?;
        let (package, role) = match subject.thing {
            Thing::Packument(package) => (package, Role::Packument),
            Thing::Tarball(package, file) => {
                (package, Role::tarball(&PackageName::parse(package).ok()?, file))
            }
            Thing::View(package) | Thing::Attestations(package, _) => (package, Role::Other),
            Thing::Keys => return None,
        };
        let package = PackageName::parse(package).ok()?;
        if !(self.is_current)(&package, subject.upstream) {
            return None;
        }
        let said = (role == Role::Packument).then(|| {
            let brief = self.brief(name, peek);
            let brief = brief.inspect_err(|error| debug!("catalogue: {package}: {error}"));
            Said::by(&package, brief.unwrap_or_default())
        });
        let times = [peek.fetched, peek.confirmed].map(clock::to_millis);
        let heard = self.cache.heard(&name.hash(), name.id());
        Some(Found { package, role, said, times, hits: heard.unwrap_or_default().hits })
    }

    fn brief(&self, name: &FileName, peek: &Peek) -> Result<Brief, NoBrief> {
        let mut start = peek.start.clone();
        loop {
            match Glimpse::read(&start)? {
                Glimpse::Brief(brief) => return Ok(brief),
                Glimpse::Longer(len) if len > start.len() as u64 => {
                    start = self.cache.peek_at(name, peek.body_at, len)?;
                }
                Glimpse::Longer(_) => return Err(NoBrief::Length),
                Glimpse::Source(source) => {
                    let at = peek.body_at.checked_add(source.at).ok_or(NoBrief::Length)?;
                    let bytes = self.cache.peek_at(name, at, source.len)?;
                    // Older entries only: until they are fetched anew.
                    let waiting = Builder::new_current_thread().build()?;
                    return Ok(waiting.block_on(source.brief(bytes))?);
                }
            }
        }
    }
}
