//! Searching: what is asked, which hosted packages match and in what order, and what upstreams add to that.
//! Knows nothing of HTTP, of the store, nor of how upstreams are asked: texts and values come in, and go out.
//!
//! All results are in one order: hosted packages first, ranked ([`Entry::rank`]), then those of each upstream as it has
//! them ([`Merge`]). Texts in which a private package is named are not for upstreams ([`Private`]).

mod asked;
mod block;
mod entry;
mod index;
mod merge;
mod plain;
mod private;
mod query;

#[cfg(test)]
mod merge_tests;

pub use asked::{Asked, BadSearch};
pub use block::{BLOCK, Block, Found};
pub use entry::{Entry, Shown};
pub use index::{Hits, Index, Page};
pub use merge::Merge;
pub use private::{Private, Readings, Told};
pub use query::Query;
