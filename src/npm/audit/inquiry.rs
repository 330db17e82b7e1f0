//! What a client asks, in either form, and the questions that are made of it.
//! Knows nothing of what is answered.

use std::cell::Cell;

use super::Question;
use super::bulk::Bulk;
use super::tree::Tree;

/// The most names in a question, each counted once.
pub(super) const MOST_NAMES: usize = 100_000;
/// The most packages of a tree.
pub(super) const MOST_PACKAGES: usize = 100_000;
/// The most versions in a bulk question, or of requirements in a tree.
pub(super) const MOST_VERSIONS: usize = 500_000;
/// How deep the packages of a tree may nest. pnpm nests them as they require each other.
pub(super) const MOST_LEVELS: usize = 250;

/// A question as a client asks it, with nothing in it but what may be passed on of some package.
#[derive(Debug)]
pub enum Inquiry {
    /// Versions by name.
    Bulk(Bulk),
    /// What a lockfile holds.
    Tree(Tree),
}

/// Why a text is no question.
#[derive(Debug, thiserror::Error)]
pub enum InquiryError {
    /// It is something else.
    #[error("the body has to be {expected}: {source}")]
    Other {
        /// What belongs there.
        expected: &'static str,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// There is too much of it.
    #[error("{0}")]
    Excess(Excess),
}

/// What there is too much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Excess {
    /// Names.
    #[error("more than {MOST_NAMES} packages are asked for at once")]
    Names,
    /// Packages of a tree.
    #[error("the tree has more than {MOST_PACKAGES} packages")]
    Packages,
    /// Versions or requirements.
    #[error("more than {MOST_VERSIONS} versions are asked for at once")]
    Versions,
    /// Levels of a tree.
    #[error("the packages of the tree nest more than {MOST_LEVELS} levels deep")]
    Levels,
}

/// Counts what is read, so that it takes no more memory than it should.
#[derive(Debug, Default)]
pub(super) struct Limits {
    versions: Cell<usize>,
    packages: Cell<usize>,
    excess: Cell<Option<Excess>>,
}

impl Limits {
    /// One more version.
    pub(super) fn version<E: serde::de::Error>(&self) -> Result<(), E> {
        self.one_more(&self.versions, MOST_VERSIONS, Excess::Versions)
    }

    /// One more package of a tree.
    pub(super) fn package<E: serde::de::Error>(&self) -> Result<(), E> {
        self.one_more(&self.packages, MOST_PACKAGES, Excess::Packages)
    }

    /// There are so many names.
    pub(super) fn names<E: serde::de::Error>(&self, names: usize) -> Result<(), E> {
        self.check(names, MOST_NAMES, Excess::Names)
    }

    /// There are so many levels above.
    pub(super) fn levels<E: serde::de::Error>(&self, levels: usize) -> Result<(), E> {
        self.check(levels, MOST_LEVELS, Excess::Levels)
    }

    fn one_more<E: serde::de::Error>(
        &self,
        count: &Cell<usize>,
        most: usize,
        excess: Excess,
    ) -> Result<(), E> {
        count.set(count.get() + 1);
        self.check(count.get(), most, excess)
    }

    fn check<E: serde::de::Error>(
        &self,
        count: usize,
        most: usize,
        excess: Excess,
    ) -> Result<(), E> {
        if count <= most {
            return Ok(());
        }
        self.excess.set(Some(excess));
        Err(E::custom(excess))
    }

    /// What an error of the reader means.
    pub(super) fn error(&self, expected: &'static str, source: serde_json::Error) -> InquiryError {
        match self.excess.get() {
            Some(excess) => InquiryError::Excess(excess),
            None => InquiryError::Other { expected, source },
        }
    }
}

impl Inquiry {
    /// `{"lodash":["4.17.20"]}`.
    ///
    /// # Errors
    /// When it is something else, or too much.
    pub fn bulk(text: &[u8]) -> Result<Inquiry, InquiryError> {
        Bulk::parse(text).map(Inquiry::Bulk)
    }

    /// What npm 6 and pnpm make of a lockfile.
    ///
    /// # Errors
    /// When it is something else, too much, or nests too deeply.
    pub fn tree(text: &[u8]) -> Result<Inquiry, InquiryError> {
        Tree::parse(text).map(Inquiry::Tree)
    }

    /// The names in it, each once. What is no name of a package may be among them.
    pub fn names(&self) -> Vec<&str> {
        match self {
            Inquiry::Bulk(bulk) => bulk.names(),
            Inquiry::Tree(tree) => tree.names(),
        }
    }

    /// What each upstream is asked, of whose names there are some. `owners` has the number of the upstream of each of
    /// [`names`](Self::names), in their order, or `None` for those that none may hear of.
    pub fn questions(&self, owners: &[Option<usize>]) -> Vec<Question> {
        match self {
            Inquiry::Bulk(bulk) => bulk.questions(owners),
            Inquiry::Tree(tree) => tree.questions(owners),
        }
    }

    /// What is answered when there is nothing to ask: nothing is known of any of it.
    pub fn nothing(&self) -> String {
        match self {
            Inquiry::Bulk(_) => "{}".to_owned(),
            Inquiry::Tree(tree) => super::report::empty(tree.packages()),
        }
    }
}

/// The upstreams that own something, each once, in order.
pub(super) fn upstreams(owners: impl Iterator<Item = Option<usize>>) -> Vec<usize> {
    let mut upstreams: Vec<usize> = owners.flatten().collect();
    upstreams.sort_unstable();
    upstreams.dedup();
    upstreams
}
