//! Which jobs may publish without a password: the `[[trust]]` tables of the file.
//! Knows nothing of tokens.

use super::mistakes::Mistakes;
use super::pattern::Pattern;
use crate::base_url::BaseUrl;
use crate::npm::PackageName;
use std::collections::BTreeMap;
use std::fmt;
use toml::{Table, Value};
use url::{Host, Url};

/// The section of one.
pub(super) const TRUST: &str = "trust";

/// Whom to trust with what: the jobs of an issuer whose tokens claim this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    /// The issuer of the tokens, as it names itself in them.
    pub issuer: String,
    /// For whom they must have been made: this registry.
    pub audience: String,
    /// What they must claim, all of it; never empty.
    pub claims: BTreeMap<String, Expected>,
    /// The packages it is for.
    pub packages: Vec<Pattern>,
    /// Whether they may be read only, and not published.
    pub read_only: bool,
}

impl Trust {
    /// Whether a package is one that it is for.
    pub fn is_for(&self, name: &PackageName) -> bool {
        self.packages.iter().any(|pattern| pattern.matches(name))
    }
}

/// What a claim must say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// This.
    Text(String),
    /// Something that begins so.
    Beginning(String),
}

impl Expected {
    /// Reads what is expected: a text, or the beginning of one and a `*`. That of everything is none.
    fn parse(text: &str) -> Option<Expected> {
        let beginning = text.strip_suffix('*');
        let rest = beginning.unwrap_or(text);
        if rest.is_empty() || rest.contains('*') {
            return None;
        }
        let rest = rest.to_owned();
        Some(if beginning.is_some() { Expected::Beginning(rest) } else { Expected::Text(rest) })
    }

    /// Whether a claim says it.
    pub fn matches(&self, claim: &str) -> bool {
        match self {
            Expected::Text(text) => claim == text,
            Expected::Beginning(beginning) => claim.starts_with(beginning.as_str()),
        }
    }
}

/// As it is written.
impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expected::Text(text) => f.write_str(text),
            Expected::Beginning(beginning) => write!(f, "{beginning}*"),
        }
    }
}

/// Issuers that make tokens for everybody in the world, and the claims of which one must be there: those that say whose
/// job it is.
const FOR_EVERYBODY: &[(&str, &[&str])] = &[
    (
        "https://token.actions.githubusercontent.com",
        &["sub", "repository", "repository_id", "repository_owner", "repository_owner_id"],
    ),
    (
        "https://gitlab.com",
        &["sub", "project_path", "project_id", "namespace_path", "namespace_id"],
    ),
];

/// The `[[trust]]` tables, which are taken out of that of the file.
pub(super) fn take(table: &mut Table, file: &str, mistakes: &mut Mistakes) -> Vec<Trust> {
    let Some(entries) = table.remove(TRUST) else { return Vec::new() };
    let Value::Array(entries) = entries else {
        mistakes.add(format!("{TRUST} in {file}"), "[[trust]] is needed, for each");
        return Vec::new();
    };
    let mut all = Vec::new();
    for (index, value) in entries.iter().enumerate() {
        let place = format!("{file} ([[{TRUST}]] number {})", index + 1);
        let before = mistakes.0.len();
        let Value::Table(table) = value else {
            mistakes.add(format!("{TRUST} in {place}"), "a table, [[trust]], is allowed");
            continue;
        };
        let trust = one(table, &mut |key, problem| {
            mistakes.add(format!("{TRUST}.{key} in {place}"), problem);
        });
        if mistakes.0.len() == before {
            all.push(trust);
        }
    }
    all
}

