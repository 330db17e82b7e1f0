//! What a search asks for: a text, and which part of the results.
//! Knows nothing of what is found.

use super::Query;
use super::block::BLOCK;
use std::fmt::Write;
use std::ops::Range;
use url::form_urlencoded;

/// Results that are sent if nobody says how many.
const USUAL: u64 = 20;
/// The most results that are sent at once, as of the public registry.
const MOST: u64 = 250;
/// What may be weighed, by upstreams: hosted packages have one order.
const WEIGHTS: [&str; 3] = ["quality", "popularity", "maintenance"];

/// A search, read.
#[derive(Clone, Debug)]
pub struct Asked {
    /// What packages have to match.
    pub query: Query,
    /// The same as it was sent.
    pub text: String,
    /// Which of the results are wanted, counted from 0.
    pub window: Range<u64>,
    /// What is to be weighed, and how much: numbers from 0 to 1.
    weights: Vec<(&'static str, f64)>,
}

/// Nothing can be searched for by that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSearch {
    /// There is no text.
    #[error("send what to search for as text: /-/v1/search?text=WORDS")]
    NoText,
    /// There are too many words in it.
    #[error("the text to search for has more than {0} words: send fewer")]
    TooManyWords(usize),
    /// It has too many bytes.
    #[error("the text to search for has more than {0} bytes: send fewer words")]
    TooLong(usize),
}

impl Asked {
    /// Reads a query as received. Numbers that are none are the usual ones.
    ///
    /// # Errors
    /// When there is no text, or too much of it.
    pub fn parse(query: &str) -> Result<Asked, BadSearch> {
        let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
        let said = |key: &str| {
            let mut values = pairs.iter().filter(|(name, _)| name == key).map(|(_, value)| value);
            values.next().map(|value| value.as_ref())
        };
        let text = said("text").map(str::trim).filter(|text| !text.is_empty());
        let text = text.ok_or(BadSearch::NoText)?;
        let from = said("from").and_then(number).unwrap_or(0);
        let size = said("size").and_then(number).unwrap_or(USUAL).min(MOST);
        let weights = WEIGHTS.into_iter().filter_map(|name| {
            let weight = said(name)?.parse::<f64>().ok()?;
            (0.0..=1.0).contains(&weight).then_some((name, weight))
        });
        Ok(Asked {
            query: Query::parse(text)?,
            text: text.to_owned(),
            window: from..from.saturating_add(size),
            weights: weights.collect(),
        })
    }

    /// The query by which an upstream is asked for a block of results, but for [`Asked::block`].
    pub fn question(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("text", &self.text);
        for (name, weight) in &self.weights {
            query.append_pair(name, &weight.to_string());
        }
        query.finish()
    }

    /// The query for the block that begins at `from`, of such a question.
    pub fn block(question: &str, from: u64) -> String {
        let mut query = question.to_owned();
        // Writing to a text does not fail.
        let _ = write!(query, "&size={BLOCK}&from={from}");
        query
    }
}

/// A number of any length; what is too large for one is the largest.
fn number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(query: &str) -> Range<u64> {
        Asked::parse(query).unwrap().window
    }

    #[test]
    fn what_is_not_said_is_usual_and_what_is_too_much_is_cut() {
        for (query, expected) in [
            ("text=a", 0..20),
            ("text=a&size=250&from=7", 7..257),
            ("text=a&size=251", 0..250),
            ("text=a&size=99999999999999999999999", 0..250),
            ("text=a&size=0", 0..0),
            ("text=a&size=-1&from=-1", 0..20),
            ("text=a&size=x&from=1.5", 0..20),
            ("text=a&size=&from=", 0..20),
            ("text=a&size=1&size=9", 0..1),
            ("text=a&from=99999999999999999999999", u64::MAX..u64::MAX),
            (
                "size=3&text=a&from=18446744073709551610",
                18_446_744_073_709_551_610..18_446_744_073_709_551_613,
            ),
        ] {
            assert_eq!(window(query), expected, "{query}");
        }
    }

    #[test]
    fn who_sends_no_text_is_told_so() {
        for query in ["", "size=1", "text", "text=", "text=+%20", "texts=a", "&&"] {
            assert_eq!(Asked::parse(query).unwrap_err(), BadSearch::NoText, "{query}");
        }
        assert!(BadSearch::NoText.to_string().contains("text="));
        let words: String = (0..65).map(|n| format!("w{n}+")).collect();
        let error = Asked::parse(&format!("text={words}")).unwrap_err();
        assert_eq!(error.to_string(), "the text to search for has more than 64 words: send fewer");
    }

    #[test]
    fn upstreams_are_asked_in_words_of_our_own() {
        let asked =
            Asked::parse("text=a%26b+%C3%BC&quality=0.650&popularity=1e9&maintenance=x&evil=1");
        let question = asked.unwrap().question();
        assert_eq!(question, "text=a%26b+%C3%BC&quality=0.65");
        let block = Asked::block(&question, 500);
        assert_eq!(block, "text=a%26b+%C3%BC&quality=0.65&size=250&from=500");
    }
}
