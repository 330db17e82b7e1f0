//! Copies that are broken: found, and dropped, by whoever has them.

use std::fs;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;

use super::{damaged, told};
use crate::support::client::get;
use crate::support::kept::{Kept, damage};
use crate::support::nopar::files_below;
use crate::support::upstream::{FakeUpstream, usual_path};

const TARBALL: &str = "t/up/up-1.0.0.tgz";

/// The file of the entry whose key begins so.
fn file_of(kept: &Kept, key: &str) -> PathBuf {
    let is_it = |path: &PathBuf| {
        let bytes = fs::read(path).expect("a file");
        let start = &bytes[..bytes.len().min(4096)];
        start.windows(key.len()).any(|piece| piece == key.as_bytes())
    };
    let mut files = files_below(&kept.cache()).into_iter().map(|file| kept.cache().join(file));
    files.find(is_it).expect("an entry")
}

#[tokio::test]
async fn broken_copies_of_each_kind_are_found_and_dropped() {
    let upstream = FakeUpstream::start().await;
    let whole = Kept::filled(&upstream).await;
    type Harm = fn(&[u8]) -> usize;
    let kinds: [(&str, &str, Harm); 5] = [
        ("a tarball's byte", TARBALL, |bytes| bytes.len() / 2),
        ("a tarball's checksums", TARBALL, |bytes| bytes.len() - 2),
        ("a head", TARBALL, |_| 70),
        ("a packument's end", "p/up\\t", |bytes| bytes.len() - 2),
        ("a packument's table", "p/up\\t", |bytes| {
            // Where the body begins, the file says itself.
            u32::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]) as usize + 5
        }),
    ];
    for (kind, key, at) in kinds {
        let kept = whole.copied();
        let file = file_of(&kept, key);
        damage(&file, at);
        let ended = kept.run("verify --json").await;
        assert_eq!(ended.code, Some(1), "{kind}: {}{}", ended.stdout, ended.stderr);
        let (findings, _) = told(&ended);
        let paths = damaged(&findings);
        assert_eq!(paths.len(), 1, "{kind}: {findings:?}");
        assert!(file.ends_with(paths[0]) && file.exists(), "{kind}: {findings:?}");
        let ended = kept.run("verify --repair --json").await;
        assert_eq!(ended.code, Some(0), "{kind}: {}{}", ended.stdout, ended.stderr);
        let (findings, summary) = told(&ended);
        assert_eq!(findings[0]["kind"], "dropped", "{kind}");
        assert_eq!((&summary["damaged"], &summary["mended"]), (&1.into(), &1.into()), "{kind}");
        assert!(!file.exists(), "{kind}: it is dropped");
        assert_eq!(kept.run("verify").await.code, Some(0), "{kind}");
    }
}

/// Such a copy is whole, and not what its packument says.
#[tokio::test]
async fn a_copy_that_its_packument_speaks_against_is_broken() {
    let upstream = FakeUpstream::start().await;
    let kept = Kept::filled(&upstream).await;
    upstream.package("up").version("1.0.0", |v| v.tarball_size(12_345));
    let (binary, addr) = kept.served(&upstream.url()).await;
    let confirmed =
        crate::support::client::Request::get(addr, "/up").header("Cache-Control", "no-cache");
    confirmed.send().await.expect(200);
    drop(binary);
    let (findings, _) = told(&kept.run("verify --json").await);
    assert_eq!(damaged(&findings).len(), 1, "{findings:?}");
    let what = findings[0]["what"].as_str().expect("a text");
    assert!(what.contains("its packument says"), "{what}");
    assert_eq!((&findings[0]["package"], &findings[0]["version"]), (&"up".into(), &"1.0.0".into()));
}

#[tokio::test]
async fn the_nopar_that_runs_drops_them_and_fetches_anew() {
    let upstream = FakeUpstream::start().await;
    let kept = Kept::filled(&upstream).await;
    let (binary, addr) = kept.served(&upstream.url()).await;
    let path = usual_path("up", "1.0.0");
    // It is in its memory, as far as such a thing is.
    get(addr, &path).await.expect(200);
    upstream.clear();
    let file = file_of(&kept, TARBALL);
    damage(&file, |bytes| bytes.len() / 2);
    damage(&kept.registry().join("x/x-1.0.0.tgz"), |_| 0);
    let ended = kept.run("verify --repair").await;
    assert_eq!(ended.code, Some(1), "what is hosted stays damaged: {}", ended.stdout);
    assert!(ended.stdout.contains("1 broken copy dropped, 1 still damaged"), "{}", ended.stdout);
    assert!(ended.stdout.contains("put this file back from a backup"), "{}", ended.stdout);
    binary.says("which nopar verify found broken").await;
    assert!(!file.exists());
    let again = get(addr, &path).await.expect(200);
    assert!(again.body == upstream.tarball("up", "1.0.0"));
    assert_eq!(upstream.count(&path), 1, "it was fetched anew");
}

#[tokio::test]
async fn copies_that_cannot_be_dropped_are_told_all_the_same() {
    let kept = Kept::filled(&FakeUpstream::start().await).await;
    let file = file_of(&kept, TARBALL);
    damage(&file, |bytes| bytes.len() / 2);
    fs::create_dir_all(kept.beside("run")).expect("a folder");
    let socket = UnixListener::bind(kept.beside("run/nopar.sock")).expect("a socket");
    // One that ends while it is asked, each time.
    std::thread::spawn(move || socket.incoming().for_each(drop));
    let ended = kept.run("verify --repair").await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stdout.contains("it could not be dropped: NOPAR closed"), "{}", ended.stdout);
    assert!(ended.stdout.ends_with("1 damaged\n") && file.exists(), "{}", ended.stdout);
    let ended = kept.run("cache rm up").await;
    assert_eq!(ended.code, Some(1), "nothing was removed: {}", ended.stdout);
    assert!(ended.stderr.contains("NOPAR closed the connection"), "{}", ended.stderr);
}
