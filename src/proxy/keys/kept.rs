//! The keys of an upstream on the disk: what a NOPAR tells that was started while the upstream is down.
//! Knows nothing of when an upstream is asked.

use super::{Keys, parse};
use crate::cache::Key;
use crate::document::KeyList;
use crate::proxy::Door;
use crate::proxy::refresh::{fill, kept_header};
use crate::upstream::Upstream;
use bytes::Bytes;
use http::HeaderMap;
use log::warn;
use pingora_cache::{CachePhase, NoCacheReason};
use std::time::Duration;

impl Door {
    /// What an upstream said when it was last asked, by this process or another, if that is still there.
    pub(super) async fn kept_keys(&self, upstream: &Upstream) -> Option<Keys> {
        let entry = self.cache.get(&Key::keys(upstream.root())).await?;
        let text = KeyList::open(self.cache, &entry).await;
        let text = text.inspect_err(|error| self.cache.drop_damaged(&entry, error)).ok()?;
        self.cache.touch(&entry, self.clock.now());
        Some(parse(&text)?.0)
    }

    /// Keeps what an upstream said. What cannot be kept is told all the same.
    pub(super) async fn keep_keys(&self, upstream: &Upstream, keys: &Keys) {
        let key = Key::keys(upstream.root());
        let asked = self.cache.next_ticket();
        let mut http_cache = self.http_cache(self.documents, &key);
        let looked = self.look(&mut http_cache, true, asked).await;
        if looked.is_ok() && matches!(http_cache.phase(), CachePhase::Miss | CachePhase::Stale) {
            let meta = self.meta(kept_header(&HeaderMap::new()), asked, Duration::ZERO);
            if let Err(error) = fill(&mut http_cache, meta, &KeyList::body(text_of(keys))).await {
                warn!("the keys of {} are not kept: {error}", upstream.root());
            }
        }
        if http_cache.enabled() {
            // Lets go of the lock, if nothing was kept.
            http_cache.disable(NoCacheReason::UpstreamError);
        }
    }
}

/// A list of keys, as an upstream would write it.
fn text_of(keys: &Keys) -> Bytes {
    let keys: Vec<&str> = keys.iter().map(|key| key.text.get()).collect();
    Bytes::from(format!("{{\"keys\":[{}]}}", keys.join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_as_what_it_was() {
        for list in [
            r#"{"keys":[]}"#,
            r#"{"keys":[{"keyid":"a","key":"A", "x":1.50},{"keyid":"b","key":"B"}]}"#,
        ] {
            let (keys, _) = parse(list.as_bytes()).unwrap();
            assert_eq!(text_of(&keys), list);
        }
    }
}
