//! What can be the name of a user.
//! Knows nothing of which users there are.

/// The name of a user: not empty, at most 214 bytes, and none of them a control character, a `:` or a `/`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct User(String);

/// The length of the longest name, in bytes: that of a package's name.
const LONGEST: usize = 214;

/// Why a text is no name of a user. Does not hold the text: somebody may have typed a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum InvalidUser {
    #[error("it is empty")]
    Empty,
    #[error("it is longer than {LONGEST} bytes")]
    Long,
    #[error("it has a control character")]
    Control,
    /// The first colon ends the name in Basic credentials, and a slash does so in a path.
    #[error("it has a colon or a slash")]
    Separator,
}

impl User {
    pub(super) fn parse(text: &str) -> Result<User, InvalidUser> {
        if text.is_empty() {
            return Err(InvalidUser::Empty);
        }
        if text.len() > LONGEST {
            return Err(InvalidUser::Long);
        }
        if text.contains(char::is_control) {
            return Err(InvalidUser::Control);
        }
        if text.contains([':', '/']) {
            return Err(InvalidUser::Separator);
        }
        Ok(User(text.to_owned()))
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_a_name() {
        let longest = "ü".repeat(LONGEST / 2);
        for name in ["a", "alice", "Alice B.", "..", "constructor", "ann@acme.example", &longest] {
            assert_eq!(User::parse(name).map(User::into_text).as_deref(), Ok(name));
        }
    }

    #[test]
    fn what_cannot_be_a_name() {
        for (text, why) in [
            ("", InvalidUser::Empty),
            (&*"a".repeat(LONGEST + 1), InvalidUser::Long),
            (&*"ü".repeat(LONGEST / 2 + 1), InvalidUser::Long),
            ("a\nb", InvalidUser::Control),
            ("a\0", InvalidUser::Control),
            ("\u{7f}", InvalidUser::Control),
            ("\u{85}", InvalidUser::Control),
            ("org.couchdb.user:a", InvalidUser::Separator),
            ("../a", InvalidUser::Separator),
        ] {
            assert_eq!(User::parse(text), Err(why), "{text:?}");
        }
    }
}
