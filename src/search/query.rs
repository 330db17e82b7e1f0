//! The text of a search: its words, and what npm's qualifiers ask for.
//! Knows nothing of packages.

use super::BadSearch;
use memchr::memmem::Finder;

/// The longest text, in bytes: it goes into the path of what upstreams are asked, and the public registry takes 64
/// characters.
const MOST_BYTES: usize = 1024;
/// The most words of a text, each counted once; each of those that `keywords:` lists is one.
const MOST_WORDS: usize = 64;
/// What marks the ends of what is told one by one: keywords, people. No text that is searched in holds it otherwise.
pub(super) const MARK: char = '\t';

/// What packages have to match: all of it.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Each has to be somewhere in a package's texts.
    pub(super) words: Vec<Word>,
    /// Of each list, one has to be among the keywords.
    pub(super) keywords: Vec<Vec<Finder<'static>>>,
    /// `@acme/`, with which the name has to begin.
    pub(super) scopes: Vec<String>,
    /// Each has to be among the maintainers.
    pub(super) maintainers: Vec<Finder<'static>>,
    /// Each has to be among the authors.
    pub(super) authors: Vec<Finder<'static>>,
}

/// A word in lower case.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) finder: Finder<'static>,
}

impl Query {
    /// Reads a text. Case does not matter, nor do quotes around words. `*` is any package.
    ///
    /// Qualifiers, as npm documents them: `keywords:a,b` (one of these), `scope:acme` (or `@acme`), `maintainer:me`,
    /// `author:me`. `is:…`, `not:…` and `boost-exact:…` ask for nothing here.
    ///
    /// # Errors
    /// When it is too long, or there are too many words.
    pub fn parse(text: &str) -> Result<Query, BadSearch> {
        if text.len() > MOST_BYTES {
            return Err(BadSearch::TooLong(MOST_BYTES));
        }
        let text = text.to_lowercase();
        let mut query = Query::default();
        let parts = text.split(|c: char| c.is_whitespace() || c.is_control());
        let parts = parts.map(|part| part.trim_matches(['"', '\'', '`']));
        let (mut seen, mut words): (Vec<&str>, usize) = (Vec::new(), 0);
        for part in parts.filter(|part| !part.is_empty() && *part != "*") {
            if seen.contains(&part) {
                continue;
            }
            seen.push(part);
            words += query.add(part);
            if words > MOST_WORDS {
                return Err(BadSearch::TooManyWords(MOST_WORDS));
            }
        }
        Ok(query)
    }

    /// Adds a word or a qualifier; how many words it counts for.
    fn add(&mut self, part: &str) -> usize {
        let (key, value) = part.split_once(':').unwrap_or_default();
        let value = value.trim_matches(['"', '\'', '`']);
        match key {
            "keywords" | "keyword" => {
                let words = value.split(',').filter(|word| !word.is_empty());
                let words: Vec<_> = words.map(marked).collect();
                let count = words.len().max(1);
                self.keywords.push(words);
                return count;
            }
            "scope" => self
                .scopes
                .push(format!("@{}/", value.trim_start_matches('@').trim_end_matches('/'))),
            "maintainer" => self.maintainers.push(marked(value)),
            "author" => self.authors.push(marked(value)),
            "is" | "not" | "boost-exact" => {}
            _ => {
                let finder = Finder::new(part).into_owned();
                self.words.push(Word { text: part.to_owned(), finder });
            }
        }
        1
    }
}

/// Finds a whole one of what is told one by one.
fn marked(text: &str) -> Finder<'static> {
    Finder::new(&format!("{MARK}{text}{MARK}")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needles(finders: &[Finder<'static>]) -> Vec<String> {
        let needle = |finder: &Finder<'_>| String::from_utf8(finder.needle().to_vec()).unwrap();
        finders.iter().map(needle).collect()
    }

    #[test]
    fn words_are_told_from_qualifiers() {
        let text = "React \"State\" * react KEYWORDS:A,b,,c scope:@acme scope:corp/ maintainer:Ann \
                    author:'bob' is:unstable not:insecure boost-exact:false npm:x : ÄÖ";
        let query = Query::parse(text).unwrap();
        let words: Vec<&str> = query.words.iter().map(|word| word.text.as_str()).collect();
        assert_eq!(words, ["react", "state", "npm:x", ":", "äö"]);
        assert_eq!(query.scopes, ["@acme/", "@corp/"]);
        assert_eq!(query.keywords.len(), 1);
        assert_eq!(needles(&query.keywords[0]), ["\ta\t", "\tb\t", "\tc\t"]);
        assert_eq!(needles(&query.maintainers), ["\tann\t"]);
        assert_eq!(needles(&query.authors), ["\tbob\t"]);
    }

    #[test]
    fn no_text_has_words_without_end() {
        let words = |count: usize| (0..count).map(|n| format!("{n} ")).collect::<String>();
        assert_eq!(Query::parse(&words(64)).unwrap().words.len(), 64);
        assert_eq!(Query::parse(&"a ".repeat(500)).unwrap().words.len(), 1);
        assert_eq!(Query::parse(&words(65)).unwrap_err(), BadSearch::TooManyWords(64));
    }

    /// 50,000 packages were looked through for 30,000 keywords each.
    #[test]
    fn no_qualifier_has_words_without_end() {
        let list = |count: usize| format!("x keywords:{}", "a,".repeat(count));
        assert_eq!(Query::parse(&list(63)).unwrap().keywords[0].len(), 63);
        assert_eq!(Query::parse(&list(64)).unwrap_err(), BadSearch::TooManyWords(64));
        let many: String = (0..65).map(|n| format!("scope:{n} ")).collect();
        assert_eq!(Query::parse(&many).unwrap_err(), BadSearch::TooManyWords(64));
    }

    #[test]
    fn no_text_is_longer_than_a_path_may_be() {
        assert!(Query::parse(&"a".repeat(1024)).is_ok());
        assert_eq!(Query::parse(&"a".repeat(1025)).unwrap_err(), BadSearch::TooLong(1024));
    }
}
