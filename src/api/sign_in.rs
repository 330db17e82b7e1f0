//! Signing in and out on pages, and what else pages ask that programs do not.
//! Knows nothing of how the pages look, nor of cookies.

use super::witness::Watched;
use super::{Api, Body, Call, Refusal};
use crate::access::{Access, Denied, SignedIn};
use crate::route::Route;
use crate::trail::Deed;
use http::Method;

/// Why somebody is not signed in by a code; whose code it would have been, if that is known.
pub type NotSignedIn = (Option<String>, Refusal);

impl Api {
    /// Begins a session for a user who shows their password.
    ///
    /// # Errors
    /// As of a login.
    pub async fn sign_in(
        &self,
        call: &Call<'_>,
        user: &str,
        password: &str,
    ) -> Result<SignedIn, Refusal> {
        call.notes.who(user);
        let signed_in = self.access.sign_in(user, password, &call.secrets).await;
        tell_of_sign_in(call, &signed_in);
        Ok(signed_in?)
    }

    /// The same by the code that the call shows, for who has shown their password by `proof`.
    ///
    /// # Errors
    /// As of a login; without a name where `proof` is none (any more).
    pub async fn sign_in_by_code(
        &self,
        call: &Call<'_>,
        proof: &str,
    ) -> Result<SignedIn, NotSignedIn> {
        let (user, signed_in) = match self.access.sign_in_by_code(proof, &call.secrets).await {
            Ok((user, signed_in)) => (Some(user), signed_in),
            Err(denied) => (None, Err(denied)),
        };
        user.iter().for_each(|user| call.notes.who(user));
        tell_of_sign_in(call, &signed_in);
        signed_in.map_err(|denied| {
            let is_over = matches!(denied, Denied::BadLogin);
            (user.filter(|_| !is_over), denied.into())
        })
    }

    /// Ends a session, if it is one.
    ///
    /// # Errors
    /// When it may be back after a power failure.
    pub async fn sign_out(&self, call: &Call<'_>, session: &str) -> Result<(), Refusal> {
        let ended = self.access.sign_out(session).await.map_err(Refusal::from);
        match &ended {
            Ok(Some(user)) => call.notes.who(user),
            Ok(None) => call.notes.nothing(),
            Err(_) => {}
        }
        call.notes.with("session", Access::key_of(session));
        Watched::on_page(Deed::Logout).answered(call, ended.as_ref().err());
        ended.map(drop)
    }

    /// Ends all sessions of a user but the one that they come by.
    ///
    /// # Errors
    /// When not all of them could be ended.
    pub async fn sign_out_elsewhere(&self, call: &Call<'_>, session: &str) -> Result<(), Refusal> {
        let ended = match call.caller.logged_in() {
            Ok(user) => self.access.sign_out_elsewhere(user, session).await,
            Err(denied) => Err(denied),
        };
        let ended = ended.map_err(Refusal::from);
        if let Ok(ended) = &ended {
            call.notes.with("sessions_ended", ended.to_string());
        }
        Watched::on_page(Deed::Logout).answered(call, ended.as_ref().err());
        ended.map(drop)
    }

    /// Notes on the trail that a request was refused on its page.
    pub fn tell_refused(&self, route: &Route, call: &Call<'_>, refusal: &Refusal) {
        if let Some(watched) = Watched::of(&Method::POST, route) {
            watched.answered(call, Some(refusal));
        }
    }

    /// The body of a form, which is short.
    ///
    /// # Errors
    /// When it is not, or does not come.
    pub async fn form(&self, body: &mut dyn Body) -> Result<Vec<u8>, Refusal> {
        self.short(body).await
    }
}

/// Leaves a line of what came of signing in.
fn tell_of_sign_in(call: &Call<'_>, signed_in: &Result<SignedIn, Denied>) {
    let watched = Watched::on_page(Deed::Login);
    match signed_in {
        Ok(SignedIn::Session(session)) => {
            call.notes.with("session", Access::key_of(session));
            watched.answered(call, None);
        }
        Ok(SignedIn::NeedsCode { .. }) => {
            call.notes.refused(&Denied::NeedsCode.into());
            watched.answered(call, None);
        }
        // Without the log that comes with a refusal: whoever answers makes one.
        Err(denied) => watched.denied(call, denied),
    }
}
