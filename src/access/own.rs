//! The tokens of a user, as their owner works with them; and those of jobs.
//! Knows nothing of who asks: that this is the user, or an administrator, was found out before.

use super::credentials::Credentials;
use super::tokens::{Kind, NewToken, TokenView, Wish};
use super::user::User;
use super::{Access, Caller, Denied, Secrets, Trusted};
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// How long the token of a job is good. A publish takes some minutes at most, and each asks for one of its own.
const JOB: Duration = Duration::from_secs(3600);

/// Why a token has no such limits.
const BINDS_NOBODY: &str = "a token cannot be limited to packages, nor to reading, as everybody may do everything here \
                            (NOPAR_AUTH=open); where NOPAR_AUTH=users it can";

impl Access {
    /// Who shows this value of `Authorization`, if it is a token that [`Access::caller_from`] found to be valid in the
    /// last two seconds, `now` being the time. Waits for nothing. `None` says nothing about it: then that one is to be
    /// asked.
    pub fn known(
        &self,
        authorization: &str,
        from: Option<IpAddr>,
        now: SystemTime,
    ) -> Option<Arc<Caller>> {
        let known = self.tokens.known(Credentials::token_in(authorization)?, from, now)?;
        (known.given.kind != Kind::Session).then_some(known.caller)
    }

    /// The text of the token in a value of `Authorization`, if that is one, known or not.
    pub fn token_in(authorization: &str) -> Option<&str> {
        Credentials::token_in(authorization)
    }

    /// A new token that a user asks for, which is on the disk when it is given out, and how it is shown from then on.
    /// Works on the blocking pool; if the future is dropped, there may be a token that nobody knows.
    ///
    /// # Errors
    /// [`Denied::Invalid`] and [`Denied::Unfit`] when there can be no such token; [`Denied::BadUser`] when that is no name of a user;
    /// [`Denied::WrongPassword`] when that is not the user's, [`Denied::NeedsCode`] when a code is needed as well,
    /// [`Denied::TooEarly`] and [`Denied::Busy`] when they are not looked at; [`Denied::Forbidden`], with what to do,
    /// when the user may have no more; [`Denied::Failed`] when it cannot be kept: there is none then.
    pub async fn create_token(
        &self,
        user: &str,
        password: &str,
        wish: Wish,
        secrets: &Secrets<'_>,
    ) -> Result<(String, TokenView), Denied> {
        let user = User::parse(user)?;
        let new = NewToken::of(wish)?;
        if self.is_open() && (new.read_only || new.packages.is_some()) {
            return Err(Denied::Invalid(BINDS_NOBODY.to_owned()));
        }
        let record = self.prove(&user, password, secrets).await?;
        let (token, view) = self.give(user, record.as_deref(), new).await?;
        Ok((token, view))
    }

    /// A token for a job that is trusted, good for an hour.
    ///
    /// # Errors
    /// As for [`Access::create_token`]: it may be for more packages than a token's file can hold.
    pub async fn admit(&self, trusted: Trusted) -> Result<(String, TokenView), Denied> {
        let Trusted { job, packages, read_only } = trusted;
        let packages = Some(packages);
        let new = NewToken {
            read_only,
            packages,
            lasts: Some(JOB),
            kind: Kind::Oidc,
            ..NewToken::login()
        };
        let (token, view) = self.tokens.give(job, new).await?;
        Ok((token.into_text(), view))
    }

    /// The tokens of a user that are still good, the newest first: at most so many from this number on, and how many
    /// there are.
    ///
    /// # Errors
    /// [`Denied::BadUser`] when that is no name of a user, [`Denied::Failed`] when they cannot be read.
    pub async fn tokens_of(
        &self,
        user: &str,
        from: usize,
        most: usize,
    ) -> Result<(Vec<TokenView>, usize), Denied> {
        self.tokens.of_user(User::parse(user)?, from, most).await
    }

    /// Ends a token of a user, that with this key, the only one whose key begins so, or that with this text, as far as a
    /// second factor of theirs lets it be; its key, `None` if there is none.
    ///
    /// # Errors
    /// As for [`Access::tokens_of`]; [`Denied::NeedsCode`] and [`Denied::TooEarly`]; also when it may be back after a
    /// power failure.
    pub async fn end_token(
        &self,
        user: &str,
        shown: &str,
        secrets: &Secrets<'_>,
    ) -> Result<Option<String>, Denied> {
        self.check_auth(user, secrets).await?;
        self.tokens.end_one(User::parse(user)?, shown.to_owned()).await
    }

    /// How many tokens there are, and the names of files among them that are damaged, which are no tokens. Blocks.
    ///
    /// # Errors
    /// When they cannot be looked at.
    pub(crate) fn examine_tokens(&self) -> io::Result<(usize, Vec<String>)> {
        self.tokens.examine()
    }

