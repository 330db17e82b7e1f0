//! `/-/stage`: what is published once somebody has approved it.
//! Knows nothing of where it waits.

use super::{Api, Body, Call, Refusal};
use crate::npm::PackageName;
use crate::reply::Reply;

impl Api {
    pub(super) async fn stages(&self, _call: &Call<'_>, _query: &str) -> Result<Reply, Refusal> {
        Err(Refusal::no_endpoint())
    }

    pub(super) async fn stage(
        &self,
        _call: &Call<'_>,
        _body: &mut dyn Body,
        _name: PackageName,
    ) -> Result<Reply, Refusal> {
        Err(Refusal::no_endpoint())
    }

    pub(super) async fn staged(&self, _call: &Call<'_>, _id: &str) -> Result<Reply, Refusal> {
        Err(Refusal::no_endpoint())
    }

    pub(super) async fn staged_tarball(
        &self,
        _call: &Call<'_>,
        _id: &str,
    ) -> Result<Reply, Refusal> {
        Err(Refusal::no_endpoint())
    }

    pub(super) async fn approve(&self, _call: &Call<'_>, _id: &str) -> Result<Reply, Refusal> {
        Err(Refusal::no_endpoint())
    }

    pub(super) async fn reject(&self, _call: &Call<'_>, _id: &str) -> Result<Reply, Refusal> {
        Err(Refusal::no_endpoint())
    }
}
