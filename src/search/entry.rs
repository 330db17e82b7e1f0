//! One hosted package as searches know it: texts to look in, and what is told of it.
//! Knows nothing of other packages. What a document says is cut, so that 50,000 of them are no burden.

use super::Query;
use super::query::{MARK, Word};
use crate::npm::hosted::{Person, Summary};
use crate::npm::{PackageName, one_line};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::sync::Arc;

/// The longest texts that are kept, in bytes each. Descriptions are cut as the public registry cuts them.
const DESCRIPTION: usize = 255;
const KEYWORD: usize = 64;
const PERSON: usize = 64;
const VERSION: usize = 64;
/// Longer addresses are left out.
const ADDRESS: usize = 255;
/// The most keywords and the most maintainers that are kept.
const KEYWORDS: usize = 12;
const MAINTAINERS: usize = 8;
/// A date for documents that say none.
const NO_DATE: &str = "1970-01-01T00:00:00.000Z";

/// Where a word was found, best first; 0 and 1 are for names that are the whole text.
const BEGINS_NAME: u32 = 2;
const BEGINS_BASE: u32 = 3;
const BEGINS_PART: u32 = 4;
const IN_NAME: u32 = 5;
const IN_KEYWORDS: u32 = 6;
pub(super) const IN_DESCRIPTION: u32 = 7;
const IN_PEOPLE: u32 = 8;

/// The lines of an entry's text, in their order, and where each ends.
#[derive(Clone, Copy)]
enum Line {
    Name,
    Keywords,
    Description,
    Maintainers,
    Authors,
    /// The JSON object up to where the base URL has its place.
    Told,
}

/// A package. Cloning it copies a pointer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// All in one piece, as 50,000 of them are read through in one go: the lines that are looked in, in lower case,
    /// and then what is told, in JSON.
    text: Arc<str>,
    ends: [u16; 6],
}

/// A package in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Shown {
    /// Its latest version.
    pub version: String,
    /// What that is, in one line.
    pub description: String,
}

impl Entry {
    /// What is known of a package by its summary.
    pub fn of(name: &PackageName, summary: &Summary) -> Entry {
        let keywords = summary.keywords.iter().map(|word| one_line(word, KEYWORD));
        let keywords: Vec<String> =
            keywords.filter(|word| !word.is_empty()).take(KEYWORDS).collect();
        let maintainers = summary.maintainers.iter().filter_map(Known::of).take(MAINTAINERS);
        let maintainers: Vec<Known> = maintainers.collect();
        let author = summary.author.as_ref().and_then(Known::of);
        let publisher = summary.publisher.as_ref().and_then(Known::of);
        let publisher = publisher.or_else(|| maintainers.first().cloned());
        let description = one_line(&summary.description, DESCRIPTION);
        let version = one_line(&summary.version, VERSION);
        let authors = author.iter().flat_map(|it| {
            let words = it.name.split(' ').filter(|word| *word != it.name);
            [it.name.as_str(), it.email.as_str()].into_iter().chain(words)
        });
        let authors = authors.chain(publisher.iter().map(|it| it.name.as_str()));
        let lines = [
            name.as_str().to_owned(),
            marked(keywords.iter().map(String::as_str)),
            description.clone(),
            marked(maintainers.iter().map(|it| it.name.as_str())),
            marked(authors),
        ];

        let mut package = Map::new();
        package.insert("name".to_owned(), name.as_str().into());
        let scope = name.scope().map_or("unscoped", |scope| &scope[1..]);
        package.insert("scope".to_owned(), scope.into());
        let is_unstable = version.starts_with("0.") || version.contains('-');
        package.insert("version".to_owned(), version.into());
        package.insert("description".to_owned(), description.into());
        package.insert("keywords".to_owned(), keywords.into());
        package.insert("date".to_owned(), iso(summary.date.as_deref()).into());
        if let Some(author) = author {
            package.insert("author".to_owned(), author.told("name"));
        }
        if let Some(publisher) = publisher {
            package.insert("publisher".to_owned(), publisher.told("username"));
        }
        let maintainers: Vec<Value> = maintainers.iter().map(|it| it.told("username")).collect();
        package.insert("maintainers".to_owned(), maintainers.into());

        let links = links(summary);
        let package = Value::Object(package).to_string();
        // The base URL goes in front of the path, and needs no escaping in JSON.
        let told = package.trim_end_matches('}').to_owned() + r#","links":{"npm":""#;
        let rest = format!(
            r#"/{}"{links}}}}},"flags":{{"unstable":{}}}"#,
            name.encoded(),
            u8::from(is_unstable)
        );
        Entry::joined(lines, &told, &rest)
    }

