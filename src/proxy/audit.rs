//! Questions about vulnerabilities, on their way to upstreams: asked once by all who ask the same, and remembered shortly.
//! Knows nothing of what is in them, nor of what clients are told.
//!
//! A question is known by its digest: those who ask the same wait for one answer, in a task of its own, whoever leaves
//! meanwhile.

use super::Door;
use super::behalf::Behalf;
use super::failure::Failure;
use super::refresh::is_gzip;
use crate::api::{Asked, Told, form_of};
use crate::clock::Clock;
use crate::document::{GunzipError, gunzip};
use crate::hosted::computed;
use crate::npm::audit::{AnswerError, check};
use crate::route::Audit;
use crate::upstream::{Answer, Upstream};
use bytes::Bytes;
use http::StatusCode;
use log::{error, warn};
use quick_cache::sync::{Cache, EntryAction, EntryResult};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// How long an answer is remembered. A fleet that installs one project asks within seconds; and who has just replaced a
/// vulnerable package asks another question.
const REMEMBERED: Duration = Duration::from_secs(60);
/// The longest answer of an upstream, in bytes, unpacked.
const LONGEST: u64 = 32 << 20;
/// What remembered answers may take together, in bytes.
const ALL: u64 = 32 << 20;
/// What one takes beside its text: so many thousands are remembered and no more.
const EACH: u64 = 4 << 10;
/// How many are to be expected.
const USUAL: usize = 1024;
/// How much longer an answer is than it was packed, for its turn to be worked on.
const PACKED: usize = 10;
/// How the path of each begins.
const SECURITY: &str = "-/npm/v1/security";

/// The question: which upstream, which audit, and the digest of the text.
type Key = (usize, Audit, [u8; 32]);

/// What upstreams have said, and how long it counts.
#[derive(Clone)]
struct Said {
    said: Result<Bytes, Failure>,
    until: SystemTime,
}

/// Remembered answers.
pub(super) struct Audits {
    rows: Cache<Key, Said, Bytewise>,
    clock: Clock,
}

/// Weighs answers by their length.
#[derive(Clone)]
struct Bytewise;

impl Weighter<Key, Said> for Bytewise {
    fn weight(&self, _: &Key, said: &Said) -> u64 {
        EACH + said.said.as_ref().map_or(0, |text| text.len() as u64)
    }
}

impl Audits {
    pub(super) fn new(clock: Clock) -> Audits {
        // One part: a long answer has to fit into it.
        let options = OptionsBuilder::new()
            .shards(1)
            .estimated_items_capacity(USUAL)
            .weight_capacity(ALL)
            .build();
        let options = options.expect("all that has no default is set");
        let (hasher, lifecycle) = (DefaultHashBuilder::default(), Default::default());
        let rows = Cache::with_options(options, Bytewise, hasher, lifecycle);
        Audits { rows, clock }
    }

    /// What was said to a question, by `ask` unless it is remembered. All who ask at once wait for one.
    async fn said(
        &self,
        key: Key,
        ask: impl Future<Output = Result<Bytes, Failure>>,
    ) -> Result<Bytes, Failure> {
        let now = self.clock.now();
        let remembered = |_: &Key, row: &mut Said| {
            if row.until > now {
                EntryAction::Retain(row.said.clone())
            } else {
                EntryAction::ReplaceWithGuard
            }
        };
        let place = match self.rows.entry_async(&key, remembered).await {
            EntryResult::Retained(said) => return said,
            EntryResult::Vacant(place) | EntryResult::Replaced(place, _) => place,
            EntryResult::Removed(..) | EntryResult::Timeout => return Err(Failure::internal()),
        };
        let said = ask.await;
        let ttl = said.as_ref().map_or_else(Failure::patience, |_| REMEMBERED);
        // Who finds it gone meanwhile asks for itself.
        let _ = place.insert(Said { said: said.clone(), until: self.clock.now() + ttl });
        said
    }
}

