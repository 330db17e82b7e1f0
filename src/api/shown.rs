//! Which token of this registry comes with a request, whatever it asks for.
//! Knows nothing of what the token is good for.

use super::Api;
use crate::access::Access;
use std::net::IpAddr;
use std::time::SystemTime;

impl Api {
    /// The token in the values of all Authorization headers, coming `from` there, if it is one. It is looked up on the
    /// disk, unless that was done in the last two seconds. A password is not looked at.
    pub async fn token<'a>(
        &self,
        authorization: &[&'a str],
        from: Option<IpAddr>,
    ) -> Option<&'a str> {
        let [shown] = authorization else { return None };
        let token = Access::token_in(shown)?;
        let is_known = self.access.known(shown, from, self.clock.now()).is_some();
        let is_one = is_known || self.access.caller_from(authorization, from).await.is_ok();
        is_one.then_some(token)
    }

    /// The same without waiting for anything: what is not known to be one is [`Err`], and to be asked about by
    /// [`Api::token`].
    ///
    /// # Errors
    /// If it is a token, and not known.
    pub fn known_token<'a>(
        &self,
        authorization: &'a str,
        from: Option<IpAddr>,
        now: SystemTime,
    ) -> Result<Option<&'a str>, Unknown> {
        let Some(token) = Access::token_in(authorization) else { return Ok(None) };
        let known = self.access.known(authorization, from, now);
        known.map(|_| Some(token)).ok_or(Unknown)
    }
}

/// It may be a token of this registry, or not.
#[derive(Clone, Copy, Debug)]
pub struct Unknown;
