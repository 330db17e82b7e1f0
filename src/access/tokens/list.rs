//! The tokens of a user: listed, found by their keys, ended.
//! Knows nothing of who may ask for that.

mod sessions;

use super::super::token::Token;
use super::super::user::User;
use super::super::{Denied, Limits};
use super::folder::Found;
use super::record::Given;
use super::{Kind, Tokens};
use crate::clock::to_millis;
use ipnet::IpNet;
use log::warn;
use std::cmp::Ordering;
use std::io;
use std::time::SystemTime;

/// How many digits of its digest a token is named by, where it is spoken of: enough that no two have the same, and
/// too few to say what the token must digest to.
const KEY: usize = 32;

/// What could not be done when a user has another password, or is no more.
const NOT_ALL_ENDED: &str = "the tokens of a user could not all be ended";

/// A key's beginning that is shorter is taken for a slip.
const SHORTEST: usize = 4;

/// A token as it can be shown to its user. All times are in seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenView {
    /// What it is named by: the first 32 hexadecimal digits of its SHA-256.
    pub key: String,
    /// Its first characters, if they are known.
    pub hint: Option<String>,
    /// Whose it is.
    pub user: String,
    /// What its user calls it.
    pub name: Option<String>,
    /// Whether nothing can be changed by it.
    pub read_only: bool,
    /// Where it may come from; from everywhere, if there are none.
    pub cidr: Vec<IpNet>,
    /// The patterns of the packages it is for; all, if there is no list.
    pub packages: Option<Vec<String>>,
    /// How it came to be.
    pub kind: Kind,
    /// Since when it is there.
    pub created: u64,
    /// When it was used last, by the hour; when it was made, if it was not used yet.
    pub used: u64,
    /// When its time is over.
    pub expires: Option<u64>,
}

/// The key of the token with this digest.
pub(in super::super) fn key(digest: &str) -> &str {
    digest.get(..KEY).unwrap_or(digest)
}

impl TokenView {
    pub(super) fn new(digest: &str, given: Given, used: SystemTime) -> TokenView {
        let Given { user, limits, kind, created, hint, name, cidr, expires, packages, account: _ } =
            given;
        TokenView {
            key: key(digest).to_owned(),
            hint,
            user: user.into_text(),
            name,
            read_only: Limits::is_read_only(&limits),
            cidr,
            packages,
            kind,
            created,
            used: to_millis(used) / 1000,
            expires,
        }
    }
}

/// A token that a walk came by. Its file is closed: there may be thousands.
pub(super) struct Seen {
    digest: String,
    given: Given,
    used: SystemTime,
    /// When its file was made, where the system tells that.
    born: Option<SystemTime>,
}

impl Seen {
    /// The newest first. Of those of one second the one whose file is younger, and then in some order that stays.
    fn newest_first(&self, other: &Seen) -> Ordering {
        let by_time = other.given.created.cmp(&self.given.created);
        by_time.then(other.born.cmp(&self.born)).then_with(|| self.digest.cmp(&other.digest))
    }

    /// Whether its user knows of it: a session is their browser's.
    fn is_listed(&self) -> bool {
        self.given.kind != Kind::Session
    }

    pub(super) fn view(self) -> TokenView {
        TokenView::new(&self.digest, self.given, self.used)
    }
}

impl Tokens {
    /// The tokens of a user that are still good, sessions aside, the newest first: so many from this number on, and how many there are.
    pub(in super::super) async fn of_user(
        &self,
        user: User,
        from: usize,
        most: usize,
    ) -> Result<(Vec<TokenView>, usize), Denied> {
        let list = move |tokens: &Tokens| {
            let now = tokens.seconds();
            let (mut all, unread) = tokens.every(&user, "")?;
            tokens.tell_of(unread);
            all.retain(|seen| seen.is_listed() && !seen.given.has_expired(now));
            all.sort_by(Seen::newest_first);
            let count = all.len();
            Ok((all.into_iter().skip(from).take(most).map(Seen::view).collect(), count))
        };
        self.walking("the tokens of a user could not be listed", list).await
    }

    /// Ends the token of a user with this key, the only one whose key begins so, or the one with this text; its key, or
    /// `None` if there is none.
    pub(in super::super) async fn end_one(
        &self,
        user: User,
        shown: String,
    ) -> Result<Option<String>, Denied> {
        let end = move |tokens: &Tokens| {
            let digest = match tokens.one(&user, &shown)? {
                Some(seen) => Some(seen.digest),
                None => tokens.by_text(&user, &shown)?,
            };
            let ended = tokens.end_these(digest.clone())?;
            Ok(digest.filter(|_| ended > 0).map(|digest| key(&digest).to_owned()))
        };
        self.walking("a token could not be ended", end).await
    }

    /// Ends all tokens of a user but this one; how many.
    pub(in super::super) async fn end_others(
        &self,
        user: User,
        kept: Option<Token>,
    ) -> Result<usize, Denied> {
        let kept = kept.map(|token| token.digest());
        let end = move |tokens: &Tokens| tokens.end_but(&user, kept.as_deref());
        self.walking(NOT_ALL_ENDED, end).await
    }

    /// Ends all tokens of a user; how many. Blocks.
    pub(in super::super) fn end_all(&self, user: &User) -> Result<usize, Denied> {
        self.end_but(user, None).map_err(|source| self.failed(NOT_ALL_ENDED, source))
    }

