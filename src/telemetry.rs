//! Log output.
//! Knows nothing of what is logged.

use crate::config;
use env_logger::{Builder, Target};
use log::LevelFilter;
use std::fs::File;
use std::io;

const PINGORA: [&str; 5] = ["pingora", "pingora_core", "pingora_proxy", "pingora_cache", "rustls"];

/// Where Pingora speaks of errors that are none, or that NOPAR has said already.
///
/// `proxy_cache`: whenever a body that is being sent comes to no good end, once per reader of a tarball
/// that its upstream broke off, and for every client that leaves; each request's own line has that.
/// `connectors`: a connection that is still being put back when it would be taken out again; another
/// is opened. What cannot be reached is told by whoever asked.
const SILENCED: [&str; 2] = ["pingora_proxy::proxy_cache", "pingora_core::connectors"];

/// Starts logging as configured: to standard error, or appended to a file.
///
/// # Errors
/// When the file cannot be opened.
pub fn start(log: &config::Log) -> io::Result<()> {
    let mut builder = Builder::new();
    builder.filter_level(log.level);
    // Pingora tells of its own workings at `info`, and of callers' headers, tokens included, at
    // `debug` and `trace`; NOPAR's log is for those who run NOPAR.
    let pingora = if log.level > LevelFilter::Info { LevelFilter::Info } else { LevelFilter::Warn };
    PINGORA.iter().for_each(|module| {
        builder.filter_module(module, pingora.min(log.level));
    });
    SILENCED.iter().for_each(|module| {
        builder.filter_module(module, LevelFilter::Off);
    });
    builder.format_timestamp_millis();
    if let Some(path) = &log.file {
        let file = File::options().create(true).append(true).open(path)?;
        builder.target(Target::Pipe(Box::new(file)));
    }
    // A second start in one process keeps the first's settings.
    let _ = builder.try_init();
    Ok(())
}
