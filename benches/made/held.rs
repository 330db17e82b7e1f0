//! A cache directory with packuments and tarballs in it, put there as requests put them.
//! Knows nothing of upstreams and connections.

use bytes::Bytes;
use nopar::cache::{DiskCache, Entry, Key, Kind, Store};
use nopar::clock::Clock;
use nopar::counters::Counters;
use pingora::http::ResponseHeader;
use pingora_cache::CacheMeta;
use pingora_cache::storage::Storage;
use pingora_cache::trace::Span;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

/// Where packages are said to come from.
pub(crate) const UPSTREAM: &str = "https://registry.example/";

/// The directory and what reads and writes it. Like the program's, it lives until the end.
pub(crate) struct Held {
    /// The cache.
    pub(crate) cache: &'static DiskCache,
    packuments: &'static Store,
    tarballs: &'static Store,
    _home: TempDir,
}

impl Held {
    /// An empty cache with room for everything.
    pub(crate) fn new() -> Held {
        let home = tempfile::tempdir().expect("a folder can be made");
        let counters = Arc::new(Counters::new(1));
        let cache = DiskCache::open(home.path(), u64::MAX, Clock::system(), counters);
        let cache: &'static DiskCache = Box::leak(Box::new(cache.expect("it opens")));
        let packuments = Box::leak(Box::new(Store::whole(cache)));
        let tarballs = Box::leak(Box::new(Store::streaming(cache)));
        Held { cache, packuments, tarballs, _home: home }
    }

    /// Puts in an entry: a tarball, or a packument's body as [`nopar::document::build`] made it.
    pub(crate) async fn put(&self, key: &Key, body: &[Bytes]) {
        let mut header = ResponseHeader::build(200, None).expect("a status");
        let store = match key.kind() {
            Kind::Packument => self.packuments,
            Kind::Tarball => {
                let len: usize = body.iter().map(Bytes::len).sum();
                header.insert_header("content-length", len).expect("a length");
                self.tarballs
            }
        };
        let now = SystemTime::now();
        let meta = CacheMeta::new(now + Duration::from_secs(3600), now, 0, 0, header);
        let trace = Span::inactive().handle();
        let fill = store.get_miss_handler(&key.to_pingora(), &meta, &trace).await;
        let mut fill = fill.expect("a fill can begin");
        for (at, piece) in body.iter().enumerate() {
            let last = at + 1 == body.len();
            fill.write_body(piece.clone(), last).await.expect("the disk takes it");
        }
        fill.finish().await.expect("it is kept");
    }

    /// What is held of `key`.
    pub(crate) async fn entry(&self, key: &Key) -> Arc<Entry> {
        self.cache.get(key).await.expect("it was put in")
    }
}
