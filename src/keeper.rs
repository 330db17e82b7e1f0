//! A thread that keeps the rights of who began it, where others go on with those of somebody else.
//! Knows nothing of what is done with them.
//!
//! Root makes a backup of what is another user's. That user's rights are enough to read it, and root's would be good for
//! whatever a link there leads to; but the backup itself is root's, and that user has no business there. And who owns a
//! registry may as a rule not read what another program keeps, out of which root has its packages taken over.

use std::io;
use std::sync::mpsc::{Sender, channel};
use std::thread::{Builder, JoinHandle};

type Job = Box<dyn FnOnce() + Send>;

/// The thread. It ends with this.
#[derive(Debug)]
pub struct Keeper {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// One with the rights that the calling thread has now.
    ///
    /// # Errors
    /// When there is no thread.
    pub fn begin() -> io::Result<Keeper> {
        let (jobs, told) = channel::<Job>();
        let work = move || told.into_iter().for_each(|job| job());
        let thread = Builder::new().name("keeper".to_owned()).spawn(work)?;
        Ok(Keeper { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Does this with its rights, and waits for that.
    ///
    /// # Errors
    /// As of the work; and when it panics.
    pub fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let (tell, told) = channel();
        let job: Job = Box::new(move || drop(tell.send(work())));
        let sent = self.jobs.as_ref().is_some_and(|jobs| jobs.send(job).is_ok());
        let done = sent.then(|| told.recv().ok()).flatten();
        done.unwrap_or_else(|| Err(io::Error::other("the thread for it has ended")))
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // It has said what there was to say.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_done_and_its_errors_come_back() {
        let keeper = Keeper::begin().unwrap();
        assert_eq!(keeper.run(|| Ok(7)).unwrap(), 7);
        let failed = keeper.run(|| Err::<(), _>(io::Error::other("it is full")));
        assert_eq!(failed.unwrap_err().to_string(), "it is full");
    }
}
