//! Texts that lock files share: `name@what`, and addresses.
//! Knows nothing of any lock file's form.

use super::Kind;
use crate::npm::TarballName;
use percent_encoding::percent_decode_str;

/// Where an entry comes from.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A registry, which calls its tarball so, if that is said.
    Registry(Option<TarballName>),
    /// Elsewhere.
    Elsewhere(Kind),
}

/// `@scope/name@what` or `name@what` in its two parts.
pub(super) fn split(text: &str) -> Option<(&str, &str)> {
    // The first character is that of a scope.
    let mut chars = text.char_indices();
    chars.next()?;
    let (at, _) = chars.find(|(_, c)| *c == '@')?;
    Some((&text[..at], &text[at + 1..]))
}

/// Whether this is the text of a version: old ones are not semver in all that they have.
pub(super) fn is_version(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
        && !text.contains(|c: char| c.is_whitespace() || c.is_control() || "/\\:@#".contains(c))
}

/// Where a version of a package comes from that is said to be at this address.
pub(super) fn source_at(address: &str, name: &str, version: &str) -> Source {
    let address = address.trim();
    let Some(rest) = address.strip_prefix("https://").or(address.strip_prefix("http://")) else {
        return match kind_of(address) {
            // A file's name alone: yarn's mirror without network, which has what the registry has.
            Kind::Unknown if is_version(version) => Source::Registry(None),
            kind => Source::Elsewhere(kind),
        };
    };
    if is_git(address) {
        return Source::Elsewhere(Kind::Git);
    }
    let path = rest.find('/').map_or("", |at| &rest[at..]);
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let path = percent_decode_str(path).decode_utf8_lossy();
    if let Some((_, file)) = path.rsplit_once("/-/") {
        let file = file.rsplit('/').next().unwrap_or_default();
        return Source::Registry(TarballName::parse(file).ok());
    }
    // Registries of some forges have no such sign; they have the name and version behind one another.
    let is_in_path = format!("{path}/").contains(&format!("/{name}/{version}"));
    match is_in_path {
        true => Source::Registry(None),
        false => Source::Elsewhere(Kind::Url),
    }
}

/// What kind of thing a text speaks of that is no version.
pub(super) fn kind_of(text: &str) -> Kind {
    let begins = |these: &[&str]| these.iter().any(|it| text.starts_with(it));
    if begins(&["runtime:"]) {
        Kind::Runtime
    } else if begins(&[
        "file:",
        "link:",
        "portal:",
        "workspace:",
        "exec:",
        "root:",
        "./",
        "../",
        "/",
        "~/",
    ]) {
        Kind::Local
    } else if is_git(text) {
        Kind::Git
    } else if begins(&["https://", "http://"]) {
        Kind::Url
    } else {
        Kind::Unknown
    }
}

fn is_git(text: &str) -> bool {
    let hosts = ["git+", "git:", "git@", "ssh://", "github:", "gitlab:", "bitbucket:", "gist:"];
    let address = text.split('#').next().unwrap_or_default();
    hosts.iter().any(|host| text.starts_with(host)) || address.ends_with(".git")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_from_what_follows() {
        for (text, expected) in [
            ("a@1.0.0", Some(("a", "1.0.0"))),
            ("@s/a@npm:@t/b@1", Some(("@s/a", "npm:@t/b@1"))),
            ("é@1", Some(("é", "1"))),
            ("@s/a", None),
            ("a", None),
            ("", None),
        ] {
            assert_eq!(split(text), expected, "{text}");
        }
    }

    #[test]
    fn addresses_of_registries_are_told_from_others() {
        let named = |file: &str| Source::Registry(Some(TarballName::parse(file).unwrap()));
        for (address, expected) in [
            ("https://registry.example/foo/-/foo-1.0.0.tgz", named("foo-1.0.0.tgz")),
            ("http://127.0.0.1:5984/npm/foo/-/foo-1.0.0.tgz#0123", named("foo-1.0.0.tgz")),
            ("https://registry.example/@s%2ffoo/-/@s/foo-1.0.0.tgz?x", named("foo-1.0.0.tgz")),
            ("https://registry.example/foo/-/foo%401.0.0.tgz", named("foo@1.0.0.tgz")),
            ("https://forge.example/download/foo/1.0.0/0123abcd", Source::Registry(None)),
            ("https://forge.example/~/11/foo/1.0.0.tgz", Source::Registry(None)),
            ("foo-1.0.0.tgz#0123", Source::Registry(None)),
            ("https://files.example/foo-1.0.0.tgz", Source::Elsewhere(Kind::Url)),
            ("https://registry.example", Source::Elsewhere(Kind::Url)),
            ("https://git.example/foo.git#0123", Source::Elsewhere(Kind::Git)),
            ("git+ssh://git@git.example/foo.git", Source::Elsewhere(Kind::Git)),
            ("file:foo-1.0.0.tgz", Source::Elsewhere(Kind::Local)),
            ("../foo", Source::Elsewhere(Kind::Local)),
        ] {
            assert_eq!(source_at(address, "foo", "1.0.0"), expected, "{address}");
        }
    }

    #[test]
    fn versions_are_told_from_other_texts() {
        for text in ["1.0.0", "0.0.0-a.1+b", "3001.0001.0000-dev", "1.0"] {
            assert!(is_version(text), "{text}");
        }
        for text in ["", "latest", "npm:1.0.0", "1.0.0/x", "1 0", "v1.0.0", "file:1.0.0"] {
            assert!(!is_version(text), "{text}");
        }
    }
}
