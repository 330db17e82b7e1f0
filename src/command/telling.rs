//! What a command tells while it works, which it does to its end, whether or not anybody reads of it.
//! Knows nothing of what is done.

use super::out::{Out, read_or_not};
use std::io;

/// What is told until that fails.
pub(super) struct Telling {
    out: Out,
    told: io::Result<()>,
}

impl Telling {
    /// Begins it there.
    pub(super) fn on(out: Out) -> Telling {
        Telling { out, told: Ok(()) }
    }

    /// Tells something, unless something before could not be told.
    pub(super) fn tell(&mut self, print: impl FnOnce(&mut Out) -> io::Result<()>) {
        if self.told.is_ok() {
            self.told = print(&mut self.out);
        }
    }

    /// Has all of it written.
    ///
    /// # Errors
    /// Why not all of it could be told; that its reader has read enough is none.
    pub(super) fn end(mut self) -> io::Result<()> {
        self.tell(Out::end);
        read_or_not(self.told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_after_something_that_could_not_be_told_is_not_told_and_why_is_known_at_the_end() {
        let mut telling = Telling::on(Out::text());
        telling.tell(|_| Ok(()));
        telling.tell(|_| Err(io::ErrorKind::StorageFull.into()));
        telling.tell(|_| panic!("it is told"));
        assert_eq!(telling.end().unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
}
