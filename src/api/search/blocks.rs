//! What upstreams answered to searches, for a while; and which of them do not answer.
//! Knows nothing of how results are put together.
//!
//! Who pages through results, or types a word that another has typed, asks nobody again. All who want the same block at
//! once share one request for it.

use super::{Source, Unsearched};
use crate::api::Elsewhere;
use crate::clock::Clock;
use crate::hosted::computed;
use crate::search::{Asked, Block};
use log::{info, warn};
use parking_lot::Mutex;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

/// How long a block is good.
const GOOD_FOR: Duration = Duration::from_secs(60);
/// How long an upstream is left out that has no search.
const NO_SEARCH_FOR: Duration = Duration::from_secs(300);
/// The same of one that failed.
const FAILED_FOR: Duration = Duration::from_secs(10);
/// All blocks together, in bytes of memory, and about how many they are: usual ones have a quarter of a megabyte.
const ALL: u64 = 24 << 20;
const COUNT: usize = 256;
/// What a block takes in memory beside its results, about.
const BESIDE: usize = 256;
/// So many blocks of one upstream are on their way at once: each may have megabytes. Who comes later waits, and for no
/// other upstream than that.
const AT_ONCE: usize = 4;
/// Who waits for another's request waits a little longer than that one does, to learn what came of it.
const GRACE: Duration = Duration::from_millis(250);

/// Why an upstream's results are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LeftOut {
    /// It must not be asked for anything.
    Unasked,
    /// It must not be told what is searched for.
    Untold,
    /// It failed, just now or not long ago, or there was no time left.
    Unreached,
    /// It has no search.
    NoSearch,
    /// It does not search for this.
    Refused,
}

impl LeftOut {
    /// The word for clients.
    pub(super) fn word(self) -> &'static str {
        match self {
            LeftOut::Unasked => "not asked",
            LeftOut::Untold => "not told of private names",
            LeftOut::Unreached => "not reached",
            LeftOut::NoSearch => "no search",
            LeftOut::Refused => "refused",
        }
    }
}

/// The blocks, and the upstreams that give none.
pub(super) struct Blocks {
    clock: Clock,
    kept: Cache<Key, Kept, Bytewise>,
    /// Upstreams that are left out, by number.
    out: Mutex<HashMap<usize, Out>>,
    /// The places of each upstream that was asked, by number.
    places: Mutex<HashMap<usize, Arc<Semaphore>>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    source: usize,
    question: Arc<str>,
    from: u64,
}

#[derive(Clone)]
struct Kept {
    /// `None` if the upstream refuses the question.
    block: Option<Arc<Block>>,
    until: SystemTime,
}

/// An upstream that is left out. When its time is over it is asked again, and stays here until it answers.
struct Out {
    why: LeftOut,
    until: SystemTime,
}

#[derive(Clone)]
struct Bytewise;

impl Weighter<Key, Kept> for Bytewise {
    fn weight(&self, key: &Key, kept: &Kept) -> u64 {
        let size = kept.block.as_ref().map_or(0, |block| block.size());
        (BESIDE + key.question.len() + size) as u64
    }
}

impl Blocks {
    pub(super) fn new(clock: Clock) -> Blocks {
        Blocks {
            clock,
            kept: Cache::with_weighter(COUNT, ALL, Bytewise),
            out: Mutex::default(),
            places: Mutex::default(),
        }
    }

    /// The results of an upstream from a place on, which may take until `until`.
    ///
    /// # Errors
    /// Why they are missing.
    pub(super) async fn block(
        &self,
        elsewhere: &dyn Elsewhere,
        source: &Source,
        question: &Arc<str>,
        from: u64,
        until: Instant,
    ) -> Result<Arc<Block>, LeftOut> {
        let key = Key { source: source.number, question: Arc::clone(question), from };
        let now = self.clock.now();
        self.kept.remove_if(&key, |kept| kept.until <= now);
        let asked = async {
            if let Some(why) = self.is_out(source) {
                return Err(why);
            }
            let places = self.places_of(source);
            let place = timeout_at(until, places.acquire()).await;
            let _place = place.map_err(|_| LeftOut::Unreached)?;
            // Others may have waited for it longer.
            if let Some(why) = self.is_out(source) {
                return Err(why);
            }
            let query = Asked::block(question, from);
            let block = match self.ask(elsewhere, source, &query, from, until).await {
                Ok(block) => Some(Arc::new(block)),
                Err(Unsearched::Refused) => None,
                Err(error) => return Err(self.leave_out(source, &error)),
            };
            self.take_back(source);
            Ok(Kept { block, until: self.clock.now() + GOOD_FOR })
        };
        let kept = timeout_at(until + GRACE, self.kept.get_or_insert_async(&key, asked)).await;
        kept.unwrap_or(Err(LeftOut::Unreached))?.block.ok_or(LeftOut::Refused)
    }

    async fn ask(
        &self,
        elsewhere: &dyn Elsewhere,
        source: &Source,
        query: &str,
        from: u64,
        until: Instant,
    ) -> Result<Block, Unsearched> {
        let failed = |why: &str| Unsearched::Failed(why.to_owned());
        let answer = timeout_at(until, elsewhere.search(source.number, query)).await;
        let answer = answer.map_err(|_| failed("it took too long"))??;
        let read = computed(answer.len(), move || Block::parse(&answer, from)).await;
        let (block, _room) = read.map_err(|_| failed("its answer could not be read"))?;
        // What serde says may have the upstream's own text in it, of any length.
        let at = |error: serde_json::Error| (error.line(), error.column());
        block.map_err(at).map_err(|(line, column)| {
            let why = format!("its answer is no list of results (line {line}, column {column})");
            Unsearched::Failed(why)
        })
    }

    fn places_of(&self, source: &Source) -> Arc<Semaphore> {
        let mut places = self.places.lock();
        let places = places.entry(source.number);
        Arc::clone(places.or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE))))
    }

    /// Whether an upstream is left out just now.
    fn is_out(&self, source: &Source) -> Option<LeftOut> {
        let now = self.clock.now();
        self.out.lock().get(&source.number).filter(|out| out.until > now).map(|out| out.why)
    }

    /// Leaves one out for a while; told when that is news.
    fn leave_out(&self, source: &Source, error: &Unsearched) -> LeftOut {
        let root = &source.root;
        let (why, told, time) = match error {
            Unsearched::NoSearch => (LeftOut::NoSearch, "it has no search", NO_SEARCH_FOR),
            Unsearched::Refused => (LeftOut::Refused, "it refuses", FAILED_FOR),
            Unsearched::Failed(error) => (LeftOut::Unreached, error.as_str(), FAILED_FOR),
        };
        let out = Out { why, until: self.clock.now() + time };
        let before = self.out.lock().insert(source.number, out);
        if before.is_none_or(|before| before.why != why) {
            warn!("search: {root} is left out: {told}");
        }
        why
    }

    /// One answers.
    fn take_back(&self, source: &Source) {
        if self.out.lock().remove(&source.number).is_some() {
            info!("search: {} answers again", source.root);
        }
    }
}
