//! The public keys that the packages of upstreams are signed with: fetched for all who ask, and kept for a while.
//! Knows nothing of the registry's own keys, nor of what becomes of them.
//!
//! They are held longer than they are fresh, in memory and on the disk: while an upstream is down, old ones are better than
//! none, as keys come once in years.

mod kept;

use super::Door;
use super::behalf::Behalf;
use super::failure::Failure;
use crate::api::UpstreamKey;
use crate::clock::Clock;
use crate::upstream::{Answer, FetchError, Upstream};
use futures_util::future::join_all;
use http::StatusCode;
use http::header::{self, HeaderValue};
use log::warn;
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::timeout;

/// How long an upstream's keys are good without asking it again.
const FRESH: Duration = Duration::from_secs(600);
/// How soon an upstream is asked again that failed while something of it was held.
const RETRY: Duration = Duration::from_secs(60);
/// How long somebody waits for an upstream who can be told what is held.
const LONGEST_DELAY: Duration = Duration::from_secs(5);
/// The longest list of keys, in bytes: that of npm's own registry has 600.
const LONGEST: u64 = 256 << 10;

/// The keys of one upstream.
type Keys = Arc<[UpstreamKey]>;

/// Those of all upstreams.
pub(super) struct UpstreamKeys {
    /// By the numbers of the upstreams that there are.
    slots: Mutex<HashMap<usize, Arc<Slot>>>,
    clock: Clock,
}

/// Those of one.
#[derive(Default)]
struct Slot {
    known: Mutex<Known>,
    /// Held by who asks the upstream.
    turn: tokio::sync::Mutex<()>,
}

/// What is known of one.
#[derive(Default)]
struct Known {
    /// Until when they are good.
    held: Option<(Keys, SystemTime)>,
    /// Until when there is no use in asking.
    failed: Option<(Failure, SystemTime)>,
}

/// What an upstream says.
#[derive(Deserialize)]
struct Told<'a> {
    #[serde(borrow)]
    keys: Vec<&'a RawValue>,
}

/// What every key says.
#[derive(Deserialize)]
struct Said {
    keyid: String,
    #[serde(rename = "key")]
    _key: String,
}

impl UpstreamKeys {
    /// Nothing is known of any.
    pub(super) fn new(clock: Clock) -> UpstreamKeys {
        UpstreamKeys { slots: Mutex::default(), clock }
    }

    /// What is known of each of these; of one that was replaced nothing is known any more.
    fn slots(&self, upstreams: &[(usize, Arc<Upstream>)]) -> Vec<Arc<Slot>> {
        let mut slots = self.slots.lock();
        slots.retain(|number, _| upstreams.iter().any(|(known, _)| known == number));
        let slot = |(number, _): &(usize, _)| Arc::clone(slots.entry(*number).or_default());
        upstreams.iter().map(slot).collect()
    }
}

impl Slot {
    /// What can be said without asking.
    fn ready(&self, now: SystemTime) -> Option<Result<Keys, Failure>> {
        let known = self.known.lock();
        if let Some((keys, until)) = &known.held
            && *until > now
        {
            return Some(Ok(Arc::clone(keys)));
        }
        let (failure, until) = known.failed.as_ref()?;
        (*until > now).then(|| Err(failure.clone()))
    }

    fn held(&self) -> Option<Keys> {
        self.known.lock().held.as_ref().map(|(keys, _)| Arc::clone(keys))
    }

    /// Notes what came of asking, and says what is to be told of it.
    fn note(&self, asked: Result<Keys, Failure>, now: SystemTime) -> Result<Keys, Failure> {
        let mut known = self.known.lock();
        match (asked, &mut known.held) {
            (Ok(keys), held) => {
                *held = Some((Arc::clone(&keys), now + FRESH));
                Ok(keys)
            }
            (Err(_), Some((keys, until))) => {
                *until = now + RETRY;
                Ok(Arc::clone(keys))
            }
            (Err(failure), None) => {
                known.failed = Some((failure.clone(), now + failure.patience()));
                Err(failure)
            }
        }
    }
}

impl Door {
    /// The keys of all upstreams that are asked.
    ///
    /// # Errors
    /// When those of one are not known.
    pub(super) async fn keys_of_upstreams(&self, behalf: &Behalf) -> Result<Vec<Keys>, Failure> {
        let upstreams = self.upstreams.all();
        let slots = self.upstream_keys.slots(&upstreams);
        let both = upstreams.iter().map(|(_, upstream)| upstream).zip(&slots);
        let asked = both.filter(|(upstream, _)| upstream.is_asked());
        let asking = asked.map(|(upstream, slot)| self.keys_of(upstream, slot, behalf));
        join_all(asking).await.into_iter().collect()
    }

    async fn keys_of(
        &self,
        upstream: &Upstream,
        slot: &Slot,
        behalf: &Behalf,
    ) -> Result<Keys, Failure> {
        let clock = &self.upstream_keys.clock;
        if let Some(ready) = slot.ready(clock.now()) {
            return ready;
        }
        let _turn = slot.turn.lock().await;
        // Whoever was before has asked for all who waited.
        if let Some(ready) = slot.ready(clock.now()) {
            return ready;
        }
        if slot.held().is_none()
            && let Some(kept) = self.kept_keys(upstream).await
        {
            slot.known.lock().held = Some((kept, UNIX_EPOCH));
        }
        let ask = fetch(upstream, behalf.via.as_deref());
        let asked = match slot.held() {
            None => ask.await,
            Some(_) => {
                timeout(LONGEST_DELAY, ask).await.unwrap_or_else(|_| Err(Failure::timeout()))
            }
        };
        if let Err(failure) = &asked {
            warn!("the keys of {} are not known: {}", upstream.root(), failure.error);
        }
        if let Ok(keys) = &asked {
            self.keep_keys(upstream, keys).await;
        }
        slot.note(asked, clock.now())
    }
}

