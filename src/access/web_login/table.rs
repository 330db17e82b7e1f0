//! The logins that wait: so many, each for some minutes, found by their secrets.
//! Knows nothing of passwords, nor of tokens.
//!
//! Secrets are kept as their digests, so that how long a look-up takes tells nothing of one.

use super::super::network::Network;
use super::super::proved::Proved;
use super::super::token::Token;
use super::super::{Denied, random};
use super::{Asking, Begun};
use crate::clock::Clock;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// How long a login waits to be confirmed and fetched: long enough to look for a password.
const LASTS: Duration = Duration::from_secs(5 * 60);
/// So many wait at most. Each has less than a kilobyte.
const MOST: usize = 10_000;
/// And so many from one network, behind which there may be many people.
const MOST_OF_NETWORK: usize = 100;

/// The SHA-256 of a secret.
type Digest = [u8; 32];

/// The logins that wait.
pub(in crate::access) struct WebLogins {
    clock: Clock,
    rows: Mutex<Rows>,
    most: usize,
}

#[derive(Default)]
struct Rows {
    by_page: HashMap<Digest, Row>,
    /// Which page's a secret for fetching is.
    by_done: HashMap<Digest, Digest>,
}

struct Row {
    done: Digest,
    began: SystemTime,
    network: Network,
    asking: Arc<Asking>,
    state: State,
}

enum State {
    /// Nobody has shown anything that is right.
    Waiting,
    /// A password was right; who shows the secret of this digest has shown it.
    Half(Digest, Proved),
    /// All that is needed was shown.
    Confirmed(Proved),
}

impl WebLogins {
    /// None waits.
    pub(in crate::access) fn new(clock: Clock) -> WebLogins {
        WebLogins { clock, rows: Mutex::default(), most: MOST }
    }

    pub(super) fn begin(&self, asking: Asking) -> Result<Begun, Denied> {
        let (page, done) = (secret()?, secret()?);
        let now = self.clock.now();
        let network = Network::of_client(asking.from);
        let mut rows = self.rows.lock();
        // To look through all of them takes less time than a login does.
        rows.retain(now);
        rows.check_room(network, self.most, now)?;
        let done_digest = digest(&done);
        let row = Row {
            done: done_digest,
            began: now,
            network,
            asking: Arc::new(asking),
            state: State::Waiting,
        };
        rows.by_done.insert(done_digest, digest(&page));
        rows.by_page.insert(digest(&page), row);
        Ok(Begun { page, done })
    }

    pub(super) fn waiting(&self, page: &str) -> Result<Arc<Asking>, Denied> {
        self.with(page, |row| Ok(Arc::clone(&row.asking)))
    }

    /// Somebody has shown a password, and needs a code: the secret by which they are known again.
    pub(super) fn prove(&self, page: &str, proved: Proved) -> Result<String, Denied> {
        let proof = secret()?;
        self.with(page, |row| {
            row.state = State::Half(digest(&proof), proved);
            Ok(())
        })?;
        Ok(proof)
    }

    /// Who has shown a password, and this for it.
    pub(super) fn proved(&self, page: &str, proof: &str) -> Result<Proved, Denied> {
        self.with(page, |row| match &row.state {
            State::Half(shown, proved) if *shown == digest(proof) => Ok(proved.clone()),
            _ => Err(Denied::BadLogin),
        })
    }

    /// Who is confirmed for whom.
    pub(super) fn confirm(&self, page: &str, proved: Proved) -> Result<(), Denied> {
        self.with(page, |row| {
            row.state = State::Confirmed(proved);
            Ok(())
        })
    }

    /// Whose token is to be made, once; `None` as long as nobody has confirmed it.
    pub(super) fn fetch(&self, done: &str) -> Result<Option<Proved>, Denied> {
        let now = self.clock.now();
        let mut rows = self.rows.lock();
        let page = *rows.by_done.get(&digest(done)).ok_or(Denied::NoLogin)?;
        let row = rows.by_page.get(&page).filter(|row| !row.is_over(now));
        match row.ok_or(Denied::NoLogin)?.state {
            State::Confirmed(_) => {}
            _ => return Ok(None),
        }
        match rows.remove(&page).map(|row| row.state) {
            Some(State::Confirmed(proved)) => Ok(Some(proved)),
            _ => Err(Denied::NoLogin),
        }
    }

    /// Works with a login that waits.
    fn with<T>(
        &self,
        page: &str,
        work: impl FnOnce(&mut Row) -> Result<T, Denied>,
    ) -> Result<T, Denied> {
        let now = self.clock.now();
        let mut rows = self.rows.lock();
        let row = rows.by_page.get_mut(&digest(page)).filter(|row| !row.is_over(now));
        match row.ok_or(Denied::NoLogin)? {
            Row { state: State::Confirmed(_), .. } => Err(Denied::UsedLogin),
            row => work(row),
        }
    }
}

impl Row {
    /// Also when the clock was set back by as much.
    fn is_over(&self, now: SystemTime) -> bool {
        now.duration_since(self.began).unwrap_or_else(|before| before.duration()) >= LASTS
    }
}

impl Rows {
    fn retain(&mut self, now: SystemTime) {
        self.by_page.retain(|_, row| !row.is_over(now));
        let Rows { by_page, by_done } = self;
        by_done.retain(|_, page| by_page.contains_key(page));
    }

    fn remove(&mut self, page: &Digest) -> Option<Row> {
        let row = self.by_page.remove(page)?;
        self.by_done.remove(&row.done);
        Some(row)
    }

    /// Whether one more may wait. Who has to come again is told when one of those that wait is over.
    fn check_room(&self, network: Network, most: usize, now: SystemTime) -> Result<(), Denied> {
        let of_network = self.by_page.values().filter(|row| row.network == network);
        let first = if self.by_page.len() >= most {
            self.by_page.values().map(|row| row.began).min()
        } else if of_network.clone().count() >= MOST_OF_NETWORK {
            of_network.map(|row| row.began).min()
        } else {
            return Ok(());
        };
        let waited = first.and_then(|first| now.duration_since(first).ok()).unwrap_or_default();
        let seconds = LASTS.saturating_sub(waited).as_secs().max(1);
        Err(Denied::Crowded { what: "logins wait to be confirmed", seconds })
    }
}

fn secret() -> Result<String, Denied> {
    let bytes = random::bytes::<32>().map_err(|source| {
        let what = "a secret could not be made".to_owned();
        Denied::Failed { what, source }
    })?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

fn digest(secret: &str) -> Digest {
    Token::of(secret).sha256()
}

#[cfg(test)]
mod tests;
