//! What NOPAR counts, as Prometheus reads it: the text, and a small listener of its own that sends it.
//! Knows nothing of how anything is counted, nor of the registry's port.

mod render;
mod serve;
mod table;
#[cfg(test)]
mod tests;
mod text;

pub use render::{Process, render};
pub use serve::{BindError, Endpoint};
