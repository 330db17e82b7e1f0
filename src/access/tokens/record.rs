//! What the file of a token says: whose it is, and what it is good for.
//! Knows nothing of the disk.

use super::super::Limits;
use super::super::user::User;
use super::new::{Kind, NewToken};
use crate::config::Pattern;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// What the file of a token says, as it is written there.
///
/// One that says more is of a later NOPAR, perhaps that the token may do less than others: it is no token
/// here, lest it be one that may do everything.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    user: String,
    /// In seconds since 1970.
    created: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    read_only: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    cidr: Vec<String>,
    /// In seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    packages: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Kind::is_login")]
    kind: Kind,
    /// When the account was made that it is of, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account: Option<u64>,
}

fn is_false(truth: &bool) -> bool {
    !truth
}

/// A token that was given out: all that is known of it but the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Given {
    pub(in super::super) user: User,
    pub(in super::super) limits: Limits,
    pub(in super::super) kind: Kind,
    /// When the account was made that it is of; none where users have no accounts.
    pub(in super::super) account: Option<u64>,
    pub(super) created: u64,
    pub(super) hint: Option<String>,
    pub(super) name: Option<String>,
    /// Where it may come from; from everywhere, if there are none.
    pub(super) cidr: Vec<IpNet>,
    pub(super) expires: Option<u64>,
    /// The patterns of its limits, as they are written.
    pub(super) packages: Option<Vec<String>>,
}

/// Why a token is none now, for the log; a client hears the same of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Invalid {
    #[error("has expired")]
    Expired,
    #[error("came from an address that it is not for")]
    Elsewhere,
}

impl Given {
    /// Reads what a file says; `None` if that is no token.
    pub(super) fn parse(bytes: &[u8]) -> Option<Given> {
        let record: Record = serde_json::from_slice(bytes).ok()?;
        let user = match record.kind {
            Kind::Oidc => User::parse_job(&record.user),
            Kind::Login | Kind::Created | Kind::Session => User::parse(&record.user),
        };
        let cidr = record.cidr.iter().map(|text| text.parse().ok()).collect::<Option<_>>()?;
        let patterns = |texts: &Vec<String>| {
            texts.iter().map(|text| text.parse().ok()).collect::<Option<Vec<Pattern>>>()
        };
        let patterns = match &record.packages {
            None => None,
            Some(texts) => Some(patterns(texts)?),
        };
        let limits = match record.kind {
            Kind::Oidc => Limits::grant(record.read_only, patterns.unwrap_or_default()),
            Kind::Login | Kind::Created => {
                let is_bound = record.expires.is_some() || !record.cidr.is_empty();
                Limits::new(record.read_only, patterns).bound(is_bound)
            }
            // Of a person who has just shown who they are; that it ends is no limit of theirs.
            Kind::Session => Limits::new(record.read_only, patterns),
        };
        Some(Given {
            user: user.ok()?,
            limits,
            kind: record.kind,
            account: record.account,
            created: record.created,
            hint: record.hint,
            name: record.name,
            cidr,
            expires: record.expires,
            packages: record.packages,
        })
    }

    /// Whether it is good at `now` (in seconds since 1970) for who comes from there. An address that is not known is
    /// in no range.
    pub(super) fn check(&self, from: Option<IpAddr>, now: u64) -> Result<(), Invalid> {
        if self.has_expired(now) {
            return Err(Invalid::Expired);
        }
        // A socket for both kinds shows IPv4 addresses within IPv6.
        let from = from.map(|address| address.to_canonical());
        let is_in = |range: &IpNet| from.is_some_and(|address| range.contains(&address));
        if self.cidr.is_empty() || self.cidr.iter().any(is_in) {
            return Ok(());
        }
        Err(Invalid::Elsewhere)
    }

    /// Whether its time is over.
    pub(super) fn has_expired(&self, now: u64) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}

