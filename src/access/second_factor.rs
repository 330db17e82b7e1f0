//! The second factor of a user: codes of an app, and codes on paper for when that is lost.
//! Knows nothing of who the user is, nor how what is noted here is kept.
//!
//! It is *pending* from when its secret is told until a first code shows that the app has it; until then nobody is asked
//! for codes. Each code is good once: of the app's, the step of the last one that was taken is noted, and nothing up to
//! it is taken again; of those on paper, what was taken is crossed out. So whoever takes a code has to keep what
//! changed here before it counts. Guesses are limited by `attempts`, not here: a code has a million values.

mod recovery;
mod totp;

pub(super) use recovery::RecoveryCodes;

use super::random;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use recovery::Recovery;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;
use std::io;
use std::time::{SystemTime, UNIX_EPOCH};
use totp::{Code, Secret};

/// Bytes of a secret: as long as SHA-1's output, which RFC 4226 §4 recommends.
const SECRET: usize = 20;

/// What stays as it is in a part of a URL: RFC 3986's unreserved characters.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What codes are asked for; in npm's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Mode {
    /// Logging in, tokens, and the profile.
    AuthOnly,
    /// And whatever changes a package.
    AuthAndWrites,
}

/// What somebody is about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// Logs in, makes or ends tokens, changes the profile.
    Auth,
    /// Publishes, or changes what is published.
    Write,
}

/// The second factor of a user, as the file of users has it. Has no `Debug`: nobody shall print it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SecondFactor {
    secret: Secret,
    mode: Mode,
    /// No code has shown yet that the user's app has the secret.
    #[serde(default, skip_serializing_if = "is_false")]
    pending: bool,
    /// The step of the last code of the app that was taken; 0 before the first.
    #[serde(default)]
    last_step: u64,
    #[serde(default)]
    recovery: Recovery,
    /// What a later NOPAR may have noted.
    #[serde(flatten)]
    other: Map<String, Value>,
}

impl Mode {
    /// The mode of this name.
    pub(super) fn parse(text: &str) -> Option<Mode> {
        [Mode::AuthOnly, Mode::AuthAndWrites].into_iter().find(|mode| mode.as_str() == text)
    }

    /// In npm's words.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Mode::AuthOnly => "auth-only",
            Mode::AuthAndWrites => "auth-and-writes",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl SecondFactor {
    /// A new one with a secret of its own, pending.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub(super) fn begin(mode: Mode) -> io::Result<SecondFactor> {
        let secret = Secret::of(random::bytes::<SECRET>()?.to_vec());
        let recovery = Recovery::default();
        Ok(SecondFactor { secret, mode, pending: true, last_step: 0, recovery, other: Map::new() })
    }

    /// What an app is told of the secret, as a QR code or typed: `otpauth://totp/NAME?secret=…&issuer=…`, as npm has it.
    pub(super) fn url(&self, user: &str, issuer: &str) -> String {
        let [user, issuer] = [user, issuer].map(|text| utf8_percent_encode(text, KEPT));
        format!("otpauth://totp/{user}?secret={}&issuer={issuer}", self.secret.text())
    }

    /// What it is asked for.
    pub(crate) fn mode(&self) -> Mode {
        self.mode
    }

    /// Whether it waits for its first code.
    pub(crate) fn is_pending(&self) -> bool {
        self.pending
    }

    /// Asks for it elsewhere than before.
    pub(super) fn set_mode(&mut self, mode: Mode) {
        self.mode = mode;
    }

    /// Whether a code is needed for this.
    pub(super) fn is_needed_for(&self, deed: Deed) -> bool {
        !self.pending && (deed == Deed::Auth || self.mode == Mode::AuthAndWrites)
    }

    /// Ends the waiting, if that is a code of the user's app: the codes for paper, which are told this once, and
    /// of which what is kept is to be kept before they are told. `None` if it is no code, or nothing waits for one.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub(super) fn confirm(
        &mut self,
        code: &str,
        now: SystemTime,
    ) -> io::Result<Option<RecoveryCodes>> {
        if !self.pending || !self.takes_apps(code, now) {
            return Ok(None);
        }
        let (told, kept) = RecoveryCodes::random()?;
        (self.recovery, self.pending) = (kept, false);
        Ok(Some(told))
    }

    /// Takes a code, of the app or of those on paper, so that it is none from now on; `false` if it is none.
    pub(super) fn take(&mut self, code: &str, now: SystemTime) -> bool {
        !self.pending && (self.takes_apps(code, now) || self.recovery.take(code))
    }

    fn takes_apps(&mut self, code: &str, now: SystemTime) -> bool {
        let seconds = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let Some(code) = Code::parse(code) else { return false };
        let step = self.secret.step_of(code, seconds, self.last_step);
        self.last_step = step.unwrap_or(self.last_step);
        step.is_some()
    }
}

