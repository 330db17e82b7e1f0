//! How the C library's allocator gives memory back.
//! Knows nothing of what it is used for.

#[cfg(all(target_os = "linux", target_env = "gnu"))]
use std::{
    sync::LazyLock,
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

/// Has large buffers taken from the system and given back to it one by one.
///
/// glibc begins so, but raises the size from which it does as buffers are freed, up to 32 MiB: then
/// documents and bodies of half a megabyte lie among small things, and what is freed between them
/// stays. Two hundred cold packuments of 3 MB took 76 MB at the peak, and 56 MB with this.
///
/// To be called once, before anything else. Does nothing with another C library.
pub fn give_back_large_buffers() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[allow(unsafe_code)]
    // SAFETY: mallopt(3) sets a number in the allocator, under its own lock; any value is allowed.
    // A refusal leaves everything as it was.
    let _ = unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE) };
}

/// Gives memory back that was freed and lies idle, unless that was done a moment ago.
///
/// For when something large was worked on: the many small things of a parsed document are freed and
/// stay with the thread's heap, which is as large from then on as the largest document made it. Takes a
/// millisecond or two for a hundred megabytes. Does nothing with another C library.
pub fn give_back_idle() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    if is_time() {
        #[allow(unsafe_code)]
        // SAFETY: malloc_trim(3) takes each heap's lock and returns whole pages that nobody has.
        let _ = unsafe { libc::malloc_trim(0) };
    }
}

/// Whether the last time is long enough ago; if so, this is the last time.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn is_time() -> bool {
    let now = START.elapsed().as_secs() + EVERY_SECONDS;
    let last = LAST.load(Ordering::Relaxed);
    now >= last + EVERY_SECONDS
        && LAST.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
static START: LazyLock<Instant> = LazyLock::new(Instant::now);
#[cfg(all(target_os = "linux", target_env = "gnu"))]
static LAST: AtomicU64 = AtomicU64::new(0);

/// How often memory is given back at most: others wait for the heaps' locks meanwhile.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const EVERY_SECONDS: u64 = 10;

/// What a large buffer is, in bytes: glibc's own idea of it, as long as it is not raised.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE: libc::c_int = 128 * 1024;
