//! Beside a NOPAR that is busy, or that is killed meanwhile.
//! Knows nothing of what is missing.

use super::{FILES, Site, three};
use crate::support::load::Load;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_are_served_while_lock_files_are_checked_and_fetched() {
    let site = Site::new().await;
    let lock = site.lock("package-lock.json", &three(&site.upstream));
    for number in 0..20 {
        let name = format!("p{number}");
        site.upstream.package(&name).version("1.0.0", |v| v.tarball_size(30_000));
    }
    let names: Vec<String> = (0..20).map(|number| format!("p{number}")).collect();
    let names: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1.0.0")).collect();
    let many = site.lock("npm-shrinkwrap.json", &names);
    let (_nopar, addr) = site.serving().await;
    let load = Load::begin(&site.upstream, &["lantern", "@s/wick"], addr, 4);
    load.goes_on(20).await;
    for (code, arguments) in [
        (1, ["check", &many, &lock]),
        (0, ["prefetch", &many, &lock]),
        (0, ["check", &many, &lock]),
        (0, ["prefetch", &many, &lock]),
    ] {
        site.ends(code, &arguments).await;
        load.goes_on(20).await;
    }
    load.end().await;
    for (name, _) in names {
        assert_eq!(site.upstream.count(&format!("GET /{name}")), 1, "{name} is asked for once");
    }
}

#[tokio::test]
async fn a_nopar_that_is_killed_while_it_is_asked_is_told_of_and_the_next_one_goes_on() {
    let site = Site::new().await;
    let lock = site.lock("package-lock.json", &three(&site.upstream));
    let (nopar, _) = site.serving().await;
    let hold = site.upstream.hold_body(FILES[1], 1000);
    let asking = site.begin(&["prefetch", &lock]);
    hold.arrived(1).await;
    nopar.signal("KILL");
    assert!(!nopar.ended().await.success);
    let ended = asking.ended().await;
    assert_eq!(ended.code, Some(1), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.is_empty() && ended.stderr.starts_with("nopar: "), "{}", ended.stderr);
    drop(hold);
    // Its socket is still there, and nobody hears it.
    site.ends(1, &["check", &lock]).await;
    let (_nopar, _) = site.serving().await;
    site.ends(0, &["prefetch", &lock]).await;
    site.ends(0, &["check", &lock]).await;
}
