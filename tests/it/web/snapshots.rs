//! Each page as it was when somebody last looked at it: what changes on one is seen in a review.
//! Knows nothing of what is right. `INSTA_UPDATE=always cargo test --test it snapshots` takes them anew.

use insta::{Settings, assert_snapshot};

use super::browser::Browser;
use super::{page_with, plain};
use crate::support::client::Response;
use crate::support::nopar::TestNopar;
use crate::support::publish::Publish;
use crate::support::upstream::FakeUpstream;
use crate::users::{PASSWORD, user};

/// What differs from one run, or one machine, to the next.
const FILTERS: &[(&str, &str)] = &[
    (r"127\.0\.0\.1:\d+", "ADDRESS"),
    (r"/-/static/nopar\.[0-9a-f]+\.", "/-/static/nopar.HASH."),
    (r"NOPAR \d+\.\d+\.\d+", "NOPAR VERSION"),
    (r#"(name="(?:csrf|mark\.[^"]*|mark)" value=")[^"]*"#, "${1}SECRET"),
    (r"\d{4}-\d\d-\d\dT[0-9:.]+Z", "TIME"),
    (r"\b20\d\d-\d\d-\d\d\b", "DAY"),
    (r"\b\d+ (?:second|minute)s? ago|just now", "AGO"),
    (r"\b\d[\d.]* (?:ms|µs|s)\b", "DURATION"),
    // Ports are of four or five digits, and stand in documents.
    (r"\b\d[\d.]* (?:B|KiB|MiB)\b", "SIZE"),
    (r"<b>[\d.]+ %</b><span>saved", "<b>PART</b><span>saved"),
    (r"(sha512-|sha1-)[A-Za-z0-9+/=]+", "${1}DIGEST"),
    (r"\b[0-9a-f]{40}\b", "DIGEST"),
    (r"points=.[^\x22]*", "points=\"POINTS"),
    (r#"(<path [^>]*d=")[^"]*"#, "${1}PATH"),
];

#[track_caller]
fn check(name: &str, nopar: &TestNopar, answer: &Response) {
    let mut settings = Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_snapshot_path("snapshots");
    settings.set_omit_expression(true);
    FILTERS.iter().for_each(|(pattern, shown)| settings.add_filter(pattern, *shown));
    let home = nopar.home().display().to_string();
    let text = format!("{}\n{}", answer.status, plain(answer)).replace(&home, "HOME");
    settings.bind(|| assert_snapshot!(name, text));
}

#[tokio::test]
async fn pages_of_the_open_mode() {
    let upstream = FakeUpstream::start().await;
    upstream
        .package("left")
        .version("1.0.0", |v| v)
        .version("2.0.0", |v| v.field("description", serde_json::json!("Goes left")))
        .readme("# Left\n\n[docs](docs/a.md)");
    let nopar = TestNopar::with(&upstream).start().await;
    let browser = Browser::at(nopar.addr());
    check("home-empty", &nopar, &browser.get("/").await);
    Publish::of("@acme/ui", "1.2.3").succeed(nopar.addr()).await;
    for path in ["/left", "/left/-/left-2.0.0.tgz"] {
        nopar.get(path).await.expect(200);
    }
    page_with(&nopar, "/-/packages/proxied", "1 package").await;
    for (name, path) in [
        ("home", "/"),
        ("list", "/-/packages/all"),
        ("search", "/-/packages/all?q=left"),
        ("search-nothing", "/-/packages/all?q=lodash"),
        ("package-local", "/-/package/@acme/ui"),
        ("package-proxied", "/-/package/left"),
        ("package-not-held", "/-/package/lodash"),
        ("files", "/-/package/left/files/2.0.0"),
        ("settings", "/-/settings"),
        ("confirm-delete", "/-/package/@acme/ui/delete"),
        ("confirm-refresh", "/-/package/left/refresh"),
        ("not-found", "/-/nothing-of-this-kind"),
    ] {
        check(name, &nopar, &browser.get(path).await);
    }
}

#[tokio::test]
async fn pages_of_users() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).env("NOPAR_AUTH", "users").start().await;
    user(nopar.registry_path(), "add ann", PASSWORD).await;
    check("sign-in", &nopar, &Browser::at(nopar.addr()).get("/-/login").await);
    let ann = Browser::of(&nopar, "ann").await;
    check("account", &nopar, &ann.get("/-/account").await);
    check("settings-forbidden", &nopar, &ann.get("/-/settings").await);
}
