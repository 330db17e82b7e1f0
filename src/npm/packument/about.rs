//! What a page tells of a package: its versions in short, and one of them in full.
//! Knows nothing of pages. What a document says is cut: it may be of any length, and a page is not.

mod brief;
mod size;

use serde_json::value::RawValue;
use std::borrow::Cow;
use std::hash::{DefaultHasher, Hasher};

use super::super::dependency::{Dependency, cut, dependencies_of};
use super::super::integrity::Integrity;
use super::super::json;
use super::super::name::PackageName;
use super::super::repository::{Repository, http_link};
use super::super::tarball::TarballName;
use super::super::version::Version;
use super::Document;
use super::entry::Entry;
use super::object::{self, Object};

/// Longest readme in bytes, as npm's own registry keeps them.
pub const LONGEST_README: usize = 64 << 10;
/// Longest text of a line, and of a version or tag, in bytes.
const LINE: usize = 1024;
const WORD: usize = 256;
/// Longest member in bytes that is read for a few words out of it.
const LONGEST_MEMBER: usize = 64 << 10;
/// Most of what there is a list of.
const LISTED: usize = 100;

/// What npm writes where there is no readme.
const NO_README: &str = "ERROR: No README data found!";

/// A package and one version of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// The version that is told of: the one that was asked for, else `latest`, else the highest.
    pub version: String,
    /// What its readme says.
    pub readme: Option<Readme>,
    /// In a line.
    pub description: String,
    /// By which licence, if it says.
    pub license: Option<String>,
    /// A page, by HTTP.
    pub homepage: Option<String>,
    /// Where to tell of a mistake, by HTTP.
    pub bugs: Option<String>,
    /// Where its source is.
    pub repository: Option<Repository>,
    /// What its manifest has for that, if that is no address of a page.
    pub repository_text: Option<String>,
    /// What it is found by.
    pub keywords: Vec<String>,
    /// Who wrote it.
    pub author: Option<String>,
    /// Who owns the package.
    pub maintainers: Vec<String>,
    /// With what it runs: names and ranges.
    pub engines: Vec<(String, String)>,
    /// What it depends on.
    pub dependencies: Vec<Dependency>,
    /// Whether its manifest has more of that than is listed.
    pub has_more_dependencies: bool,
    /// All versions, newest first.
    pub versions: Vec<AboutVersion>,
    /// How many more there are.
    pub left_out: usize,
    /// Marks of those, sorted.
    others: Vec<u64>,
    /// Dist-tags with their versions, in the document's order.
    pub dist_tags: Vec<(String, String)>,
    /// The highest version that is no prerelease, else the highest of those.
    pub highest: Option<String>,
}

/// A version in short.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AboutVersion {
    /// As the document spells it.
    pub version: String,
    /// When it was published, ISO 8601, as the document says it.
    pub time: Option<String>,
    /// Its files unpacked, in bytes.
    pub unpacked: Option<u64>,
    /// What its tarball digests to: an SRI string.
    pub integrity: Option<String>,
    /// The same as SHA-1 in hex digits.
    pub shasum: Option<String>,
    /// Where the tarball is, as the document says.
    pub tarball: Option<String>,
    /// Why nobody should use it.
    pub deprecated: Option<String>,
}

/// The readme of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readme {
    /// At most [`LONGEST_README`] bytes.
    pub text: String,
    /// Whether there is more of it.
    pub is_cut: bool,
    /// Whether it is Markdown, as far as its name tells.
    pub is_markdown: bool,
}

impl About {
    /// The version of this name, or that of this dist-tag.
    pub fn find(&self, selector: &str) -> Option<&AboutVersion> {
        let named = |name: &str| self.versions.iter().find(|it| it.version == name);
        named(selector).or_else(|| {
            let (_, version) = self.dist_tags.iter().find(|(tag, _)| tag == selector)?;
            named(version)
        })
    }

