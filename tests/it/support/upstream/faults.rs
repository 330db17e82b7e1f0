//! Misbehaviour on demand: which requests go wrong, how, and how often.
//! Knows nothing of packages; carrying a fault out is the delivery's work.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::answer::Answer;
use super::pattern::Pattern;
use crate::support::gate::Gate;

/// One way to go wrong.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// Another answer than the right one.
    Answer(Answer),
    /// The right answer for the package of this name instead of the one asked for.
    PackumentOf(String),
    /// A reset as soon as the request has been read.
    Reset,
    /// An orderly close before the head.
    CloseBeforeHead,
    /// The right head, this many bytes of the body (as sent, so after gzip), then a close.
    CutBody(usize),
    /// The same with a reset. The kernel may throw away bytes that were not yet read.
    ResetBody(usize),
    /// Content-Length claims this many bytes more than follow; then the connection is closed.
    LengthTooLong(u64),
    /// Content-Length claims this many bytes fewer than are sent; then the connection is closed.
    LengthTooShort(u64),
    /// The request is read, and nothing comes until the peer hangs up.
    Silence,
    /// The right head, this many bytes of the body, then nothing until the peer hangs up.
    StopBody(usize),
    /// The right head, this many bytes of the body, then one more each so often.
    Trickle(usize, Duration),
    /// A chunked 200 with this Content-Type that goes on until the peer hangs up.
    Endless(&'static str),
}

impl Fault {
    /// A 200 that says JSON and is none.
    pub(crate) fn garbage() -> Self {
        let page = "<!doctype html><title>Please log in</title>";
        let answer = Answer::new(200).header("Content-Type", "application/json");
        answer.body(page).into()
    }

    /// A redirect, 302, to `location`.
    pub(crate) fn redirect(location: &str) -> Self {
        Answer::new(302).header("Location", location).into()
    }

    /// A 429 that asks for a pause of so many seconds.
    pub(crate) fn too_many(retry_after: u32) -> Self {
        let answer = Answer::json(429, &serde_json::json!({"error": "Too Many Requests"}));
        let seconds = retry_after.to_string();
        answer.header("Retry-After", &seconds).into()
    }
}

impl From<Answer> for Fault {
    fn from(answer: Answer) -> Self {
        Self::Answer(answer)
    }
}

/// A status with a JSON body like a registry's, or none where the status forbids it.
impl From<u16> for Fault {
    fn from(status: u16) -> Self {
        match status {
            204 | 304 => Answer::new(status).into(),
            _ => Answer::json(status, &serde_json::json!({"error": format!("status {status}")}))
                .into(),
        }
    }
}

/// How fast a body goes out.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    /// Bytes of the body sent at once.
    pub(super) first: usize,
    /// Bytes sent for each pass of the gate after that.
    pub(super) step: usize,
    pub(super) gate: Arc<Gate>,
}

#[derive(Debug)]
struct Rule {
    pattern: Pattern,
    /// How many requests it is still for; `None` for all.
    left: Option<usize>,
    fault: Fault,
}

#[derive(Debug)]
enum Wait {
    BeforeHead(Arc<Gate>),
    InBody(Pace),
}

/// What is to go wrong at present.
#[derive(Debug, Default)]
pub(super) struct Faults {
    rules: Mutex<Vec<Rule>>,
    waits: Mutex<Vec<(Pattern, Wait)>>,
}

impl Faults {
    /// The next `n` matching requests get `fault`, after those already announced had theirs.
    pub(super) fn next(&self, n: usize, pattern: &str, fault: Fault) {
        self.rules.lock().push(Rule { pattern: Pattern::parse(pattern), left: Some(n), fault });
    }

    /// Every matching request gets `fault`, once the counted ones are used up. Replaces an earlier
    /// rule of the same pattern.
    pub(super) fn always(&self, pattern: &str, fault: Fault) {
        let pattern = Pattern::parse(pattern);
        let mut rules = self.rules.lock();
        rules.retain(|rule| rule.left.is_some() || rule.pattern != pattern);
        rules.push(Rule { pattern, left: None, fault });
    }

