//! What a user wishes a token to be, as texts, and what it will be.
//! Knows nothing of how it is asked for, nor of who may have it.

use super::super::{Part, Unfit};
use super::{Kind, NewToken};
use crate::config::Pattern;
use ipnet::IpNet;
use std::net::IpAddr;
use std::time::Duration;

/// More days than anybody plans ahead: a hundred years.
const MOST_DAYS: u64 = 36_525;

/// What a user wishes a token to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// What they call it.
    pub name: Option<String>,
    /// Whether nothing can be changed by it.
    pub read_only: bool,
    /// The ranges of addresses it may come from, or addresses; all, if there are none.
    pub cidr: Vec<String>,
    /// For how many days it is good; always, if not said.
    pub days: Option<u64>,
    /// Patterns of the packages it is for; all, if not said.
    pub packages: Option<Vec<String>>,
}

impl NewToken {
    /// What is wished for.
    ///
    /// # Errors
    /// Why it cannot be had.
    pub fn of(wish: Wish) -> Result<NewToken, Unfit> {
        let lasts = wish.days.map(lasts).transpose()?;
        let cidr = wish.cidr.iter().map(|text| range(text)).collect::<Result<_, _>>()?;
        let packages = wish.packages.map(patterns).transpose()?;
        let (name, read_only) = (wish.name.filter(|name| !name.is_empty()), wish.read_only);
        let (kind, account) = (Kind::Created, None);
        let new = NewToken { name, read_only, cidr, lasts, packages, kind, account };
        new.check()?;
        Ok(new)
    }
}

fn lasts(days: u64) -> Result<Duration, Unfit> {
    if !(1..=MOST_DAYS).contains(&days) {
        return Err(Part::TokenDays.because(format!(
            "a token is good for 1 to {MOST_DAYS} days, or always where no number of days is given"
        )));
    }
    Ok(Duration::from_secs(days * 24 * 3600))
}

fn range(text: &str) -> Result<IpNet, Unfit> {
    let text = text.trim();
    let one = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse::<IpNet>().or_else(|_| one()).map_err(|_| {
        let why = "an address that a token is for is an IP address or a range of them, such as 10.0.0.0/8";
        Part::TokenAddresses.because(why)
    })
}

fn patterns(texts: Vec<String>) -> Result<Vec<Pattern>, Unfit> {
    let unfit = |why: String| Part::TokenPackages.because(why);
    if texts.is_empty() {
        let why = "a token for no packages is good for nothing: name some, or none of them to have one for all";
        return Err(unfit(why.to_owned()));
    }
    let pattern = |text: &String| {
        let pattern = text.parse();
        let pattern =
            pattern.map_err(|invalid| unfit(format!("a package that a token is for {invalid}")))?;
        if is_likely(&pattern) { Ok(pattern) } else { Err(unfit(nobodys(text))) }
    };
    texts.iter().map(pattern).collect()
}

fn nobodys(text: &str) -> String {
    format!(
        "no package is called {text:?}: *, @scope/*, prefix-* or the whole name of a package is allowed"
    )
}

/// Whether packages are called so. Names that npm takes no more are taken for what they are: registries are full of them.
/// But a slip is none of them.
fn is_likely(pattern: &Pattern) -> bool {
    let text = pattern.to_string();
    let is_odd = |c: char| !(c.is_alphanumeric() || "-_.~@/*".contains(c));
    let base = text.rsplit('/').next().unwrap_or_default();
    !text.contains(is_odd) && (text.ends_with('*') || base.contains(char::is_alphanumeric))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wished_for_is_had() {
        let plain = NewToken::of(Wish::default()).unwrap();
        assert_eq!(plain, NewToken { kind: Kind::Created, ..NewToken::login() });
        let texts = |all: &[&str]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
        let wish = Wish {
            name: Some("ci".to_owned()),
            read_only: true,
            cidr: texts(&["10.0.0.0/8", " 192.0.2.7", "fd00::/8"]),
            days: Some(30),
            packages: Some(texts(&["@acme/*", "left-pad"])),
        };
        let new = NewToken::of(wish).unwrap();
        let shown = |all: &[&str]| texts(all);
        let cidr: Vec<String> = new.cidr.iter().map(ToString::to_string).collect();
        assert_eq!(cidr, shown(&["10.0.0.0/8", "192.0.2.7/32", "fd00::/8"]));
        let packages = new.packages.unwrap();
        let packages: Vec<String> = packages.iter().map(ToString::to_string).collect();
        assert_eq!(packages, shown(&["@acme/*", "left-pad"]));
        assert_eq!(new.lasts, Some(Duration::from_secs(30 * 86_400)));
        assert!(new.read_only && new.name.as_deref() == Some("ci"));
    }

    #[test]
    fn what_cannot_be_had_is_told_with_what_can() {
        let none = Wish::default;
        let named = |name: &str| Wish { name: Some(name.to_owned()), ..none() };
        let for_one = |text: &str| Wish { packages: Some(vec![text.to_owned()]), ..none() };
        let (days, addresses) = (Part::TokenDays, Part::TokenAddresses);
        for (wish, part, words) in [
            (Wish { days: Some(0), ..none() }, days, "1 to 36525 days"),
            (Wish { days: Some(u64::MAX), ..none() }, days, "1 to 36525 days"),
            (Wish { cidr: vec!["10.0.0.0/99".to_owned()], ..none() }, addresses, "10.0.0.0/8"),
            (Wish { cidr: vec!["home".to_owned()], ..none() }, addresses, "such as 10.0.0.0/8"),
            (Wish { packages: Some(Vec::new()), ..none() }, Part::TokenPackages, "name some"),
            (for_one("a/b/c"), Part::TokenPackages, "prefix-*"),
            (for_one("!!"), Part::TokenPackages, "no package is called \"!!\": *, @scope/*"),
            (for_one("a;b"), Part::TokenPackages, "no package is called"),
            (for_one("@acme/$*"), Part::TokenPackages, "no package is called"),
            (for_one("_._"), Part::TokenPackages, "no package is called"),
            (named(&"x".repeat(101)), Part::TokenName, "at most 100 characters"),
        ] {
            let unfit = NewToken::of(wish.clone()).unwrap_err();
            assert!(unfit.part == part && unfit.why.contains(words), "{wish:?}: {unfit}");
        }
        for text in ["*", "@*", "@acme/*", "_*", "JSONStream", "a~b", "été", "@a/_x", "0"] {
            assert!(NewToken::of(for_one(text)).is_ok(), "{text}");
        }
    }
}
