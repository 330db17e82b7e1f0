//! `POST /-/npm/v1/security/…`: which of some packages are known to be vulnerable.
//! Knows nothing of what makes one so: upstreams say it.

use super::{Api, Body, Call, Refusal};
use crate::reply::Reply;
use crate::route::Audit;

impl Api {
    pub(super) async fn audit(
        &self,
        _call: &Call<'_>,
        _body: &mut dyn Body,
        _asked: Audit,
    ) -> Result<Reply, Refusal> {
        Err(Refusal::no_endpoint())
    }
}
