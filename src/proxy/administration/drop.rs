//! Copies that a command found broken, dropped.
//! Knows nothing of how they were found; that they are files of the cache's entries is seen to here.

use super::Administration;
use crate::admin::{self, Dropped, Rows, Unanswered};
use crate::cache::FileName;
use log::warn;

impl Administration {
    /// Drops the entries with these files, and tells of each.
    pub(super) async fn drop_found(
        &self,
        files: Vec<String>,
        rows: &mut Rows<'_>,
    ) -> Result<(), Unanswered> {
        for file in files {
            let failure = self.drop_one(&file).await.err();
            admin::tell(rows, &Dropped { file, failure })?;
        }
        Ok(())
    }

    /// What is gone already is as good as dropped.
    async fn drop_one(&self, file: &str) -> Result<(), String> {
        let name = FileName::parse(file).ok_or("it is no entry's file")?;
        let cache = self.door.cache;
        let dropped = tokio::task::spawn_blocking(move || cache.drop_found(&name)).await;
        let dropped = dropped.map_err(std::io::Error::other).and_then(|it| it);
        if dropped.map_err(|error| error.to_string())? {
            warn!("cache: dropped {file}, which nopar verify found broken");
        }
        Ok(())
    }
}