    fn joined(lines: [String; 5], told: &str, rest: &str) -> Entry {
        let (mut text, mut ends) = (String::new(), [0; 6]);
        // The cuts above keep all of it far below 65,536.
        let end_of = |text: &String| u16::try_from(text.len()).unwrap_or(u16::MAX);
        for (line, end) in lines.iter().zip(&mut ends) {
            text.push_str(&line.to_lowercase());
            *end = end_of(&text);
            text.push('\n');
        }
        text.push_str(told);
        ends[Line::Told as usize] = end_of(&text);
        text.push_str(rest);
        Entry { text: text.into(), ends }
    }

    /// How well a package matches, less being better; `None` if it does not.
    ///
    /// 0 is for the package whose name is the text, 1 for one whose name is that without its scope. For all others, it
    /// counts where each word is found first: at the beginning of the name, of the name without its scope, of another part
    /// of the name, in the name, in the keywords, in the description, among the maintainers. Every word has to be found.
    pub fn rank(&self, query: &Query) -> Option<u32> {
        let lines = &self.text.as_bytes()[..self.end(Line::Maintainers)];
        let mut rank = 0;
        for word in &query.words {
            rank += self.rank_of(lines, word)?;
        }
        if !self.qualifies(query) {
            return None;
        }
        Some(query.is_name(self.line(Line::Name)).unwrap_or(rank))
    }

    fn rank_of(&self, lines: &[u8], word: &Word) -> Option<u32> {
        let at = word.finder.find(lines)?;
        Some(match at {
            at if at >= self.end(Line::Description) => IN_PEOPLE,
            at if at >= self.end(Line::Keywords) => IN_DESCRIPTION,
            at if at >= self.end(Line::Name) => IN_KEYWORDS,
            at => rank_in_name(self.line(Line::Name), word, at),
        })
    }

    fn qualifies(&self, query: &Query) -> bool {
        let is_in = |line: &str, finder: &memchr::memmem::Finder<'_>| {
            finder.find(line.as_bytes()).is_some()
        };
        let (maintainers, authors) = (self.line(Line::Maintainers), self.line(Line::Authors));
        query.scopes.iter().all(|scope| self.line(Line::Name).starts_with(scope.as_str()))
            && query
                .keywords
                .iter()
                .all(|any| any.iter().any(|finder| is_in(self.line(Line::Keywords), finder)))
            && query.maintainers.iter().all(|finder| is_in(maintainers, finder))
            && query.authors.iter().all(|finder| is_in(authors, finder))
    }

    /// The result that a client is sent, in JSON; `base` is the URL by which it reaches NOPAR, without a slash at its
    /// end. `rank` gives the score, by which some put the results in order.
    pub fn object(&self, base: &str, rank: u32) -> String {
        let (told, rest) = self.text.split_at(self.end(Line::Told));
        let told = &told[self.end(Line::Authors) + 1..];
        // Nothing is measured here, and upstreams' scores are lower than this.
        let score = 1_000_000 - rank;
        format!(
            r#"{{"package":{told}{base}{rest},"score":{{"final":1,"detail":{{"quality":1,"popularity":1,"maintenance":1}}}},"searchScore":{score}}}"#
        )
    }

    /// What is told of it in lists.
    pub fn shown(&self) -> Shown {
        let (told, _) = self.text.split_at(self.end(Line::Told));
        let told = &told[self.end(Line::Authors) + 1..];
        // It ends where the address has its place.
        serde_json::from_str(&format!("{told}\"}}}}")).unwrap_or_default()
    }

    /// How many bytes it takes in memory, beside a few dozen.
    pub fn size(&self) -> usize {
        self.text.len()
    }

    fn end(&self, line: Line) -> usize {
        usize::from(self.ends[line as usize])
    }

    fn line(&self, line: Line) -> &str {
        let begin = match line as usize {
            0 => 0,
            number => usize::from(self.ends[number - 1]) + 1,
        };
        &self.text[begin..self.end(line)]
    }
}

