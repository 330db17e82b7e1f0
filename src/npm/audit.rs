//! Questions which of some packages are vulnerable, and answers: what of them may go to which upstream, and back.
//! Knows nothing of whose a name is, nor of how upstreams are asked: it is told the one, and makes the text for the other.
//!
//! A question names packages that no upstream may hear of. So nothing of it is passed on: questions are made anew, of
//! what is listed here and nothing else.
//!
//! | in the question | goes to an upstream |
//! |---|---|
//! | bulk: names and versions | its own names, with what looks like a version |
//! | a tree's `dependencies`, at any depth | the names of its own; a placeholder in place of all others, so that what lies below is still asked for |
//! | their `version` | a version, or the alias of one of its own names; else the package has a placeholder |
//! | their `integrity` | digests, of packages that are named |
//! | their `dev`, `optional`, `bundled` | if they are `true` |
//! | their `requires`, and the tree's | names or placeholders; what looks like a range, else `*` |
//! | the tree's `install`, `remove` | its own names, with what looks like a range |
//! | the tree's own `name` and `version` | a placeholder |
//! | anything else: `resolved`, `from`, `metadata`, … | nothing |
//!
//! A question is one text whatever its order was, so that those who ask the same can be known by it.

mod answer;
mod bulk;
mod hidden;
mod inquiry;
mod json;
mod render;
mod report;
mod spec;
mod tree;

#[cfg(test)]
mod property_tests;

pub use answer::{AnswerError, check, merge};
pub use inquiry::{Inquiry, InquiryError};

use bytes::Bytes;
use std::collections::HashSet;

/// What an upstream is asked.
#[derive(Debug)]
pub struct Question {
    /// Its number.
    pub upstream: usize,
    /// JSON.
    pub text: Bytes,
    /// What it takes to read the answer.
    pub reading: Reading,
}

/// What it takes to read an answer.
#[derive(Debug)]
pub enum Reading {
    /// The names that were asked for in bulk: what is said of others was not asked.
    Bulk(HashSet<Box<str>>),
    /// The names behind the placeholders of a tree, by number.
    Tree(Vec<Box<str>>),
}

/// What kind of answer it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// Advisories by name.
    Bulk,
    /// A report of a tree.
    Report,
}