/// What the file of a new token says.
pub(super) fn record(user: &User, new: &NewToken, hint: String, now: u64) -> Vec<u8> {
    let shown = |pattern: &Pattern| pattern.to_string();
    let record = Record {
        user: user.as_str().to_owned(),
        created: now,
        hint: Some(hint),
        name: new.name.clone(),
        read_only: new.read_only,
        cidr: new.cidr.iter().map(ToString::to_string).collect(),
        expires: new.lasts.map(|lasts| now.saturating_add(lasts.as_secs())),
        packages: new.packages.as_ref().map(|all| all.iter().map(shown).collect()),
        kind: new.kind,
        account: new.account,
    };
    serde_json::to_vec(&record).expect("texts and numbers are always JSON")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn given(text: &str) -> Given {
        Given::parse(text.as_bytes()).expect(text)
    }

    #[test]
    fn what_is_written_is_read() {
        let patterns: Vec<Pattern> = vec!["@acme/*".parse().unwrap(), "x".parse().unwrap()];
        let new = NewToken {
            name: Some("ci".to_owned()),
            read_only: true,
            cidr: vec!["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()],
            lasts: Some(Duration::from_secs(60)),
            packages: Some(patterns.clone()),
            kind: Kind::Created,
            account: Some(900),
        };
        let user = User::parse("ann").unwrap();
        let bytes = record(&user, &new, "npm_abcd".to_owned(), 1000);
        let text = r#"{"user":"ann","created":1000,"hint":"npm_abcd","name":"ci","read_only":true,"cidr":["10.0.0.0/8","::1/128"],"expires":1060,"packages":["@acme/*","x"],"kind":"created","account":900}"#;
        assert_eq!(String::from_utf8(bytes.clone()).unwrap(), text);
        let read = Given::parse(&bytes).unwrap();
        assert_eq!((read.user, read.created, read.expires), (user, 1000, Some(1060)));
        assert_eq!(read.limits, Limits::new(true, Some(patterns)).bound(true));
        assert_eq!((read.cidr, read.kind), (new.cidr, Kind::Created));
        assert_eq!(read.account, Some(900));
        assert_eq!((read.hint.as_deref(), read.name.as_deref()), (Some("npm_abcd"), Some("ci")));
    }

    /// The open mode's, as they were before tokens could have limits.
    #[test]
    fn a_token_of_a_login_says_little() {
        let user = User::parse("ann").unwrap();
        let bytes = record(&user, &NewToken::login(), "npm_abcd".to_owned(), 7);
        let text = r#"{"user":"ann","created":7,"hint":"npm_abcd"}"#;
        assert_eq!(String::from_utf8(bytes).unwrap(), text);
        let old = given(r#"{"user":"ann","created":7}"#);
        assert_eq!((old.user.as_str(), old.kind, old.hint), ("ann", Kind::Login, None));
        assert!(old.limits.is_none() && old.cidr.is_empty() && old.expires.is_none());
    }

    #[test]
    fn a_job_s_token_is_a_grant_and_no_user_s() {
        let job = given(r#"{"user":"oidc:github:a/b","created":1,"packages":["x"],"kind":"oidc"}"#);
        assert_eq!(job.limits, Limits::grant(false, vec!["x".parse().unwrap()]));
        // Without packages it is for none.
        let job = given(r#"{"user":"oidc:github:a/b","created":1,"kind":"oidc"}"#);
        assert_eq!(job.limits, Limits::grant(false, Vec::new()));
    }

    /// It ends by itself, and is nevertheless for all that its user may do.
    #[test]
    fn a_session_has_no_limits_but_its_time() {
        let user = User::parse("ann").unwrap();
        let new = NewToken::session(Duration::from_secs(60));
        let read = Given::parse(&record(&user, &new, "npm_abcd".to_owned(), 7)).unwrap();
        assert_eq!((read.kind, read.expires), (Kind::Session, Some(67)));
        assert!(read.limits.is_none());
    }

    #[test]
    fn what_cannot_be_understood_is_no_token() {
        for text in [
            "",
            "null",
            r#"{"user":"ann"}"#,
            r#"{"user":"ann","created":-1}"#,
            r#"{"user":"a/b","created":1}"#,
            r#"{"user":"oidc:github:a/b","created":1}"#,
            r#"{"user":"ann","created":1,"kind":"oidc"}"#,
            r#"{"user":"ann","created":1,"kind":"other"}"#,
            r#"{"user":"ann","created":1,"cidr":["10.0.0.0/99"]}"#,
            r#"{"user":"ann","created":1,"cidr":"10.0.0.0/8"}"#,
            r#"{"user":"ann","created":1,"packages":["@acme"]}"#,
            r#"{"user":"ann","created":1,"packages":["x",""]}"#,
            r#"{"user":"ann","created":1,"read_only":"no"}"#,
            r#"{"user":"ann","created":1,"expires":"never"}"#,
            r#"{"user":"ann","created":1,"write":true}"#,
            r#"{"user":"ann","user":"bob","created":1}"#,
        ] {
            assert_eq!(Given::parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_token_is_good_for_its_time_and_its_addresses() {
        let token =
            given(r#"{"user":"a","created":1,"expires":100,"cidr":["10.0.0.0/8","fd00::/8"]}"#);
        for (from, now, expected) in [
            (Some("10.1.2.3"), 99, Ok(())),
            (Some("::ffff:10.1.2.3"), 99, Ok(())),
            (Some("fd00::1"), 99, Ok(())),
            (Some("11.1.2.3"), 99, Err(Invalid::Elsewhere)),
            (Some("::10.1.2.3"), 99, Err(Invalid::Elsewhere)),
            (None, 99, Err(Invalid::Elsewhere)),
            (Some("10.1.2.3"), 100, Err(Invalid::Expired)),
            (None, 101, Err(Invalid::Expired)),
        ] {
            let from = from.map(|text| text.parse().unwrap());
            assert_eq!(token.check(from, now), expected, "{from:?} {now}");
        }
        assert_eq!(given(r#"{"user":"a","created":1}"#).check(None, u64::MAX), Ok(()));
    }
}
