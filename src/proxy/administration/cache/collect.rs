//! What of the cache nobody needs, told and removed.
//! Knows nothing of what is of use to whom but by the configuration and by what is held.

use super::{next, package, quietly_done, scan};
use crate::admin::{self, CacheCollected, CollectedPart, Rows, Unanswered, Unneeded};
use crate::cache::{Amount, DiskCache, Facts, FileName, Key, OpenError, Thing};
use crate::npm::PackageName;
use crate::proxy::administration::Administration;
use crate::upstream::Upstreams;
use log::info;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// How much there is for each reason.
type Amounts = HashMap<Unneeded, Amount>;

impl Administration {
    /// Removes what nobody needs, unless this `is_dry`, and then what was used least recently, until all comes to `size`
    /// bytes at most; tells what that was.
    pub(in crate::proxy::administration) async fn cache_collect(
        &self,
        size: Option<u64>,
        is_dry: bool,
        rows: &mut Rows<'_>,
    ) -> Result<(), Unanswered> {
        let cache = self.door.cache;
        let (unneeded, others) = self.unneeded().await?;
        self.check(&unneeded, others)?;
        let work = move || {
            let mut removed = Vec::new();
            (collect(cache, &unneeded, size, is_dry, &mut removed), removed)
        };
        let (collected, removed) = quietly_done(work).await?;
        // Also of what was removed before something failed.
        self.door.forget(&removed);
        let (amounts, left_bytes) = collected.map_err(|error| {
            Unanswered::Refused(format!("not all of the cache could be read: {error}"))
        })?;
        let part = |why: Unneeded| {
            let Amount { files, bytes } = *amounts.get(&why)?;
            (files > 0).then_some(CollectedPart { why, entries: files, bytes })
        };
        let parts: Vec<_> = Unneeded::ALL.into_iter().filter_map(part).collect();
        if !is_dry {
            let (files, bytes) = parts
                .iter()
                .fold((0, 0), |(files, bytes), part| (files + part.entries, bytes + part.bytes));
            info!(
                "cache: {files} files, {bytes} bytes, that nobody needs were removed by a command"
            );
        }
        let is_shared = self.is_shared();
        admin::tell(rows, &CacheCollected { parts, left_bytes, is_shared })
    }

    /// What nobody needs, and how many files there are beside that.
    async fn unneeded(&self) -> Result<(Vec<(FileName, Unneeded)>, u64), Unanswered> {
        let cache = self.door.cache;
        let (upstreams, roots) = (Arc::clone(&self.door.upstreams), self.roots());
        let mut coming = scan(cache, move |name, facts| {
            let why = match facts {
                Ok(facts) => why_not(cache, &upstreams, &roots, facts),
                Err(_) => Some(Unneeded::Damaged),
            };
            Some((*name, why))
        })?;
        let (mut unneeded, mut others) = (Vec::new(), 0);
        while let Some(batch) = next(&mut coming).await? {
            for (name, why) in batch {
                match why {
                    Some(why) => unneeded.push((name, why)),
                    None => others += 1,
                }
            }
        }
        Ok((unneeded, others))
    }

    /// A command that was given other settings than the NOPAR whose cache it is would take all of it for unneeded.
    fn check(&self, unneeded: &[(FileName, Unneeded)], others: u64) -> Result<(), Unanswered> {
        let foreign = unneeded.iter().filter(|(_, why)| *why == Unneeded::NoUpstream).count();
        if self.serves() || others > 0 || foreign == 0 {
            return Ok(());
        }
        Err(Unanswered::Refused(format!(
            "nothing was removed: all {foreign} entries come from upstream registries that these settings do not name ({}). \
             Run this with the settings of the NOPAR whose cache it is (--config, NOPAR_FORWARDER_URL); if these are its \
             settings, `nopar cache rm '*'` removes everything",
            self.roots().join(", ")
        )))
    }
}

/// Why nobody needs a file, if nobody does.
fn why_not(
    cache: &DiskCache,
    upstreams: &Upstreams,
    roots: &[String],
    facts: &Facts,
) -> Option<Unneeded> {
    let Some(subject) = facts.key.subject() else { return Some(Unneeded::Damaged) };
    if !roots.iter().any(|root| root == subject.upstream) {
        return Some(Unneeded::NoUpstream);
    }
    let name = package(&subject.thing)?;
    let Ok(name) = PackageName::parse(name) else { return Some(Unneeded::Damaged) };
    if upstreams.of(&name).root() != subject.upstream {
        return Some(Unneeded::OtherUpstream);
    }
    let is_alone = || cache.file_of(&Key::packument(subject.upstream, &name).hash()).is_none();
    (matches!(subject.thing, Thing::View(_)) && is_alone()).then_some(Unneeded::ViewAlone)
}

/// Removes files, and what else is of no use; how much that was, and how many bytes are left. Which generations left the
/// index is noted in `removed`, whatever fails. Blocks.
fn collect(
    cache: &DiskCache,
    unneeded: &[(FileName, Unneeded)],
    size: Option<u64>,
    is_dry: bool,
    removed: &mut Vec<FileName>,
) -> Result<(Amounts, u64), OpenError> {
    let mut amounts = Amounts::new();
    for (name, why) in unneeded {
        let is_removed = !is_dry && cache.take_out(name);
        removed.extend(is_removed.then_some(*name));
        if is_dry || is_removed {
            amounts.entry(*why).or_default().add(name.size());
        }
    }
    amounts.insert(Unneeded::Replaced, cache.replaced_files(is_dry)?);
    amounts.insert(Unneeded::Unfinished, cache.unfinished_files(is_dry)?);
    let mut left = cache.size();
    if is_dry {
        let would_go: u64 = unneeded.iter().map(|(name, _)| name.size()).sum();
        left = left.saturating_sub(would_go);
    }
    if let Some(size) = size {
        let others: HashSet<u64> = unneeded.iter().map(|(name, _)| name.id()).collect();
        let shed = if is_dry { cache.would_shrink(size, &others) } else { cache.shrink(size) };
        amounts.insert(Unneeded::LeastUsed, shed);
        left = if is_dry { left.saturating_sub(shed.bytes) } else { cache.size() };
    }
    Ok((amounts, left))
}
