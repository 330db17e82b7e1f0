//! What a search tells of a package: the manifest of its latest version, in short.
//! Knows nothing of how it is told, nor how much of it is kept.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::super::json;
use super::members::Members;
use super::{HostedDocument, Person};

/// What a document says of its package, as it says it: texts may be long, and addresses no addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// The version that is `latest`, or else the highest.
    pub version: String,
    /// Of that version, as all that follows, but for the owners.
    pub description: String,
    /// In their order.
    pub keywords: Vec<String>,
    /// An address.
    pub homepage: Option<String>,
    /// An address, with whatever git has before it.
    pub repository: Option<String>,
    /// An address.
    pub bugs: Option<String>,
    /// Who wrote it.
    pub author: Option<Person>,
    /// Who published it.
    pub publisher: Option<Person>,
    /// Who owns the package.
    pub maintainers: Vec<Person>,
    /// When it was published, else when the document was changed, as the document says it.
    pub date: Option<String>,
}

impl HostedDocument {
    /// What there is to say of the package; `None` if it has no version.
    pub fn summary(&self) -> Option<Summary> {
        let tagged = self.dist_tags.text("latest").filter(|tagged| self.versions.contains(tagged));
        let highest = || self.highest().or_else(|| self.versions().last().map(str::to_owned));
        let version = tagged.or_else(highest)?;
        let manifest = self.versions.object(&version).unwrap_or_default();
        let of_document = self.maintainers();
        let maintainers = if of_document.is_empty() {
            list(&manifest, "maintainers").into_iter().filter_map(person).collect()
        } else {
            of_document
        };
        let date = self.time.text(&version).or_else(|| self.time.text("modified"));
        Some(Summary {
            description: manifest.text("description").unwrap_or_default(),
            keywords: keywords(&manifest),
            homepage: manifest.text("homepage"),
            repository: address(&manifest, "repository"),
            bugs: address(&manifest, "bugs"),
            author: manifest.get("author").and_then(person),
            publisher: manifest.get("_npmUser").and_then(person),
            maintainers,
            date,
            version,
        })
    }
}

/// Manifests of old have one text with commas.
fn keywords(manifest: &Members) -> Vec<String> {
    match manifest.text("keywords") {
        Some(text) => text.split(',').map(|word| word.trim().to_owned()).collect(),
        None => {
            let words = list(manifest, "keywords").into_iter().filter_map(json::text);
            words.map(Cow::into_owned).collect()
        }
    }
}

/// An address that stands there by itself, or in an object.
fn address(manifest: &Members, key: &str) -> Option<String> {
    manifest.text(key).or_else(|| manifest.object(key)?.text("url"))
}

/// A person, as an object or as npm writes one in a line: `Ann <ann@mail.example> (https://ann.example)`.
fn person(raw: &RawValue) -> Option<Person> {
    let Some(line) = json::text(raw) else { return serde_json::from_str(raw.get()).ok() };
    let name = line.split(['<', '(']).next()?.trim().to_owned();
    let email = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    let email = email.map(|(email, _)| email.trim().to_owned()).unwrap_or_default();
    (!name.is_empty()).then_some(Person { name, email })
}

fn list<'a>(manifest: &'a Members, key: &str) -> Vec<&'a RawValue> {
    let raw = manifest.get(key);
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(text: &str) -> Option<Summary> {
        HostedDocument::parse(text.as_bytes()).unwrap().summary()
    }

    #[test]
    fn the_latest_version_speaks_for_its_package() {
        let text = r#"{"name":"a","dist-tags":{"latest":"1.0.0"},
            "maintainers":[{"name":"ann","email":"ann@mail.example"},7],
            "time":{"modified":"2026-01-01T00:00:00.000Z","1.0.0":"2025-01-01T00:00:00.000Z"},
            "versions":{"1.0.0":{"description":"one","keywords":["x",1,"y"],
                "homepage":"https://a.example","repository":{"type":"git","url":"git+https://git.example/a.git"},
                "bugs":"https://bugs.example","author":"Ann A. <a@mail.example> (https://ann.example)",
                "_npmUser":{"name":"bob"}},
            "2.0.0":{"description":"two"}}}"#;
        let summary = summary(text).unwrap();
        let person = |name: &str, email: &str| Person { name: name.into(), email: email.into() };
        assert_eq!(
            summary,
            Summary {
                version: "1.0.0".to_owned(),
                description: "one".to_owned(),
                keywords: vec!["x".to_owned(), "y".to_owned()],
                homepage: Some("https://a.example".to_owned()),
                repository: Some("git+https://git.example/a.git".to_owned()),
                bugs: Some("https://bugs.example".to_owned()),
                author: Some(person("Ann A.", "a@mail.example")),
                publisher: Some(person("bob", "")),
                maintainers: vec![person("ann", "ann@mail.example")],
                date: Some("2025-01-01T00:00:00.000Z".to_owned()),
            }
        );
    }

    #[test]
    fn what_a_document_does_not_say_is_nothing() {
        let bare = summary(r#"{"name":"a","versions":{"1.0.0":{},"1.1.0":{"keywords":"p, q"}}}"#);
        let bare = bare.unwrap();
        assert_eq!((bare.version.as_str(), bare.date), ("1.1.0", None));
        assert_eq!(bare.keywords, ["p", "q"]);
        for odd in [r#""1.0.0":7"#, r#""1.0.0":{"author":[],"keywords":{},"bugs":1}"#, r#""x":{}"#]
        {
            let odd = summary(&format!(r#"{{"name":"a","versions":{{{odd}}}}}"#)).unwrap();
            assert_eq!((odd.author, odd.bugs, odd.keywords.len()), (None, None, 0));
        }
        assert_eq!(summary(r#"{"name":"a","versions":{}}"#), None);
    }
}
