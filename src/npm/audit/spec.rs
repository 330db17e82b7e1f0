//! What looks like a version, or like a range of versions.
//! Knows nothing of whether it is one: old packages have versions that are none, and are vulnerable as well.
//!
//! Whatever passes has no place for a name, a path or an address.

/// The longest of either, in bytes. npm has the same limit for versions.
const MOST_BYTES: usize = 256;

/// `1.0.0`, `v1.0.0-rc.1+b`, `0.1.0beta`.
pub(super) fn is_version(text: &str) -> bool {
    let number = text.strip_prefix('v').unwrap_or(text);
    text.len() <= MOST_BYTES
        && number.starts_with(|c: char| c.is_ascii_digit())
        && number.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-+".contains(&byte))
}

/// `^1.0.0 || >=2 <3`, `1.x`, `*`; not a tag, an alias or an address.
pub(super) fn is_range(text: &str) -> bool {
    text.len() <= MOST_BYTES
        && text.split([' ', '|']).all(|part| {
            let part = part.trim_start_matches(['^', '~', '<', '>', '=']);
            matches!(part, "" | "-" | "*" | "x" | "X") || is_version(part)
        })
}

/// Name and version of an alias: `npm:@s/n@1.0.0`.
pub(super) fn alias(text: &str) -> Option<(&str, &str)> {
    let (name, version) = text.strip_prefix("npm:")?.rsplit_once('@')?;
    (!name.is_empty() && is_version(version)).then_some((name, version))
}

/// Name and range of what is installed or removed: `@s/n@^1`, `n`.
pub(super) fn named(text: &str) -> (&str, Option<&str>) {
    let start = usize::from(text.starts_with('@'));
    match text[start..].split_once('@') {
        Some((name, range)) => (&text[..start + name.len()], Some(range)),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_ranges_have_no_place_for_names() {
        for version in ["1.0.0", "v1.2", "1.0.0-rc.1+b", "0.1.0beta", "1"] {
            assert!(is_version(version) && is_range(version), "{version}");
        }
        for range in ["", "*", "x", "^1.0.0", ">=1.0 <2 || ~3.1.x", "1 - 2", ">= 1", "||", "<=v2"] {
            assert!(is_range(range), "{range}");
        }
        for other in [
            "latest",
            "acme",
            "^acme",
            "npm:@acme/x@1",
            "npm:x@^1",
            "acme/x",
            "acme/x#1.0.0",
            "github:acme/x",
            "git+ssh://git@host/acme/x.git#v1.0.0",
            "file:../acme",
            "https://host/acme/-/acme-1.0.0.tgz",
            "1.0.0/acme",
            "1.0.0@acme",
            "1.0.0\nacme",
            "workspace:*",
            "é",
        ] {
            assert!(!is_range(other), "{other}");
            assert!(!is_version(other), "{other}");
        }
        assert!(!is_version("") && !is_version("v") && !is_version(&"1".repeat(257)));
        assert!(!is_range(&" ".repeat(257)));
    }

    #[test]
    fn names_are_told_from_what_follows() {
        assert_eq!(alias("npm:@s/n@1.0.0"), Some(("@s/n", "1.0.0")));
        assert_eq!(alias("npm:n@1.0.0"), Some(("n", "1.0.0")));
        for other in ["npm:n", "npm:@s/n", "npm:n@^1", "npm:@1.0.0", "n@1.0.0", "1.0.0", ""] {
            assert_eq!(alias(other), None, "{other}");
        }
        assert_eq!(named("@s/n@^1"), ("@s/n", Some("^1")));
        assert_eq!(named("@s/n"), ("@s/n", None));
        assert_eq!(named("n@1@2"), ("n", Some("1@2")));
        assert_eq!(named("n"), ("n", None));
        assert_eq!(named("@"), ("@", None));
        assert_eq!(named(""), ("", None));
    }
}
