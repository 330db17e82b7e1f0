//! What was told of packages lately, so that a page costs no reading of a whole document.
//! Knows nothing of documents but their generations, with which it ends.

use crate::npm::About;
use crate::reply::Reply;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::sync::Arc;

/// Bytes that are remembered, and about how many packages that are.
const REMEMBERED: u64 = 32 << 20;
const PACKAGES: usize = 1000;

/// The generation of a document, and the version that is told of.
type Key = (u64, Option<String>);

/// What was told.
pub(in crate::ui) struct Abouts(Cache<Key, Arc<About>, Weight>);

#[derive(Clone)]
struct Weight;

impl Weighter<Key, Arc<About>> for Weight {
    fn weight(&self, _: &Key, about: &Arc<About>) -> u64 {
        about.size() as u64
    }
}

impl Default for Abouts {
    fn default() -> Abouts {
        Abouts(Cache::with_weighter(PACKAGES, REMEMBERED, Weight))
    }
}

impl Abouts {
    /// What is told, remembered or made by one of all who ask for it. That there is no such version is not remembered.
    pub(super) async fn get(
        &self,
        generation: u64,
        version: Option<&str>,
        made: impl Future<Output = Result<Option<About>, Reply>>,
    ) -> Result<Option<Arc<About>>, Reply> {
        let made = async {
            match made.await {
                Ok(Some(about)) => Ok(Arc::new(about)),
                Ok(None) => Err(None),
                Err(reply) => Err(Some(reply)),
            }
        };
        let key = (generation, version.map(str::to_owned));
        match self.0.get_or_insert_async(&key, made).await {
            Ok(about) => Ok(Some(about)),
            Err(None) => Ok(None),
            Err(Some(reply)) => Err(reply),
        }
    }
}
