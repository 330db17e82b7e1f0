//! Trusted publishing: a job shows the ID token of its CI system, and gets one of the registry's own.
//! Knows nothing of how an ID token is verified, nor of HTTP beside the Authorization header.

use super::credentials::Credentials;
use super::trust::Shown;
use super::{Access, Denied, Refused, TokenView, Trust};
use crate::npm::PackageName;
use log::warn;
use std::sync::Arc;

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
        *self.trust.write() = Some(Arc::new(trust));
        self
    }

    /// Whom it trusts, where anybody needs it.
    fn trust(&self) -> Option<Arc<Trust>> {
        if self.is_open() {
            return None;
        }
        self.trust.read().as_ref().filter(|trust| !trust.is_empty()).map(Arc::clone)
    }

    /// The token of a job that asks for this package, and shows an ID token in these values of `Authorization`; it is
    /// good for an hour.
    ///
    /// It is made before the ID token is used up, so that a job which gets none, as the disk is full, may try again with
    /// the same. Whoever is not the one for whom the ID token counts gets none either, and what was made goes.
    ///
    /// # Errors
    /// Why it gets none, for the log of the job.
    pub async fn exchange(
        &self,
        authorization: &[&str],
        name: &PackageName,
    ) -> Result<(String, TokenView), NotExchanged> {
        let trust = self.trust().ok_or(NotExchanged::Off)?;
        let token = id_token(authorization).ok_or(NotExchanged::NoToken)?;
        let (trusted, unused) = trust.verify(&token, name).await?;
        let (given, view) = self.admit(trusted).await?;
        if let Err(refused) = trust.use_up(unused).await {
            if let Err(left) = self.log_out(&given).await {
                // Nobody has it, and its time is over in an hour.
                warn!("access: the token {} of a job stays: {left}", view.key);
            }
            return Err(refused.into());
        }
        Ok((given, view))
    }

    /// What the ID token in these values of `Authorization` says of itself, true or not: its issuer, and what it claims
    /// of what the configuration asks for. Nothing where none is shown, or nobody is trusted.
    pub fn claims(&self, authorization: &[&str]) -> Vec<(String, String)> {
        let shown = self.trust().zip(id_token(authorization));
        let shown = shown.and_then(|(trust, token)| trust.shown(&token));
        shown.map(Shown::into_pairs).unwrap_or_default()
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