/// One of them; `wrong` is told each key with what is wrong with it.
fn one(table: &Table, wrong: &mut impl FnMut(&str, String)) -> Trust {
    let mut trust = Trust {
        issuer: String::new(),
        audience: String::new(),
        claims: BTreeMap::new(),
        packages: Vec::new(),
        read_only: false,
    };
    for (key, value) in table {
        let set = match key.as_str() {
            "issuer" => issuer(value).map(|it| trust.issuer = it),
            "audience" => audience(value).map(|it| trust.audience = it),
            "claims" => claims(value).map(|it| trust.claims = it),
            "packages" => packages(value).map(|it| trust.packages = it),
            "permission" => permission(value).map(|it| trust.read_only = it),
            _ => Err(
                "there is no such key: issuer, audience, claims, packages or permission is allowed"
                    .to_owned(),
            ),
        };
        if let Err(problem) = set {
            wrong(key, problem);
        }
    }
    let needed = [
        ("issuer", "the URL of who makes the tokens, as it stands in them"),
        ("claims", "what the tokens must say, or every job of the issuer would be trusted"),
        ("packages", "for which packages it is, such as [\"@acme/*\"]"),
    ];
    for (key, what) in needed.iter().filter(|(key, _)| !table.contains_key(*key)) {
        wrong(key, format!("it is missing: {what}"));
    }
    let everybodys = FOR_EVERYBODY.iter().find(|(issuer, _)| *issuer == trust.issuer);
    if let Some((issuer, owners)) = everybodys
        && !trust.claims.is_empty()
        && !owners.iter().any(|owner| trust.claims.contains_key(*owner))
    {
        let owners = owners.join(", ");
        wrong("claims", format!("{issuer} makes tokens for everybody: one of {owners} is needed"));
    }
    trust
}

fn issuer(value: &Value) -> Result<String, String> {
    let is_issuer = |text: &&str| {
        Url::parse(text).is_ok_and(|url| {
            (url.scheme() == "https" || (url.scheme() == "http" && is_this_machine(&url)))
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.fragment().is_none()
        })
    };
    let text = value.as_str().filter(is_issuer);
    // As it is written: it is compared, not asked.
    text.map(str::to_owned).ok_or_else(|| {
        "a URL is allowed, such as \"https://gitlab.example\", with https and no query".to_owned()
    })
}

/// Whether a URL leads nowhere but to this machine, so that nobody stands between: by an address that needs no looking up.
fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        _ => false,
    }
}

fn audience(value: &Value) -> Result<String, String> {
    let text = value.as_str().filter(|text| !text.trim().is_empty());
    text.map(str::to_owned)
        .ok_or_else(|| "a text is allowed, such as \"npm:npm.acme.example\"".to_owned())
}

fn claims(value: &Value) -> Result<BTreeMap<String, Expected>, String> {
    let allowed = "a table of texts is allowed, such as { repository = \"acme/ui\" }, each with one * \
                   at its end if it may go on";
    let table = value.as_table().filter(|table| !table.is_empty()).ok_or(allowed)?;
    let one = |(claim, value): (&String, &Value)| {
        let expected = value.as_str().and_then(Expected::parse);
        expected.map(|expected| (claim.clone(), expected)).ok_or(format!("{claim}: {allowed}"))
    };
    table.iter().map(one).collect()
}

fn packages(value: &Value) -> Result<Vec<Pattern>, String> {
    let texts = value.as_array().filter(|texts| !texts.is_empty());
    let texts = texts.and_then(|texts| texts.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
    let texts = texts.ok_or("a list of texts is allowed, such as [\"@acme/*\"]")?;
    let one = |text: &&str| text.parse().map_err(|invalid| format!("{text:?} {invalid}"));
    texts.iter().map(one).collect()
}

/// Whether it is to read only.
fn permission(value: &Value) -> Result<bool, String> {
    match value.as_str() {
        Some("publish") => Ok(false),
        Some("read") => Ok(true),
        _ => Err("\"publish\" or \"read\" is allowed".to_owned()),
    }
}

/// Where no audience is said, it is what clients have a token made for: `npm:` and the host of the registry's URL. What
/// a request says of its host is not believed: that may be a host of others, who have been shown the same token.
pub(super) fn finish(all: &mut [Trust], base_url: Option<&BaseUrl>, mistakes: &mut Mistakes) {
    let url = base_url.and_then(|base| Url::parse(base.as_str()).ok());
    let host = url.as_ref().and_then(Url::host_str);
    for trust in all.iter_mut().filter(|trust| trust.audience.is_empty()) {
        match host {
            Some(host) => trust.audience = format!("npm:{host}"),
            None => mistakes.add(
                format!("{TRUST}.audience, of the one for {}", trust.issuer),
                "it is missing, and so is NOPAR_BASE_URL: one of them is needed",
            ),
        }
    }
}
