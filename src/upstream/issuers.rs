//! The issuers of ID tokens, whose keys are fetched as documents of an upstream are.
//! Knows nothing of what is fetched there, nor of whom is trusted.
//!
//! The way to them is that to the default upstream: its proxy, its authorities, its patience, its list of allowed hosts.
//! What is that one's own is left out: its token, and that its certificate need not be right, as whoever could stand
//! between could make up the keys. For the same reason no redirect is followed: one of them could lead over plain HTTP.

use super::{SetUpError, Upstream};
use crate::clock::Clock;
use crate::config::{self, Auth, Config};
use crate::counters::Counters;
use std::collections::HashMap;
use std::sync::Arc;
use url::Url;

/// A client for each issuer that the configuration names.
pub struct Issuers(HashMap<String, Upstream>);

impl Issuers {
    /// Those of the `[[trust]]` tables; none in the open mode, in which nobody needs them.
    ///
    /// # Errors
    /// When one of them cannot be asked.
    pub(super) fn new(
        config: &Config,
        pseudonym: &str,
        counters: &Arc<Counters>,
        clock: &Clock,
    ) -> Result<Issuers, SetUpError> {
        let mut issuers = HashMap::new();
        let is_on = config.access.auth == Auth::Users;
        for trust in config.access.trust.iter().filter(|_| is_on) {
            if issuers.contains_key(&trust.issuer) {
                continue;
            }
            let way = way_to(&trust.issuer, &config.upstream)?;
            let mut client = Upstream::new(&way, pseudonym, counters, clock)?;
            client.follows = false;
            issuers.insert(trust.issuer.clone(), client);
        }
        Ok(Issuers(issuers))
    }

    /// The client of an issuer, as the configuration spells it.
    pub fn get(&self, issuer: &str) -> Option<&Upstream> {
        self.0.get(issuer)
    }
}

/// The settings of a client that goes there as to that upstream.
fn way_to(issuer: &str, upstream: &config::Upstream) -> Result<config::Upstream, SetUpError> {
    let mut way = upstream.clone();
    way.url = Url::parse(issuer).map_err(super::BadTarget::from)?;
    way.packages = Vec::new();
    way.token = None;
    way.ignore_cert = false;
    way.auto_forward = true;
    Ok(way)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;
    use std::io::Write;

    /// The issuers of a configuration whose upstream has a token, and whose certificate is not looked at.
    fn issuers(auth: &str) -> Issuers {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let trust = r#"
            [[trust]]
            issuer = "https://token.example/jobs/"
            audience = "a"
            claims = { sub = "x" }
            packages = ["x"]
        "#;
        file.write_all(format!("{trust}{trust}").as_bytes()).unwrap();
        let env = [
            ("NOPAR_AUTH", auth),
            ("NOPAR_FORWARDER_TOKEN", "secret"),
            ("NOPAR_IGNORE_CERT", "yes"),
            ("NOPAR_AUTO_FORWARD", "no"),
        ];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let config =
            Config::load(&Sources { env, file: Some(file.path().to_owned()), ignore_saved: true })
                .unwrap();
        assert!(config.upstream.token.is_some() && config.upstream.ignore_cert);
        Issuers::new(&config, "nopar", &Arc::new(Counters::new(1)), &Clock::system()).unwrap()
    }

    #[test]
    fn an_issuer_is_shown_no_token_and_its_certificate_is_looked_at() {
        let issuers = issuers("users");
        let client = issuers.get("https://token.example/jobs/").unwrap();
        assert!(!client.has_token() && client.is_asked() && client.dialer.verifies());
        let document = client.service(".well-known/openid-configuration");
        assert_eq!(
            document.to_string(),
            "https://token.example/jobs/.well-known/openid-configuration"
        );
        assert!(issuers.get("https://token.example/jobs").is_none());
    }

    #[test]
    fn the_open_mode_has_none() {
        assert!(issuers("open").get("https://token.example/jobs/").is_none());
    }
}
