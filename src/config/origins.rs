//! Lists of origins, as browsers write where a page is from.
//! Knows nothing of what their pages may do.

use super::wrong::Wrong;
use crate::base_url::BaseUrl;

/// Origins of pages (RFC 6454).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origins {
    /// None is named.
    #[default]
    None,
    /// None, not even of what everybody gets.
    Off,
    /// Every one.
    All,
    /// These: scheme, host, and port where it is not the scheme's.
    These(Vec<String>),
}

impl Origins {
    /// Whether `origin`, the text of a request's header, is one of them. It is read as those of the list were.
    pub fn has(&self, origin: &str) -> bool {
        match self {
            Origins::None | Origins::Off => false,
            Origins::All => true,
            Origins::These(list) => read(origin).is_some_and(|origin| list.contains(&origin)),
        }
    }
}

/// Reads `*`, `off`, or origins that are separated by commas.
pub(super) fn parse(text: &str) -> Result<Origins, Wrong> {
    if text.trim().eq_ignore_ascii_case("off") {
        return Ok(Origins::Off);
    }
    if text.trim() == "*" {
        return Ok(Origins::All);
    }
    let parts = text.split([',', ' ']).map(str::trim).filter(|part| !part.is_empty());
    let one = |part: &str| {
        read(part).ok_or_else(|| Wrong {
            part: Some(part.to_owned()),
            problem: "is not the origin of a page",
            allowed: "*, off, or origins such as https://docs.example, without a path, are allowed",
        })
    };
    Ok(Origins::These(parts.map(one).collect::<Result<_, _>>()?))
}

/// An origin in its one spelling.
fn read(text: &str) -> Option<String> {
    let url = BaseUrl::parse(text).ok()?;
    (url.as_str() == url.origin() && !text.ends_with('/')).then(|| url.origin().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_have_one_spelling() {
        let list = "https://Docs.example, http://localhost:8080 https://a.example:443";
        let origins = parse(list).ok().unwrap();
        for (origin, expected) in [
            ("https://docs.example", true),
            ("https://docs.example:443", true),
            ("http://localhost:8080", true),
            ("https://a.example", true),
            ("http://docs.example", false),
            ("https://docs.example:8443", false),
            ("https://docs.example.evil.example", false),
            ("https://docs.example/", false),
            ("https://docs.example, https://docs.example", false),
            ("null", false),
            ("*", false),
            ("", false),
        ] {
            assert_eq!(origins.has(origin), expected, "{origin}");
            assert!(!Origins::None.has(origin) && !parse("OFF").ok().unwrap().has(origin));
            assert!(parse("*").ok().unwrap().has(origin));
        }
    }

    #[test]
    fn what_is_no_origin_is_named() {
        for wrong in
            ["null", "docs.example", "https://docs.example/x", "https://docs.example/", "**"]
        {
            let refused = parse(&format!("https://a.example,{wrong}")).err().unwrap();
            assert_eq!(refused.part.as_deref(), Some(wrong));
        }
        assert!(parse("*, https://a.example").is_err() && parse("off, *").is_err());
    }
}
