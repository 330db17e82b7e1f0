//! What is told at the top of a page whose form was sent and not done: what is wrong, and where.
//! Knows nothing of what the form is for.

use askama::Template;

/// What is wrong, line by line; nothing at all, if nothing is.
#[derive(Debug, Default, Template)]
#[template(path = "refused.html")]
pub(crate) struct Refused {
    lines: Vec<Line>,
}

/// One of it.
#[derive(Debug)]
struct Line {
    /// The id of what it is about, if that is on the page.
    place: Option<String>,
    words: String,
}

impl Refused {
    /// The same, with something that is wrong in a place of the page.
    pub(crate) fn at(mut self, place: impl Into<String>, words: impl Into<String>) -> Refused {
        self.lines.push(Line { place: Some(place.into()), words: words.into() });
        self
    }

    /// The same, with something that is wrong in no place.
    pub(crate) fn anywhere(mut self, words: impl Into<String>) -> Refused {
        self.lines.push(Line { place: None, words: words.into() });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_leads_to_where_it_is() {
        assert_eq!(Refused::default().to_string().trim(), "");
        let evil = "<script>alert(1)</script>";
        let html = Refused::default().at("token-days", "no days").anywhere(evil).to_string();
        assert!(html.contains(r##"role="alert""##), "{html}");
        assert!(html.contains(r##"<a href="#token-days">no days</a>"##), "{html}");
        assert!(!html.contains("<script") && html.contains("&#60;script"), "{html}");
    }
}
