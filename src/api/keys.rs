//! `GET /-/npm/v1/keys`: the public keys that versions are signed with.
//! Knows nothing of how they are kept.

use super::{Api, Call, Refusal};
use crate::reply::Reply;

impl Api {
    pub(super) async fn keys(&self, _call: &Call<'_>) -> Result<Reply, Refusal> {
        Err(Refusal::no_endpoint())
    }
}