impl Door {
    /// What upstreams say, one answer to each question.
    ///
    /// # Errors
    /// When one of them may not be asked, in which case none is, or does not say it.
    pub(super) async fn audit(
        self: &Arc<Self>,
        asked: Asked,
        behalf: &Behalf,
    ) -> Result<Told, Failure> {
        let Asked { audit, questions, held } = asked;
        for (number, _) in &questions {
            let upstream = self.upstreams.numbered(*number).ok_or_else(Failure::replaced)?;
            if !upstream.is_asked() {
                return Err(unasked(&upstream));
            }
        }
        let ask = |(number, question)| {
            let (door, behalf, held) = (Arc::clone(self), behalf.clone(), Arc::clone(&held));
            tokio::spawn(async move {
                let said = door.said(number, audit, &question, &behalf).await;
                drop((question, held));
                said
            })
        };
        // All at once: each is a task.
        let asking: Vec<_> = questions.into_iter().map(ask).collect();
        let mut told = Told::with_capacity(asking.len());
        for said in asking {
            let said = said.await.map_err(|panic| {
                error!("audit: a question was not asked: {panic}");
                Failure::internal()
            });
            told.push(said??);
        }
        Ok(told)
    }

    async fn said(
        &self,
        number: usize,
        audit: Audit,
        question: &Bytes,
        behalf: &Behalf,
    ) -> Result<Bytes, Failure> {
        let upstream = self.upstreams.numbered(number).ok_or_else(Failure::replaced)?;
        let text = question.clone();
        let digest = in_turn(text.len(), move || Sha256::digest(&text).into()).await?;
        let via = behalf.via.as_deref();
        let ask = async {
            let asked = ask(&upstream, audit, question, via).await;
            asked.map_err(|failure| unknown(&upstream, failure))
        };
        self.audits.said((number, audit, digest), ask).await
    }
}

/// Asks an upstream.
async fn ask(
    upstream: &Upstream,
    audit: Audit,
    question: &Bytes,
    via: Option<&str>,
) -> Result<Bytes, Failure> {
    let path = match audit {
        Audit::Bulk => "advisories/bulk",
        Audit::Quick => "audits/quick",
        Audit::Full => "audits",
    };
    let target = upstream.service(&format!("{SECURITY}/{path}"));
    let answer = upstream.post(&target, question, via, LONGEST).await.map_err(|error| {
        let failure = Failure::fetch(&error);
        if failure.is_too_large() {
            warn!("audit: {target} answered more than {LONGEST} bytes");
            return too_large();
        }
        warn!("audit: {error}");
        failure
    })?;
    if answer.status != StatusCode::OK {
        warn!("audit: {target} answered {}", answer.status);
        return Err(unanswered(&answer));
    }
    let text = unpacked(audit, answer).await?;
    text.map_err(|unusable| {
        warn!("audit: the answer of {target} is not usable: {unusable}");
        match unusable {
            Unusable::Packed(GunzipError::TooLarge(_)) => too_large(),
            _ => Failure::invalid("the upstream registry's answer is not what it was asked for"),
        }
    })
}

/// Why an answer is of no use.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error(transparent)]
    Packed(#[from] GunzipError),
    #[error(transparent)]
    Other(#[from] AnswerError),
}

/// The text of an answer, checked; long ones in their turn.
async fn unpacked(audit: Audit, answer: Answer) -> Result<Result<Bytes, Unusable>, Failure> {
    let Answer { headers, body, room, .. } = answer;
    let packed = is_gzip(&headers);
    let len = if packed { body.len().saturating_mul(PACKED) } else { body.len() };
    let work = move || {
        let text = if packed { Bytes::from(gunzip(&body, LONGEST)?) } else { body };
        check(form_of(audit), &text)?;
        drop(room);
        Ok(text)
    };
    in_turn(len, work).await
}

/// What is told of an answer that is none. That an upstream has no audits will not pass: told of as a failure, pnpm would
/// ask again twice, for more than a minute.
fn unanswered(answer: &Answer) -> Failure {
    let status = answer.status;
    match status.as_u16() {
        404 | 405 | 410 | 501 => {
            let error = format!("the upstream registry has no audits (it answered {status})");
            Failure::new(StatusCode::NOT_FOUND, error, "upstream_no_audits")
        }
        _ => Failure::upstream_status(status, &answer.headers),
    }
}

/// Works on a text of this length in bytes; on a long one in its turn.
async fn in_turn<T: Send + 'static>(
    len: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    let (done, _) = computed(len, work).await.map_err(|panic| {
        error!("audit: it could not be worked on: {panic}");
        Failure::internal()
    })?;
    Ok(done)
}

