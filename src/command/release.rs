//! `nopar release`: a name that was unpublished is given back.
//! Knows nothing of documents.

use super::Problem;
use super::owner::absent;
use super::prompt::is_confirmed;
use crate::config::Config;
use crate::hosted;
use crate::npm::PackageName;
use crate::store::DiskStore;

/// Forgets a package that was unpublished as a whole; what that means, in words. On a terminal it is asked first, unless
/// the answer is known to be yes (`is_sure`).
pub(super) fn run(config: &Config, name: &PackageName, is_sure: bool) -> Result<String, Problem> {
    if let Some(absent) = absent(&config.store.path) {
        return Err(absent.into());
    }
    let store = DiskStore::open(&config.store.path)?;
    let claims = &config.store.local_packages;
    if !is_sure && !is_confirmed(&hosted::releasing(name, claims), "Go on?")? {
        return Err("nothing was changed".into());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(hosted::release(&store, name))?;
    Ok(hosted::released(name, claims))
}
