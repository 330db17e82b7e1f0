//! What is saved lasts, goes before the environment, and can be left out.
//! Knows nothing of how it comes to hold while NOPAR runs.

use std::path::Path;
use std::process::Command;

use super::*;
use crate::support::binary::{Binary, Ended, PROGRAM};
use crate::support::seed::{HOSTED, Seed};
use crate::users::{PASSWORD, user};
use crate::web::browser::Browser;

/// What the program says and does with these arguments, on this registry.
async fn run(registry: &Path, arguments: &[&str]) -> Ended {
    let path = registry.to_str().expect("a path in UTF-8");
    Binary::start(arguments, &[("NOPAR_REGISTRY_PATH", path)]).ended().await
}

#[tokio::test]
async fn what_is_saved_survives_a_restart_and_goes_before_the_environment() {
    let (one, two) = (upstream("1.0.0").await, upstream("2.0.0").await);
    let mut nopar = TestNopar::with(&one).start().await;
    save(nopar.addr(), &[("upstream.url", &two.url()), ("cache.meta_ttl", "1h")]).await;
    nopar.restart().await;
    assert_eq!(latest(nopar.addr()).await, "2.0.0");
    assert_eq!(one.count_all(), 0);
    let text = page(nopar.addr()).await;
    for part in [
        &*format!("Is {} (this page)", two.url()),
        "An empty field: what environment or file say, else the default.",
        // Also of what is set nowhere.
        "<th scope=\"row\">store.stage_ttl <span class=\"muted\">NOPAR_STAGE_TTL</span></th>",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let printed = run(nopar.registry_path(), &["--print-config"]).await.stdout;
    assert!(printed.contains("cache.meta_ttl = 1h  # settings page"), "{printed}");
    // The way back in.
    let path = nopar.registry_path().to_str().expect("a path in UTF-8");
    let mut command = Command::new(PROGRAM);
    command.arg("--ignore-saved-settings");
    let folder = tempfile::tempdir().expect("a directory");
    let env = [("NOPAR_REGISTRY_PATH", path)];
    let (_other, addr) = Binary::serving_as(folder, command, &one.url(), &env).await;
    assert_eq!(latest(addr).await, "1.0.0");
    let text = page(addr).await;
    assert!(text.contains("started with --ignore-saved-settings"), "{text}");
}

#[tokio::test]
async fn settings_of_an_older_nopar_hold() {
    for (generation, expected) in [
        (
            "0.2",
            [
                "server.hostname = nopar.example  # settings page",
                "upstream.url = https://registry.example  # settings page",
            ],
        ),
        (
            "0.9",
            [
                "server.hostname = nopar.example  # settings page",
                "cache.meta_ttl = 3600  # settings page",
            ],
        ),
    ] {
        let seed = Seed::with_settings(generation);
        let printed = run(seed.path(), &["--print-config"]).await.stdout;
        for line in expected {
            assert!(printed.contains(line), "{generation}: {line} is not in {printed}");
        }
        let without = run(seed.path(), &["--print-config", "--ignore-saved-settings"]).await.stdout;
        assert!(!without.contains("settings page"), "{without}");
    }
}

/// Before 0.2.0, the file that settings are saved in holds all packages.
#[tokio::test]
async fn packages_in_the_file_stay_when_settings_are_saved() {
    let upstream = upstream("1.0.0").await;
    let seed = Seed::of("0.1");
    let path = seed.path().to_str().expect("a path in UTF-8");
    let mut nopar = TestNopar::with(&upstream).env("NOPAR_REGISTRY_PATH", path).start().await;
    save(nopar.addr(), &[("cache.meta_ttl", "1h")]).await;
    for is_restarted in [false, true] {
        if is_restarted {
            nopar.restart().await;
        }
        for name in HOSTED {
            let document = nopar.get(&format!("/{}", name.replace('/', "%2f"))).await.expect(200);
            assert!(document.json()["versions"]["1.0.0"].is_object(), "{name}");
        }
    }
    assert_eq!(saved_in(&nopar)["metaTTL"], "1h");
    assert!(page(nopar.addr()).await.contains("Is 1h (this page)"));
}

#[tokio::test]
async fn a_damaged_file_keeps_nopar_from_starting_and_tells_the_way_back_in() {
    let folder = tempfile::tempdir().expect("a directory");
    let place = folder.path().join("registry.json");
    std::fs::write(&place, "{\"settings\": {").expect("a file");
    for arguments in [&[][..], &["--check-config"], &["--print-config"]] {
        let ended = run(folder.path(), arguments).await;
        assert!(!ended.success && ended.stdout.is_empty(), "{arguments:?}: {}", ended.stdout);
        let said = ended.stderr;
        assert!(said.contains(&*place.to_string_lossy()), "{said}");
        assert!(said.contains("--ignore-saved-settings"), "{said}");
    }
    let ended = run(folder.path(), &["--check-config", "--ignore-saved-settings"]).await;
    assert!(ended.success, "{}", ended.stderr);
    // And what has nothing to do with them goes on.
    assert!(run(folder.path(), &["keys"]).await.success);
}

/// As an older NOPAR saved it, or another machine: what a start refuses is not called valid.
#[tokio::test]
async fn a_saved_name_that_cannot_be_listened_on_is_a_mistake_before_the_start() {
    let folder = tempfile::tempdir().expect("a directory");
    let place = folder.path().join("registry.json");
    for host in ["no-such-host.invalid", "192.0.2.1"] {
        std::fs::write(&place, format!("{{\"settings\": {{\"hostname\": {host:?}}}}}"))
            .expect("a file");
        let ended = run(folder.path(), &["--check-config"]).await;
        assert!(!ended.success && ended.stdout.is_empty(), "{}", ended.stdout);
        let said = ended.stderr;
        assert!(
            said.contains(&format!("hostname in {}: {host:?} cannot be ", place.display())),
            "{said}"
        );
        assert!(said.contains("--ignore-saved-settings"), "{said}");
        let ended = run(folder.path(), &["--check-config", "--ignore-saved-settings"]).await;
        assert!(ended.success, "{}", ended.stderr);
        let env = [("NOPAR_HOSTNAME", host)];
        let ended = Binary::start(&["--check-config"], &env).ended().await;
        let expected = format!("NOPAR_HOSTNAME: {host:?} cannot be ");
        assert!(!ended.success && ended.stderr.contains(&expected), "{}", ended.stderr);
    }
}

/// Without what is saved NOPAR starts; what is saved then stands in the place of what made no sense.
#[tokio::test]
async fn the_way_back_in_leads_on() {
    let upstream = upstream("1.0.0").await;
    let folder = tempfile::tempdir().expect("a directory");
    let registry = folder.path().join("registry");
    std::fs::create_dir(&registry).expect("a directory");
    std::fs::write(registry.join("registry.json"), "{broken").expect("a file");
    let path = registry.to_str().expect("a path in UTF-8").to_owned();
    let mut command = Command::new(PROGRAM);
    command.arg("--ignore-saved-settings");
    let env = [("NOPAR_REGISTRY_PATH", path.as_str())];
    let (binary, addr) = Binary::serving_as(folder, command, &upstream.url(), &env).await;
    let text = page(addr).await;
    assert!(text.contains("is put aside as registry.json.damaged-"), "{text}");
    save(addr, &[("cache.meta_ttl", "1h")]).await;
    binary.says("registry.json made no sense: see ").await;
    let printed = run(&registry, &["--print-config"]).await.stdout;
    assert!(printed.contains("cache.meta_ttl = 1h  # settings page"), "{printed}");
    let names = std::fs::read_dir(&registry).expect("a directory");
    let names = names.map(|entry| entry.expect("an entry").file_name());
    let aside = names.filter(|name| name.to_string_lossy().starts_with("registry.json.damaged-"));
    assert_eq!(aside.count(), 1);
}

/// Whose name stands where nobody is: a slip, and a place that somebody could take.
#[tokio::test]
async fn names_of_nobody_are_told_at_the_start_and_on_the_page() {
    let upstream = upstream("1.0.0").await;
    let env = [("NOPAR_AUTH", "users"), ("NOPAR_ADMINS", "root, roto")];
    let (binary, addr) = Binary::serving(&upstream.url(), &env).await;
    binary.says("access: NOPAR_ADMINS: \"root\", \"roto\" are no users of this registry").await;
    user(&binary.folder().join("registry"), "add root", PASSWORD).await;
    let mut root = Browser::at(addr);
    root.sign_in("root", PASSWORD).await.expect(303);
    let text = root.get(PAGE).await.expect(200).text();
    assert!(text.contains("NOPAR_ADMINS: &#34;roto&#34; is no user of this registry"), "{text}");
}

#[tokio::test]
async fn another_hostname_or_port_waits_for_a_restart_and_the_page_says_so() {
    let upstream = upstream("1.0.0").await;
    let nopar = TestNopar::with(&upstream).start().await;
    assert!(!page(nopar.addr()).await.contains("until a restart"));
    save(nopar.addr(), &[("server.port", "4873"), ("server.hostname", "localhost")]).await;
    let text = page(nopar.addr()).await;
    assert!(text.contains("Hostname, Port: another one holds until a restart."), "{text}");
    assert_eq!(text.matches("<strong>Needs a restart.</strong>").count(), 2, "{text}");
    save(nopar.addr(), &[("server.port", ""), ("server.hostname", "")]).await;
    assert!(!page(nopar.addr()).await.contains("until a restart"));
}
