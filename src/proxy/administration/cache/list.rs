//! What the cache holds, one file after the other, and the same removed.
//! Knows nothing of which files somebody may mean (`selection`).

use super::selection::Selection;
use super::{entry, next, scan};
use crate::admin::{self, CacheEnd, CacheEntry, CacheRow, Rows, Unanswered};
use crate::cache::{DiskCache, FileName};
use crate::proxy::administration::Administration;
use log::info;
use parking_lot::Mutex;
use std::sync::Arc;

/// A row is told when it has so many bytes: its reader takes no line of more than 64 KiB.
const ROW: usize = 16 << 10;

/// Gathers files to rows of a bounded length.
#[derive(Default)]
struct Gathered {
    entries: Vec<CacheEntry>,
    bytes: usize,
}

impl Gathered {
    fn add(&mut self, entry: CacheEntry, rows: &mut Rows<'_>) -> Result<(), Unanswered> {
        self.bytes += serde_json::to_vec(&entry)?.len();
        self.entries.push(entry);
        if self.bytes >= ROW { self.tell(rows) } else { Ok(()) }
    }

    fn tell(&mut self, rows: &mut Rows<'_>) -> Result<(), Unanswered> {
        self.bytes = 0;
        admin::tell(rows, &CacheRow::Entries(std::mem::take(&mut self.entries)))
    }
}

impl Administration {
    /// Tells what is held of what these patterns mean.
    pub(in crate::proxy::administration) async fn cache_entries(
        &self,
        of: &[String],
        rows: &mut Rows<'_>,
    ) -> Result<(), Unanswered> {
        let selection = self.selection(of).await?;
        self.tell_all(selection, rows, |_, _| true).await.map(drop)
    }

    /// Removes it, unless this `is_dry`, and tells what that was.
    pub(in crate::proxy::administration) async fn cache_remove(
        &self,
        of: &[String],
        is_dry: bool,
        rows: &mut Rows<'_>,
    ) -> Result<(), Unanswered> {
        if of.is_empty() {
            return Err(Unanswered::Refused("which packages? `*` means all".to_owned()));
        }
        let mut selection = self.selection(of).await?;
        if is_dry {
            return self.tell_all(selection, rows, |_, _| true).await.map(drop);
        }
        let names: Vec<_> = selection.wanted().filter_map(|it| Some(it.one()?.0.clone())).collect();
        // `None`: no more is removed. The look goes on for a while when nobody takes what is told.
        let removed = Arc::new(Mutex::new(Some(Vec::new())));
        let noted = Arc::clone(&removed);
        // One whose place a newer one took meanwhile is none that was meant.
        let remove = move |cache: &DiskCache, name: &FileName| {
            let mut noted = noted.lock();
            let Some(removed) = noted.as_mut() else { return false };
            let is_removed = cache.take_out(name);
            removed.extend(is_removed.then_some(*name));
            is_removed
        };
        let told = self.tell_all(selection, rows, remove).await;
        let removed = removed.lock().take().unwrap_or_default();
        self.door.forget(&removed);
        names.iter().for_each(|name| self.door.forget_failures_of(name));
        let bytes: u64 = removed.iter().map(FileName::size).sum();
        let entries = if removed.len() == 1 { "entry" } else { "entries" };
        info!("cache: a command removed {} {entries}, {bytes} bytes", removed.len());
        told
    }

    /// What these patterns mean, with what is known here of versions.
    async fn selection(&self, of: &[String]) -> Result<Selection, Unanswered> {
        let mut selection = Selection::parse(of)?;
        for wanted in selection.wanted() {
            if let Some((name, Some(version))) = wanted.one() {
                let tarballs = self.door.tarballs_of_version(name, version.as_str()).await;
                wanted.has_tarballs(tarballs);
            }
        }
        Ok(selection)
    }

    /// Tells of all files that are meant and that `take` takes.
    async fn tell_all(
        &self,
        selection: Selection,
        rows: &mut Rows<'_>,
        take: impl Fn(&DiskCache, &FileName) -> bool + Send + 'static,
    ) -> Result<(), Unanswered> {
        let cache = self.door.cache;
        let selection = Arc::new(Mutex::new(selection));
        let meant = Arc::clone(&selection);
        let mut coming = scan(cache, move |name, facts| {
            let facts = facts.ok();
            let subject = facts.and_then(|facts| facts.key.subject());
            if !meant.lock().matches(subject.as_ref()) {
                return None;
            }
            let told = entry(cache, name, facts);
            take(cache, name).then_some(told)
        })?;
        let mut gathered = Gathered::default();
        while let Some(batch) = next(&mut coming).await? {
            batch.into_iter().try_for_each(|entry| gathered.add(entry, rows))?;
        }
        gathered.tell(rows)?;
        let unmatched = selection.lock().unmatched();
        admin::tell(rows, &CacheRow::End(CacheEnd { unmatched, is_shared: self.is_shared() }))
    }

    /// Whether a NOPAR that was not asked has the directory open. Blocks.
    pub(super) fn is_shared(&self) -> bool {
        !self.serves() && self.door.cache.is_open_elsewhere()
    }
}
