//! The tokens that were given out, one small file each.
//! Knows nothing of what users may do, and keeps no token: only digests.
//!
//! The file of a token has the token's digest as its name and says whose it is. Who reads the directory
//! learns no token. To find one, its digest is looked for and no bytes are compared, so how long that takes
//! tells nothing about tokens: it needs no comparison in constant time.
//!
//! Nothing is remembered in memory: another process may end a token, and then it must be over here as well. A file's
//! time is when its token was used, by the hour. So where no file is found, the ground is asked whether it is still
//! there: a directory that is gone ends no token, and none is made in its place.

mod bound;

use super::Denied;
use super::ground::Ground;
use super::token::Token;
use super::user::User;
use crate::regular;
use bound::{Bound, note_use};
use log::{info, warn};
use serde::{Deserialize, Serialize};
use std::fs::{self, DirBuilder, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;
use tokio::task::spawn_blocking;

/// More bytes than any file of a token has; what is longer is none.
const LONGEST: u64 = 4096;

/// The directory of tokens. Clones are the same directory.
#[derive(Clone)]
pub(super) struct Tokens {
    folder: Arc<Path>,
    ground: Arc<dyn Ground>,
    bound: Bound,
}

/// What the file of a token says.
///
/// One that says more is of a later NOPAR, perhaps that the token may do less than others: it is no token
/// here, lest it be one that may do everything.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    user: String,
    /// In seconds since 1970.
    created: u64,
}

impl Tokens {
    pub(super) fn new(folder: PathBuf, ground: Arc<dyn Ground>) -> Tokens {
        Tokens { folder: folder.into(), ground, bound: Bound::default() }
    }

    /// Whose the token is, if it is one.
    pub(super) async fn user(&self, token: Token) -> Result<Option<User>, Denied> {
        self.blocking("a token could not be looked up", move |tokens| tokens.find(&token)).await
    }

    /// A new token of a user, which is on the disk.
    pub(super) async fn give(&self, user: User) -> Result<Token, Denied> {
        let give = move |tokens: &Tokens| {
            let token = Token::random()?;
            tokens.keep(&token, user)?;
            tokens.bound();
            Ok(token)
        };
        self.blocking("a token could not be given out", give).await
    }

    /// Removes a token; `false` when there is none like it.
    pub(super) async fn end(&self, token: Token) -> Result<bool, Denied> {
        self.blocking("a token could not be ended", move |tokens| tokens.remove(&token)).await
    }

    /// Runs file work on the blocking pool. It goes on to its end when nobody waits for it any more.
    async fn blocking<T: Send + 'static>(
        &self,
        what: &str,
        work: impl FnOnce(&Tokens) -> io::Result<T> + Send + 'static,
    ) -> Result<T, Denied> {
        let tokens = self.clone();
        let done = spawn_blocking(move || work(&tokens)).await;
        done.unwrap_or_else(|panic| Err(io::Error::other(panic))).map_err(|source| Denied::Failed {
            what: format!("{what} in {}", self.folder.display()),
            source,
        })
    }

    /// A file that is damaged is no token. Blocks.
    fn find(&self, token: &Token) -> io::Result<Option<User>> {
        let place = self.place(token);
        let file = match regular::open(&place).map_err(regular::naming(&place)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.ground.check()?;
                return Ok(None);
            }
            other => other?,
        };
        let user = user_in(&file)?;
        match user {
            Some(_) => note_use(&file),
            // What it says instead is not told: that may be anything.
            None => warn!("access: {} is damaged, and no token", place.display()),
        }
        Ok(user)
    }

    /// Removes what is too many. Blocks.
    fn bound(&self) {
        let user_of = |path: &Path| user_in(&regular::open(path).ok()?).ok().flatten();
        match self.bound.keep(&self.folder, user_of) {
            Ok(0) => {}
            Ok(removed) => {
                let most = self.bound.most;
                info!("access: there were more than {most} tokens; {removed} of them ended");
            }
            // The one that was given out is good all the same.
            Err(error) => warn!("access: {} cannot be listed: {error}", self.folder.display()),
        }
    }

    /// Puts the file of a token in place. After a crash it is there, whole, or not there; beside it there
    /// may be one that begins with a dot, which nobody looks for. Blocks.
    fn keep(&self, token: &Token, user: User) -> io::Result<()> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let record = Record { user: user.into_text(), created: now.as_secs() };
        let record = serde_json::to_vec(&record).map_err(io::Error::other)?;
        self.prepare()?;
        let (place, unfinished) = (self.place(token), self.unfinished(token));
        let kept = write(&unfinished, &record)
            .and_then(|()| fs::rename(&unfinished, &place))
            .and_then(|()| sync_folder(&self.folder));
        if kept.is_err() {
            // Best effort: one that stays is of a token that nobody has.
            let _ = fs::remove_file(&unfinished);
            let _ = fs::remove_file(&place);
        }
        kept
    }

    /// Blocks.
    fn remove(&self, token: &Token) -> io::Result<bool> {
        match fs::remove_file(self.place(token)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.ground.check()?;
                return Ok(false);
            }
            other => other?,
        }
        // Else the token could be back after a power failure.
        sync_folder(&self.folder)?;
        Ok(true)
    }

    /// Makes the directory, which only NOPAR's user may look into, and sees to it that its name is on the
    /// disk. Not only if it made it: who did may not have come so far.
    fn prepare(&self) -> io::Result<()> {
        self.ground.prepare()?;
        if let Some(above) = self.folder.parent() {
            // With the usual permissions: it is the place of other things as well.
            fs::create_dir_all(above)?;
        }
        match DirBuilder::new().mode(0o700).create(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && self.folder.is_dir() => {}
            other => other?,
        }
        for above in self.folder.ancestors().skip(1) {
            // What cannot be opened was made by somebody else, long ago.
            let _ = sync_folder(above);
        }
        Ok(())
    }

    fn place(&self, token: &Token) -> PathBuf {
        self.folder.join(token.digest())
    }

    /// No digest begins with a dot, so what is there is no token.
    fn unfinished(&self, token: &Token) -> PathBuf {
        self.folder.join(format!(".{}.tmp", token.digest()))
    }
}

