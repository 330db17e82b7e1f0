//! `nopar release`: a name that was unpublished is given back.
//! Knows nothing of documents.

use super::Problem;
use super::owner::absent;
use crate::config::Config;
use crate::hosted;
use crate::npm::PackageName;
use crate::store::DiskStore;

/// Forgets a package that was unpublished as a whole; what that means, in words.
pub(super) fn run(config: &Config, name: &PackageName) -> Result<String, Problem> {
    if let Some(absent) = absent(&config.store.path) {
        return Err(absent.into());
    }
    let store = DiskStore::open(&config.store.path)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(hosted::release(&store, name))?;
    Ok(hosted::released(name, &config.store.local_packages))
}
