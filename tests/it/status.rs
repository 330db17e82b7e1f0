//! `nopar status`, beside a NOPAR that runs and where none does.
//! Knows nothing of how it is found out.

use std::fs;

use serde_json::Value;

use crate::support::binary::{Binary, Ended, PROGRAM};
use crate::support::client::get;
use crate::support::upstream::FakeUpstream;

/// What the command says in the directory of that NOPAR, with its settings.
async fn status(binary: &Binary, arguments: &[&str], env: &[(&str, &str)]) -> Ended {
    let mut command = std::process::Command::new("/bin/sh");
    let script = "cd \"$1\" && shift && exec \"$@\"";
    command.args(["-c", script, "sh"]).arg(binary.folder()).args([PROGRAM, "status"]);
    command.args(arguments);
    let folder = tempfile::tempdir().expect("a directory");
    Binary::start_as(folder, command, env).ended().await
}

#[tokio::test]
async fn one_that_runs_says_where_it_listens_and_that_all_is_well() {
    let upstream = FakeUpstream::start().await;
    let (binary, addr) = Binary::serving(&upstream.url(), &[]).await;
    let text = status(&binary, &[], &[]).await;
    assert_eq!(text.code, Some(0), "{}", text.stderr);
    let first =
        format!("nopar {} is ready: process {}, up for ", env!("CARGO_PKG_VERSION"), binary.pid());
    assert!(text.stdout.starts_with(&first), "{}", text.stdout);
    assert!(text.stdout.contains(&format!("\n  listening on http://{addr}/\n")), "{}", text.stdout);
    assert!(text.stdout.contains("\n  cache: ok, /"), "{}", text.stdout);
    let line = format!("\n  upstream: not asked yet, {}", upstream.url());
    assert!(text.stdout.contains(&line), "{}", text.stdout);
    get(addr, "/x").await.expect(404);
    let text = status(&binary, &[], &[]).await;
    let line = format!("\n  upstream: ok, {}", upstream.url());
    assert!(text.stdout.contains(&line), "{}", text.stdout);

    let json = status(&binary, &["--json"], &[]).await;
    let told: Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!((&told["pid"], &told["is_ready"]), (&binary.pid().into(), &true.into()));
    assert_eq!(told["places"], serde_json::json!([format!("http://{addr}/")]));
}

/// What a health check of a container, or a script, goes by.
#[tokio::test]
async fn one_that_cannot_keep_anything_is_not_ready_and_none_is_not_either() {
    let upstream = FakeUpstream::start().await;
    let (binary, _) = Binary::serving(&upstream.url(), &[]).await;
    // Root writes where nobody may: so the directory is none.
    let tmp = binary.folder().join("cache/tmp");
    fs::remove_dir_all(&tmp).expect("it was there");
    fs::write(&tmp, "in the way").expect("a file");
    let ill = status(&binary, &[], &[]).await;
    assert_eq!(ill.code, Some(1), "{}", ill.stdout);
    assert!(ill.stdout.contains("is running, but not ready"), "{}", ill.stdout);
    assert!(ill.stdout.contains("cache: cannot be written, /"), "{}", ill.stdout);
    fs::remove_file(&tmp).expect("a file");

    binary.signal("TERM");
    assert!(binary.ended().await.success);
    let gone = status(&binary, &[], &[]).await;
    assert_eq!(gone.code, Some(1), "{}", gone.stdout);
    assert!(gone.stderr.contains("no running NOPAR was found"), "{}", gone.stderr);
    let gone = status(&binary, &["--json"], &[]).await;
    let told: Value = serde_json::from_str(&gone.stdout).expect("JSON");
    assert_eq!((gone.code, &told["is_ready"]), (Some(1), &false.into()));
}

#[tokio::test]
async fn a_configuration_that_is_wrong_is_another_answer_than_none() {
    let upstream = FakeUpstream::start().await;
    let (binary, _) = Binary::serving(&upstream.url(), &[]).await;
    let wrong = status(&binary, &[], &[("NOPAR_PORT", "x")]).await;
    assert_eq!(wrong.code, Some(2), "{}", wrong.stderr);
    assert!(wrong.stderr.contains("NOPAR_PORT"), "{}", wrong.stderr);
}
