//! Passwords that users bring along from another registry: bcrypt, as `htpasswd -B` and Verdaccio write it.
//! Knows nothing of users. It is compared with until somebody has typed the password once: such a hash is a weak one.
//!
//! To compare with it takes another time than with one of NOPAR's own. So of somebody whose password was brought along,
//! and who has not logged in yet, it can be told by a clock that there is such a user.

use super::Unusable;
use bcrypt::HashParts;

/// How the text of such a hash begins. `$2x$` is none: it is of a program that was wrong, and compared with otherwise.
const PREFIXES: [&str; 3] = ["$2a$", "$2b$", "$2y$"];

/// The highest cost, of which each step doubles the work: this is a second of a core, about. Usual ones are 10 and 12.
const MOST_COST: u32 = 14;

/// Whether a text is meant to be such a hash.
pub(super) fn is_meant(text: &str) -> bool {
    PREFIXES.iter().any(|prefix| text.starts_with(prefix))
}

/// Whether it is one that can be compared with.
pub(super) fn check(text: &str) -> Result<(), Unusable> {
    let parts: HashParts = text.parse().map_err(|_| Unusable)?;
    if is_meant(text) && parts.get_cost() <= MOST_COST { Ok(()) } else { Err(Unusable) }
}

/// Compares a password with it. Of a password, bcrypt reads 72 bytes.
pub(super) fn verify(text: &str, password: &str) -> Result<bool, Unusable> {
    check(text)?;
    bcrypt::verify(password, text).map_err(|_| Unusable)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first of the tests of crypt_blowfish, where `$2y$` and `$2b$` are from (Openwall, its wrapper.c).
    const OPENWALL: &str = "CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

    #[test]
    fn the_hash_is_bcrypt_as_others_have_it() {
        for prefix in PREFIXES {
            let text = format!("{prefix}05${OPENWALL}");
            assert_eq!(verify(&text, "U*U"), Ok(true), "{text}");
            assert_eq!(verify(&text, "U*U*"), Ok(false), "{text}");
            assert_eq!(verify(&text, ""), Ok(false), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_compared_with_is_not() {
        let good = format!("$2b$05${OPENWALL}");
        assert_eq!(check(&good), Ok(()));
        for text in [
            "".to_owned(),
            good.replace("$2b$", "$2x$"),
            good.replace("$2b$", "$2$"),
            good.replace("$05$", "$15$"),
            good.replace("$05$", "$31$"),
            good.replace("$05$", "$99$"),
            good.replace("$05$", "$-5$"),
            good.replace("$05$", "$03$"),
            good.replace("CCC.", "ü."),
            good[..good.len() - 1].to_owned(),
            format!("{good}a"),
        ] {
            assert_eq!(verify(&text, "U*U"), Err(Unusable), "{text}");
        }
        assert_eq!(check(&good.replace("$05$", "$14$")), Ok(()));
    }
}
