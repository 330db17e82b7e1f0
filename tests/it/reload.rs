//! The configuration read again: what holds then, what waits for a restart, and what changes nothing.
//! Knows nothing of how NOPAR is asked for it, but for `signal`.

mod keys;
mod load;
mod refused;
mod restart;
mod signal;
mod tables;

use std::collections::BTreeMap;

use crate::support::nopar::{TestNopar, TestNoparBuilder};
use crate::support::upstream::FakeUpstream;

/// A file with these settings, and these tables behind them.
fn file(settings: &[(&str, &str)], tables: &str) -> String {
    let mut sections: BTreeMap<&str, String> = BTreeMap::new();
    for (key, value) in settings {
        let (section, key) = key.split_once('.').expect("a section");
        *sections.entry(section).or_default() += &format!("{key} = {value:?}\n");
    }
    let sections = sections.iter().map(|(section, lines)| format!("[{section}]\n{lines}"));
    sections.collect::<String>() + tables
}

/// A NOPAR that has a file, and what stays in that.
struct Scene {
    upstream: FakeUpstream,
    nopar: TestNopar,
    settings: Vec<(String, String)>,
}

impl Scene {
    /// With these settings, before an upstream with a package `a`; its clock stands still.
    async fn with(settings: &[(&str, &str)]) -> Self {
        Self::as_said(settings, |builder| builder).await
    }

    /// The same, started in another way.
    async fn as_said(
        settings: &[(&str, &str)],
        change: impl FnOnce(TestNoparBuilder) -> TestNoparBuilder,
    ) -> Self {
        let upstream = FakeUpstream::start().await;
        upstream.package("a").version("1.0.0", |version| version);
        let url = upstream.url();
        let mut all = vec![("server.stop_timeout", "2s")];
        if !settings.iter().any(|(key, _)| *key == "upstream.url") {
            all.push(("upstream.url", &url));
        }
        all.retain(|(key, _)| !settings.iter().any(|(other, _)| key == other));
        all.extend(settings);
        let builder = TestNopar::with(&upstream).file(&file(&all, "")).stopped_clock();
        let builder = builder.without_env("NOPAR_FORWARDER_URL").without_env("NOPAR_STOP_TIMEOUT");
        let nopar = change(builder).start().await;
        let settings = all.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Self { upstream, nopar, settings: settings.collect() }
    }

    /// Has it read these settings in place of, or beside, those of the start; what it logs of that.
    async fn reload(&self, settings: &[(&str, &str)], tables: &str) -> Result<String, String> {
        let before = self.settings.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let mut all: Vec<(&str, &str)> =
            before.filter(|(key, _)| !settings.iter().any(|(other, _)| key == other)).collect();
        all.extend(settings);
        self.nopar.reload(&file(&all, tables)).await
    }

    /// The same, of one setting that is to hold at once, and to be named.
    async fn set(&self, key: &str, value: &str) {
        let told = self.reload(&[(key, value)], "").await.expect("it is right");
        assert!(told.starts_with(&format!("changed: {key} = ")), "{told}");
        assert!(!told.contains("restart"), "{told}");
    }

    /// The status of an answer.
    async fn status(&self, path: &str) -> u16 {
        self.nopar.get(path).await.status
    }
}
