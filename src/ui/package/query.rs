//! What the query of a package's page asks for.
//! Knows nothing of the package.

use url::form_urlencoded;

/// Longest version in bytes that is looked for.
const LONGEST: usize = 256;

/// What is asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// The version that is to be told of: the latest, if none is named.
    pub(super) version: Option<String>,
    /// Which page of all versions, from 1 on.
    pub(super) page: usize,
    /// Whether only those are wanted whose tarballs are held.
    pub(super) held: bool,
}

impl Asked {
    /// What a query asks for, as it was received. What makes no sense is not asked for.
    pub(super) fn of(query: &str) -> Asked {
        let mut asked = Asked { version: None, page: 1, held: false };
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*key {
                "version" if (1..=LONGEST).contains(&value.len()) => {
                    asked.version = Some(value.into_owned());
                }
                "held" => asked.held = true,
                "versions" => asked.page = value.parse().unwrap_or(1),
                _ => {}
            }
        }
        asked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_sense_is_asked_for() {
        let asked = |version: Option<&str>, page| Asked {
            version: version.map(str::to_owned),
            page,
            held: false,
        };
        assert_eq!(Asked::of(""), asked(None, 1));
        assert_eq!(Asked::of("version=1.0.0%2bx&versions=3"), asked(Some("1.0.0+x"), 3));
        assert_eq!(Asked::of("versions=2&held"), Asked { held: true, ..asked(None, 2) });
        assert_eq!(Asked::of("version=&versions=-1&x"), asked(None, 1));
        assert_eq!(Asked::of(&format!("version={}", "1".repeat(300))), asked(None, 1));
    }
}
