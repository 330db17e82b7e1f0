//! What anybody has published is run by no browser, as a style or a script of a page.
//! Knows nothing of what pages are made up with.

use super::{nonce_of, page};
use crate::support::nopar::TestNopar;
use crate::support::publish::Publish;
use crate::support::upstream::{FakeUpstream, usual_path};

/// Whichever way it goes out: cold, from memory, in pieces, as an error, or as not modified.
#[tokio::test]
async fn every_answer_is_what_its_type_says() {
    let upstream = FakeUpstream::start().await;
    upstream.package("far").version("1.0.0", |v| v);
    upstream.package("large").version("1.0.0", |v| v.tarball_size(600_000));
    let nopar = TestNopar::with(&upstream).start().await;
    Publish::of("own", "1.0.0").succeed(nopar.addr()).await;
    let mut paths =
        ["/", "/nobody", "/-/nothing", "/-/ping", "/-/v1/search?text=own", "/-/npm/v1/keys"]
            .map(str::to_owned)
            .to_vec();
    for name in ["far", "own", "large"] {
        paths.extend([format!("/{name}"), format!("/{name}/1.0.0"), usual_path(name, "1.0.0")]);
        paths.push(format!("/-/package/{name}/dist-tags"));
        paths.push(format!("/-/package/{name}/raw/-/{name}-1.0.0.tgz"));
        paths.push(format!("/{name}/-/{name}-9.9.9.tgz"));
    }
    for path in &paths {
        let mut etag = None;
        for _ in 0..3 {
            let answer = nopar.get(path).await;
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
            etag = answer.header("etag").map(str::to_owned);
        }
        let asking = nopar.request(path).header("Range", "bytes=0-1");
        let part = asking.send().await;
        assert_eq!(part.header("x-content-type-options"), Some("nosniff"), "{path}");
        if let Some(etag) = etag {
            let same = nopar.request(path).header("If-None-Match", etag).send().await.expect(304);
            assert_eq!(same.header("x-content-type-options"), Some("nosniff"), "{path}");
        }
    }
}

/// A text that somebody has brought into a page would have to know it.
#[tokio::test]
async fn the_nonce_of_a_page_is_of_no_other() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).start().await;
    let mut seen = std::collections::BTreeSet::new();
    for path in ["/", "/", "/-/packages/all", "/-/nothing", "/-/nothing", "/-/package/none"] {
        assert!(seen.insert(nonce_of(&page(&nopar, path).await)), "{path}: {seen:?}");
    }
}
