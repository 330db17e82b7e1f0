//! How much the cache holds of what.
//! Knows nothing of how that is shown.

use super::{cut, next, scan, what};
use crate::admin::{
    self, CachePart, CacheServing, CacheStat, CacheStatRow, Rows, Unanswered, What,
};
use crate::cache::Facts;
use crate::clock::to_millis;
use crate::counters::FillEnd;
use crate::proxy::administration::Administration;
use std::collections::BTreeMap;

/// So many parts are told in a row, each of some kilobytes at the most.
const ROW: usize = 8;

impl Administration {
    /// Tells it.
    pub(in crate::proxy::administration) async fn cache_stat(
        &self,
        rows: &mut Rows<'_>,
    ) -> Result<(), Unanswered> {
        let sort = |facts: &Facts| {
            let subject = facts.key.subject()?;
            Some((Some(cut(subject.upstream)), what(&subject.thing)))
        };
        let mut coming = scan(self.door.cache, move |name, facts| {
            let sort = facts.ok().and_then(sort).unwrap_or((None, What::Damaged));
            Some((sort, name.size()))
        })?;
        let mut sums: BTreeMap<(Option<String>, What), (u64, u64)> = BTreeMap::new();
        while let Some(batch) = next(&mut coming).await? {
            for (sort, size) in batch {
                let (entries, bytes) = sums.entry(sort).or_default();
                (*entries, *bytes) = (*entries + 1, *bytes + size);
            }
        }
        let roots = self.roots();
        let (mut parts, mut whole) = (Vec::new(), self.whole());
        for ((upstream, what), (entries, bytes)) in sums {
            whole.entries += entries;
            whole.bytes += bytes;
            let is_configured = upstream.as_ref().is_some_and(|root| roots.contains(root));
            parts.push(CachePart { what, upstream, is_configured, entries, bytes });
        }
        for some in parts.chunks(ROW) {
            admin::tell(rows, &CacheStatRow::Parts(some.to_vec()))?;
        }
        admin::tell(rows, &CacheStatRow::Whole(whole))
    }

    /// The roots of the upstreams that the configuration names.
    pub(super) fn roots(&self) -> Vec<String> {
        let all = self.door.upstreams.all();
        all.iter().map(|(_, upstream)| upstream.root().to_owned()).collect()
    }

    /// All but what is counted by looking at files.
    fn whole(&self) -> CacheStat {
        let cache = self.door.cache;
        let (free, total) = cache.space().unzip();
        CacheStat {
            path: self.directories.cache.display().to_string(),
            entries: 0,
            bytes: 0,
            limit: cache.limit(),
            free,
            total,
            min_free: cache.room().least(),
            serving: self.serves().then(|| self.serving()),
        }
    }

    fn serving(&self) -> CacheServing {
        let counted = self.door.figures().snapshot();
        CacheServing {
            started: to_millis(self.started) / 1000,
            hits: counted.requests_where(|row| row.cache.is_hit() && !row.cache.is_hosted()),
            misses: counted.requests_where(|row| row.cache.is_miss()),
            kept: counted.fills(FillEnd::Kept),
            evictions: counted.disk.evictions,
            evicted_bytes: counted.disk.evicted_bytes,
            damaged: counted.disk.damaged,
            memory_bytes: counted.held.memory_bytes,
            memory_limit: counted.held.memory_limit,
            memory_rows: counted.held.memory_rows,
            memory_hits: counted.memory.hits,
            memory_misses: counted.memory.misses,
            memory_evictions: counted.memory.evictions,
        }
    }
}
