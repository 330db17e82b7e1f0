//! The house rules that a compiler does not know: who may know whom, how large, how told.
//! Knows nothing of what the code does; reads it as text.

mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use self::source::Source;

/// Which top-level module may use which. What is not listed here may not exist.
///
/// Arrows point at what is used, and nothing points up: see ARCHITECTURE.md.
const MAY_USE: &[(&str, &[&str])] = &[
    ("allocator", &[]),
    ("npm", &[]),
    ("pages", &[]),
    ("regular", &[]),
    ("cache_state", &[]),
    ("clock", &[]),
    ("counters", &["cache_state"]),
    ("metrics", &["counters"]),
    ("inflight", &[]),
    ("keeper", &[]),
    ("niceness", &[]),
    ("admin", &[]),
    ("reply", &[]),
    ("lockfile", &["npm"]),
    ("web", &["npm", "reply"]),
    ("base_url", &["npm"]),
    ("negotiate", &["npm"]),
    ("route", &["npm"]),
    ("certificate", &[]),
    ("config", &["base_url", "certificate", "npm", "regular"]),
    ("telemetry", &["config"]),
    ("trail", &["npm", "telemetry"]),
    ("access_log", &["npm", "telemetry"]),
    ("limits", &["base_url", "config", "counters"]),
    (
        "connection",
        &["access_log", "cache_state", "counters", "inflight", "limits", "pages", "reply"],
    ),
    ("listen", &["config", "connection"]),
    ("notify", &[]),
    ("stop", &["inflight", "notify"]),
    ("handover", &[]),
    ("store", &["npm", "regular"]),
    ("signing", &["clock", "npm", "regular", "store"]),
    ("cache", &["clock", "counters", "npm", "regular"]),
    ("upstream", &["clock", "config", "counters", "npm"]),
    ("document", &["allocator", "base_url", "cache", "counters", "negotiate", "npm"]),
    ("view", &["base_url", "cache", "counters", "document", "negotiate", "npm", "pages"]),
    ("access", &["clock", "config", "npm", "regular"]),
    ("verdaccio", &["clock", "npm"]),
    ("cli", &["npm"]),
    ("search", &["config", "npm"]),
    ("settings", &["config"]),
    ("reload", &["certificate", "config", "notify", "settings"]),
    ("catalogue", &["cache", "clock", "document", "niceness", "npm", "search"]),
    ("history", &["cache_state", "clock", "counters"]),
    ("hosted", &["clock", "config", "document", "npm", "pages", "search", "store", "view"]),
    (
        "api",
        &[
            "access", "clock", "counters", "hosted", "npm", "reply", "route", "search", "signing",
            "store", "trail", "web",
        ],
    ),
    (
        "ui",
        &[
            "access",
            "api",
            "base_url",
            "cache",
            "cache_state",
            "catalogue",
            "clock",
            "config",
            "counters",
            "document",
            "history",
            "hosted",
            "negotiate",
            "niceness",
            "npm",
            "reply",
            "route",
            "search",
            "settings",
            "store",
            "trail",
            "view",
            "web",
        ],
    ),
    (
        "proxy",
        &[
            "access",
            "access_log",
            "admin",
            "api",
            "base_url",
            "cache",
            "cache_state",
            "catalogue",
            "clock",
            "config",
            "connection",
            "counters",
            "document",
            "history",
            "hosted",
            "inflight",
            "limits",
            "listen",
            "negotiate",
            "niceness",
            "npm",
            "pages",
            "reply",
            "route",
            "settings",
            "signing",
            "store",
            "telemetry",
            "ui",
            "upstream",
            "view",
        ],
    ),
    (
        "app",
        &[
            "access",
            "cache",
            "catalogue",
            "certificate",
            "clock",
            "config",
            "connection",
            "counters",
            "history",
            "hosted",
            "inflight",
            "listen",
            "metrics",
            "niceness",
            "notify",
            "proxy",
            "reload",
            "stop",
            "store",
            "upstream",
        ],
    ),
    (
        "service",
        &[
            "admin",
            "app",
            "clock",
            "config",
            "handover",
            "listen",
            "metrics",
            "notify",
            "stop",
            "telemetry",
        ],
    ),
    (
        "verify",
        &[
            "access", "api", "cache", "config", "document", "niceness", "npm", "regular",
            "signing", "store",
        ],
    ),
    ("backup", &["keeper", "npm", "regular", "store", "verify"]),
    (
        "command",
        &[
            "access",
            "admin",
            "app",
            "backup",
            "cache",
            "cli",
            "clock",
            "config",
            "hosted",
            "inflight",
            "keeper",
            "lockfile",
            "npm",
            "regular",
            "service",
            "signing",
            "store",
            "telemetry",
            "trail",
            "verdaccio",
            "verify",
        ],
    ),
];

/// The modules that may name Pingora.
const KNOW_PINGORA: &[&str] = &["app", "stop", "connection", "proxy", "cache", "upstream"];

