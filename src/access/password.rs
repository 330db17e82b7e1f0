//! Passwords as they are kept: argon2id, with the parameters that OWASP's cheat sheet names first for it (2025). Those that
//! users bring along from another registry may be bcrypt, until each is typed once.
//! Knows nothing of whose they are. What computes a hash takes some tens of milliseconds, and blocks.

mod brought;
mod new;
mod turns;

pub(crate) use new::{BadPassword, NewPassword};
pub(super) use turns::{PasswordTurns, TurnError};

use super::random;
use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version};
use serde::{Deserialize, Serialize};
use std::io;

/// Kibibytes that a hash takes.
const MEMORY: u32 = 19_456;
/// How often it goes through them.
const PASSES: u32 = 2;
/// How many threads could share the work; one does it.
const LANES: u32 = 1;
/// More memory than any hash in the file of users may ask for, and more passes and lanes: who brings hashes along from
/// elsewhere has stronger ones perhaps, but not such that a login takes minutes or all memory.
const MOST: [u32; 3] = [262_144, 16, 16];
/// The longest password that can be right, in bytes: the longest that can be chosen.
const LONGEST: usize = new::LONGEST;

/// Bytes of a salt: as RFC 9106 §3.1 recommends.
const SALT: usize = 16;

/// What an unknown user's password is compared with, which costs what a known one's costs. That it is of no password
/// is of no matter: what comes of it is not looked at.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3MgcGFzc3dvcmQ\
                       $bm9ib2R5IGhhcyBhIHBhc3N3b3JkIG9mIHRoaXMgaGFzaC4";

/// A password as it is kept, as a PHC string: `$argon2id$v=19$m=…,t=…,p=…$SALT$HASH`; or as it was brought along:
/// `$2b$COST$SALT+HASH`.
///
/// It is kept as the text that was read, whatever that is: one that cannot be used is noticed when somebody logs in, and
/// keeps nobody else from it. Has no `Debug`: nobody shall print it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Hash(String);

/// Whether a password is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is not.
    Wrong,
    /// It is.
    Right {
        /// The hash is weaker than those of today: it is to be made anew, while the password is at hand.
        is_weak: bool,
    },
}

/// What is kept of a password is not what this NOPAR can compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it is neither an argon2id nor a bcrypt hash, or one that asks for too much: set a new password by `nopar user passwd NAME`"
)]
pub(crate) struct Unusable;

impl Hash {
    /// The hash of a password that was chosen, with a new salt.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub(crate) fn of(password: &NewPassword) -> io::Result<Hash> {
        let salt: [u8; SALT] = random::bytes()?;
        let hash = usual()?.hash_password_with_salt(password.as_bytes(), &salt);
        hash.map(|hash| Hash(hash.to_string())).map_err(io::Error::other)
    }

    /// One that a user brings along from another registry: bcrypt.
    ///
    /// # Errors
    /// [`Unusable`] when it is another one, or would take too long to compare with.
    pub(crate) fn brought(text: &str) -> Result<Hash, Unusable> {
        brought::check(text).map(|()| Hash(text.to_owned()))
    }

    /// The same for a password that was just found right, as its hash is weak: it may be older than the rules.
    ///
    /// # Errors
    /// As of [`Hash::of`].
    pub(super) fn again(password: &str) -> io::Result<Hash> {
        let salt: [u8; SALT] = random::bytes()?;
        let hash = usual()?.hash_password_with_salt(password.as_bytes(), &salt);
        hash.map(|hash| Hash(hash.to_string())).map_err(io::Error::other)
    }

    /// That of nobody, for whoever is unknown: no password is right, and it takes as long to find that out.
    pub(super) fn nobodys() -> Hash {
        Hash(NOBODYS.to_owned())
    }

    /// Compares a password with it.
    ///
    /// # Errors
    /// [`Unusable`] where there is nothing to compare it with.
    pub(super) fn verify(&self, password: &str) -> Result<Verdict, Unusable> {
        // Who sends such a one learns nothing by being told sooner: no user has it.
        if password.len() > LONGEST {
            return Ok(Verdict::Wrong);
        }
        if brought::is_meant(&self.0) {
            let is_right = brought::verify(&self.0, password)?;
            return Ok(if is_right { Verdict::Right { is_weak: true } } else { Verdict::Wrong });
        }
        let (hash, params) = self.parse()?;
        let argon2 = Argon2::from(&params);
        match argon2.verify_password(password.as_bytes(), &hash) {
            Ok(()) if self.0 == NOBODYS => Ok(Verdict::Wrong),
            Ok(()) => Ok(Verdict::Right { is_weak: is_weak(&params) }),
            Err(argon2::password_hash::Error::PasswordInvalid) => Ok(Verdict::Wrong),
            Err(_) => Err(Unusable),
        }
    }

    /// As it is written down; what is remembered of credentials is remembered by it.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    fn parse(&self) -> Result<(PasswordHash, Params), Unusable> {
        let hash = PasswordHash::new(&self.0).map_err(|_| Unusable)?;
        let params = Params::try_from(&hash).map_err(|_| Unusable)?;
        let asked = [params.m_cost(), params.t_cost(), params.p_cost()];
        let is_kind = hash.algorithm.as_str() == Algorithm::Argon2id.as_str()
            && hash.version == Some(Version::V0x13.into());
        let is_modest = asked.iter().zip(MOST).all(|(asked, most)| *asked <= most);
        let is_whole = hash.salt.is_some() && hash.hash.is_some();
        if is_kind && is_modest && is_whole { Ok((hash, params)) } else { Err(Unusable) }
    }
}

