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
        let collected = quietly_done(move || collect(cache, &unneeded, size, is_dry)).await?;
        let (amounts, removed, left_bytes) = collected.map_err(|error| {
            Unanswered::Refused(format!("not all of the cache could be looked at: {error}"))
        })?;
        self.door.forget(&removed);
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
                "cache: {files} files, {bytes} bytes, were removed by a command as nobody needs them"
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
            "all that is held ({foreign} entries) is of upstream registries that these settings do not name ({}), so they \
             may not be those of the NOPAR whose cache this is (--config, NOPAR_FORWARDER_URL): nothing was removed. If \
             they are, `nopar cache rm '*'` removes everything",
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

/// Removes files, and what else is of no use; how much that was, which generations left the index, and how many bytes are
/// left. Blocks.
fn collect(
    cache: &DiskCache,
    unneeded: &[(FileName, Unneeded)],
    size: Option<u64>,
    is_dry: bool,
) -> Result<(Amounts, Vec<FileName>, u64), OpenError> {
    let (mut amounts, mut removed) = (Amounts::new(), Vec::new());
    for (name, why) in unneeded {
        if is_dry || cache.take_out(name) {
            amounts.entry(*why).or_default().add(name.size());
            removed.push(*name);
        }
    }
    amounts.insert(Unneeded::Replaced, cache.replaced_files(is_dry)?);
    amounts.insert(Unneeded::Unfinished, cache.unfinished_files(is_dry)?);
    let mut left = cache.size();
    if is_dry {
        left = left.saturating_sub(removed.iter().map(FileName::size).sum());
    }
    if let Some(size) = size {
        let ids: HashSet<u64> = removed.iter().map(FileName::id).collect();
        let shed = if is_dry { cache.would_shrink(size, &ids) } else { cache.shrink(size) };
        amounts.insert(Unneeded::LeastUsed, shed);
        left = if is_dry { left.saturating_sub(shed.bytes) } else { cache.size() };
    }
    if is_dry {
        removed.clear();
    }
    Ok((amounts, removed, left))
}