/// Whose token a file is; `None` if it is none.
fn user_in(file: &File) -> io::Result<Option<User>> {
    let mut bytes = Vec::new();
    file.take(LONGEST).read_to_end(&mut bytes)?;
    let record = serde_json::from_slice(&bytes).ok();
    Ok(record.and_then(|Record { user, .. }| User::parse(&user).ok()))
}

/// Writes a file that is not there, and waits until its bytes are on the disk.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Waits until the names in a folder are on the disk.
fn sync_folder(path: &Path) -> io::Result<()> {
    let path = if path == Path::new("") { Path::new(".") } else { path };
    File::open(path)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> User {
        User::parse(name).unwrap()
    }

    /// A directory of tokens in one that goes with the test.
    fn tokens() -> (tempfile::TempDir, Tokens) {
        let home = tempfile::tempdir().unwrap();
        let tokens = Tokens::new(home.path().join("tokens"), Arc::new(()));
        (home, tokens)
    }

    #[test]
    fn what_a_crash_left_is_no_token_and_in_nobodys_way() {
        let (_home, tokens) = tokens();
        let token = Token::of("npm_cut");
        tokens.prepare().unwrap();
        write(&tokens.unfinished(&token), br#"{"user":"alice","created":1}"#).unwrap();
        assert_eq!(tokens.find(&token).unwrap(), None);
        assert_eq!(tokens.find(&Token::of(".npm_cut.tmp")).unwrap(), None);
        assert!(!tokens.remove(&token).unwrap());
        let other = Token::of("npm_other");
        tokens.keep(&other, user("bob")).unwrap();
        assert_eq!(tokens.find(&other).unwrap(), Some(user("bob")));
    }

    /// A fleet that logs in for each job leaves so many files and no more, ends nobody else's token, and the token it
    /// got is good.
    #[tokio::test]
    async fn a_fleet_fills_no_disk() {
        let (_home, tokens) = tokens();
        let tokens = Tokens { bound: Bound { most: 20, kept: 15 }, ..tokens };
        let ann = tokens.give(user("ann")).await.unwrap().into_text();
        for number in 0..100 {
            let token = tokens.give(user("ci")).await.unwrap();
            let count = fs::read_dir(&tokens.folder).unwrap().count();
            assert!((15.min(number + 2)..=20).contains(&count), "{count} after {number}");
            assert_eq!(tokens.user(token).await.unwrap(), Some(user("ci")));
        }
        assert_eq!(tokens.user(Token::of(&ann)).await.unwrap(), Some(user("ann")));
    }

    #[test]
    fn what_cannot_be_put_in_place_leaves_nothing() {
        let (_home, tokens) = tokens();
        let token = Token::of("npm_blocked");
        fs::create_dir_all(tokens.place(&token).join("in the way")).unwrap();
        tokens.keep(&token, user("alice")).unwrap_err();
        let left: Vec<_> = fs::read_dir(&tokens.folder).unwrap().map(Result::unwrap).collect();
        assert_eq!(left.len(), 1, "{left:?}");
        assert_eq!(left[0].path(), tokens.place(&token));
    }

    #[test]
    fn what_is_not_a_record_is_no_token() {
        let (_home, tokens) = tokens();
        let token = Token::of("npm_damaged");
        tokens.prepare().unwrap();
        let long = format!(r#"{{"user":"alice","created":1}}{}"#, " ".repeat(LONGEST as usize));
        for (text, is_token) in [
            (r#"{"user":"alice","created":1}"#, true),
            ("", false),
            ("\0\0\0\0", false),
            (r#"{"user":"alice","crea"#, false),
            (r#"{"user":"alice"}"#, false),
            (r#"{"user":"","created":1}"#, false),
            (r#"{"user":"a/b","created":1}"#, false),
            (r#"{"user":7,"created":1}"#, false),
            (r#"{"user":"alice","created":1,"read_only":true}"#, false),
            (&long[..LONGEST as usize], true),
            (&format!("{}x", &long[..LONGEST as usize - 1]), false),
            ("null", false),
        ] {
            fs::write(tokens.place(&token), text).unwrap();
            let expected = is_token.then(|| user("alice"));
            assert_eq!(tokens.find(&token).unwrap(), expected, "{text:?}");
        }
        // Also such a file goes when it is asked to.
        assert!(tokens.remove(&token).unwrap());
        assert!(!tokens.place(&token).exists());
    }
}