/// Argon2id as it is used for new passwords.
fn usual() -> io::Result<Argon2<'static>> {
    let params = Params::new(MEMORY, PASSES, LANES, None).map_err(io::Error::other)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Whether who tries passwords gets on faster than with today's. Less memory is weaker, however many passes there are.
fn is_weak(params: &Params) -> bool {
    let work = u64::from(params.m_cost()) * u64::from(params.t_cost());
    params.m_cost() < MEMORY || work < u64::from(MEMORY) * u64::from(PASSES)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(params: [u32; 3], password: &str) -> Hash {
        let [memory, passes, lanes] = params;
        let params = Params::new(memory, passes, lanes, None).unwrap();
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        Hash(
            argon2
                .hash_password_with_salt(password.as_bytes(), b"salt salt salt")
                .unwrap()
                .to_string(),
        )
    }

    #[test]
    fn a_password_is_right_and_any_other_wrong() {
        let chosen = NewPassword::parse("correct horse".to_owned()).unwrap();
        let kept = Hash::of(&chosen).unwrap();
        assert!(kept.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", kept.as_str());
        assert_eq!(kept.verify("correct horse"), Ok(Verdict::Right { is_weak: false }));
        for wrong in
            ["", "correct horse ", "Correct horse", "correct hors", &"x".repeat(LONGEST + 1)]
        {
            assert_eq!(kept.verify(wrong), Ok(Verdict::Wrong), "{wrong:?}");
        }
        let again = Hash::again("correct horse").unwrap();
        assert!(again != kept, "each has its own salt");
        assert_eq!(again.verify("correct horse"), Ok(Verdict::Right { is_weak: false }));
    }

    /// A hash that phc-winner-argon2, the reference, made (`hashtest(version, 2, 16, 1, "password", "somesalt", …)` in
    /// its src/test.c).
    #[test]
    fn the_hash_is_argon2id_as_others_have_it() {
        let kept = Hash(
            "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ\
             $CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
                .to_owned(),
        );
        assert_eq!(kept.verify("password"), Ok(Verdict::Right { is_weak: false }));
        assert_eq!(kept.verify("differentpassword"), Ok(Verdict::Wrong));
    }

    #[test]
    fn weaker_hashes_are_told() {
        for (params, expected) in [
            ([19_456, 2, 1], false),
            ([19_456, 3, 1], false),
            ([65_536, 2, 4], false),
            ([19_455, 2, 1], true),
            ([19_456, 1, 1], true),
            ([64, 16, 1], true),
        ] {
            let verdict = hash(params, "password").verify("password");
            assert_eq!(verdict, Ok(Verdict::Right { is_weak: expected }), "{params:?}");
        }
    }

    #[test]
    fn nobody_has_a_password_and_it_takes_the_usual_work_to_say_so() {
        let nobodys = Hash::nobodys();
        assert_eq!(nobodys.verify("nobody's password"), Ok(Verdict::Wrong));
        let (_, params) = nobodys.parse().unwrap();
        assert_eq!((params.m_cost(), params.t_cost(), params.p_cost()), (MEMORY, PASSES, LANES));
    }

    /// Verdaccio made it (`tests/fixtures/verdaccio`), of the password of its user ann.
    #[test]
    fn a_hash_that_was_brought_along_is_right_and_weak() {
        let text = "$2a$04$Oav/fAyF0E4dBLbviMkHROqp2ps32cFP218o6IPDzaNEM4.byIXgi";
        let kept = Hash::brought(text).unwrap();
        assert_eq!(kept.verify("ann-ann-1"), Ok(Verdict::Right { is_weak: true }));
        assert_eq!(kept.verify("ann-ann-2"), Ok(Verdict::Wrong));
        assert_eq!(kept.verify(&"x".repeat(LONGEST + 1)), Ok(Verdict::Wrong));
        for other in ["{SHA}apXG/UzXcZseY4cscyAq+WYNHt8=", &Hash::nobodys().0, &text[1..]] {
            assert!(Hash::brought(other).is_err(), "{other}");
        }
    }

    #[test]
    fn what_is_no_hash_of_ours_cannot_be_used() {
        let good = hash([64, 1, 1], "x").0;
        for text in [
            "",
            "secret",
            "$2b$12$abcdefghijklmnopqrstuu",
            &good.replace("argon2id", "argon2i"),
            &good.replace("v=19", "v=16"),
            &good.replace("m=64", "m=262145"),
            &good.replace("m=64", "m=4294967295"),
            &good.replace("t=1", "t=17"),
            &good.replace("p=1", "p=17"),
            &good[..good.rfind('$').unwrap()],
        ] {
            assert_eq!(Hash(text.to_owned()).verify("x"), Err(Unusable), "{text}");
        }
    }
}