    /// Whether there is a version of this name, be it listed or left out.
    pub fn has(&self, version: &str) -> bool {
        self.others.binary_search(&mark(version)).is_ok()
            || self.versions.iter().any(|it| it.version == version)
    }

    /// The version that a dist-tag points to, or else the text, as the version that it may name itself.
    pub fn resolve<'a>(&'a self, selector: &'a str) -> &'a str {
        if self.has(selector) {
            return selector;
        }
        let tagged = self.dist_tags.iter().find(|(tag, _)| tag == selector);
        tagged.map_or(selector, |(_, version)| version)
    }
}

impl AboutVersion {
    /// A digest of its tarball as a document says it, the better one.
    pub fn digest(&self) -> Option<&str> {
        self.integrity.as_deref().or(self.shasum.as_deref())
    }

    /// What the tarball's bytes must digest to, if that was said in a way that can be checked.
    pub fn digests(&self) -> Option<Integrity> {
        Integrity::of_dist(self.integrity.as_deref(), self.shasum.as_deref()).ok()
    }

    /// The names by which its tarball may have been asked for: the canonical one, and the upstream's own.
    pub fn files(&self, name: &PackageName) -> Vec<TarballName> {
        let mut files: Vec<_> =
            TarballName::all(name, &self.version, self.tarball.as_deref()).collect();
        files.dedup();
        files
    }
}

impl Readme {
    /// What there is of a readme; `file` is its name, if that is known.
    pub fn new(text: &str, file: Option<&str>) -> Option<Readme> {
        if text.trim().is_empty() || text.trim() == NO_README {
            return None;
        }
        let mut end = text.len().min(LONGEST_README);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let lower = file.unwrap_or("readme.md").to_ascii_lowercase();
        let is_markdown = [".md", ".markdown", ".mkd"].iter().any(|end| lower.ends_with(end))
            || !lower.contains('.');
        Some(Readme { text: text[..end].to_owned(), is_cut: end < text.len(), is_markdown })
    }
}

impl Document<'_> {
    /// What there is to tell of it and of one version: that called `wanted`, if something is wanted. `None` if there is
    /// no such version, or none at all.
    pub fn about(&self, wanted: Option<&str>) -> Option<About> {
        let tags = object::member(&self.members, "dist-tags").unwrap_or_default();
        let tagged = |tag: &str| Some(object::text_of(&tags, tag)?.into_owned());
        let highest = self.highest();
        let version = match wanted {
            Some(wanted) => wanted.to_owned(),
            None => tagged("latest")
                .filter(|version| self.versions.contains_key(version.as_str()))
                .filter(|version| brief::is_told(version))
                .or_else(|| highest.clone())
                .or_else(|| Some(self.told().next()?.0.text.to_string()))?,
        };
        let (key, entry) = self.versions.get_key_value(version.as_str())?;
        if !brief::is_told(&version) {
            return None;
        }
        let nothing = Object::default();
        let manifest = match entry {
            Entry::Manifest(manifest) => &manifest.members,
            Entry::Other(_) => &nothing,
        };
        let (versions, others) = self.in_brief(key);
        let needs = dependencies_of(|key| manifest.get(key).copied());
        let repository = address(manifest, "repository");
        let folder = object::member(manifest, "repository")
            .and_then(|it| object::text_of(&it, "directory").map(Cow::into_owned));
        let read =
            repository.as_deref().and_then(|text| Repository::parse(text, folder.as_deref()));
        let link = |key| address(manifest, key).and_then(|text| http_link(&text));
        Some(About {
            version,
            readme: self.readme(manifest, wanted),
            description: line(manifest, "description").unwrap_or_default(),
            license: license(manifest),
            homepage: link("homepage"),
            bugs: link("bugs"),
            repository_text: repository.filter(|_| read.is_none()).map(|text| cut(&text, LINE)),
            repository: read,
            keywords: keywords(manifest),
            author: manifest.get("author").copied().and_then(person),
            maintainers: self.people(manifest),
            engines: engines(manifest),
            dependencies: needs.listed,
            has_more_dependencies: needs.has_more,
            left_out: self.versions.len() - versions.len(),
            versions,
            others,
            dist_tags: tags
                .iter()
                .take(LISTED)
                .filter_map(|(tag, raw)| Some((cut(&tag.text, WORD), cut(&json::text(raw)?, WORD))))
                .collect(),
            highest,
        })
    }

    fn highest(&self) -> Option<String> {
        let versions = self.told().filter_map(|(key, _)| {
            let version = Version::without_build(&key.text).ok()?;
            Some(((!version.is_prerelease(), version), key.text.to_string()))
        });
        versions.max_by(|a, b| a.0.cmp(&b.0)).map(|(_, text)| text)
    }

    /// That of the version; that of the document, which is the latest's, if no certain version is wanted.
    fn readme(&self, manifest: &Object<'_>, wanted: Option<&str>) -> Option<Readme> {
        let of = |members: &Object<'_>| {
            let file = object::text_of(members, "readmeFilename");
            Readme::new(&object::text_of(members, "readme")?, file.as_deref())
        };
        of(manifest).or_else(|| if wanted.is_none() { of(&self.members) } else { None })
    }

    fn people(&self, manifest: &Object<'_>) -> Vec<String> {
        let of = |members: &Object<'_>| -> Vec<String> {
            let raw = members.get("maintainers").copied();
            raw.map(list).unwrap_or_default().into_iter().filter_map(person).take(LISTED).collect()
        };
        let people = of(&self.members);
        if people.is_empty() { of(manifest) } else { people }
    }
}

