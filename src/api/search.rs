//! `GET /-/v1/search`: packages by text, NOPAR's own and upstreams'.
//! Knows nothing of how they are found.

use super::{Api, Call, Refusal};
use crate::reply::Reply;

impl Api {
    pub(super) async fn search(&self, _call: &Call<'_>, _query: &str) -> Result<Reply, Refusal> {
        Err(Refusal::no_endpoint())
    }
}
