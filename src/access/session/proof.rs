//! What shows that somebody has given their password a moment ago, while their code is asked for.
//! Knows nothing of passwords or codes.
//!
//! Nothing is kept of it here, so nobody can fill the memory with logins that are half done: it is signed with a key that
//! is this process's, and says whose password was right and which one that was. Alone it is of no use.

use super::super::proved::Proved;
use super::super::random;
use super::super::user::User;
use super::super::users::{UserRecord, seconds};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use std::io;
use std::time::SystemTime;

/// How long it is good, in seconds: long enough to find one's phone.
const LASTS: u64 = 5 * 60;

/// Bytes of a signature.
const SIGNATURE: usize = 32;

/// Bytes of the three times in front of a name.
const TIMES: usize = 3 * 8;

/// What signs them.
pub(in crate::access) struct Proofs(hmac::Key);

/// Whose password was right.
pub(super) struct Shown {
    pub(super) user: User,
    created: u64,
    changed: u64,
}

impl Shown {
    /// Whether they still are that user, with that password.
    pub(super) fn is_of(&self, record: &UserRecord) -> bool {
        (record.created(), record.changed()) == (self.created, self.changed)
    }
}

impl Proofs {
    /// With a key of their own.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub(in crate::access) fn new() -> io::Result<Proofs> {
        Ok(Proofs(hmac::Key::new(hmac::HMAC_SHA256, &random::bytes::<32>()?)))
    }

    /// That of a user who has just shown their password.
    pub(super) fn of(&self, proved: &Proved, now: SystemTime) -> String {
        let until = seconds(now).saturating_add(LASTS);
        let times = [until, proved.record.created(), proved.record.changed()];
        let mut bytes: Vec<u8> = times.iter().flat_map(|time| time.to_be_bytes()).collect();
        bytes.extend(proved.user().as_bytes());
        let signature = hmac::sign(&self.0, &bytes);
        bytes.extend(signature.as_ref());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What one says, if it is one of this process and of the last minutes.
    pub(super) fn read(&self, proof: &str, now: SystemTime) -> Option<Shown> {
        let bytes = URL_SAFE_NO_PAD.decode(proof).ok()?;
        let (said, signature) = bytes.split_at_checked(bytes.len().checked_sub(SIGNATURE)?)?;
        // In constant time.
        hmac::verify(&self.0, said, signature).ok()?;
        let (times, name) = said.split_at_checked(TIMES)?;
        let mut times = times.as_chunks().0.iter().map(|time| u64::from_be_bytes(*time));
        let (until, created, changed) = (times.next()?, times.next()?, times.next()?);
        let now = seconds(now);
        // Nor one of a time that a clock was set back from.
        let is_now = now < until && until - now <= LASTS;
        let user = User::parse(str::from_utf8(name).ok()?).ok()?;
        is_now.then_some(Shown { user, created, changed })
    }
}
