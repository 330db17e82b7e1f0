//! Work on many things by as many threads as there are cores, which give way to all others.
//! Knows nothing of what is done.

use crate::niceness::Niceness;
use std::sync::Mutex;
use std::sync::mpsc::sync_channel;
use std::thread;

/// Of a machine with many cores, no more are taken: a disk has enough to do then.
const MOST: usize = 16;
/// How many results wait for who looks at them.
const WAITING: usize = 64;

/// Has each job done, and shows what came of it. The threads have the rights of the one that calls, which waits for them.
pub fn in_parallel<J: Send, T: Send>(
    jobs: impl Iterator<Item = J> + Send,
    work: impl Fn(J) -> T + Sync,
    mut see: impl FnMut(T),
) {
    let jobs = Mutex::new(jobs);
    let next = || jobs.lock().unwrap_or_else(std::sync::PoisonError::into_inner).next();
    let cores = thread::available_parallelism().map_or(1, usize::from).min(MOST);
    thread::scope(|scope| {
        let (tell, told) = sync_channel(WAITING);
        for _ in 0..cores {
            let (tell, next, work) = (tell.clone(), &next, &work);
            scope.spawn(move || {
                Niceness::Some.take();
                while let Some(job) = next() {
                    if tell.send(work(job)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(tell);
        told.into_iter().for_each(&mut see);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_job_is_done_once() {
        let mut seen = BTreeSet::new();
        in_parallel(0..1000, |job| job * 2, |done| assert!(seen.insert(done)));
        assert_eq!(seen, (0..1000).map(|job| job * 2).collect());
        in_parallel(std::iter::empty::<u8>(), |job| job, |_| panic!("there is none"));
    }
}
