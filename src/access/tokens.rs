//! The tokens that were given out, one small file each.
//! Knows nothing of what users may do, and keeps no token: only digests.
//!
//! The file of a token has the token's digest as its name and says whose it is. Who reads the directory
//! learns no token. To find one, its digest is looked for and no bytes are compared, so how long that takes
//! tells nothing about tokens: it needs no comparison in constant time.
//!
//! What is looked up is looked for on the disk: another process may end a token, and then it must be over here as
//! well. Only who may not wait is told what was seen there in the last two seconds (`memory`). A file's
//! time is when its token was used, by the hour. So where no file is found, the ground is asked whether it is still
//! there: a directory that is gone ends no token, and none is made in its place.

mod bound;
mod folder;
mod list;
mod memory;
mod new;
mod record;
mod wish;

#[cfg(test)]
mod tests;

pub use list::TokenView;
pub(super) use list::key;
pub use new::{Kind, NewToken};
pub(super) use record::Given;
pub use wish::Wish;

use super::Denied;
use super::ground::Ground;
use super::token::{Token, sha256};
use super::user::User;
use crate::clock::{Clock, to_millis};
use crate::npm::hex;
use crate::regular;
use bound::{Bound, Rank, note_use};
use folder::Folder;
use log::{info, warn};
use memory::{Known, Look, Memory};
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// How many look through all tokens at once. More wait for their turn.
const WALKS: usize = 2;

/// How long after its time a token's file is kept: who sets a clock wrong, and right again, has lost no token.
const KEPT_EXPIRED: u64 = 24 * 3600;

/// The directory of tokens. Clones are the same directory.
#[derive(Clone)]
pub(super) struct Tokens {
    folder: Folder,
    bound: Bound,
    clock: Clock,
    memory: Arc<Memory>,
    walks: Arc<Semaphore>,
}

/// A token as it was found on the disk.
pub(super) struct Seen {
    pub(super) given: Arc<Given>,
    digest: [u8; 32],
    look: Look,
}

impl Tokens {
    pub(super) fn new(folder: PathBuf, ground: Arc<dyn Ground>) -> Tokens {
        Tokens {
            folder: Folder::new(folder, ground),
            bound: Bound::default(),
            clock: Clock::system(),
            memory: Arc::default(),
            walks: Arc::new(Semaphore::new(WALKS)),
        }
    }

    /// The same, by another clock.
    pub(super) fn by(self, clock: Clock) -> Tokens {
        Tokens { clock, ..self }
    }

    /// What the token is good for, if it is one, and for who comes `from` there; read from the disk.
    pub(super) async fn of(
        &self,
        token: Token,
        from: Option<IpAddr>,
    ) -> Result<Option<Seen>, Denied> {
        let what = "a token could not be looked up";
        self.blocking(what, move |tokens| tokens.find(&token, from)).await
    }

    /// Believes for two seconds what was seen, as whoever showed the token was let in.
    pub(super) fn believe(&self, seen: &Seen) {
        self.memory.note(seen.look, seen.digest, &seen.given);
    }

    /// What a token is good for without waiting for anything, if it was [believed](Tokens::believe) in the last two seconds.
    /// `None` does not say that it is not valid.
    pub(super) fn known(
        &self,
        token: &str,
        from: Option<IpAddr>,
        now: SystemTime,
    ) -> Option<Known> {
        let known = self.memory.find(&sha256(token), now)?;
        known.given.check(from, to_millis(now) / 1000).is_ok().then_some(known)
    }

    /// A new token of a user, which is on the disk, and how it is shown from then on.
    pub(super) async fn give(
        &self,
        user: User,
        new: NewToken,
    ) -> Result<(Token, TokenView), Denied> {
        new.check()?;
        let what = "a token could not be given out";
        let given = match new.kind {
            // Those of the user are counted.
            Kind::Created => self.walking(what, move |tokens| tokens.make(&user, &new)).await?,
            _ => self.blocking(what, move |tokens| tokens.make(&user, &new)).await?,
        };
        given.map_err(Denied::Forbidden)
    }

    /// Removes a token; whose it was, `None` when there is none like it.
    pub(super) async fn end(&self, token: Token) -> Result<Option<String>, Denied> {
        let end = move |tokens: &Tokens| {
            let sha256 = token.sha256();
            let digest = hex(&sha256);
            // Whose it was is told as far as it is known: the file of one that is damaged goes as well.
            let found = tokens.folder.find(&digest);
            let removed = tokens.folder.remove(&digest);
            tokens.memory.forget(&sha256);
            if !removed? {
                return Ok(None);
            }
            // Else the token could be back after a power failure.
            tokens.folder.sync()?;
            let user = found.ok().flatten().map(|found| found.given.user.clone().into_text());
            Ok(Some(user.unwrap_or_default()))
        };
        self.blocking("a token could not be ended", end).await
    }