/// What a version is known by among many.
fn mark(version: &str) -> u64 {
    // The same in each process; who finds a second text of one mark has a document read for it.
    let mut hasher = DefaultHasher::new();
    hasher.write(version.as_bytes());
    hasher.finish()
}

/// The text of a member, as much of it as a line has.
fn line(manifest: &Object<'_>, key: &str) -> Option<String> {
    Some(cut(&object::text_of(manifest, key)?, LINE))
}

fn short<'a>(manifest: &Object<'a>, key: &str) -> Option<&'a RawValue> {
    manifest.get(key).copied().filter(|raw| raw.get().len() <= LONGEST_MEMBER)
}

fn list(raw: &RawValue) -> Vec<&RawValue> {
    let short = Some(raw).filter(|raw| raw.get().len() <= LONGEST_MEMBER);
    short.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
}

/// An address that stands there by itself, or in an object.
fn address(manifest: &Object<'_>, key: &str) -> Option<String> {
    let raw = short(manifest, key)?;
    let text = json::text(raw).map(Cow::into_owned);
    text.or_else(|| Some(object::text_of(&object::of(raw)?, "url")?.into_owned()))
}

/// A licence as SPDX has it; in manifests of old an object, or several of them.
fn license(manifest: &Object<'_>) -> Option<String> {
    let one = |raw: &RawValue| {
        let text = json::text(raw).map(Cow::into_owned);
        let text = text.or_else(|| Some(object::text_of(&object::of(raw)?, "type")?.into_owned()));
        text.map(|text| cut(&text, WORD)).filter(|text| !text.is_empty())
    };
    short(manifest, "license").and_then(one).or_else(|| {
        let all = list(short(manifest, "licenses")?).into_iter().filter_map(one).take(5);
        let all = all.collect::<Vec<_>>().join(", ");
        (!all.is_empty()).then_some(all)
    })
}

fn keywords(manifest: &Object<'_>) -> Vec<String> {
    let Some(raw) = short(manifest, "keywords") else { return Vec::new() };
    let words: Vec<String> = match json::text(raw) {
        Some(text) => text.split(',').take(LISTED).map(|it| it.trim().to_owned()).collect(),
        None => {
            let words = list(raw).into_iter().filter_map(json::text);
            words.take(LISTED).map(Cow::into_owned).collect()
        }
    };
    words.iter().filter(|word| !word.is_empty()).map(|word| cut(word, WORD)).collect()
}

