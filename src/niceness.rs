//! How nice a thread is to the others (setpriority(2), which on Linux is for each thread): work that requests go before.
//! Knows nothing of what that work is.

use rustix::process::setpriority_process;

/// How much of a core a thread leaves to those who want it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Niceness {
    /// Nearly all of it: nobody waits for the work.
    Most,
    /// Most of it, but somebody waits. With the most that there is, a look at 50,000 files took minutes beside compilers, and a
    /// backup of a registry that 16 publishers kept busy came nowhere in half a minute (2026-11-29, two cores).
    Some,
}

impl Niceness {
    /// This thread is so nice from now on, and so are those that it begins. Where that is not allowed, it works all the
    /// same.
    pub fn take(self) {
        let _ = setpriority_process(None, self.level());
    }

    /// As the system counts it: 19 is as much as it allows, 10 a tenth of what those get who are not nice.
    fn level(self) -> i32 {
        match self {
            Niceness::Most => 19,
            Niceness::Some => 10,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::getpriority_process;
    use std::thread;

    #[test]
    fn a_thread_is_nice_and_the_others_are_not() {
        let before = getpriority_process(None).unwrap();
        for (niceness, level) in [(Niceness::Some, 10), (Niceness::Most, 19)] {
            let nice = thread::spawn(move || {
                niceness.take();
                getpriority_process(None).unwrap()
            });
            // Whoever runs the tests may be nicer already.
            assert_eq!(nice.join().unwrap(), level.max(before));
        }
        assert_eq!(getpriority_process(None).unwrap(), before);
    }
}