/// Asks one upstream.
async fn fetch(upstream: &Upstream, via: Option<&str>) -> Result<Keys, Failure> {
    let headers = [(header::ACCEPT, HeaderValue::from_static("application/json"))];
    let answer = upstream.fetch(&upstream.service("-/npm/v1/keys"), &headers, via, LONGEST).await;
    let answer = answer.map_err(|error| match error {
        FetchError::TooLarge { .. } => invalid(),
        error => Failure::fetch(&error),
    });
    let keys = answer.and_then(|answer| read(&answer));
    let keys = keys.map(|(keys, left_out)| {
        if left_out > 0 {
            let root = upstream.root();
            warn!("{left_out} of the keys of {root} have no keyid or no key, and are left out");
        }
        keys
    });
    keys.map_err(|mut failure| {
        failure.error = format!(
            "the keys of the upstream registry {} are not known, and without them its packages would pass for unsigned: {}",
            upstream.root(),
            failure.error
        );
        failure
    })
}

/// What an upstream answered, and how much of it is left out.
fn read(answer: &Answer) -> Result<(Keys, usize), Failure> {
    match answer.status.as_u16() {
        200 => parse(&answer.body).ok_or_else(invalid),
        // It signs nothing. To npm the first two mean that.
        404 | 400 | 405 | 410 => Ok((Arc::new([]), 0)),
        _ => Err(Failure::upstream_status(answer.status, &answer.headers)),
    }
}

/// The keys in a text, as they came, and how many of them are none: nothing can be verified by such a one, and all that
/// the others have signed still can. `None` when it is no list of keys, or all of them are none.
fn parse(text: &[u8]) -> Option<(Keys, usize)> {
    let told: Told<'_> = object(text)?;
    let key = |raw: &RawValue| {
        let said: Said = object(raw.get().as_bytes())?;
        Some(UpstreamKey { keyid: said.keyid, text: raw.to_owned() })
    };
    let count = told.keys.len();
    let keys: Keys = told.keys.into_iter().filter_map(key).collect();
    let left_out = count - keys.len();
    (count == 0 || !keys.is_empty()).then_some((keys, left_out))
}

/// What is an object; serde would take an array for the members in their order.
fn object<'a, T: Deserialize<'a>>(text: &'a [u8]) -> Option<T> {
    if text.trim_ascii_start().starts_with(b"{") { serde_json::from_slice(text).ok() } else { None }
}

fn invalid() -> Failure {
    let error = "its answer is not a list of keys";
    Failure::new(StatusCode::BAD_GATEWAY, error, "upstream_invalid")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::Pin;

    #[test]
    fn keys_are_kept_as_they_came() {
        let one = r#"{"keyid":"SHA256:x", "key":"a", "expires":null, "odd":1.50}"#;
        let (keys, left_out) =
            parse(format!(r#" {{"keys":[{one}],"more":1}}"#).as_bytes()).unwrap();
        assert_eq!((keys[0].keyid.as_str(), keys[0].text.get()), ("SHA256:x", one));
        assert_eq!((keys.len(), left_out), (1, 0));
        let (none, left_out) = parse(br#"{"keys":[]}"#).unwrap();
        assert_eq!((none.len(), left_out), (0, 0));
        for other in [
            "",
            "<html>",
            "[]",
            "[[]]",
            "{}",
            r#"{"keys":null}"#,
            r#"{"keys":{}}"#,
            r#"{"keys":["SHA256:x"]}"#,
            r#"{"keys":[["SHA256:x","a"]]}"#,
            r#"{"keys":[{"keyid":"SHA256:x"}]}"#,
            r#"{"keys":[{"keyid":7,"key":"a"}]}"#,
        ] {
            assert!(parse(other.as_bytes()).is_none(), "{other}");
        }
    }

    #[test]
    fn a_key_that_is_none_is_left_out() {
        let good = r#"{"keyid":"SHA256:x","key":"a"}"#;
        let bad = [
            r#"{"keyid":"SHA256:y"}"#,
            r#"{"key":"b"}"#,
            r#"["SHA256:x","a"]"#,
            r#"{"keyid":"SHA256:x","keyid":"SHA256:y","key":"b"}"#,
            "null",
        ];
        let list = format!(r#"{{"keys":[{},{good}]}}"#, bad.join(","));
        let (keys, left_out) = parse(list.as_bytes()).unwrap();
        let texts: Vec<&str> = keys.iter().map(|key| key.text.get()).collect();
        assert_eq!((texts, left_out), (vec![good], bad.len()));
    }

    #[tokio::test]
    async fn what_waits_for_each_other_is_done_together() {
        let (one, two) = tokio::sync::oneshot::channel();
        let mut one = Some(one);
        let mut two = Some(two);
        let futures: Vec<Pin<Box<dyn Future<Output = usize>>>> = vec![
            Box::pin(async { two.take().unwrap().await.unwrap() }),
            Box::pin(async {
                one.take().unwrap().send(7).unwrap();
                8
            }),
        ];
        assert_eq!(join_all(futures).await, [7, 8]);
    }
}