/// A person's name, as an object has it, or before what npm writes in a line: `Ann <ann@mail.example>`.
fn person(raw: &RawValue) -> Option<String> {
    if raw.get().len() > LONGEST_MEMBER {
        return None;
    }
    let text = match json::text(raw) {
        Some(line) => line.split(['<', '(']).next().unwrap_or_default().trim().to_owned(),
        None => object::text_of(&object::of(raw)?, "name")?.into_owned(),
    };
    (!text.is_empty()).then(|| cut(&text, WORD))
}

fn engines(manifest: &Object<'_>) -> Vec<(String, String)> {
    let engines = short(manifest, "engines").and_then(object::of).unwrap_or_default();
    let said = engines
        .iter()
        .filter_map(|(name, raw)| Some((cut(&name.text, WORD), cut(&json::text(raw)?, WORD))));
    said.take(10).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(text: &str, wanted: Option<&str>) -> Option<About> {
        Document::parse(text.as_bytes()).unwrap().about(wanted)
    }

    #[test]
    fn a_page_tells_of_the_latest_version_and_lists_the_newest_first() {
        let text = r##"{"name":"a","dist-tags":{"latest":"1.0.0","next":"2.0.0-rc.1"},"readme":"# a",
            "maintainers":[{"name":"ann"},"Bob <b@mail.example>",7],
            "time":{"1.0.0":"2025-01-01T00:00:00.000Z","1.1.0":"2025-03-01T00:00:00.000Z","2.0.0-rc.1":"2025-02-01T00:00:00.000Z"},
            "versions":{
              "1.0.0":{"description":"one","license":{"type":"MIT"},"homepage":"https://a.example","bugs":{"url":"javascript:x"},
                "repository":{"type":"git","url":"git+https://git.example/a/b.git","directory":"c"},
                "keywords":"p, q","author":"Cy (https://c.example)","engines":{"node":">=18"},
                "dependencies":{"d":"^1"},"dist":{"integrity":"sha512-x","unpackedSize":12,"tarball":"https://registry.example/a/-/a-1.0.0.tgz"}},
              "1.1.0":{"deprecated":"no","dist":{"shasum":"00"}},"2.0.0-rc.1":{"readme":"RC"}}}"##;
        let found = about(text, None).unwrap();
        let order: Vec<_> = found.versions.iter().map(|it| it.version.as_str()).collect();
        assert_eq!(order, ["1.1.0", "2.0.0-rc.1", "1.0.0"]);
        assert_eq!((found.version.as_str(), found.highest.as_deref()), ("1.0.0", Some("1.1.0")));
        assert_eq!(found.readme.unwrap().text, "# a");
        assert_eq!(found.license.as_deref(), Some("MIT"));
        assert_eq!((found.homepage.as_deref(), found.bugs), (Some("https://a.example/"), None));
        assert_eq!(found.repository.unwrap().link(), "https://git.example/a/b");
        assert_eq!(found.keywords, ["p", "q"]);
        assert_eq!(
            (found.author.as_deref(), found.maintainers),
            (Some("Cy"), vec!["ann".to_owned(), "Bob".to_owned()])
        );
        assert_eq!(found.engines, [("node".to_owned(), ">=18".to_owned())]);
        assert_eq!(found.dependencies[0].name.as_str(), "d");
        assert_eq!(found.versions[2].unpacked, Some(12));
        assert_eq!(found.versions[0].digest(), Some("00"));
        assert_eq!(found.versions[0].deprecated.as_deref(), Some("no"));
        // Another version has its own readme, or none.
        let other = about(text, Some("2.0.0-rc.1")).unwrap();
        assert_eq!(other.readme.unwrap().text, "RC");
        assert_eq!(about(text, Some("1.1.0")).unwrap().readme, None);
        assert_eq!(about(text, Some("3.0.0")), None);
        assert_eq!(about(r#"{"versions":{}}"#, None), None);
    }

    #[test]
    fn what_is_odd_or_endless_is_nothing_or_short() {
        let odd = about(
            r#"{"dist-tags":7,"maintainers":{},"versions":{"x":7,"1.0.0":{"keywords":{},"author":[],"repository":7,
               "license":[],"engines":[],"dist":[],"readme":"ERROR: No README data found!","homepage":{}}}}"#,
            None,
        );
        let odd = odd.unwrap();
        assert_eq!((odd.version.as_str(), odd.readme, odd.license), ("1.0.0", None, None));
        assert_eq!(about(r#"{"versions":{"x":7}}"#, None).unwrap().version, "x");
        let long = "ü".repeat(100_000);
        let text =
            format!(r#"{{"versions":{{"1.0.0":{{"description":"{long}","readme":"{long}"}}}}}}"#);
        let long = about(&text, None).unwrap();
        assert!(long.description.len() <= LINE);
        let readme = long.readme.unwrap();
        assert!(readme.is_cut && readme.text.len() == LONGEST_README);
        let many: Vec<_> = (0..10_100).map(|number| format!(r#""1.0.{number}":{{}}"#)).collect();
        let many = format!(r#"{{"versions":{{{}}}}}"#, many.join(","));
        let old = about(&many, Some("1.0.7")).unwrap();
        assert_eq!((old.versions.len(), old.left_out), (10_001, 99));
        assert!(old.versions.iter().any(|it| it.version == "1.0.7"));
        // What is left out is known to be there.
        assert!(old.has("1.0.8") && old.has("1.0.10099") && !old.has("1.0.10100"));
        assert_eq!((old.resolve("1.0.8"), old.resolve("x")), ("1.0.8", "x"));
    }

    #[test]
    fn what_no_version_is_called_is_left_out_and_counted() {
        let name = |number: usize| format!("1.0.{number}-{}", "x".repeat(200_000));
        let long: Vec<_> = (0..120).map(|number| format!(r#""{}":{{}}"#, name(number))).collect();
        let text = format!(
            r#"{{"dist-tags":{{"latest":"{}"}},"versions":{{"1.0.0":{{}},{}}}}}"#,
            name(7),
            long.join(",")
        );
        let told = about(&text, None).unwrap();
        assert_eq!((told.version.as_str(), told.highest.as_deref()), ("1.0.0", Some("1.0.0")));
        assert_eq!((told.versions.len(), told.left_out), (1, 120));
        assert!(told.size() < 20_000, "{}", told.size());
        assert_eq!(about(&text, Some(&name(7))), None);
    }

    #[test]
    fn a_size_counts_what_is_kept() {
        let line = "d".repeat(LINE);
        let version = |number: usize| {
            format!(
                r#""1.0.{number}":{{"deprecated":"{line}","dist":{{"integrity":"{line}","shasum":"{line}","tarball":"{line}"}}}}"#
            )
        };
        let all: Vec<_> = (0..5000).map(version).collect();
        let told = about(&format!(r#"{{"versions":{{{}}}}}"#, all.join(",")), None).unwrap();
        // No more of them than can be remembered.
        let versions = told.versions.len();
        assert!(versions > 1000 && told.left_out == 5000 - versions, "{versions}");
        assert!(told.size() > 4 * LINE * versions && told.size() < 10 << 20, "{}", told.size());
    }

    #[test]
    fn a_readme_is_markdown_unless_its_name_says_otherwise() {
        let is_markdown = |file| Readme::new("x", file).unwrap().is_markdown;
        assert!(
            [None, Some("README.md"), Some("README"), Some("readme.MARKDOWN")]
                .map(is_markdown)
                .iter()
                .all(|it| *it)
        );
        assert!(![Some("README.rst"), Some("readme.txt")].map(is_markdown).iter().any(|it| *it));
        assert_eq!(Readme::new(" \n", None), None);
    }
}