    /// Ends all rules of exactly this pattern.
    pub(super) fn end(&self, pattern: &str) {
        let pattern = Pattern::parse(pattern);
        self.rules.lock().retain(|rule| rule.pattern != pattern);
    }

    /// Ends all rules.
    pub(super) fn end_all(&self) {
        self.rules.lock().clear();
    }

    /// The fault for this request, which counts as one of its rule's requests.
    pub(super) fn take(&self, method: &str, target: &str) -> Option<Fault> {
        let mut rules = self.rules.lock();
        let matches = |rule: &Rule| rule.pattern.matches(method, target);
        let counted = rules.iter().position(|r| r.left.is_some() && matches(r));
        if let Some(index) = counted {
            let rule = &mut rules[index];
            let left = rule.left.unwrap_or(1).saturating_sub(1);
            rule.left = Some(left);
            let fault = rule.fault.clone();
            if left == 0 {
                rules.remove(index);
            }
            return Some(fault);
        }
        let always = rules.iter().rev().find(|rule| matches(rule));
        always.map(|rule| rule.fault.clone())
    }

    /// The gates this request waits at before it is answered.
    pub(super) fn gates(&self, method: &str, target: &str) -> Vec<Arc<Gate>> {
        let waits = self.waits.lock();
        let mine = waits.iter().filter(|(p, _)| p.matches(method, target));
        mine.filter_map(|(_, wait)| match wait {
            Wait::BeforeHead(gate) => Some(Arc::clone(gate)),
            Wait::InBody(_) => None,
        })
        .collect()
    }

    /// The pace of this request's body, if it is held back.
    pub(super) fn pace(&self, method: &str, target: &str) -> Option<Pace> {
        let waits = self.waits.lock();
        let mine = waits.iter().filter(|(p, _)| p.matches(method, target));
        mine.filter_map(|(_, wait)| match wait {
            Wait::InBody(pace) => Some(pace.clone()),
            Wait::BeforeHead(_) => None,
        })
        .next_back()
    }

    pub(super) fn hold(&self, pattern: &str) -> Arc<Gate> {
        let gate = Arc::new(Gate::closed());
        self.wait_at(pattern, Wait::BeforeHead(Arc::clone(&gate)));
        gate
    }

    pub(super) fn hold_body(&self, pattern: &str, first: usize, step: usize) -> Arc<Gate> {
        let gate = Arc::new(Gate::closed());
        self.wait_at(pattern, Wait::InBody(Pace { first, step, gate: Arc::clone(&gate) }));
        gate
    }

    fn wait_at(&self, pattern: &str, wait: Wait) {
        self.waits.lock().push((Pattern::parse(pattern), wait));
    }

    fn forget(&self, gate: &Arc<Gate>) {
        self.waits.lock().retain(|(_, wait)| match wait {
            Wait::BeforeHead(other) | Wait::InBody(Pace { gate: other, .. }) => {
                !Arc::ptr_eq(gate, other)
            }
        });
    }
}

/// Requests held back by a test. Dropping it lets them go.
#[must_use = "requests are held only as long as this lives"]
pub(crate) struct Hold<'a> {
    pub(super) faults: &'a Faults,
    pub(super) gate: Arc<Gate>,
}

impl Hold<'_> {
    /// Waits until `n` requests (or, in a body, stops) are or were held.
    #[track_caller]
    pub(crate) fn arrived(&self, n: usize) -> impl Future<Output = ()> {
        self.gate.arrived(n)
    }

    /// How many came so far.
    pub(crate) fn arrivals(&self) -> usize {
        self.gate.arrivals()
    }

    /// Lets `n` of them on; later ones wait.
    pub(crate) fn admit(&self, n: usize) {
        self.gate.admit(n);
    }

    /// Lets all of them on; later requests are not held.
    pub(crate) fn release(self) {
        drop(self);
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.faults.forget(&self.gate);
        self.gate.open();
    }
}
