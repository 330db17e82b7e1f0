//! What can be chosen for a password: NIST SP 800-63B §3.1.1.2, which asks for length and against rules of composition.
//! Knows nothing of hashes.

/// The fewest characters of a password.
const SHORTEST: usize = 8;
/// The most bytes of one: more than anybody types, and few enough to be hashed without thinking.
pub(super) const LONGEST: usize = 1024;

/// A password that somebody chose, and may have. Has no `Debug`: nobody shall print it.
pub(crate) struct NewPassword(String);

/// Why it may not be. None of it holds the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadPassword {
    /// What a person could type by chance, or a program try.
    #[error("the password is too short: choose one of at least {SHORTEST} characters")]
    Short,
    /// More than is hashed.
    #[error("the password is too long: choose one of at most {LONGEST} bytes")]
    Long,
    /// A header cannot carry it, and a terminal shows something else.
    #[error("the password has a control character: choose one without")]
    Control,
    /// What is tried first.
    #[error("the password is the user's name: choose another")]
    Name,
}

impl NewPassword {
    /// Takes a password for whoever it is.
    ///
    /// # Errors
    /// When it may not be one.
    pub(crate) fn parse(text: String) -> Result<NewPassword, BadPassword> {
        if text.len() > LONGEST {
            return Err(BadPassword::Long);
        }
        if text.contains(char::is_control) {
            return Err(BadPassword::Control);
        }
        if text.chars().count() < SHORTEST {
            return Err(BadPassword::Short);
        }
        Ok(NewPassword(text))
    }

    /// The same for the user of this name.
    ///
    /// # Errors
    /// As of [`NewPassword::parse`], and when it is their name.
    pub(crate) fn of(user: &str, text: String) -> Result<NewPassword, BadPassword> {
        match NewPassword::parse(text)? {
            it if it.0.eq_ignore_ascii_case(user) => Err(BadPassword::Name),
            it => Ok(it),
        }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_all_that_counts() {
        let longest = "a".repeat(LONGEST);
        for good in ["12345678", "aaaaaaaa", "ütfächtß", "        ", "with spaces: and #", &longest]
        {
            assert!(NewPassword::of("ann", good.to_owned()).is_ok(), "{good:?}");
        }
    }

    #[test]
    fn what_cannot_be_chosen_is_said_with_what_can() {
        for (text, why) in [
            ("", BadPassword::Short),
            ("1234567", BadPassword::Short),
            // Seven characters, however many bytes.
            ("üüüüüüü", BadPassword::Short),
            (&*"a".repeat(LONGEST + 1), BadPassword::Long),
            ("12345678\n", BadPassword::Control),
            ("1234\u{0}5678", BadPassword::Control),
            ("Annabella", BadPassword::Name),
        ] {
            let bad = NewPassword::of("annabella", text.to_owned()).err();
            assert_eq!(bad, Some(why), "{text:?}");
            let sentence = why.to_string();
            assert!(sentence.contains("choose"), "{sentence}");
        }
    }
}
