//! What a token says of itself, for the log: never the token, nor a claim that no `[[trust]]` asks for.
//! Knows nothing of whether it is true.

use super::Trust;
use super::jwt::Unverified;
use std::collections::BTreeSet;

/// The longest text of one claim, in characters: whoever shows a token writes it.
const LONGEST: usize = 200;

/// What a token says: who made it, and what it claims of what the `[[trust]]` tables for that issuer ask for.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::access) struct Shown {
    issuer: String,
    claims: Vec<(String, String)>,
}

impl Shown {
    /// By words of NOPAR's, and of its configuration.
    pub(in crate::access) fn into_pairs(self) -> Vec<(String, String)> {
        let claims = self.claims.into_iter().map(|(claim, said)| (format!("claim.{claim}"), said));
        std::iter::once(("issuer".to_owned(), self.issuer)).chain(claims).collect()
    }
}

impl Trust {
    /// What a text says that may be a token; `None` of what is none.
    pub(in crate::access) fn shown(&self, token: &str) -> Option<Shown> {
        let unverified = Unverified::parse(token).ok()?;
        let of_issuer = self.trusted.iter().filter(|it| it.issuer == unverified.issuer());
        let asked: BTreeSet<&String> =
            of_issuer.flat_map(|trusted| trusted.claims.keys()).collect();
        let said = |claim: &&String| {
            let text = unverified.claims().shown(claim)?;
            Some(((*claim).clone(), clipped(&text)))
        };
        let claims = asked.iter().filter_map(said).collect();
        Some(Shown { issuer: clipped(unverified.issuer()), claims })
    }
}

fn clipped(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}
