//! What was told of packages lately, so that a page costs no reading of a whole document.
//! Knows nothing of documents but their generations, with which it ends.

use crate::npm::About;
use crate::reply::Reply;
use crate::ui::remembered::remembered;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::sync::Arc;

/// Bytes that are remembered, and about how many packages that are.
const REMEMBERED: u64 = 32 << 20;
const PACKAGES: usize = 1000;
/// What nothing takes.
const NOTHING: u64 = 400;

/// The generation of a document, and the version that is told of.
type Key = (u64, Option<String>);

/// What was told; that there is nothing, too.
pub(in crate::ui) struct Abouts(Cache<Key, Option<Arc<About>>, Weight>);

#[derive(Clone)]
struct Weight;

impl Weighter<Key, Option<Arc<About>>> for Weight {
    fn weight(&self, _: &Key, about: &Option<Arc<About>>) -> u64 {
        about.as_ref().map_or(NOTHING, |about| about.size() as u64)
    }
}

impl Default for Abouts {
    fn default() -> Abouts {
        Abouts(remembered(PACKAGES, REMEMBERED, Weight))
    }
}

impl Abouts {
    /// What is told, remembered or `made` by one of all who ask for it: of the latest version, or of that of this name,
    /// for which no document is read if it has none such.
    pub(super) async fn get<M>(
        &self,
        generation: u64,
        version: Option<&str>,
        made: impl Fn(Option<String>) -> M,
    ) -> Result<Option<Arc<About>>, Reply>
    where
        M: Future<Output = Result<Option<About>, Reply>>,
    {
        let Some(latest) = self.told((generation, None), made(None)).await? else {
            return Ok(None);
        };
        match version {
            None => Ok(Some(latest)),
            Some(version) if version == latest.version => Ok(Some(latest)),
            Some(version) if latest.has(version) => {
                let version = Some(version.to_owned());
                self.told((generation, version.clone()), made(version)).await
            }
            Some(_) => Ok(None),
        }
    }

    async fn told(
        &self,
        key: Key,
        made: impl Future<Output = Result<Option<About>, Reply>>,
    ) -> Result<Option<Arc<About>>, Reply> {
        let made = async { Ok(made.await?.map(Arc::new)) };
        self.0.get_or_insert_async(&key, made).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::npm::Document;
    use std::cell::Cell;

    /// What is told of a document, and how often it was read for that.
    struct Told {
        abouts: Abouts,
        text: String,
        reads: Cell<usize>,
    }

    impl Told {
        fn of(versions: impl Iterator<Item = String>) -> Told {
            let versions: Vec<String> = versions.map(|it| format!(r#""{it}":{{}}"#)).collect();
            let text = format!(r#"{{"versions":{{{}}}}}"#, versions.join(","));
            Told { abouts: Abouts::default(), text, reads: Cell::new(0) }
        }

        async fn get(&self, version: Option<&str>) -> Option<Arc<About>> {
            let made = |wanted: Option<String>| async move {
                self.reads.set(self.reads.get() + 1);
                Ok(Document::parse(self.text.as_bytes()).unwrap().about(wanted.as_deref()))
            };
            self.abouts.get(1, version, made).await.unwrap()
        }
    }

    #[tokio::test]
    async fn a_version_that_nobody_has_costs_no_reading() {
        let told = Told::of(["1.0.0", "2.0.0"].map(str::to_owned).into_iter());
        for _ in 0..2 {
            assert_eq!(told.get(Some("3.0.0")).await, None);
            assert_eq!(told.get(Some("4.0.0")).await, None);
            assert_eq!(told.get(Some("2.0.0")).await.unwrap().version, "2.0.0");
            assert_eq!(told.reads.get(), 1);
        }
        assert_eq!(told.get(Some("1.0.0")).await.unwrap().version, "1.0.0");
        assert_eq!(told.get(Some("1.0.0")).await.unwrap().version, "1.0.0");
        assert_eq!(told.reads.get(), 2);
    }

    #[tokio::test]
    async fn what_has_no_versions_is_read_once() {
        let told = Told::of(std::iter::empty());
        for version in [None, Some("1.0.0"), None] {
            assert_eq!(told.get(version).await, None);
        }
        assert_eq!(told.reads.get(), 1);
    }

    #[tokio::test]
    async fn a_package_of_many_versions_is_remembered() {
        let told = Told::of((0..10_200).map(|number| format!("1.0.{number}")));
        for _ in 0..3 {
            assert_eq!(told.get(None).await.unwrap().left_out, 200);
            assert_eq!(told.get(Some("2.0.0")).await, None);
        }
        assert_eq!(told.reads.get(), 1);
        // One that is not listed is there all the same.
        assert_eq!(told.get(Some("1.0.7")).await.unwrap().version, "1.0.7");
    }
}
