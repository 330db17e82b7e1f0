//! The sessions of a user's browsers, which are in no list: how many there are, and their end.
//! Knows nothing of cookies, nor of who may ask for that.

use super::*;

impl Seen {
    /// Whether it is a session, and not the one that is named by its digest.
    fn is_other_session(&self, kept: &str) -> bool {
        self.given.kind == Kind::Session && self.digest != kept
    }
}

impl Tokens {
    /// How many sessions a user has beside this one.
    pub(in super::super::super) async fn other_sessions(
        &self,
        user: User,
        kept: Token,
    ) -> Result<usize, Denied> {
        let count = move |tokens: &Tokens| {
            let (now, kept) = (tokens.seconds(), kept.digest());
            let (all, unread) = tokens.every(&user, "")?;
            tokens.tell_of(unread);
            let is_one =
                |seen: &&Seen| seen.is_other_session(&kept) && !seen.given.has_expired(now);
            Ok(all.iter().filter(is_one).count())
        };
        self.walking("the sessions of a user could not be counted", count).await
    }

    /// Ends all sessions of a user but this one; how many. All that can be ended are, also where a file cannot be read, of
    /// which nobody knows whose it is.
    pub(in super::super::super) async fn end_other_sessions(
        &self,
        user: User,
        kept: Token,
    ) -> Result<usize, Denied> {
        let end = move |tokens: &Tokens| {
            let kept = kept.digest();
            let (all, unread) = tokens.every(&user, "")?;
            let others = all.into_iter().filter(|seen| seen.is_other_session(&kept));
            let ended = tokens.end_these(others.map(|seen| seen.digest))?;
            unread.map_or(Ok(ended), Err)
        };
        self.walking("the sessions of a user could not all be ended", end).await
    }
}
