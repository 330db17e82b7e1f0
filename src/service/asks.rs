//! What operators ask of the NOPAR that runs, each on a thread of its own beside orders: a long answer keeps no upgrade
//! from being heard.
//! Knows nothing of what is asked.

use super::control::Teller;
use crate::admin::{Administrator, Directories, Question, Unanswered};
use log::{debug, warn};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use tokio::runtime::Handle;

/// Asks that are answered at once: one command has a few, side by side.
const MOST: usize = 64;

/// Answers what is asked.
#[derive(Clone)]
pub(super) struct Asks {
    administrator: Arc<dyn Administrator>,
    /// What its tasks run on: that of requests, whose connections to upstreams they share.
    runtime: Handle,
    count: Arc<AtomicUsize>,
}

/// One that is being answered, counted until it is dropped.
struct Asked(Arc<AtomicUsize>);

impl Drop for Asked {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Asks {
    pub(super) fn new(administrator: Arc<dyn Administrator>, runtime: Handle) -> Asks {
        Asks { administrator, runtime, count: Arc::default() }
    }

    /// Begins to answer. Returns at once.
    pub(super) fn begin(&self, question: Question, teller: Teller) {
        let asked = Asked(Arc::clone(&self.count));
        if self.count.fetch_add(1, Ordering::AcqRel) >= MOST {
            return teller.failed(&format!("{MOST} commands are being answered already"));
        }
        if let Err(other) = check(self.administrator.directories(), question.of.as_ref()) {
            return teller.elsewhere(&other);
        }
        let asks = self.clone();
        let work = move || {
            let _asked = asked;
            asks.answer(question, &teller);
        };
        if let Err(error) = thread::Builder::new().name("administration".to_owned()).spawn(work) {
            warn!("nopar.sock: an ask was not answered, as there is no thread: {error}");
        }
    }

    fn answer(&self, question: Question, teller: &Teller) {
        let mut row = |row| teller.row(row);
        match self.runtime.block_on(self.administrator.answer(question.ask, &mut row)) {
            Ok(()) => teller.done(""),
            Err(Unanswered::Refused(why)) => teller.failed(&why),
            Err(Unanswered::Gone(error)) => debug!("nopar.sock: {error}"),
        }
    }
}

/// Whether a question is about these directories; else why not, as a sentence.
fn check(own: &Directories, of: Option<&Directories>) -> Result<(), String> {
    match of {
        Some(of) if of != own => Err(format!(
            "the NOPAR that runs has other directories: {} and {}",
            own.cache.display(),
            own.registry.display()
        )),
        _ => Ok(()),
    }
}
