//! Log output.
//! Knows nothing of what is logged.

use crate::config;
use env_logger::{Builder, Target};
use std::fs::File;
use std::io;

/// Starts logging as configured: to standard error, or appended to a file.
///
/// # Errors
/// When the file cannot be opened.
pub fn start(log: &config::Log) -> io::Result<()> {
    let mut builder = Builder::new();
    builder.parse_filters(&filters(log.level.as_str()));
    builder.format_timestamp_millis();
    if let Some(path) = &log.file {
        let file = File::options().create(true).append(true).open(path)?;
        builder.target(Target::Pipe(Box::new(file)));
    }
    // A second start in one process keeps the first's settings.
    let _ = builder.try_init();
    Ok(())
}

/// Pingora tells of its own workings at `info`; NOPAR's log is for those who run NOPAR.
fn filters(level: &str) -> String {
    match level {
        "info" => "info,pingora=warn,pingora_core=warn,pingora_proxy=warn,pingora_cache=warn,rustls=warn".to_owned(),
        other => other.to_owned(),
    }
}
