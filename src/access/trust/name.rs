//! What a job is called where a user would be named.
//! Knows nothing of what it may do: nothing is allowed by this name.

use super::super::user::User;
use super::Refused;
use super::jwt::Claims;

/// Issuers that many know, what they are called, and the claim that says whose job it is.
const KNOWN: &[(&str, &str, &str)] = &[
    ("https://token.actions.githubusercontent.com", "github", "repository"),
    ("https://gitlab.com", "gitlab", "project_path"),
];

/// `oidc:github:OWNER/REPOSITORY`, `oidc:gitlab:PATH`; of other issuers, theirs without `https://` and what they call
/// the job (`sub`).
pub(super) fn of(claims: &Claims) -> Result<User, Refused> {
    let issuer = claims.issuer();
    let known = KNOWN.iter().find(|(known, _, _)| *known == issuer);
    let usual = (issuer.strip_prefix("https://").unwrap_or(issuer), "sub");
    let (issuer, claim) = known.map_or(usual, |(_, word, claim)| (*word, *claim));
    let subject = claims.text(claim).ok_or(Refused::Missing(claim))?;
    User::job(&format!("{issuer}:{subject}")).map_err(|_| Refused::Missing(claim))
}
