//! Tarballs that wait to be published, compared with what was staged before a byte of one is used.
//! Knows nothing of what a stage is.

use super::tarball::damaged;
use super::{Hosted, HostedError, Large};
use crate::npm::{Integrity, PackageName, TarballName};
use crate::store::Tarball;
use std::sync::Arc;

impl Hosted {
    /// A tarball of this package, which will have that file, if its bytes are what `expected` means: to be read piece by
    /// piece, each of which is one of those that were compared.
    ///
    /// # Errors
    /// [`HostedError::Damaged`] when it is another one.
    pub async fn staged(
        &self,
        name: &PackageName,
        file: TarballName,
        content: &Tarball,
        expected: &Integrity,
    ) -> Result<Arc<Large>, HostedError> {
        let sums = self.checked.sums(name, &file, content, Some(expected)).await?;
        let sums = sums.ok_or_else(|| damaged(name, &file))?;
        Ok(Arc::new(Large::new(name, file, content, sums, None)))
    }
}
