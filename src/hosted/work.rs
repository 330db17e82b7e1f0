//! Work on documents, where it holds nobody else up.
//! Knows nothing of what the work is.

use tokio::task::{JoinError, spawn_blocking};

/// What has so many bytes is read, changed and written in less time than the way to another thread takes.
const QUICK: usize = 16 << 10;

/// Does work on documents that have `len` bytes together: on the blocking pool if they are long, for a thread of the
/// runtime that computes answers nobody meanwhile.
///
/// # Errors
/// When the work panicked on the pool.
pub async fn computed<T: Send + 'static>(
    len: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JoinError> {
    if len <= QUICK {
        return Ok(work());
    }
    spawn_blocking(work).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[tokio::test]
    async fn what_is_long_leaves_the_runtimes_thread() {
        let here = thread::current().id();
        let at = |len| computed(len, || thread::current().id());
        assert_eq!(at(QUICK).await.unwrap(), here);
        assert_ne!(at(QUICK + 1).await.unwrap(), here);
    }
}
