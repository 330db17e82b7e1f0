//! Log output: which lines are let through, and how they get out without a system call of the
//! threads that serve. A line is text, or an object of JSON (`config::LogFormat`).
//! Knows nothing of what is logged.
//!
//! Lines are appended to a buffer (`sink`), which a thread of its own writes out (`writer`): at once
//! when somebody waits for them, and else ten times a second.
//!
//! Why not a library: `tracing-appender` allocates, sends and writes every line by itself, and bounds
//! lines, not bytes; `flexi_logger` either writes its buffer on the thread that fills it, or queues
//! without a bound. Both belong to a logger of their own, too; env_logger stays NOPAR's.

mod head;
pub(crate) mod json;
mod line;
mod sink;
mod writer;

use crate::config;
pub(crate) use crate::config::LogFormat;
use env_logger::{Builder, Logger, Target};
use log::{Level, LevelFilter, Log, Metadata, Record};
use parking_lot::RwLock;
use sink::Sink;
use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use std::{panic, thread};
use writer::{Output, Writer};

const PINGORA: [&str; 5] = ["pingora", "pingora_core", "pingora_proxy", "pingora_cache", "rustls"];

/// Where Pingora speaks of errors that are none, or that NOPAR has said already.
///
/// `proxy_cache`: whenever a body that is being sent comes to no good end, once per reader of a tarball
/// that its upstream broke off, and for every client that leaves; each request's own line has that.
/// `connectors`: a connection that is still being put back when it would be taken out again; another
/// is opened. What cannot be reached is told by whoever asked.
const SILENCED: [&str; 2] = ["pingora_proxy::proxy_cache", "pingora_core::connectors"];

/// The target of the line that a panic is, where all lines are JSON.
const PANIC: &str = "panic";

/// The target of lines that come by the thousand, and that nobody waits for.
const ACCESS: &str = "access";

/// How long the end of the process, or a panic, which may be the end, waits for the last lines to be
/// taken.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Where this process logs to, once it does.
static SINK: OnceLock<Arc<Sink>> = OnceLock::new();

/// What decides about lines there.
static LOGGER: OnceLock<Arc<Decider>> = OnceLock::new();

/// Whether lines are JSON.
static IS_JSON: AtomicBool = AtomicBool::new(false);

/// A logger that another one may take the place of.
type Decider = RwLock<Arc<Logger>>;

thread_local! {
    /// An access line in the making.
    static LINE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Log output at work. Dropped, it writes what has not been written.
#[must_use = "dropped at once, it cannot write the last lines"]
#[derive(Debug)]
pub struct Running(());

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(sink) = SINK.get() {
            sink.flush(LAST_LINES);
        }
    }
}

/// Starts logging as configured: to standard error, or appended to a file.
///
/// # Errors
/// When the file cannot be opened.
pub fn start(log: &config::Log) -> io::Result<Running> {
    let output = Output::open(log.file.as_deref())?;
    let sink = Arc::new(Sink::default());
    let logger = logger(log.level, log.format, Arc::clone(&sink));
    let level = logger.filter();
    let logger = Arc::new(RwLock::new(Arc::new(logger)));
    let facade = Facade { logger: Arc::clone(&logger), sink: Arc::clone(&sink) };
    // A second start in one process keeps the first's settings.
    if log::set_boxed_logger(Box::new(facade)).is_ok() {
        log::set_max_level(level);
        IS_JSON.store(log.format == LogFormat::Json, Ordering::Relaxed);
        let source = Arc::clone(&sink);
        let writing = move || Writer::new(output).run(&source);
        thread::Builder::new().name("log".to_owned()).spawn(writing)?;
        SINK.get_or_init(|| sink);
        LOGGER.get_or_init(|| logger);
        flush_before_panics(log.file.is_none());
    }
    Ok(Running(()))
}

/// Opens the log file again, where this process logs by [`start`] and to a file: what rotates logs has put another in its
/// place, or none. No line is lost by that.
pub fn reopen() {
    if let Some(sink) = SINK.get() {
        sink.reopen();
    }
}

/// Lets lines of another level through from now on, where this process logs by [`start`].
pub fn set_level(level: LevelFilter) {
    replace(level, format());
}

/// Has lines look so from now on, where this process logs by [`start`].
pub fn set_format(format: LogFormat) {
    replace(log::max_level(), format);
}

fn replace(level: LevelFilter, format: LogFormat) {
    if let Some((decider, sink)) = LOGGER.get().zip(SINK.get()) {
        let logger = logger(level, format, Arc::clone(sink));
        let level = logger.filter();
        *decider.write() = Arc::new(logger);
        log::set_max_level(level);
        IS_JSON.store(format == LogFormat::Json, Ordering::Relaxed);
    }
}

/// How lines look.
fn format() -> LogFormat {
    if IS_JSON.load(Ordering::Relaxed) { LogFormat::Json } else { LogFormat::Text }
}

/// What decides and formats, for all lines but those of [`access`] and [`told`].
fn logger(level: LevelFilter, format: LogFormat, sink: Arc<Sink>) -> Logger {
    let mut builder = Builder::new();
    builder.filter_level(level);
    // Pingora tells of its own workings at `info`, and of callers' headers, tokens included, at
    // `debug` and `trace`; NOPAR's log is for those who run NOPAR.
    let pingora = if level > LevelFilter::Info { LevelFilter::Info } else { LevelFilter::Warn };
    PINGORA.iter().for_each(|module| {
        builder.filter_module(module, pingora.min(level));
    });
    SILENCED.iter().for_each(|module| {
        builder.filter_module(module, LevelFilter::Off);
    });
    match format {
        LogFormat::Text => builder.format_timestamp_millis(),
        LogFormat::Json => builder.format(|out, record| out.write_all(&line::json(record))),
    };
    builder.target(Target::Pipe(Box::new(Entrance(sink))));
    builder.build()
}

