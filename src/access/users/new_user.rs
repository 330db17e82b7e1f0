//! Who may become a user: by what name, with what address.
//! Knows nothing of which users there are.
//!
//! A name that is in the file already may be any that a user can have (`user.rs`): it is told from others by its
//! bytes. For a new one more is asked, as people tell names apart by what they see, in which the letters of many scripts are
//! alike, and rules use some of them for more than one user.

use super::super::user::User;

/// The longest address, in bytes (RFC 5321 §4.5.3.1.3, without the brackets).
const LONGEST_EMAIL: usize = 254;

/// Somebody who may become a user.
pub(crate) struct NewUser {
    name: String,
    email: String,
}

/// Why somebody may not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadNewUser {
    #[error("the name cannot be that of a user: {0}")]
    Name(String),
    #[error(
        "the name cannot be that of a user: use the letters a to z and A to Z, digits, and . _ - @ +"
    )]
    Characters,
    #[error("the name cannot be that of a user: begin it with a letter from a to z, or a digit")]
    Begin,
    #[error("the e-mail address is longer than {LONGEST_EMAIL} bytes")]
    LongEmail,
    #[error("the e-mail address has a space or a control character")]
    Email,
}

impl NewUser {
    /// Takes a name, and an address, which may be empty: it is not written to.
    ///
    /// # Errors
    /// When it cannot be that of a new user.
    pub(crate) fn parse(name: &str, email: &str) -> Result<NewUser, BadNewUser> {
        let name = User::parse(name).map_err(|invalid| BadNewUser::Name(invalid.to_string()))?;
        let name = name.into_text();
        let is_usual =
            |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '@' | '+');
        if !name.chars().all(is_usual) {
            return Err(BadNewUser::Characters);
        }
        if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return Err(BadNewUser::Begin);
        }
        let email = parse_email(email)?;
        Ok(NewUser { name, email })
    }

    /// The name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn into_parts(self) -> (String, String) {
        (self.name, self.email)
    }
}

/// An address as it may be kept.
pub(in crate::access) fn parse_email(text: &str) -> Result<String, BadNewUser> {
    let text = text.trim();
    if text.len() > LONGEST_EMAIL {
        return Err(BadNewUser::LongEmail);
    }
    if text.contains(|c: char| c.is_control() || c.is_whitespace()) {
        return Err(BadNewUser::Email);
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_people_have() {
        for name in ["ann", "Ann", "a", "ci-build_2", "ann@acme.example", "7", "a+b"] {
            assert_eq!(NewUser::parse(name, "").map(|user| user.name).as_deref(), Ok(name));
        }
    }

    #[test]
    fn names_that_mean_something_else_or_look_like_others() {
        for (name, why) in [
            ("", BadNewUser::Name("it is empty".to_owned())),
            ("a/b", BadNewUser::Name("it has a colon or a slash".to_owned())),
            ("team:a", BadNewUser::Name("it has a colon or a slash".to_owned())),
            ("$all", BadNewUser::Characters),
            ("ann ", BadNewUser::Characters),
            ("an n", BadNewUser::Characters),
            ("ann\u{200b}", BadNewUser::Characters),
            ("ann,bob", BadNewUser::Characters),
            // Cyrillic, of full width, and a ligature.
            ("\u{430}nn", BadNewUser::Characters),
            ("\u{ff41}nn", BadNewUser::Characters),
            ("\u{fb01}", BadNewUser::Characters),
            ("jürgen", BadNewUser::Characters),
            ("\u{661}", BadNewUser::Characters),
            ("-rf", BadNewUser::Begin),
            ("@acme", BadNewUser::Begin),
            ("..", BadNewUser::Begin),
        ] {
            assert_eq!(NewUser::parse(name, "").err(), Some(why), "{name:?}");
        }
    }

    #[test]
    fn addresses() {
        let longest = format!("{}@a", "a".repeat(LONGEST_EMAIL - 2));
        for (email, expected) in [
            ("", Ok("")),
            (" ann@acme.example\n", Ok("ann@acme.example")),
            (&longest, Ok(&*longest)),
            (&format!("a{longest}"), Err(BadNewUser::LongEmail)),
            ("ann <ann@acme.example>", Err(BadNewUser::Email)),
            ("a\u{1b}[2J@b", Err(BadNewUser::Email)),
        ] {
            let parsed = NewUser::parse("ann", email).map(|user| user.email);
            assert_eq!(parsed.as_deref(), expected.as_ref().map(|text| &**text), "{email:?}");
        }
    }
}
