//! Looking through the cache's directory for what other processes wrote, beside all that goes on.
//! Knows nothing of how that is done, nor of who wrote it.

use crate::cache::DiskCache;
use crate::niceness::Niceness;
use log::{info, warn};
use std::io;
use std::thread::{Builder, JoinHandle};

/// What begins to look each time it is called, and tells in the log what came of it.
pub(super) fn looker(cache: &'static DiskCache) -> impl Fn() + Send + Sync + 'static {
    move || {
        if let Err(error) = look(cache) {
            warn!(
                "cache: there is no thread to look through its directory ({error}): that is done later"
            );
        }
    }
}

fn look(cache: &'static DiskCache) -> io::Result<JoinHandle<()>> {
    Builder::new().name("cache".to_owned()).spawn(|| {
        Niceness::Most.take();
        match cache.look_through() {
            Ok(looked) => info!(
                "cache: looked through for what other processes did: they wrote {} files and removed {}; {} entries, {} bytes",
                looked.added,
                looked.gone,
                cache.len(),
                cache.size()
            ),
            Err(error) => warn!("cache: {error}"),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Key;
    use crate::clock::Clock;
    use crate::counters::Counters;
    use bytes::Bytes;
    use std::path::Path;
    use std::sync::Arc;

    fn open(path: &Path) -> &'static DiskCache {
        let counters = Arc::new(Counters::new(1));
        Box::leak(Box::new(DiskCache::open(path, 1 << 20, Clock::system(), counters).unwrap()))
    }

    #[tokio::test]
    async fn its_thread_finds_what_another_process_wrote() {
        let home = tempfile::tempdir().unwrap();
        let (here, there) = (open(home.path()), open(home.path()));
        let key = Key::packument("https://registry.example", &"lodash".parse().unwrap());
        there.keep(key.clone(), vec![Bytes::from_static(b"one")]).await.unwrap();
        assert!(here.get(&key).await.is_none());
        look(here).unwrap().join().unwrap();
        assert!(here.get(&key).await.is_some());
        // Whoever calls it is given no thread to wait for.
        looker(here)();
    }
}