/// Writes the line of a request, at level `info`: its head, what `write` appends in that format, its end. In JSON these are
/// members, each behind a comma.
///
/// In a process whose `log` output is another's, it goes there as text.
pub(crate) fn access(write: impl FnOnce(&mut Vec<u8>, LogFormat)) {
    // No module filter concerns this target, so the greatest level is its level.
    if log::max_level() < LevelFilter::Info {
        return;
    }
    LINE.with_borrow_mut(|line| {
        line.clear();
        if let Some(sink) = SINK.get() {
            let format = format();
            line::begin(line, format, Level::Info, ACCESS);
            write(line, format);
            line::end(line, format);
            sink.append(line);
        } else {
            write(line, LogFormat::Text);
            log::info!(target: ACCESS, "{}", String::from_utf8_lossy(line));
        }
    });
}

/// Writes a line, at level `info`, of things that have names: `text` says the same, where lines are text.
pub(crate) fn told<K: AsRef<str>, V: AsRef<str>>(
    target: &'static str,
    text: &str,
    things: &[(K, V)],
) {
    let Some(sink) = SINK.get().filter(|_| format() == LogFormat::Json) else {
        log::info!(target: target, "{text}");
        return;
    };
    if log::max_level() < LevelFilter::Info {
        return;
    }
    let mut line = Vec::new();
    line::begin(&mut line, LogFormat::Json, Level::Info, target);
    for (key, value) in things {
        json::member(&mut line, key.as_ref(), value.as_ref());
    }
    line::end(&mut line, LogFormat::Json);
    sink.append(&line);
    sink.hurry();
}

/// Has the lines before a panic written, and then the panic told; by a line, where standard error `is_log` and all that
/// comes there is JSON.
fn flush_before_panics(is_log: bool) {
    let told = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        let is_line = is_log && format() == LogFormat::Json;
        let is_line = is_line && log::log_enabled!(target: PANIC, Level::Error);
        if is_line {
            log::error!(target: PANIC, "{panic}");
        }
        if let Some(sink) = SINK.get() {
            sink.flush(LAST_LINES);
        }
        if !is_line {
            told(panic);
        }
    }));
}

/// What the `log` facade writes to.
struct Facade {
    logger: Arc<Decider>,
    sink: Arc<Sink>,
}

impl Facade {
    /// Not under its lock: what is logged may log in its turn.
    fn logger(&self) -> Arc<Logger> {
        Arc::clone(&self.logger.read())
    }
}

impl Log for Facade {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.logger().enabled(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        let logger = self.logger();
        if !logger.enabled(record.metadata()) {
            return;
        }
        logger.log(record);
        if record.level() <= Level::Info && record.target() != ACCESS {
            self.sink.hurry();
        }
    }

    fn flush(&self) {
        self.sink.flush(LAST_LINES);
    }
}

/// Where env_logger puts each line, whole.
struct Entrance(Arc<Sink>);

impl Write for Entrance {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.append(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One test, since a process has one log.
    #[test]
    fn lines_of_requests_are_of_level_info_and_written_before_a_panic_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("log");
        let (level, format) = (LevelFilter::Warn, LogFormat::Text);
        let log = config::Log { file: Some(file.clone()), level, format, access: true };
        let running = start(&log).unwrap();
        access(|line, _| line.extend_from_slice(b"at level warn"));
        set_level(LevelFilter::Info);
        log::info!("as well");
        access(|line, _| line.extend_from_slice(b"written at once"));
        drop(running);
        access(|line, _| line.extend_from_slice(b"gathered"));
        assert!(thread::spawn(|| panic!("on purpose")).join().is_err());
        let text = std::fs::read_to_string(&file).unwrap();
        let lines: Vec<_> = text.lines().filter_map(|line| line.split_once(" access] ")).collect();
        let said: Vec<_> = lines.iter().map(|(_, said)| *said).collect();
        assert_eq!(said, ["written at once", "gathered"], "{text}");
        assert!(text.contains("] as well\n"), "{text}");
        set_format(LogFormat::Json);
        log::warn!("in \"two\"\nlines");
        told("trail", "login", &[("who", "ann"), ("from", "-")]);
        access(|line, format| {
            assert_eq!(format, LogFormat::Json);
            json::member(line, "path", "/a");
        });
        set_level(LevelFilter::Warn);
        told("trail", "not at this level", &[("who", "eve")]);
        assert!(thread::spawn(|| panic!("again")).join().is_err());
        let lines = std::fs::read_to_string(file).unwrap();
        let lines = lines[text.len()..].lines().map(|line| line.split_once(r#","level""#).unwrap());
        let said: Vec<_> = lines.map(|(_, said)| said).collect();
        assert_eq!(
            said,
            [
                r#":"WARN","target":"nopar::telemetry::tests","message":"in \"two\"\nlines"}"#,
                r#":"INFO","target":"trail","who":"ann","from":"-"}"#,
                r#":"INFO","target":"access","path":"/a"}"#,
            ]
        );
    }
}