fn too_large() -> Failure {
    Failure::too_large(format!(
        "the upstream registry's answer is longer than the {} MiB that NOPAR takes",
        LONGEST >> 20
    ))
}

/// An upstream did not say it, and nobody should take that for good news.
fn unknown(upstream: &Upstream, mut failure: Failure) -> Failure {
    let root = upstream.service("");
    failure.error =
        format!("{}; whether packages of {root} are vulnerable is not known", failure.error);
    failure
}

fn unasked(upstream: &Upstream) -> Failure {
    let error = "no upstream registry is asked (NOPAR_AUTO_FORWARD)";
    let failure = Failure::new(StatusCode::SERVICE_UNAVAILABLE, error, "upstream_unasked");
    unknown(upstream, failure)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::ready;
    use std::pin::pin;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Waker};
    use tokio::sync::oneshot;

    const KEY: Key = (0, Audit::Bulk, [7; 32]);

    fn text(text: &'static str) -> Result<Bytes, Failure> {
        Ok(Bytes::from_static(text.as_bytes()))
    }

    #[tokio::test]
    async fn an_answer_is_remembered_for_a_minute_and_a_failure_for_a_second() {
        let clock = Clock::stopped();
        let audits = Audits::new(clock.clone());
        let said = async |next| audits.said(KEY, ready(next)).await.map_err(|it| it.status);
        assert_eq!(said(text("one")).await.unwrap(), "one");
        clock.advance(Duration::from_secs(59));
        assert_eq!(said(text("two")).await.unwrap(), "one");
        clock.advance(Duration::from_secs(1));
        assert_eq!(said(Err(Failure::timeout())).await, Err(StatusCode::GATEWAY_TIMEOUT));
        assert_eq!(said(text("three")).await, Err(StatusCode::GATEWAY_TIMEOUT));
        clock.advance(Duration::from_secs(1));
        assert_eq!(said(text("four")).await.unwrap(), "four");
        let other = (1, Audit::Bulk, [7; 32]);
        assert_eq!(audits.said(other, ready(text("five"))).await.unwrap(), "five");
    }

    #[tokio::test]
    async fn who_asks_the_same_waits_for_one_answer() {
        let audits = Audits::new(Clock::stopped());
        let asked = AtomicUsize::new(0);
        let (answer, answered) = oneshot::channel();
        let mut first = pin!(audits.said(KEY, async {
            asked.fetch_add(1, Ordering::Relaxed);
            text(answered.await.unwrap())
        }));
        let mut context = Context::from_waker(Waker::noop());
        assert!(first.as_mut().poll(&mut context).is_pending());
        let mut second = pin!(audits.said(KEY, async {
            asked.fetch_add(1, Ordering::Relaxed);
            text("another")
        }));
        assert!(second.as_mut().poll(&mut context).is_pending());
        answer.send("one").unwrap();
        assert_eq!(first.await.unwrap(), "one");
        assert_eq!(second.await.unwrap(), "one");
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn what_is_remembered_is_bounded() {
        let audits = Audits::new(Clock::stopped());
        let long = Bytes::from(vec![b' '; 1 << 20]);
        for number in 0..100 {
            let key = (number, Audit::Full, [0; 32]);
            audits.said(key, ready(Ok(long.clone()))).await.unwrap();
            assert!(audits.rows.weight() <= ALL);
        }
        for number in 0..20_000_usize {
            let key = (number, Audit::Quick, [1; 32]);
            audits.said(key, ready(text(""))).await.unwrap();
        }
        assert!(audits.rows.len() as u64 <= ALL / EACH, "{}", audits.rows.len());
    }
}
