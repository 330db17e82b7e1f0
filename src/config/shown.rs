//! The configuration as it can be shown: every setting, and the tables of the file in short, in the order of the file.
//! Knows nothing of who looks at it; no secret is in any of it.

use super::changes::needs_restart;
use super::file::{ACCESS, UPSTREAM};
use super::rules::{RULE, TEAMS};
use super::table::{SETTINGS, Setting};
use super::trust::TRUST;
use super::{Config, Origin, Pattern, Rule, Trust, Upstream};
use std::borrow::Cow;
use std::fmt;

/// What stands for a secret.
pub(super) const MASK: &str = "***";

/// One setting, or one table of the file, as it can be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingView {
    /// `section.key` in the file; of a table that may be there several times, its head.
    pub key: Cow<'static, str>,
    /// Its environment variable, of several the one that it was set by; empty for what only a file says.
    pub env: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// Its value as written, secrets and what is before the `@` of a URL masked; of a table, what it comes to.
    pub value: String,
    /// Where the value comes from.
    pub origin: Origin,
    /// Whether it is a secret, of which no value is shown.
    pub is_secret: bool,
    /// Whether another value holds after a restart only.
    pub needs_restart: bool,
}

/// `section.key = value`, and where it comes from.
impl fmt::Display for SettingView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from = match self.origin {
            Origin::Default => "default",
            Origin::File => "file",
            Origin::Environment => self.env,
            Origin::Saved => "settings page",
        };
        write!(f, "{} = {}  # {from}", self.key, printable(&self.value))
    }
}

impl Config {
    /// Every setting with its value and where that comes from, in the order of the default file; behind those of the
    /// upstream the other upstreams, behind those of access the teams, rules and trusted jobs.
    pub fn settings(&self) -> Vec<SettingView> {
        let mut views = Vec::new();
        for section in SETTINGS.chunk_by(|one, next| section_of(one) == section_of(next)) {
            views.extend(section.iter().map(|setting| self.view(setting)));
            match section.first().map(section_of) {
                Some(UPSTREAM) => views.extend(self.upstreams.iter().map(upstream)),
                Some(ACCESS) => {
                    views.extend(self.teams.iter().map(|(name, members)| {
                        let members: Vec<&str> = members.iter().map(String::as_str).collect();
                        table(format!("{TEAMS}.{name}"), "Its members.", members.join(", "))
                    }));
                    views.extend(self.access.rules.iter().map(rule));
                    views.extend(self.access.trust.iter().map(trust));
                }
                _ => {}
            }
        }
        views
    }

    pub(super) fn view(&self, setting: &Setting) -> SettingView {
        let value = self.values.get(setting.key);
        let text = value.map_or(setting.default, |value| &value.text);
        SettingView {
            key: setting.key.into(),
            env: value.map_or(setting.env, |value| value.env),
            doc: setting.doc,
            value: if setting.secret && !text.is_empty() { MASK.into() } else { masked(text) },
            origin: self.origin(setting.key),
            is_secret: setting.secret,
            needs_restart: needs_restart(setting.key),
        }
    }
}

fn section_of(setting: &Setting) -> &'static str {
    setting.key.split_once('.').map_or(setting.key, |(section, _)| section)
}

/// What only a file says.
fn table(key: impl Into<Cow<'static, str>>, doc: &'static str, value: String) -> SettingView {
    let (env, origin, is_secret, needs_restart) = ("", Origin::File, false, false);
    SettingView { key: key.into(), env, doc, value, origin, is_secret, needs_restart }
}

fn upstream(one: &Upstream) -> SettingView {
    let mut value = format!("{}: {}", list(&one.packages), masked(one.url.as_str()));
    let proxy = one.proxy_url.as_ref().map(|proxy| masked(proxy.url.as_str()));
    let proxy = proxy.map(|proxy| format!(", by the proxy {proxy}"));
    value += &proxy.unwrap_or_default();
    for (is_so, told) in [
        (one.token.is_some(), ", with a token"),
        (one.ca_file.is_some(), ", with authorities of its own"),
        (one.ignore_cert, ", whatever its certificate is"),
        (!one.auto_forward, ", which is not asked"),
    ] {
        value += if is_so { told } else { "" };
    }
    table(format!("[[{UPSTREAM}]]"), "The registry of certain packages.", value)
}

fn rule(one: &Rule) -> SettingView {
    let Rule { packages, read, create, publish, unpublish } = one;
    let packages = list(packages);
    let value = format!(
        "{packages}: read {read}; create {create}; publish {publish}; unpublish {unpublish}"
    );
    table(format!("[[{RULE}]]"), "Who may do what with certain packages.", value)
}

fn trust(one: &Trust) -> SettingView {
    let may = if one.read_only { "read" } else { "publish" };
    let claims = one.claims.iter().map(|(claim, expected)| format!("{claim} = {expected}"));
    let claims: Vec<String> = claims.collect();
    let (packages, claims) = (list(&one.packages), claims.join(", "));
    let (issuer, audience) = (&one.issuer, &one.audience);
    let value = format!("{packages}: {may}, by tokens of {issuer} for {audience} with {claims}");
    table(format!("[[{TRUST}]]"), "Jobs that need no password.", value)
}

fn list(patterns: &[Pattern]) -> String {
    let texts: Vec<String> = patterns.iter().map(Pattern::to_string).collect();
    texts.join(", ")
}

/// A text without what may be credentials in it: all before an `@` that has a colon before it, but the scheme of a URL.
/// Where a list has several, that is more than credentials; what a password is made of is not guessed.
pub(super) fn masked(text: &str) -> String {
    let Some((before, rest)) = text.rsplit_once('@').filter(|(before, _)| before.contains(':'))
    else {
        return text.to_owned();
    };
    let scheme = before.find("://").map_or("", |at| &before[..at + 3]);
    format!("{scheme}{MASK}@{rest}")
}

