//! What the folder of tokens lies on, which may go from under it.
//! Knows nothing of tokens, nor of what else is kept there.

use std::io;

/// The directory that the folder of tokens is in, as whoever keeps it sees it. Both block for a moment.
///
/// Where it is gone, every token looks like one that was never given out, and a new one would be kept in a place that
/// nobody will look into.
pub trait Ground: Send + Sync + 'static {
    /// For who found no token.
    ///
    /// # Errors
    /// While the directory is gone; the reason, as a sentence.
    fn check(&self) -> io::Result<()>;

    /// For who is about to keep one: what was never there may be made.
    ///
    /// # Errors
    /// As for [`check`](Ground::check), and when it cannot be made.
    fn prepare(&self) -> io::Result<()>;
}

/// Ground that can be taken away.
#[cfg(test)]
#[derive(Default)]
pub(super) struct Shaky(pub(super) std::sync::atomic::AtomicBool);

#[cfg(test)]
impl Ground for Shaky {
    fn check(&self) -> io::Result<()> {
        match self.0.load(std::sync::atomic::Ordering::SeqCst) {
            true => Err(io::Error::other("unmounted")),
            false => Ok(()),
        }
    }

    fn prepare(&self) -> io::Result<()> {
        self.check()
    }
}

/// Ground that is always there.
#[cfg(test)]
impl Ground for () {
    fn check(&self) -> io::Result<()> {
        Ok(())
    }

    fn prepare(&self) -> io::Result<()> {
        Ok(())
    }
}
