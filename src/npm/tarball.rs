//! File names of tarballs: the canonical one, and those that callers ask for.
//! Knows nothing of packuments; which upstream URL is behind a name is the index's knowledge.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use percent_encoding::percent_decode_str;

use super::name::PackageName;

/// Longest file name in bytes.
const MAX_BYTES: usize = 512;

/// Endings of tarballs; `.tar.gz` is found in lockfiles of old.
const ENDINGS: [&str; 2] = [".tgz", ".tar.gz"];

/// The file name of a tarball as a caller asks for it, decoded: `lodash-4.17.21.tgz`.
///
/// Any text of 1 to 512 bytes without slash, backslash or control character that is not `.`
/// or `..`. It need not end in `.tgz`, nor hold a version: upstreams of old named files freely.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TarballName(String);

/// A text that cannot be the file name of a tarball.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the file name of a tarball is 1 to 512 bytes without slashes and control characters")]
pub struct InvalidTarballName;

impl TarballName {
    /// Parses decoded text.
    pub fn parse(text: &str) -> Result<Self, InvalidTarballName> {
        let sized = (1..=MAX_BYTES).contains(&text.len());
        let safe = !text.contains(|c: char| c.is_control() || c == '/' || c == '\\');
        if sized && safe && text != "." && text != ".." {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidTarballName)
        }
    }

    /// Under which name a registry keeps a version's tarball: as its `dist` names it, for an old NOPAR may have
    /// kept it by another name than the canonical one.
    pub fn kept(name: &PackageName, version: &str, url: Option<&str>) -> Option<Self> {
        let named = url.and_then(basename_of).and_then(|file| Self::parse(&file).ok());
        named.or_else(|| Self::parse(&canonical_file(name, version)).ok())
    }

    /// The names by which a version's tarball may have been asked for: the canonical one, and that which its `dist` gives
    /// it.
    pub fn all(name: &PackageName, version: &str, url: Option<&str>) -> impl Iterator<Item = Self> {
        [None, url].into_iter().filter_map(move |url| Self::kept(name, version, url))
    }

    /// Under which name a registry keeps the sigstore bundle that came with this tarball. `None` for one whose name
    /// does not end as those of tarballs that are published.
    pub fn bundle(&self) -> Option<Self> {
        let stem = self.0.strip_suffix(".tgz")?;
        Self::parse(&format!("{stem}.sigstore")).ok()
    }

    /// The text, decoded.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The version this file name speaks of, guessed without a packument: what stands between
    /// `BASENAME-` and the ending, when it begins as a version does, with a digit.
    pub fn version_of(&self, name: &PackageName) -> Option<&str> {
        ENDINGS
            .iter()
            .find_map(|ending| between(&self.0, name, ending))
            .filter(|version| version.starts_with(|c: char| c.is_ascii_digit()))
    }

    /// The version *key* whose canonical file name this is, if it is a canonical one of `name`.
    pub fn canonical_version(&self, name: &PackageName) -> Option<&str> {
        between(&self.0, name, ".tgz")
    }
}

/// The canonical file name of a version, decoded: `BASENAME-VERSION.tgz`.
pub fn canonical_file(name: &PackageName, version: &str) -> String {
    format!("{}-{version}.tgz", name.basename())
}

/// The file name in an upstream's tarball URL: its last path segment, decoded, without query.
/// `None` when there is none or it is not UTF-8.
pub fn basename_of(url: &str) -> Option<Cow<'_, str>> {
    let path = url.split(['?', '#']).next()?;
    let (_, last) = path.rsplit_once('/')?;
    let decoded = percent_decode_str(last).decode_utf8().ok()?;
    (!decoded.is_empty()).then_some(decoded)
}

fn between<'a>(file: &'a str, name: &PackageName, ending: &str) -> Option<&'a str> {
    file.strip_prefix(name.basename())?
        .strip_prefix('-')?
        .strip_suffix(ending)
        .filter(|version| !version.is_empty())
}