/// In one line.
fn printable(text: &str) -> Cow<'_, str> {
    match text.contains(char::is_control) {
        true => Cow::Owned(text.escape_debug().to_string()),
        false => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;
    use std::io::Write;

    const FILE: &str = r#"
        [server]
        port = 4873
        [teams]
        ui = ["ann", "bob"]
        [[rule]]
        packages = ["@acme/*", "acme-*"]
        read = ["team:ui", "$maintainers"]
        publish = ["ann@acme.example"]
        [[trust]]
        issuer = "https://ci.acme.example"
        audience = "acme"
        claims = { repository = "acme/ui", ref = "refs/tags/*" }
        packages = ["@acme/ui"]
        permission = "read"
        [[upstream]]
        packages = ["@acme/*", "left-pad"]
        url = "https://npm.acme.example"
        token = "tok-123"
        proxy_url = "http://me:hidden@proxy.example:3128"
        auto_forward = "no"
        [[upstream]]
        packages = ["*"]
        url = "https://registry.example"
    "#;

    /// The lines of what a file and variables give.
    fn lines(file: &str, env: &[(&str, &str)]) -> Vec<String> {
        let mut kept = tempfile::NamedTempFile::new().unwrap();
        kept.write_all(file.as_bytes()).unwrap();
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let sources =
            Sources { file: Some(kept.path().to_owned()), env: env.collect(), ignore_saved: true };
        let config = Config::load(&sources).unwrap();
        config.settings().iter().map(ToString::to_string).collect()
    }

    #[track_caller]
    fn check(lines: &[String], expected: &[&str]) {
        for line in expected {
            assert!(lines.iter().any(|it| it == line), "{line} is not in {lines:#?}");
        }
    }

    #[test]
    fn each_setting_says_what_it_is_and_where_that_comes_from() {
        let env = [
            ("NOPAR_PORT", "8080"),
            ("NOPAR_HOSTNAME", "::"),
            ("NOPAR_RUN_AS_USER", "web\nx"),
            ("NOPAR_FORWARDER_TOKEN", "tok-123"),
            ("no_proxy", "a.example, b.example"),
            ("NO_PROXY", "c.example"),
            ("NOPAR_LOCAL_PACKAGES", "@a/*, @b/*"),
        ];
        let expected = [
            "server.port = 8080  # NOPAR_PORT",
            "server.hostname = ::  # NOPAR_HOSTNAME",
            "server.run_as_user = web\\nx  # NOPAR_RUN_AS_USER",
            "server.base_url =   # default",
            "upstream.token = ***  # NOPAR_FORWARDER_TOKEN",
            "upstream.no_proxy = c.example  # NO_PROXY",
            "upstream.url = https://registry.example  # file",
            "store.local_packages = @a/*, @b/*  # NOPAR_LOCAL_PACKAGES",
            "cache.size = 10GiB  # default",
        ];
        check(&lines(FILE, &env), &expected);
        check(
            &lines(FILE, &[("no_proxy", "a.example")]),
            &["upstream.no_proxy = a.example  # no_proxy"],
        );
        check(&lines(FILE, &[("NOPAR_PORT", " ")]), &["server.port = 4873  # file"]);
    }

    #[test]
    fn tables_are_told_in_short_where_the_file_has_them() {
        let lines = lines(FILE, &[]);
        let expected = [
            "[[upstream]] = @acme/*, left-pad: https://npm.acme.example/, by the proxy http://proxy.example:3128/, with a token, which is not asked  # file",
            "teams.ui = ann, bob  # file",
            "[[rule]] = @acme/*, acme-*: read $maintainers, ann, bob; create ann@acme.example; publish ann@acme.example; unpublish $maintainers  # file",
            "[[trust]] = @acme/ui: read, by tokens of https://ci.acme.example for acme with ref = refs/tags/*, repository = acme/ui  # file",
        ];
        check(&lines, &expected);
        let at = |text: &str| lines.iter().position(|line| line.starts_with(text)).unwrap();
        let order = [
            "server.hostname",
            "upstream.allow_hosts",
            "[[upstream]]",
            "store.path",
            "access.auth",
            "teams.ui",
            "[[rule]]",
            "[[trust]]",
            "log.file",
        ];
        assert!(order.map(at).is_sorted(), "{lines:#?}");
        assert_eq!(lines.len(), SETTINGS.len() + 4);
        let settings = Config::default().settings();
        let keys: Vec<&str> = settings.iter().map(|view| &*view.key).collect();
        assert_eq!(keys, Vec::from_iter(SETTINGS.iter().map(|setting| setting.key)));
        let secrets: Vec<&str> =
            settings.iter().filter(|view| view.is_secret).map(|view| &*view.key).collect();
        assert_eq!(secrets, ["upstream.proxy_url", "upstream.token"]);
    }

    #[test]
    fn what_may_be_credentials_is_masked() {
        for (text, shown) in [
            ("http://ann:pass@h/x", "http://***@h/x"),
            ("https://token@h", "https://***@h"),
            ("h.example, http://ann:p@ss,w/o rd@h", "h.example, http://***@h"),
            ("ann:pass@h", "***@h"),
            ("@acme/*, @b/*", "@acme/*, @b/*"),
            ("nopar (ops@acme.example)", "nopar (ops@acme.example)"),
            ("https://h/x", "https://h/x"),
        ] {
            assert_eq!(masked(text), shown);
        }
    }
}
