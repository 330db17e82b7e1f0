//! What is wrong with a value.
//! Knows nothing of the setting it was for.

/// What a value is not, and what is allowed.
pub(super) struct Wrong {
    /// The part of the value that is meant, where the value is a list.
    pub(super) part: Option<String>,
    /// The end of a sentence about the value or its part.
    pub(super) problem: &'static str,
    /// The remedy.
    pub(super) allowed: &'static str,
}

impl Wrong {
    /// The whole value is wrong.
    pub(super) fn new(problem: &'static str, allowed: &'static str) -> Wrong {
        Wrong { part: None, problem, allowed }
    }
}