    /// Ends all tokens of a user; how many there were. Blocks.
    ///
    /// # Errors
    /// As for [`Access::tokens_of`]; those that could be ended are.
    pub(crate) fn end_tokens(&self, user: &str) -> Result<usize, Denied> {
        self.tokens.end_all(&User::parse(user)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access() -> (tempfile::TempDir, Access) {
        let home = tempfile::tempdir().unwrap();
        let access = Access::open(home.path().join("tokens"), Arc::new(()));
        (home, access)
    }

    fn called(name: &str) -> Wish {
        Wish { name: Some(name.to_owned()), ..Wish::default() }
    }

    fn known(access: &Access, header: &str, from: Option<IpAddr>) -> Option<Caller> {
        access.known(header, from, SystemTime::now()).map(|known| Caller::clone(&known))
    }

    async fn create(
        access: &Access,
        user: &str,
        wish: Wish,
    ) -> Result<(String, TokenView), Denied> {
        access.create_token(user, "", wish, &Secrets::default()).await
    }

    #[tokio::test]
    async fn a_token_that_a_user_created_is_theirs_until_they_end_it() {
        let (_home, access) = access();
        let (token, view) = create(&access, "ann", called("ci")).await.unwrap();
        let header = format!("Bearer {token}");
        assert_eq!(known(&access, &header, None), None, "nobody has looked");
        let caller = access.caller(&[&header]).await.unwrap();
        assert_eq!(caller, Caller::named("ann"));
        assert_eq!(known(&access, &header, None), Some(caller));
        let (mut listed, count) = access.tokens_of("ann", 0, 10).await.unwrap();
        // The time of a file, which may be of the next second.
        listed[0].used = view.used;
        assert_eq!((listed, count), (vec![view.clone()], 1));
        let end = async |user: &str, shown: &str| {
            access.end_token(user, shown, &Secrets::default()).await.unwrap()
        };
        for (user, shown) in
            [("bob", view.key.as_str()), ("bob", &token), ("ann", "abc"), ("ann", "")]
        {
            assert_eq!(end(user, shown).await, None, "{user} {shown}");
        }
        assert_eq!(end("ann", &view.key[..8]).await.as_ref(), Some(&view.key));
        assert_eq!(known(&access, &header, None), None);
        assert!(matches!(access.caller(&[&header]).await, Err(Denied::BadCredentials)));
        let (token, view) = create(&access, "ann", called("ci")).await.unwrap();
        assert_eq!(end("ann", &token).await, Some(view.key));
    }

    #[tokio::test]
    async fn all_tokens_of_a_user_end_at_once_and_nobody_else_s() {
        let (_home, access) = access();
        let bob = access.log_in("bob", "", &Secrets::default()).await.unwrap();
        for _ in 0..3 {
            access.log_in("ann", "", &Secrets::default()).await.unwrap();
        }
        create(&access, "ann", called("ci")).await.unwrap();
        assert_eq!(access.end_tokens("ann").unwrap(), 4);
        assert_eq!(access.end_tokens("ann").unwrap(), 0);
        assert_eq!(access.tokens_of("ann", 0, 10).await.unwrap().1, 0);
        let caller = access.caller(&[&format!("Bearer {bob}")]).await.unwrap();
        assert_eq!(caller, Caller::named("bob"));
    }

    #[tokio::test]
    async fn a_token_for_some_addresses_is_for_no_others() {
        let (_home, access) = access();
        let wish = Wish { cidr: vec!["10.0.0.0/8".to_owned()], ..called("ci") };
        let (token, _) = create(&access, "ann", wish).await.unwrap();
        let header = format!("Bearer {token}");
        let from = |text: &str| Some(text.parse().unwrap());
        let caller = access.caller_from(&[&header], from("10.1.1.1")).await.unwrap();
        assert_eq!(caller.user(), Some("ann"));
        assert_eq!(known(&access, &header, from("10.1.1.1")), Some(caller));
        assert_eq!(known(&access, &header, from("11.1.1.1")), None);
        for elsewhere in [None, from("11.1.1.1")] {
            let denied = access.caller_from(&[&header], elsewhere).await.unwrap_err();
            assert!(matches!(denied, Denied::BadCredentials), "{denied}");
        }
    }

    /// A job's name is no user's, so nobody can ask for its tokens, or make one in its name.
    #[tokio::test]
    async fn who_cannot_be_a_user_has_no_tokens() {
        let (_home, access) = access();
        for name in ["", "oidc:github:acme/ui"] {
            let denied = create(&access, name, called("ci")).await.unwrap_err();
            assert!(matches!(denied, Denied::BadUser(_)), "{denied}");
            assert!(access.tokens_of(name, 0, 10).await.is_err());
            assert!(access.end_token(name, "abcdef", &Secrets::default()).await.is_err());
            assert!(access.end_tokens(name).is_err());
        }
    }

    #[test]
    fn what_is_no_token_is_not_known() {
        let (_home, access) = access();
        for header in ["", "Bearer npm_x", "Basic YWxpY2U6c2VjcmV0", "Bearer"] {
            assert_eq!(known(&access, header, None), None, "{header}");
        }
    }

    /// In the open mode nobody would be held to limits, so there are none.
    #[tokio::test]
    async fn the_open_mode_gives_no_token_with_limits_it_does_not_keep() {
        let (_home, access) = access();
        let packages = Some(vec!["@acme/*".to_owned()]);
        for wish in [Wish { read_only: true, ..called("ci") }, Wish { packages, ..called("ci") }] {
            let denied = create(&access, "ann", wish).await.unwrap_err();
            assert!(matches!(&denied, Denied::Invalid(why) if why.contains("NOPAR_AUTH=users")));
        }
        assert_eq!(access.tokens_of("ann", 0, 10).await.unwrap().1, 0);
    }
}