fn is_false(it: &bool) -> bool {
    !it
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use std::time::Duration;

    const STEP: Duration = Duration::from_secs(30);

    /// What the app shows at a time.
    fn shown(factor: &SecondFactor, at: SystemTime) -> String {
        let seconds = at.duration_since(UNIX_EPOCH).unwrap().as_secs();
        format!("{:06}", factor.secret.code_at(seconds / 30))
    }

    /// One that is in use, and its codes for paper.
    fn confirmed(mode: Mode, now: SystemTime) -> (SecondFactor, Vec<String>) {
        let mut factor = SecondFactor::begin(mode).unwrap();
        let codes = factor.confirm(&shown(&factor, now), now).unwrap().expect("a code of the app");
        (factor, codes.into_texts())
    }

    #[test]
    fn nothing_is_asked_for_before_a_code_has_shown_that_the_app_has_the_secret() {
        let clock = Clock::stopped();
        let now = clock.now();
        let mut factor = SecondFactor::begin(Mode::AuthAndWrites).unwrap();
        assert!(factor.is_pending());
        assert!(!factor.is_needed_for(Deed::Auth) && !factor.is_needed_for(Deed::Write));
        let code = shown(&factor, now);
        assert!(!factor.take(&code, now), "it is not in use");
        let wrong = if code == "000000" { "000001" } else { "000000" };
        for no_code in [wrong, "", "12345", "abcdef", "1234567"] {
            assert!(factor.confirm(no_code, now).unwrap().is_none(), "{no_code:?}");
        }
        assert!(factor.is_pending());
        let codes = factor.confirm(&code, now).unwrap().unwrap().into_texts();
        assert_eq!((codes.len(), factor.recovery.left()), (10, 10));
        assert!(factor.is_needed_for(Deed::Auth) && factor.is_needed_for(Deed::Write));
        // The code that confirmed it is used up, and nothing is left to confirm.
        assert!(!factor.take(&code, now));
        clock.advance(STEP);
        let next = shown(&factor, clock.now());
        assert!(factor.confirm(&next, clock.now()).unwrap().is_none());
        assert!(factor.take(&next, clock.now()));
    }

    #[test]
    fn the_mode_says_what_codes_are_for() {
        let now = SystemTime::now();
        let (mut factor, _) = confirmed(Mode::AuthOnly, now);
        assert!(factor.is_needed_for(Deed::Auth) && !factor.is_needed_for(Deed::Write));
        factor.set_mode(Mode::AuthAndWrites);
        assert!(factor.is_needed_for(Deed::Write) && factor.mode() == Mode::AuthAndWrites);
        for mode in [Mode::AuthOnly, Mode::AuthAndWrites] {
            assert_eq!(Mode::parse(&mode.to_string()), Some(mode));
            assert_eq!(serde_json::to_value(mode).unwrap(), mode.as_str());
        }
        assert_eq!(Mode::parse("disable"), None);
    }

    #[test]
    fn each_code_is_good_once_also_the_ones_before_it() {
        let clock = Clock::stopped();
        let (mut factor, _) = confirmed(Mode::AuthOnly, clock.now());
        clock.advance(STEP * 10);
        let [before, at, after] =
            [clock.now() - STEP, clock.now(), clock.now() + STEP].map(|time| shown(&factor, time));
        // As clients pass what people type.
        let spaced = format!(" {} {} ", &at[..3], &at[3..]);
        assert!(factor.take(&spaced, clock.now()));
        assert!(!factor.take(&at, clock.now()), "twice");
        assert!(!factor.take(&before, clock.now()), "an older one, which was not used");
        assert!(factor.take(&after, clock.now()), "the app's clock may be ahead");
        assert!(!factor.take(&after, clock.now()));
        clock.advance(STEP * 4);
        let old = shown(&factor, clock.now() - STEP * 2);
        assert!(!factor.take(&old, clock.now()), "too old");
    }

    #[test]
    fn codes_on_paper_are_good_once_each() {
        let now = SystemTime::now();
        let (mut factor, codes) = confirmed(Mode::AuthOnly, now);
        for (taken, code) in codes.iter().enumerate() {
            assert_eq!(factor.recovery.left(), 10 - taken);
            assert!(factor.take(&code.to_uppercase(), now), "{code}");
            assert!(!factor.take(code, now), "twice: {code}");
        }
        assert_eq!(factor.recovery.left(), 0);
        assert!(!factor.take(&"0".repeat(64), now));
    }

    #[test]
    fn the_url_is_what_apps_read() {
        let factor = SecondFactor::begin(Mode::AuthOnly).unwrap();
        let secret = factor.secret.text();
        assert_eq!(secret.len(), 32, "20 bytes in base32, without padding");
        for (user, issuer, expected) in [
            ("ann", "registry.example", format!("ann?secret={secret}&issuer=registry.example")),
            ("a?b&c=d", "x y", format!("a%3Fb%26c%3Dd?secret={secret}&issuer=x%20y")),
            ("jürgen", "", format!("j%C3%BCrgen?secret={secret}&issuer=")),
        ] {
            assert_eq!(factor.url(user, issuer), format!("otpauth://totp/{expected}"));
        }
    }

    #[test]
    fn what_is_kept_says_no_code_and_is_read_again() {
        let now = SystemTime::now();
        let (factor, codes) = confirmed(Mode::AuthAndWrites, now);
        let text = serde_json::to_string(&factor).unwrap();
        assert!(codes.iter().all(|code| !text.contains(code.as_str())));
        assert!(!text.contains("pending"), "{text}");
        let mut read: SecondFactor = serde_json::from_str(&text).unwrap();
        assert!(read == factor);
        assert!(read.take(&codes[3], now) && !read.take(&shown(&factor, now), now));

        // As the design has it, with what this NOPAR knows nothing of.
        let text = r#"{"secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ","mode":"auth-only","keys":[1]}"#;
        let read: SecondFactor = serde_json::from_str(text).unwrap();
        assert!(!read.is_pending() && read.recovery.left() == 0);
        assert_eq!(serde_json::to_value(&read).unwrap()["keys"], serde_json::json!([1]));
        for damaged in [
            r#"{"secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ","mode":"never"}"#,
            r#"{"secret":"GEZDG","mode":"auth-only"}"#,
            r#"{"secret":"1!","mode":"auth-only"}"#,
            r#"{"mode":"auth-only"}"#,
        ] {
            assert!(serde_json::from_str::<SecondFactor>(damaged).is_err(), "{damaged}");
        }
    }
}
