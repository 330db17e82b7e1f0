//! Commands that nobody reads, as at the front of `| head`: they do what they are asked to, and their exit codes say so.
//! Knows nothing of what they print.

use crate::support::binary::unread;
use crate::support::kept::{Kept, text};
use crate::support::nopar::files_below;
use crate::support::upstream::FakeUpstream;

/// The exit code of a command.
fn code(kept: &Kept, upstream: &FakeUpstream, arguments: &str) -> Option<i32> {
    let (own, url) = (kept.env(), upstream.url());
    let mut env: Vec<(&str, &str)> = own.iter().map(|(key, value)| (*key, &**value)).collect();
    env.push(("NOPAR_FORWARDER_URL", &url));
    unread(&arguments.split(' ').collect::<Vec<_>>(), &env)
}

#[tokio::test]
async fn a_failure_is_none_the_less_one() {
    let upstream = FakeUpstream::start().await;
    let kept = Kept::filled(&upstream).await;
    let lock = kept.beside("package-lock.json");
    let write = |version: &str| {
        let package = format!(r#""node_modules/up":{{"version":"{version}"}}"#);
        let lock_text = format!(r#"{{"lockfileVersion":3,"packages":{{{package}}}}}"#);
        std::fs::write(&lock, lock_text).expect("a lock file");
    };
    let check = format!("check {}", text(&lock));
    for (version, expected) in [("1.0.0", 0), ("9.0.0", 1)] {
        write(version);
        for json in ["", " --json"] {
            let arguments = format!("{check}{json}");
            assert_eq!(
                code(&kept, &upstream, &arguments),
                Some(expected),
                "{arguments}: {version}"
            );
        }
    }
    for (arguments, expected) in [
        ("status", 1),
        ("status --json", 1),
        ("check /nowhere/at/all.json", 2),
        ("cache ls", 0),
        ("cache ls nothing", 1),
        ("cache ls nothing --json --packages", 1),
        ("cache stat", 0),
        ("cache stat --json", 0),
        ("cache gc", 0),
        ("cache gc --json", 0),
        ("cache rm nothing", 1),
        ("user ls", 0),
        ("user rm nobody", 1),
        ("keys", 0),
        ("--print-config", 0),
        ("cache rm nothing up", 1),
    ] {
        assert_eq!(code(&kept, &upstream, arguments), Some(expected), "{arguments}");
    }
    let files = files_below(&kept.cache()).into_iter();
    let entries: Vec<_> = files.filter(|file| file.as_bytes().get(2) == Some(&b'/')).collect();
    assert!(entries.is_empty(), "nobody read that they go, and they go: {entries:?}");
}