/// How well a word is found in a name, in which it is first found at this place. Of a letter that all names hold, that is
/// asked 50,000 times (`benches/search.rs`): what is seen at once is looked at first.
pub(super) fn rank_in_name(name: &str, word: &Word, first: usize) -> u32 {
    if first == 0 {
        return BEGINS_NAME;
    }
    // Where the base name begins: for who types it, that is the beginning.
    let base = name.rfind('/').map_or(0, |slash| slash + 1);
    if name[base..].starts_with(word.text.as_str()) {
        return BEGINS_BASE;
    }
    if begins_part(name, first) {
        return BEGINS_PART;
    }
    let mut places = word.finder.find_iter(name.as_bytes()).skip(1);
    if places.any(|at| begins_part(name, at)) { BEGINS_PART } else { IN_NAME }
}

/// Whether a part of a name begins there: behind something that is neither letter nor digit.
fn begins_part(name: &str, at: usize) -> bool {
    match name.as_bytes()[..at].last() {
        Some(before) if before.is_ascii() => !before.is_ascii_alphanumeric(),
        _ => name[..at].chars().next_back().is_none_or(|before| !before.is_alphanumeric()),
    }
}

/// A person whose texts have been cut.
#[derive(Clone)]
struct Known {
    name: String,
    email: String,
}

impl Known {
    fn of(person: &Person) -> Option<Known> {
        let known =
            Known { name: one_line(&person.name, PERSON), email: one_line(&person.email, PERSON) };
        (!known.name.is_empty()).then_some(known)
    }

    fn told(&self, name: &str) -> Value {
        let mut told = json!({name: self.name});
        if !self.email.is_empty() {
            told["email"] = self.email.as_str().into();
        }
        told
    }
}

/// `,"homepage":"…"` and the like, of what is an address.
fn links(summary: &Summary) -> String {
    let links = [
        ("homepage", summary.homepage.as_deref()),
        ("repository", summary.repository.as_deref()),
        ("bugs", summary.bugs.as_deref()),
    ];
    let links = links
        .into_iter()
        .filter_map(|(key, text)| Some(format!(r#","{key}":{}"#, Value::from(address(text?)?))));
    links.collect()
}

/// What may be followed: clients make links of it.
fn address(text: &str) -> Option<&str> {
    let text = text.trim();
    let text = text.strip_prefix("git+").unwrap_or(text);
    let text = text.strip_suffix(".git").unwrap_or(text);
    let is_one = text.starts_with("https://") || text.starts_with("http://");
    let is_clean = !text.contains(|c: char| c.is_control() || c.is_whitespace());
    (is_one && is_clean && text.len() <= ADDRESS).then_some(text)
}

/// Each between two marks.
fn marked<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let mut line = String::new();
    for text in texts.filter(|text| !text.is_empty()) {
        if line.is_empty() {
            line.push(MARK);
        }
        line.push_str(text);
        line.push(MARK);
    }
    line
}

/// A date as npm writes it; one that is none is that of nothing.
fn iso(date: Option<&str>) -> Cow<'static, str> {
    let date = date.and_then(|date| date.parse::<Timestamp>().ok());
    match date {
        Some(date) => date.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string().into(),
        None => NO_DATE.into(),
    }
}

#[cfg(test)]
mod tests;
