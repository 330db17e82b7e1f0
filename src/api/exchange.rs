//! `POST /-/npm/v1/oidc/token/exchange/package/NAME`: the token of a job, for the one that its CI system made for it.
//! Knows nothing of who is trusted with what, nor why.
//!
//! npm, pnpm and yarn ask this before each publish in a CI system that makes such tokens, also of registries that know
//! nothing of it: whatever fails, they go on with the token that they are configured with, if any. What was wrong they
//! tell, if at all, by the `message` of the answer.

use super::account::secret;
use super::{Api, Call, Refusal};
use crate::access::{NotExchanged, Refused, TokenView};
use crate::clock::iso;
use crate::npm::PackageName;
use crate::reply::Reply;
use http::StatusCode;
use serde_json::json;
use std::time::{Duration, UNIX_EPOCH};

/// In how many seconds a job may try again whose issuer does not answer: as long as a failure is believed.
const ISSUER: u64 = 10;
/// The same of one that came when too many did.
const CROWD: u64 = 60;

impl Api {
    /// Whoever shows an ID token may ask, for any name: what there is of it is not looked at.
    pub(super) async fn exchange(&self, call: &Call<'_>, name: &PackageName) -> Reply {
        let shown: Vec<&str> = call.authorization.iter().map(String::as_str).collect();
        let exchanged = self.access.exchange(&shown, name).await;
        let answer = match exchanged {
            Ok((token, view)) => {
                let may = if view.read_only { "read" } else { "publish" };
                let packages = view.packages.as_deref().unwrap_or_default().join(", ");
                call.notes.who(&view.user);
                call.notes.with("token", &view.key);
                call.notes.with("may", format!("{may} {packages}"));
                given(&token, &view)
            }
            Err(NotExchanged::Off) => {
                // Each client in a CI system asks, of registries that know nothing of it as well.
                call.notes.nothing();
                refused(&refusal(NotExchanged::Off))
            }
            Err(why) => {
                let refusal = refusal(why);
                call.notes.refused(&refusal);
                refused(&refusal)
            }
        };
        for (claim, said) in self.access.claims(&shown) {
            call.notes.with(claim, said);
        }
        answer
    }
}

/// The answer with the token, in the words of npm's own registry.
fn given(token: &str, view: &TokenView) -> Reply {
    let time = |seconds: u64| iso(UNIX_EPOCH + Duration::from_secs(seconds));
    let body = json!({
        "token": token,
        "token_type": "oidc",
        "created": time(view.created),
        "expires": view.expires.map(time),
    });
    secret(StatusCode::CREATED, &body)
}

fn refused(refusal: &Refusal) -> Reply {
    let Refusal { error, reason, .. } = refusal;
    // npm and pnpm look for a `message` here, and nowhere else.
    let body = json!({"error": error, "message": error, "reason": reason});
    Reply { body: body.to_string().into(), ..refusal.reply() }
}

fn refusal(why: NotExchanged) -> Refusal {
    let told = why.to_string();
    let (status, reason, retry_after) = match why {
        NotExchanged::Denied(denied) => return denied.into(),
        NotExchanged::Off => (StatusCode::NOT_FOUND, "not_found", None),
        NotExchanged::NoToken => (StatusCode::UNAUTHORIZED, "bad_id_token", None),
        NotExchanged::Refused(refused) => match refused {
            Refused::Unknown
            | Refused::Algorithm
            | Refused::Key
            | Refused::Signature
            | Refused::Missing(_)
            | Refused::Time(_) => (StatusCode::UNAUTHORIZED, "bad_id_token", None),
            Refused::Issuer
            | Refused::Audience
            | Refused::Claims
            | Refused::Package(_)
            | Refused::Replayed => (StatusCode::FORBIDDEN, "not_trusted", None),
            Refused::NoKeys => {
                (StatusCode::SERVICE_UNAVAILABLE, "issuer_unreachable", Some(ISSUER))
            }
            Refused::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy", Some(CROWD)),
            Refused::Unnoted => (StatusCode::INTERNAL_SERVER_ERROR, "token_error", None),
        },
    };
    Refusal { retry_after, ..Refusal::new(status, told, reason) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_hears_what_is_wrong_in_the_words_that_npm_looks_for() {
        for (why, status, retry) in [
            (NotExchanged::Off, 404, false),
            (NotExchanged::NoToken, 401, false),
            (Refused::Unknown.into(), 401, false),
            (Refused::Signature.into(), 401, false),
            (Refused::Audience.into(), 403, false),
            (Refused::Replayed.into(), 403, false),
            (Refused::NoKeys.into(), 503, true),
            (Refused::Busy.into(), 503, true),
            (Refused::Unnoted.into(), 500, false),
        ] {
            let told = why.to_string();
            let reply = refused(&refusal(why));
            let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
            assert_eq!(reply.status.as_u16(), status, "{told}");
            assert_eq!((&body["message"], &body["error"]), (&json!(told), &json!(told)));
            // npm takes any 401 with these words for a question for a one-time password.
            assert!(!told.to_lowercase().contains("one-time pass"));
            let says_when = reply.headers.iter().any(|(name, _)| name == "retry-after");
            assert_eq!(says_when, retry, "{told}");
        }
    }
}