impl fmt::Display for TarballName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for TarballName {
    type Err = InvalidTarballName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses_a_version_from_a_file_name() {
        for (name, file, expected) in [
            ("lodash", "lodash-4.17.21.tgz", Some("4.17.21")),
            ("@types/node", "node-20.1.0-rc.1+b.tgz", Some("20.1.0-rc.1+b")),
            ("old", "old-0.1.tar.gz", Some("0.1")),
            ("esprima-fb", "esprima-fb-3001.0001.0000-dev.tgz", Some("3001.0001.0000-dev")),
            ("thirty-two", "thirty-two@0.0.1.tgz", None),
            ("foo", "foo-bar-1.0.0.tgz", None),
            ("foo", "foo-.tgz", None),
            ("foo", "foo-1.0.0.zip", None),
            ("foo", "bar-1.0.0.tgz", None),
            ("foo", "Foo-1.0.0.tgz", None),
        ] {
            let name = PackageName::parse(name).expect(name);
            let file_name = TarballName::parse(file).expect(file);
            assert_eq!(file_name.version_of(&name), expected, "{file}");
        }
    }

    #[test]
    fn the_canonical_name_leads_back_to_its_version() {
        for (name, version) in [("lodash", "4.17.21"), ("@s/n", "v-odd"), ("a-1", "1.0.0+b")] {
            let name = PackageName::parse(name).expect(name);
            let file = TarballName::parse(&canonical_file(&name, version)).expect("safe");
            assert_eq!(file.canonical_version(&name), Some(version));
        }
    }

    #[test]
    fn a_bundle_lies_beside_its_tarball() {
        for (file, bundle) in [("a-1.0.0.tgz", Some("a-1.0.0.sigstore")), ("a-1.0.0.tar.gz", None)]
        {
            let found = TarballName::parse(file).expect(file).bundle();
            assert_eq!(found.as_ref().map(TarballName::as_str), bundle, "{file}");
        }
    }

    #[test]
    fn reads_the_file_name_out_of_an_upstream_url() {
        for (url, expected) in [
            ("https://registry.example/a/-/a-1.0.0.tgz", Some("a-1.0.0.tgz")),
            ("https://registry.example/a/-/a%2B1.tgz?sig=x/y#z", Some("a+1.tgz")),
            ("https://registry.example/download/@s/n/1.0.0/0a1b", Some("0a1b")),
            ("https://registry.example/", None),
            ("https://registry.example/%ff", None),
            ("", None),
            ("a-1.0.0.tgz", None),
        ] {
            assert_eq!(basename_of(url).as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn refuses_what_could_leave_a_directory() {
        for text in ["", ".", "..", "a/b", "a\\b", "a\0b", "a\nb", &"a".repeat(513)] {
            assert_eq!(TarballName::parse(text), Err(InvalidTarballName), "{text:?}");
        }
        for text in ["a", "..a", "0a1b", "a@1.tgz", "a b.tar.gz"] {
            assert_eq!(TarballName::parse(text).expect(text).as_str(), text);
        }
    }

    #[test]
    fn a_tarball_is_held_by_its_canonical_name_and_the_upstreams() {
        let name: PackageName = "@s/n".parse().unwrap();
        let check = |url, expected: [&str; 2]| {
            let files: Vec<_> = TarballName::all(&name, "1.0.0", url).collect();
            let texts: Vec<_> = files.iter().map(TarballName::as_str).collect();
            assert_eq!(texts, expected, "{url:?}");
        };
        check(None, ["n-1.0.0.tgz", "n-1.0.0.tgz"]);
        check(Some("https://registry.example/@s/n/-/n-1.0.0.tgz"), ["n-1.0.0.tgz", "n-1.0.0.tgz"]);
        check(Some("https://registry.example/d/0a1b?x"), ["n-1.0.0.tgz", "0a1b"]);
    }
}
