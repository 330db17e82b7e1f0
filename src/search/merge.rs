//! One list of results out of several: hosted ones, and then those of each upstream, as far as they are its own.
//! Knows nothing of how blocks are asked for: it says which one it needs next, and is given it.
//!
//! **No gap and no double.** A place in the list is only known when all before it is. So the blocks of an upstream are
//! read from its first on, names that belong to others are dropped, and what follows moves up; what a block holds that
//! was seen before is dropped as well. An upstream's part begins where that of the one before it has ended.

use super::Block;
use crate::npm::PackageName;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

/// So far an upstream's results are read. Nobody reads so many; a client that pages on finds nothing there.
const DEEPEST: u64 = 10_000;
/// So many blocks of it: some send less than they are asked for.
const MOST_BLOCKS: usize = 64;

/// The list in the making.
#[derive(Debug)]
pub struct Merge {
    hosted: u64,
    window: Range<u64>,
    lists: Vec<List>,
}

/// What is known of one upstream's results.
#[derive(Debug, Default)]
struct List {
    /// How many of its own ones lie before what is wanted: nobody holds their blocks for them.
    passed: u64,
    /// Those that follow, by block and place there.
    kept: Vec<(Arc<Block>, usize)>,
    names: HashSet<PackageName>,
    blocks: usize,
    /// How many came.
    came: u64,
    /// How many match, as it says.
    said: u64,
    state: State,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    /// There may be more.
    #[default]
    Open,
    /// There is no more.
    Ended,
    /// There is more, and nobody gets to it.
    Cut,
    /// It failed.
    Failed,
}

impl Merge {
    /// A list that begins with `hosted` results, and of which these places are wanted; `upstreams` follow.
    pub fn new(hosted: u64, window: Range<u64>, upstreams: usize) -> Merge {
        let lists = std::iter::repeat_with(List::default).take(upstreams).collect();
        Merge { hosted, window, lists }
    }

    /// Of which upstream which block is needed next, by the place it begins at. Of each the first is needed, for the
    /// total, and of others those that lie before the end of what is wanted.
    pub fn wanted(&self) -> Option<(usize, u64)> {
        let is_untouched = |list: &List| list.blocks == 0 && list.state == State::Open;
        if let Some(first) = self.lists.iter().position(is_untouched) {
            return Some((first, 0));
        }
        if self.window.is_empty() {
            return None;
        }
        let mut end = self.hosted;
        for (number, list) in self.lists.iter().enumerate() {
            end += list.own();
            if end >= self.window.end {
                return None;
            }
            match list.state {
                State::Open => return Some((number, list.came)),
                _ if list.is_broken_off() => return None,
                _ => {}
            }
        }
        None
    }

    /// Takes a block of an upstream, of which `is_own` says which names are its own.
    pub fn take(
        &mut self,
        upstream: usize,
        block: &Arc<Block>,
        is_own: impl Fn(&PackageName) -> bool,
    ) {
        let before =
            self.place_of(upstream).map_or(0, |place| self.window.start.saturating_sub(place));
        let list = &mut self.lists[upstream];
        list.take(block, is_own);
        list.pass(before);
    }

    /// The place at which an upstream's part of the list begins, if that is known.
    fn place_of(&self, upstream: usize) -> Option<u64> {
        let mut before = self.lists[..upstream].iter();
        before.try_fold(self.hosted, |place, list| list.has_end().then(|| place + list.own()))
    }

    /// An upstream gives no more blocks.
    pub fn fail(&mut self, upstream: usize) {
        self.lists[upstream].state = State::Failed;
    }

    /// How many results there are, as far as it is known: what upstreams say, without those that are known not to be
    /// theirs. It is exact for upstreams that were read to their end.
    pub fn total(&self) -> u64 {
        self.lists.iter().fold(self.hosted, |total, list| total.saturating_add(list.total()))
    }

    /// The results of upstreams that are wanted, in JSON.
    pub fn objects(&self) -> Vec<&str> {
        let (mut place, mut wanted) = (self.hosted, Vec::new());
        for list in &self.lists {
            let at = |place_of_all: u64| {
                let kept = place_of_all.saturating_sub(place).saturating_sub(list.passed);
                usize::try_from(kept).unwrap_or(usize::MAX).min(list.kept.len())
            };
            let kept = &list.kept[at(self.window.start)..at(self.window.end)];
            wanted.extend(kept.iter().map(|(block, at)| &*block.found[*at].object));
            place += list.own();
            if !list.has_end() {
                // Where the next one begins is not known.
                break;
            }
        }
        wanted
    }
}

impl List {
    fn take(&mut self, block: &Arc<Block>, is_own: impl Fn(&PackageName) -> bool) {
        let before = self.names.len();
        for (at, found) in block.found.iter().enumerate() {
            if self.names.insert(found.name.clone()) && is_own(&found.name) {
                self.kept.push((Arc::clone(block), at));
            }
        }
        self.blocks += 1;
        self.came = self.came.saturating_add(block.came);
        self.said = block.total.max(self.came);
        // One that sends the same again and again has told all that it has.
        let is_new = self.names.len() > before;
        self.state = if !is_new || self.came >= self.said {
            State::Ended
        } else if self.came >= DEEPEST || self.blocks >= MOST_BLOCKS {
            State::Cut
        } else {
            State::Open
        };
    }

    /// How many are its own, as far as it was read.
    fn own(&self) -> u64 {
        self.passed + self.kept.len() as u64
    }

    /// Lets go of so many of the first ones.
    fn pass(&mut self, count: u64) {
        let more = usize::try_from(count.saturating_sub(self.passed)).unwrap_or(usize::MAX);
        let more = more.min(self.kept.len());
        self.kept.drain(..more);
        self.passed += more as u64;
    }

    /// Whether it is known where it ends, and the next one begins.
    fn has_end(&self) -> bool {
        self.state != State::Open && !self.is_broken_off()
    }

    /// Whether it failed in the middle: what would follow is not known, and nothing may be in its place.
    fn is_broken_off(&self) -> bool {
        self.state == State::Failed && self.blocks > 0
    }

    fn total(&self) -> u64 {
        if self.state == State::Ended { self.own() } else { self.own() + (self.said - self.came) }
    }
}
