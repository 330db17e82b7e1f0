//! Tokens lie below the directory of packages, which the store looks after.
//! Knows nothing of tokens, nor of how the store knows its directory.

use crate::access::Ground;
use crate::store::Store;
use std::io;
use std::sync::Arc;

/// Beside the packages of a store.
pub(super) struct BesidePackages(pub(super) Arc<dyn Store>);

impl Ground for BesidePackages {
    fn check(&self) -> io::Result<()> {
        self.0.check().map_err(io::Error::other)
    }

    fn prepare(&self) -> io::Result<()> {
        self.0.prepare().map_err(io::Error::other)
    }
}
