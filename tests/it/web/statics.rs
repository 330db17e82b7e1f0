//! Style, script and icon: named by what is in them, kept for ever, from here only.
//! Knows nothing of what is in them.

use super::page;
use crate::support::client::Request;
use crate::support::nopar::TestNopar;
use crate::support::upstream::FakeUpstream;

/// The addresses of files in a page.
fn files(page: &str) -> Vec<String> {
    let parts = page.split('"').filter(|part| part.contains("/-/static/"));
    parts.map(str::to_owned).collect()
}

/// Whatever is in front, by whichever way.
#[tokio::test]
async fn pages_name_files_that_are_there_and_stay() {
    let upstream = FakeUpstream::start().await;
    for base in [None, Some("https://npm.example"), Some("https://npm.example/npm")] {
        let mut starting = TestNopar::with(&upstream);
        if let Some(base) = base {
            starting = starting.env("NOPAR_BASE_URL", base);
        }
        let nopar = starting.start().await;
        let files = files(&page(&nopar, "/").await.expect(200).text());
        assert_eq!(files.len(), 3, "{files:?}");
        for file in files {
            assert!(file.starts_with('/'), "{file}");
            for packed in [false, true] {
                let request = Request::get(nopar.addr(), &file);
                let encoding = if packed { "gzip, br" } else { "identity" };
                let answer = request.header("Accept-Encoding", encoding).send().await.expect(200);
                assert_eq!(answer.header("content-encoding"), packed.then_some("gzip"), "{file}");
                let control = answer.header("cache-control");
                assert_eq!(control, Some("public, max-age=31536000, immutable"), "{file}");
                assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
                assert!(answer.headers.lists("vary", "accept-encoding"), "{file}");
                let content_type = answer.header("content-type").expect("a type").to_owned();
                let expected = if file.ends_with(".css") {
                    "text/css"
                } else if file.ends_with(".js") {
                    "text/javascript"
                } else {
                    "image/svg+xml"
                };
                assert!(content_type.starts_with(expected), "{file}: {content_type}");
            }
            let head = Request::new(nopar.addr(), "HEAD", &file).send().await.expect(200);
            assert!(head.body.is_empty());
        }
    }
    assert_eq!(upstream.count_all(), 0);
}