    /// How many tokens there are, and the files among them that are damaged, by their names. Blocks.
    pub(super) fn examine(&self) -> io::Result<(usize, Vec<String>)> {
        let digests = self.folder.digests()?;
        let mut damaged = Vec::new();
        for digest in &digests {
            // One that was ended meanwhile is gone, and not damaged.
            let is_token = match self.folder.find(digest) {
                Ok(found) => found.is_some(),
                Err(error) if regular::is_no_file(&error) => false,
                Err(error) => return Err(error),
            };
            if !is_token && self.folder.place(digest).symlink_metadata().is_ok() {
                damaged.push(digest.clone());
            }
        }
        Ok((digests.len() - damaged.len(), damaged))
    }

    /// Runs file work on the blocking pool. It goes on to its end when nobody waits for it any more.
    async fn blocking<T: Send + 'static>(
        &self,
        what: &str,
        work: impl FnOnce(&Tokens) -> io::Result<T> + Send + 'static,
    ) -> Result<T, Denied> {
        let tokens = self.clone();
        let done = spawn_blocking(move || work(&tokens)).await;
        let done = done.unwrap_or_else(|panic| Err(io::Error::other(panic)));
        done.map_err(|source| self.failed(what, source))
    }

    fn failed(&self, what: &str, source: io::Error) -> Denied {
        Denied::Failed { what: format!("{what} in {}", self.folder.path.display()), source }
    }

    /// Runs work that looks through all tokens, in its turn, which lasts as long as the work does.
    async fn walking<T: Send + 'static>(
        &self,
        what: &str,
        work: impl FnOnce(&Tokens) -> io::Result<T> + Send + 'static,
    ) -> Result<T, Denied> {
        // Nobody closes it.
        let turn = Arc::clone(&self.walks).acquire_owned().await.ok();
        let in_turn = move |tokens: &Tokens| {
            let _turn = turn;
            work(tokens)
        };
        self.blocking(what, in_turn).await
    }

    /// Blocks.
    fn find(&self, token: &Token, from: Option<IpAddr>) -> io::Result<Option<Seen>> {
        let sha256 = token.sha256();
        let (digest, now) = (hex(&sha256), self.clock.now());
        let look = self.memory.look(now);
        let Some(found) = self.folder.find(&digest)? else { return Ok(None) };
        if let Err(invalid) = found.given.check(from, to_millis(now) / 1000) {
            let (key, user) = (list::key(&digest), found.given.user.as_str());
            info!("access: the token {key} of {user:?} {invalid}");
            self.sweep(&digest, &found.given);
            return Ok(None);
        }
        note_use(&found.file, found.given.created);
        Ok(Some(Seen { given: Arc::new(found.given), digest: sha256, look }))
    }

    /// Makes a token; why there can be none, as a sentence. Blocks.
    fn make(&self, user: &User, new: &NewToken) -> io::Result<Result<(Token, TokenView), String>> {
        if new.kind == Kind::Created
            && let Err(too_many) = self.check_count(user)?
        {
            return Ok(Err(too_many));
        }
        let token = Token::random()?;
        let record = record::record(user, new, token.hint(), self.seconds());
        let Some(given) = Given::parse(&record).filter(|_| record.len() <= folder::LONGEST) else {
            let longest = folder::LONGEST;
            return Ok(Err(format!(
                "what this token is for takes more than {longest} bytes: name fewer packages and \
                 addresses, or more of them at once, such as @acme/*"
            )));
        };
        let digest = token.digest();
        self.folder.keep(&digest, &record, given.created)?;
        self.bound(&digest);
        let view = TokenView::new(&digest, given, self.clock.now());
        Ok(Ok((token, view)))
    }

    /// Removes the file of a token whose time has long been over. Best effort, as is the look that it comes with. Blocks.
    fn sweep(&self, digest: &str, given: &Given) {
        if given.has_expired(self.seconds().saturating_sub(KEPT_EXPIRED)) {
            let _ = self.folder.remove(digest);
        }
    }

    /// Removes what is too many, but not the one that was just `given`. Blocks.
    fn bound(&self, given: &str) {
        let now = self.seconds();
        let rank_of = |path: &Path| {
            let given = folder::read(&crate::regular::open(path)?)?;
            Ok(given.map(|given| {
                let rank = match given.kind {
                    _ if given.has_expired(now) => Rank::Expired,
                    Kind::Created => Rank::Created,
                    Kind::Session => Rank::Session,
                    Kind::Login | Kind::Oidc => Rank::Login,
                };
                (given.user, rank)
            }))
        };
        let digests = self.folder.digests();
        match digests.map(|digests| self.bound.keep(&self.folder.path, &digests, given, rank_of)) {
            Ok(0) => {}
            Ok(removed) => {
                self.memory.forget_all();
                let most = self.bound.most;
                info!("access: there were more than {most} tokens; {removed} of them ended");
            }
            // The one that was given out is good all the same.
            Err(error) => warn!("access: {} cannot be listed: {error}", self.folder.path.display()),
        }
    }

    /// Now, in seconds since 1970.
    fn seconds(&self) -> u64 {
        to_millis(self.clock.now()) / 1000
    }
}
