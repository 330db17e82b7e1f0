//! A page with a heading, a text, some facts and links.
//! Knows nothing of what they are about.

use super::{Frame, page};
use crate::reply::Reply;
use askama::Template;
use http::StatusCode;

/// The page.
#[derive(Template)]
#[template(path = "plain/plain.html")]
pub struct Plain<'a> {
    frame: Frame<'a>,
    head: &'a str,
    text: Option<&'a str>,
    /// How the text looks: a class.
    tone: &'static str,
    facts: Vec<(&'static str, String)>,
    /// Paths of the registry, and what they are called.
    links: Vec<(&'a str, &'a str)>,
}

impl<'a> Plain<'a> {
    /// One with this heading.
    pub fn new(frame: Frame<'a>, head: &'a str) -> Plain<'a> {
        Plain { frame, head, text: None, tone: "", facts: Vec::new(), links: Vec::new() }
    }

    /// The same with a text.
    pub fn text(self, text: &'a str) -> Plain<'a> {
        Plain { text: Some(text), ..self }
    }

    /// The same with a text that says what is wrong.
    pub fn error(self, text: &'a str) -> Plain<'a> {
        Plain { text: Some(text), tone: "error", ..self }
    }

    /// The same with something that is so.
    pub fn fact(mut self, name: &'static str, value: impl Into<String>) -> Plain<'a> {
        self.facts.push((name, value.into()));
        self
    }

    /// The same with a link to a path of the registry.
    pub fn link(mut self, path: &'a str, words: &'a str) -> Plain<'a> {
        self.links.push((path, words));
        self
    }

    /// The page.
    pub fn reply(&self, status: StatusCode) -> Reply {
        page(status, self)
    }
}
