//! What can be the name of a user.
//! Knows nothing of which users there are.

/// The name of a user: not empty, at most 214 bytes, and none of them a control character, a `:` or a `/`.
///
/// Or that of a job, which begins with `oidc:` and may have any of the two: nobody can log in under it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct User(String);

/// How the names of jobs begin.
const JOB: &str = "oidc:";

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
    #[error("it is not that of a job")]
    NoJob,
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

    /// The name of a job that its issuer calls so.
    pub(super) fn job(text: &str) -> Result<User, InvalidUser> {
        User::parse_job(&format!("{JOB}{text}"))
    }

    /// What [`job`](User::job) has made.
    pub(super) fn parse_job(text: &str) -> Result<User, InvalidUser> {
        let rest = text.strip_prefix(JOB).ok_or(InvalidUser::NoJob)?;
        // But for those two characters, what is good for a user.
        User::parse(&rest.replace([':', '/'], "_"))?;
        if text.len() > LONGEST { Err(InvalidUser::Long) } else { Ok(User(text.to_owned())) }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
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

    #[test]
    fn the_name_of_a_job_is_no_user_s() {
        let job = User::job("github:acme/ui").unwrap();
        assert_eq!(job.as_str(), "oidc:github:acme/ui");
        assert_eq!(User::parse_job(job.as_str()).as_ref(), Ok(&job));
        assert_eq!(User::parse(job.as_str()), Err(InvalidUser::Separator));
        assert_eq!(User::parse_job("alice"), Err(InvalidUser::NoJob));
        for (text, why) in [
            ("", InvalidUser::Empty),
            ("a\nb", InvalidUser::Control),
            (&*"a".repeat(LONGEST), InvalidUser::Long),
        ] {
            assert_eq!(User::job(text), Err(why), "{text:?}");
        }
    }
}
