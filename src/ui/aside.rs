//! Threads that pages are made on: the least of all, so that no package manager waits for a page.
//! Knows nothing of pages.
//!
//! On a machine whose cores are all busy, they get what is left: a page takes longer there, and a request of a client does
//! not (`benches/pages`). Work on documents that clients wait for is none of theirs.

use super::no_place;
use crate::niceness::Niceness;
use crate::reply::Reply;
use http::StatusCode;
use log::error;
use std::io;
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;

/// How many there are: a page that takes long is in the way of no other one.
const THREADS: usize = 2;

/// How many pages are made or wait for that. Each holds what it is made of.
const LINE: usize = 64;

/// The threads.
pub(super) struct Aside {
    /// Its workers are never used: it is here for the threads of its blocking pool. `None` once it has ended.
    runtime: Option<Runtime>,
    line: Arc<Semaphore>,
}

impl Aside {
    /// Threads, which begin when there is something to do.
    ///
    /// # Errors
    /// When the system has no room for a runtime.
    pub(super) fn new() -> io::Result<Aside> {
        let runtime = Builder::new_current_thread()
            .max_blocking_threads(THREADS)
            .thread_name("pages")
            .on_thread_start(|| Niceness::Most.take())
            .build()?;
        Ok(Aside { runtime: Some(runtime), line: Arc::new(Semaphore::new(LINE)) })
    }

    /// What the work comes to, once there is a thread for it. It goes on to its end when nobody waits for it any more.
    ///
    /// # Errors
    /// What is told when too many wait, and when the work panicked.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Reply> {
        let Ok(place) = Arc::clone(&self.line).try_acquire_owned() else { return Err(no_place()) };
        // It is there until this is dropped.
        let Some(runtime) = &self.runtime else { return Err(no_place()) };
        let placed = move || {
            let _place = place;
            work()
        };
        runtime.spawn_blocking(placed).await.map_err(|panic| {
            error!("a page could not be made: {panic}");
            let text = "this page could not be made: the registry's log says why";
            Reply::error(StatusCode::INTERNAL_SERVER_ERROR, text, "page_error")
        })
    }
}

/// A runtime must not be waited for where others run.
impl Drop for Aside {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::getpriority_process;
    use std::sync::mpsc;

    #[tokio::test]
    async fn work_is_done_on_the_nicest_threads() {
        let aside = Aside::new().unwrap();
        let nice = aside.run(|| getpriority_process(None).unwrap()).await.unwrap();
        assert_eq!((nice, getpriority_process(None).unwrap()), (19, 0));
        let broken = aside.run(|| panic!("as it happens")).await.unwrap_err();
        assert_eq!(broken.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(aside.run(|| 7).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn so_many_wait_and_no_more() {
        let aside = Aside::new().unwrap();
        let (go, gone) = mpsc::channel::<()>();
        let held = Arc::new(parking_lot::Mutex::new(gone));
        let waiting = (0..LINE).map(|_| {
            let held = Arc::clone(&held);
            aside.run(move || assert!(held.lock().recv().is_err()))
        });
        let one_more = async {
            let refused = aside.run(|| ()).await.unwrap_err();
            assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
            drop(go);
        };
        let (done, ()) = tokio::join!(futures_util::future::join_all(waiting), one_more);
        assert!(done.iter().all(Result::is_ok));
        aside.run(|| ()).await.unwrap();
    }
}