/// More code than this in one file is two files.
const MOST_CODE_LINES: usize = 400;

/// Modules use what the table allows; every top-level module is in the table.
#[test]
fn modules_use_only_what_is_below_them() {
    let allowed: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    let mut wrong = BTreeSet::new();
    for source in Source::all("src") {
        let Some(module) = source.module() else { continue };
        let Some(may) = allowed.get(module.as_str()) else {
            wrong.insert(format!("{module} is not in the table"));
            continue;
        };
        for used in source.uses() {
            if used != module && !may.contains(&used.as_str()) {
                wrong.insert(format!("{module} uses {used} ({})", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The table itself has no circle: each module comes after all it may use.
#[test]
fn the_table_points_down_only() {
    let mut known = BTreeSet::new();
    for (module, may) in MAY_USE {
        for used in *may {
            assert!(known.contains(used), "{module} may use {used}, which comes later");
        }
        assert!(known.insert(*module), "{module} is there twice");
    }
    let real: BTreeSet<String> = Source::all("src").iter().filter_map(Source::module).collect();
    let gone: Vec<_> = known.iter().filter(|module| !real.contains(**module)).collect();
    assert!(gone.is_empty(), "no longer modules: {gone:?}");
}

/// Pingora is named where its traits are implemented, and nowhere else.
#[test]
fn pingora_is_named_in_few_places() {
    let sources = Source::all("src");
    // As a path: telemetry's list of modules to quieten is no knowledge.
    let knows = |code: &str| code.contains("pingora::") || code.contains("pingora_");
    let named = sources.iter().filter(|source| knows(&source.code()));
    let named: Vec<(String, String)> =
        named.map(|source| (source.module().unwrap_or_default(), source.path.clone())).collect();
    assert!(!named.is_empty(), "the test reads the wrong files");
    let wrong: Vec<_> =
        named.iter().filter(|(module, _)| !KNOW_PINGORA.contains(&module.as_str())).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The vocabulary does no I/O, knows no time and waits for nothing.
#[test]
fn the_vocabulary_is_pure() {
    for source in Source::all("src/npm") {
        for word in ["tokio", "async fn", ".await", "std::fs", "std::net", "SystemTime", "Instant"]
        {
            assert!(!source.code().contains(word), "{}: {word}", source.path);
        }
    }
}

/// No file is so long that it is about two things.
#[test]
fn files_are_short() {
    let sources = Source::all("src").into_iter().chain(Source::all("tests/it"));
    let long: Vec<(String, usize)> = sources
        .map(|source| (source.path.clone(), source.code_lines()))
        .filter(|(_, lines)| *lines > MOST_CODE_LINES)
        .collect();
    assert!(long.is_empty(), "more than {MOST_CODE_LINES} lines of code: {long:#?}");
}

/// Each module says in its first line what it is for, and is `x.rs`, not `x/mod.rs`.
#[test]
fn modules_introduce_themselves() {
    for source in Source::all("src").into_iter().chain(Source::all("tests/it")) {
        assert!(source.text.starts_with("//! "), "{} does not begin with `//! `", source.path);
        assert!(!source.path.ends_with("/mod.rs"), "{}", source.path);
    }
}

/// Nothing is left for later.
#[test]
fn nothing_is_left_for_later() {
    // Put together, so that this file does not hold them.
    let words = ["TO-DO", "FIX-ME", "X-XX", "unimple-mented!", "to-do!", "dbg-!("];
    let words = words.map(|word| word.replace('-', ""));
    let tops = ["src", "tests/it", "benches"];
    for source in tops.iter().flat_map(|top| Source::all(top)) {
        for word in &words {
            assert!(!source.text.contains(word.as_str()), "{}: {word}", source.path);
        }
    }
}

/// Each file belongs to the module above it; a test nobody compiles cannot fail.
#[test]
fn no_file_is_forgotten() {
    let all: Vec<Source> = Source::all("src").into_iter().chain(Source::all("tests/it")).collect();
    let text_of = |path: &str| all.iter().find(|source| source.path == path).map(|s| &s.text);
    for source in &all {
        let path = Path::new(&source.path);
        let stem = path.file_stem().and_then(|stem| stem.to_str()).expect("a name in UTF-8");
        let folder = path.parent().and_then(Path::to_str).expect("a folder");
        let top = folder == "src" || folder == "tests/it";
        if top && matches!(stem, "main" | "lib") {
            continue;
        }
        let parents = match folder {
            "src" => vec!["src/lib.rs".to_owned(), "src/main.rs".to_owned()],
            "tests/it" => vec!["tests/it/main.rs".to_owned()],
            _ => vec![format!("{folder}.rs")],
        };
        let declared = parents.iter().filter_map(|parent| text_of(parent)).any(|text| {
            text.lines().any(|line| {
                let line = line.trim_end_matches(';');
                line == format!("mod {stem}") || line.ends_with(&format!(" mod {stem}"))
            })
        });
        assert!(declared, "{} is in no module ({parents:?})", source.path);
    }
}
