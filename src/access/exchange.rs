//! Trusted publishing: a job shows the ID token of its CI system, and gets one of the registry's own.
//! Knows nothing of how an ID token is verified, nor of HTTP beside the Authorization header.

use super::credentials::Credentials;
use super::{Access, Denied, Refused, TokenView, Trust};
use crate::npm::PackageName;
use log::info;
use std::net::IpAddr;

/// Why a job gets no token. None of it holds one.
#[derive(Debug, thiserror::Error)]
pub enum NotExchanged {
    /// Nobody is trusted, or everybody may do everything anyway.
    #[error(
        "no job is trusted here: it takes a [[trust]] in the configuration of this registry, and NOPAR_AUTH=users"
    )]
    Off,
    /// No ID token was shown, or more than one.
    #[error("the ID token of the job is needed, as the one Bearer token of the request")]
    NoToken,
    /// The job is not trusted.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The token could not be made.
    #[error(transparent)]
    Denied(#[from] Denied),
}

impl Access {
    /// The same, in which jobs are trusted as well. Where everybody may do everything nobody needs it, and nobody is.
    pub fn trusting(self, trust: Trust) -> Access {
        let is_needed = !self.is_open() && !trust.is_empty();
        Access { trust: is_needed.then_some(trust), ..self }
    }

    /// The token of a job that asks for this package, and shows an ID token in these values of `Authorization`; it is
    /// good for an hour. The log says each time who asked for what, from where, and what came of it.
    ///
    /// # Errors
    /// Why it gets none, for the log of the job.
    pub async fn exchange(
        &self,
        authorization: &[&str],
        name: &PackageName,
        from: Option<IpAddr>,
    ) -> Result<(String, TokenView), NotExchanged> {
        let trust = self.trust.as_ref().ok_or(NotExchanged::Off)?;
        let token = id_token(authorization);
        let exchanged = match &token {
            Some(token) => self.exchange_one(trust, token, name).await,
            None => Err(NotExchanged::NoToken),
        };
        let shown = token.and_then(|token| trust.shown(&token));
        let shown = shown.map_or_else(|| "nothing".to_owned(), |shown| shown.to_string());
        let from = from.map_or_else(|| "an unknown address".to_owned(), |from| from.to_string());
        match &exchanged {
            Ok((_, view)) => {
                let what = if view.read_only { "read" } else { "publish" };
                let packages = view.packages.as_deref().unwrap_or_default().join(", ");
                let job = &view.user;
                info!(
                    "trust: {job} may {what} {packages} for an hour, asked from {from} for {name}: {shown}"
                );
            }
            Err(why) => info!("trust: no token for {name}, asked from {from}: {why}: {shown}"),
        }
        exchanged
    }

    async fn exchange_one(
        &self,
        trust: &Trust,
        token: &str,
        name: &PackageName,
    ) -> Result<(String, TokenView), NotExchanged> {
        let trusted = trust.verify(token, name).await?;
        Ok(self.admit(trusted).await?)
    }
}

/// The one token that is shown.
fn id_token(authorization: &[&str]) -> Option<String> {
    let [header] = authorization else { return None };
    match Credentials::parse(header)? {
        Credentials::Token(token) => Some(token.into_text()),
        Credentials::Password { .. } => None,
    }
}
