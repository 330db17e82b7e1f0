//! The certificate NOPAR shows to clients, and its key: read from PEM files, found to fit, and read again when they
//! change.
//! Knows nothing of sockets; Pingora, which would panic, never sees what is refused here.

mod load;
mod shown;
mod stamp;
mod time;

pub use load::{CERT, KEY, Unusable, load};
pub use shown::{Looked, Shown};
pub use time::untimely;
