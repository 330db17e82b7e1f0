//! The pages of the files in a tarball: of what is held, and of that only.
//! Knows nothing of how tarballs are read.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use tar::{Builder, Header};

use super::{assert_page, page};
use crate::support::nopar::TestNopar;
use crate::support::publish::Publish;
use crate::support::upstream::FakeUpstream;

/// A tarball with these files.
fn tarball(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = Header::new_ustar();
        let name = &mut header.as_old_mut().name;
        name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_size(content.len() as u64);
        header.set_cksum();
        builder.append(&header, *content).expect("memory takes it");
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&builder.into_inner().expect("memory takes it")).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

/// Bytes that no compressor makes shorter.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    };
    std::iter::repeat_with(next).take(len).collect()
}

#[tokio::test]
async fn files_of_own_packages_are_listed_and_shown_as_text() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).start().await;
    // Long enough to be read in pieces.
    let content = noise(600_000);
    let bytes = tarball(&[
        ("package/package.json", b"{}"),
        ("package/<script>alert(1)</script>.js", b"</pre><script>alert(1)</script>\n"),
        ("package/../../etc/passwd", b"root"),
        ("package/picture.png", &content),
        ("package/README.md", b"From the *tarball*"),
    ]);
    for version in ["1.0.0", "1.1.0"] {
        let publish = Publish::of("@acme/ui", version);
        publish.tarball(bytes.clone()).succeed(nopar.addr()).await;
    }
    let list = page(&nopar, "/-/package/@acme/ui/files/latest").await;
    assert_page(&list, 200, "list");
    let list = list.text();
    for part in [
        "<caption>5 files, ",
        "href=\"/-/package/@acme/ui/files/1.1.0/package.json\"",
        "&#60;script&#62;alert(1)&#60;/script&#62;.js",
        "../../etc/passwd",
        "586 KiB",
    ] {
        assert!(list.contains(part), "{part}: {list}");
    }
    assert!(!list.contains("<script>alert") && !list.contains("etc/passwd\">"), "{list}");
    let script =
        page(&nopar, "/-/package/@acme/ui/files/1.0.0/%3Cscript%3Ealert(1)%3C%2Fscript%3E.js")
            .await;
    // An encoded slash is part of no path here, or of this one: either way nothing runs.
    assert!(!script.text().contains("<script>alert"), "{}", script.text());
    let json = page(&nopar, "/-/package/@acme/ui/files/1.0.0/package.json").await;
    assert_page(&json, 200, "package.json");
    assert!(json.text().contains("<pre><code>{}</code></pre>"), "{}", json.text());
    let picture = page(&nopar, "/-/package/@acme/ui/files/1.0.0/picture.png").await;
    assert_page(&picture, 200, "picture");
    assert!(picture.text().contains("is no text, and is not shown"));
    for path in ["1.0.0/nothing.js", "9.9.9", "9.9.9/package.json"] {
        let path = format!("/-/package/@acme/ui/files/{path}");
        assert_page(&page(&nopar, &path).await, 404, &path);
    }
    let package = page(&nopar, "/-/package/@acme/ui").await.expect(200).text();
    assert!(package.contains("From the <em>tarball</em>"), "{package}");
    assert_eq!(upstream.count("/@acme%2fui/*"), 0);
}

#[tokio::test]
async fn a_tarball_that_is_not_held_is_not_fetched() {
    let upstream = FakeUpstream::start().await;
    let bytes = tarball(&[("package/index.js", b"let a;\nlet b;\n")]);
    upstream.package("left").version("1.0.0", |v| v.tarball(bytes));
    let nopar = TestNopar::with(&upstream).start().await;
    nopar.get("/left").await.expect(200);
    let path = "/-/package/left/files/1.0.0";
    let absent = page(&nopar, path).await;
    assert_page(&absent, 404, "absent");
    let json = nopar.get(path).await;
    assert_eq!((json.status, json.header("content-type")), (404, Some("application/json")));
    assert!(absent.text().contains("tarball of this version is not held"), "{}", absent.text());
    assert_eq!(upstream.count("/left/-/*"), 0);
    nopar.get("/left/-/left-1.0.0.tgz").await.expect(200);
    let held = page(&nopar, path).await;
    assert_page(&held, 200, "held");
    assert!(held.text().contains("href=\"/-/package/left/files/1.0.0/index.js\""));
    let file = page(&nopar, &format!("{path}/index.js")).await.expect(200).text();
    assert!(file.contains("<pre aria-hidden=\"true\">1\n2\n</pre>"), "{file}");
    assert_eq!(upstream.count("/left/-/*"), 1);
}

#[tokio::test]
async fn what_is_no_tarball_is_said_to_be_none() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).start().await;
    Publish::of("odd", "1.0.0").succeed(nopar.addr()).await;
    let answer = page(&nopar, "/-/package/odd/files/1.0.0").await;
    assert_page(&answer, 200, "odd");
    assert!(answer.text().contains("Nothing is shown: this is no tarball"), "{}", answer.text());
    // Its page is there all the same.
    assert_page(&page(&nopar, "/-/package/odd").await, 200, "odd");
}

#[tokio::test]
async fn many_files_come_in_pages_of_bounded_length() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).start().await;
    let paths: Vec<String> =
        (0..1200).map(|number| format!("p/{number:0>4}{}", "<".repeat(90))).collect();
    let files: Vec<(&str, &[u8])> = paths.iter().map(|path| (path.as_str(), &b"x"[..])).collect();
    Publish::of("many", "1.0.0").tarball(tarball(&files)).succeed(nopar.addr()).await;
    let root = "/-/package/many/files/1.0.0";
    let rows = |text: &str| text.matches("<tr><td>").count();
    let first = page(&nopar, root).await;
    assert_page(&first, 200, "first");
    let first = first.text();
    for part in [
        "<caption>1200 files, 1.2 KiB, page 1 of 3</caption>",
        "href=\"/-/package/many/files/1.0.0?page=2\"",
    ] {
        assert!(first.contains(part), "{part}");
    }
    assert!(rows(&first) == 500 && first.len() < 1 << 20 && !first.contains("rel=\"prev\""));
    // Past the end is the last one.
    let last = page(&nopar, &format!("{root}?page=99")).await.expect(200).text();
    assert!(rows(&last) == 200 && last.contains("page 3 of 3") && !last.contains("rel=\"next\""));
    assert!(last.contains("rel=\"prev\" href=\"/-/package/many/files/1.0.0?page=2\""));
}
