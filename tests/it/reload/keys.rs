//! Each setting that holds at once: what is to be seen of it in a NOPAR that runs.
//! Knows nothing of tables of the file, nor of what needs a restart.

mod access;
mod cache;
mod limits;
mod server;
mod upstream;

use nopar::config::Config;

use super::Scene;

/// What follows the setting is tried with another value; fails the test for one that nothing is known of.
async fn follow(key: &str) {
    match key.split_once('.').expect("a section").0 {
        "server" | "log" => server::follow(key).await,
        "upstream" => upstream::follow(key).await,
        "store" | "limits" => limits::follow(key).await,
        "cache" => cache::follow(key).await,
        "access" => access::follow(key).await,
        _ => unknown(key),
    }
}

fn unknown(key: &str) {
    panic!("nothing shows that {key} is followed: try it here, or have it need a restart");
}

/// All of a section, one after the other.
async fn each_of(sections: &[&str]) {
    let all = Config::default().settings();
    let of_these = all
        .iter()
        .filter(|view| sections.iter().any(|section| view.key.split('.').next() == Some(section)));
    for view in of_these.filter(|view| !view.needs_restart) {
        Box::pin(follow(&view.key)).await;
    }
}

#[tokio::test]
async fn settings_of_the_server_and_the_log_are_followed() {
    each_of(&["server", "log"]).await;
}

#[tokio::test]
async fn settings_of_the_upstream_are_followed() {
    each_of(&["upstream"]).await;
}

#[tokio::test]
async fn settings_of_the_cache_are_followed() {
    each_of(&["cache"]).await;
}

#[tokio::test]
async fn settings_of_access_are_followed() {
    each_of(&["access"]).await;
}

#[tokio::test]
async fn limits_and_settings_of_the_store_are_followed() {
    each_of(&["store", "limits"]).await;
}

/// Those above are all sections that have any.
#[test]
fn every_section_is_tried() {
    for view in Config::default().settings().iter().filter(|view| !view.needs_restart) {
        let section = view.key.split('.').next().unwrap_or_default();
        let tried = ["server", "log", "upstream", "cache", "access", "store", "limits"];
        assert!(tried.contains(&section), "{}", view.key);
    }
}
