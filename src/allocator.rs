//! How the C library's allocator gives memory back.
//! Knows nothing of what it is used for.

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

/// What a large buffer is, in bytes: glibc's own idea of it, as long as it is not raised.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE: libc::c_int = 128 * 1024;
