//! The tokens of a user, as their page lists them.
//! Knows nothing of how a token is kept.

use super::super::Ui;
use crate::access::TokenView;
use crate::api::Refusal;
use crate::clock::iso;
use crate::web::{TokenRow, When};
use std::time::{Duration, UNIX_EPOCH};
use url::form_urlencoded;

/// How many are on a page.
const ON_PAGE: usize = 50;

/// How many are looked through for the one that is to be revoked: as many as there may be of a user's own, and more.
const MOST: usize = 1000;

/// How a token begins of which no more is known.
const PREFIX: &str = "npm_";

/// A part of a user's tokens.
pub(super) struct Listed {
    pub(super) tokens: Vec<TokenRow>,
    /// How many there are.
    pub(super) count: usize,
    /// The pages around this one.
    pub(super) pages: (Option<usize>, Option<usize>),
    /// The one that is about to be revoked.
    pub(super) revoking: Option<TokenRow>,
}

impl Ui {
    /// Those on the page that the query asks for; `revoked`, or what the query says, is the key of one that is about to
    /// be revoked.
    pub(super) async fn listed_tokens(
        &self,
        user: &str,
        query: &str,
        revoked: &str,
    ) -> Result<Listed, Refusal> {
        let asked = |key: &str| {
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            pairs.find(|(one, _)| one == key).map(|(_, value)| value.into_owned())
        };
        let page = asked("tokens").and_then(|page| page.parse().ok()).unwrap_or(1_usize).max(1);
        let first = (page - 1).saturating_mul(ON_PAGE);
        let (tokens, count) = self.access.tokens_of(user, first, ON_PAGE).await?;
        let is_last = first.saturating_add(tokens.len()) >= count || tokens.is_empty();
        let pages = ((page > 1).then(|| page - 1), (!is_last).then_some(page + 1));
        let key = match revoked {
            "" => asked("revoke").unwrap_or_default(),
            key => key.to_owned(),
        };
        let revoking = match tokens.iter().find(|token| token.key == key) {
            Some(token) => Some(row(token)),
            None if key.is_empty() => None,
            None => {
                let (all, _) = self.access.tokens_of(user, 0, MOST).await?;
                all.iter().find(|token| token.key == key).map(row)
            }
        };
        Ok(Listed { tokens: tokens.iter().map(row).collect(), count, pages, revoking })
    }
}

fn row(token: &TokenView) -> TokenRow {
    let addresses: Vec<String> = token.cidr.iter().map(ToString::to_string).collect();
    TokenRow {
        key: token.key.clone(),
        hint: token.hint.clone().unwrap_or_else(|| PREFIX.to_owned()),
        name: token.name.clone().unwrap_or_default(),
        read_only: token.read_only,
        packages: token.packages.as_deref().unwrap_or_default().join(", "),
        addresses: addresses.join(", "),
        created: when(token.created),
        used: (token.used > token.created).then(|| when(token.used)),
        expires: token.expires.map(when),
    }
}

fn when(seconds: u64) -> When {
    let time = UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(UNIX_EPOCH);
    When { exact: iso(time) }
}
