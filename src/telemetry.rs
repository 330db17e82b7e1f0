//! Log output: which lines are let through, and how they get out without a system call of the
//! threads that serve.
//! Knows nothing of what is logged.
//!
//! Lines are appended to a buffer (`sink`), which a thread of its own writes out (`writer`): at once
//! when somebody waits for them, and else ten times a second.
//!
//! Why not a library: `tracing-appender` allocates, sends and writes every line by itself, and bounds
//! lines, not bytes; `flexi_logger` either writes its buffer on the thread that fills it, or queues
//! without a bound. Both belong to a logger of their own, too; env_logger stays NOPAR's.

mod head;
mod sink;
mod writer;

use crate::config;
use env_logger::{Builder, Logger, Target};
use log::{Level, LevelFilter, Log, Metadata, Record};
use parking_lot::RwLock;
use sink::Sink;
use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};
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

/// The target of lines that come by the thousand, and that nobody waits for.
const ACCESS: &str = "access";

/// How long the end of the process, or a panic, which may be the end, waits for the last lines to be
/// taken.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Where this process logs to, once it does.
static SINK: OnceLock<Arc<Sink>> = OnceLock::new();

/// What decides about lines there.
static LOGGER: OnceLock<Arc<Decider>> = OnceLock::new();

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
    let logger = logger(log.level, Arc::clone(&sink));
    let level = logger.filter();
    let logger = Arc::new(RwLock::new(Arc::new(logger)));
    let facade = Facade { logger: Arc::clone(&logger), sink: Arc::clone(&sink) };
    // A second start in one process keeps the first's settings.
    if log::set_boxed_logger(Box::new(facade)).is_ok() {
        log::set_max_level(level);
        let source = Arc::clone(&sink);
        let writing = move || Writer::new(output).run(&source);
        thread::Builder::new().name("log".to_owned()).spawn(writing)?;
        SINK.get_or_init(|| sink);
        LOGGER.get_or_init(|| logger);
        flush_before_panics();
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
    if let Some((decider, sink)) = LOGGER.get().zip(SINK.get()) {
        let logger = logger(level, Arc::clone(sink));
        let level = logger.filter();
        *decider.write() = Arc::new(logger);
        log::set_max_level(level);
    }
}

/// What decides and formats, for all lines but those of requests.
fn logger(level: LevelFilter, sink: Arc<Sink>) -> Logger {
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
    builder.format_timestamp_millis();
    builder.target(Target::Pipe(Box::new(Entrance(sink))));
    builder.build()
}

/// Writes the line of a request, at level `info`: its head, what `write` appends, its end.
///
/// In a process whose `log` output is another's, it goes there.
pub(crate) fn access(write: impl FnOnce(&mut Vec<u8>)) {
    // No module filter concerns this target, so the greatest level is its level.
    if log::max_level() < LevelFilter::Info {
        return;
    }
    LINE.with_borrow_mut(|line| {
        line.clear();
        if let Some(sink) = SINK.get() {
            head::push(line, SystemTime::now(), Level::Info, ACCESS);
            write(line);
            line.push(b'\n');
            sink.append(line);
        } else {
            write(line);
            log::info!(target: ACCESS, "{}", String::from_utf8_lossy(line));
        }
    });
}

fn flush_before_panics() {
    let told = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if let Some(sink) = SINK.get() {
            sink.flush(LAST_LINES);
        }
        told(panic);
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
        let log = config::Log { file: Some(file.clone()), level: LevelFilter::Warn, access: true };
        let running = start(&log).unwrap();
        access(|line| line.extend_from_slice(b"at level warn"));
        set_level(LevelFilter::Info);
        log::info!("as well");
        access(|line| line.extend_from_slice(b"written at once"));
        drop(running);
        access(|line| line.extend_from_slice(b"gathered"));
        assert!(thread::spawn(|| panic!("on purpose")).join().is_err());
        let text = std::fs::read_to_string(file).unwrap();
        let lines: Vec<_> = text.lines().filter_map(|line| line.split_once(" access] ")).collect();
        let said: Vec<_> = lines.iter().map(|(_, said)| *said).collect();
        assert_eq!(said, ["written at once", "gathered"], "{text}");
        assert!(text.contains("] as well\n"), "{text}");
    }
}
