//! What a user wishes a token to be, as texts, and what it will be.
//! Knows nothing of how it is asked for, nor of who may have it.

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
    /// Why it cannot be had, as a sentence with what can.
    pub fn of(wish: Wish) -> Result<NewToken, String> {
        let lasts = wish.days.map(lasts).transpose()?;
        let cidr = wish.cidr.iter().map(|text| range(text)).collect::<Result<_, _>>()?;
        let packages = wish.packages.map(patterns).transpose()?;
        let (name, read_only) = (wish.name.filter(|name| !name.is_empty()), wish.read_only);
        let (kind, account) = (Kind::Created, None);
        Ok(NewToken { name, read_only, cidr, lasts, packages, kind, account })
    }
}

fn lasts(days: u64) -> Result<Duration, String> {
    if !(1..=MOST_DAYS).contains(&days) {
        return Err(format!("a token is good for 1 to {MOST_DAYS} days, or always: see --expires"));
    }
    Ok(Duration::from_secs(days * 24 * 3600))
}

fn range(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    let one = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse::<IpNet>().or_else(|_| one()).map_err(|_| {
        "an address that a token is for is an IP address or a range of them, such as 10.0.0.0/8"
            .to_owned()
    })
}

fn patterns(texts: Vec<String>) -> Result<Vec<Pattern>, String> {
    if texts.is_empty() {
        return Err("a token for no packages is good for nothing: name some, or none of them to \
                    have one for all"
            .to_owned());
    }
    let pattern = |text: &String| {
        text.parse().map_err(|invalid| format!("a package that a token is for {invalid}"))
    };
    texts.iter().map(pattern).collect()
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
        for (wish, words) in [
            (Wish { days: Some(0), ..none() }, "1 to 36525 days"),
            (Wish { days: Some(u64::MAX), ..none() }, "1 to 36525 days"),
            (Wish { cidr: vec!["10.0.0.0/99".to_owned()], ..none() }, "such as 10.0.0.0/8"),
            (Wish { cidr: vec!["home".to_owned()], ..none() }, "such as 10.0.0.0/8"),
            (Wish { packages: Some(Vec::new()), ..none() }, "name some"),
            (Wish { packages: Some(vec!["a/b/c".to_owned()]), ..none() }, "prefix-*"),
        ] {
            let error = NewToken::of(wish.clone()).unwrap_err();
            assert!(error.contains(words), "{wish:?}: {error}");
        }
    }
}