    /// All that can be ended are, also where a file cannot be read, of which nobody knows whose it is. Blocks.
    fn end_but(&self, user: &User, kept: Option<&str>) -> io::Result<usize> {
        let (all, unread) = self.every(user, "")?;
        let all = all.into_iter().map(|seen| seen.digest);
        let ended = self.end_these(all.filter(|digest| Some(digest.as_str()) != kept))?;
        unread.map_or(Ok(ended), Err)
    }

    /// The digest of a user's token with this text. Blocks.
    fn by_text(&self, user: &User, text: &str) -> io::Result<Option<String>> {
        let digest = Token::of(text).digest();
        let found = self.folder.find(&digest)?;
        Ok(found.filter(|found| found.given.user == *user).map(|_| digest))
    }

    /// Whether the user may have one more of those that are created; if not, why. Blocks.
    pub(super) fn check_count(&self, user: &User) -> io::Result<Result<(), String>> {
        let (mut own, mut all) = (0, 0);
        let now = self.seconds();
        let unread = self.walk("", |Seen { given, .. }| {
            if given.kind == Kind::Created && !given.has_expired(now) {
                all += 1;
                own += usize::from(given.user == *user);
            }
        })?;
        self.tell_of(unread);
        let (most, of_all) = (self.bound.created, self.bound.most / 2);
        Ok(if own >= most {
            Err(format!("you have {own} tokens, and may create {most}: revoke one first"))
        } else if all >= of_all {
            Err(format!(
                "there are {all} tokens that users have created, and no more than {of_all} may be: \
                 ask an administrator to have some revoked"
            ))
        } else {
            Ok(())
        })
    }

    /// Every token of a user whose digest begins so, and what is wrong with the first file that cannot be read. Blocks.
    fn every(&self, user: &User, beginning: &str) -> io::Result<(Vec<Seen>, Option<io::Error>)> {
        let mut all = Vec::new();
        let unread = self.walk(beginning, |seen| {
            if seen.given.user == *user {
                all.push(seen);
            }
        })?;
        Ok((all, unread))
    }

    /// Tells of a file that could not be read, where that hinders nobody: by such a token nobody is let in.
    fn tell_of(&self, unread: Option<io::Error>) {
        if let Some(error) = unread {
            let folder = self.folder.path.display();
            warn!("access: not every token in {folder} can be read: {error}");
        }
    }

    /// The one token of a user whose key begins so, if it is one. A file that cannot be read and begins so could be another.
    /// Blocks.
    pub(super) fn one(&self, user: &User, key: &str) -> io::Result<Option<Seen>> {
        if !(SHORTEST..=KEY).contains(&key.len()) {
            return Ok(None);
        }
        let (mut found, unread) = self.every(user, key)?;
        unread.map_or(Ok(()), Err)?;
        found.retain(Seen::is_listed);
        Ok(if found.len() == 1 { found.pop() } else { None })
    }

    /// Looks at each token whose digest begins so, and removes those whose time has long been over. What is damaged
    /// or goes meanwhile is none. Of files that cannot be read, what is wrong with the first; all others are looked at. Blocks.
    ///
    /// # Errors
    /// When nobody can say which files there are.
    fn walk(&self, beginning: &str, mut look: impl FnMut(Seen)) -> io::Result<Option<io::Error>> {
        let mut unread = None;
        for digest in self.folder.digests()? {
            if !digest.starts_with(beginning) {
                continue;
            }
            match self.see(digest) {
                Ok(Some(seen)) => {
                    self.sweep(&seen.digest, &seen.given);
                    look(seen);
                }
                Ok(None) => {}
                Err(error) => unread = unread.or(Some(error)),
            }
        }
        Ok(unread)
    }

    /// Blocks.
    fn see(&self, digest: String) -> io::Result<Option<Seen>> {
        let Some(Found { file, given }) = self.folder.find(&digest)? else { return Ok(None) };
        let metadata = file.metadata()?;
        let (used, born) = (metadata.modified()?, metadata.created().ok());
        Ok(Some(Seen { digest, given, used, born }))
    }

    /// Ends tokens; how many. All that can be ended are, also if one cannot. Blocks.
    fn end_these(&self, digests: impl IntoIterator<Item = String>) -> io::Result<usize> {
        let (mut ended, mut failed) = (0, None);
        for digest in digests {
            match self.folder.remove(&digest) {
                Ok(removed) => ended += usize::from(removed),
                Err(error) => failed = Some(error),
            }
        }
        self.memory.forget_all();
        if ended > 0 {
            self.folder.sync()?;
        }
        failed.map_or(Ok(ended), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn of_one_second_the_younger_file_comes_first() {
        let seen = |digest: &str, created: u64, born: Option<u64>| Seen {
            digest: digest.to_owned(),
            given: Given::parse(format!(r#"{{"user":"ann","created":{created}}}"#).as_bytes())
                .unwrap(),
            used: SystemTime::UNIX_EPOCH,
            born: born.map(|millis| SystemTime::UNIX_EPOCH + Duration::from_millis(millis)),
        };
        let mut all = [
            seen("a", 7, Some(7001)),
            seen("d", 7, None),
            seen("b", 7, Some(7002)),
            seen("c", 7, None),
            // Its file was copied later.
            seen("e", 6, Some(9000)),
            seen("f", 8, Some(8000)),
        ];
        all.sort_by(Seen::newest_first);
        assert_eq!(all.map(|seen| seen.digest), ["f", "b", "a", "c", "d", "e"]);
    }
}
