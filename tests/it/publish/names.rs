//! Names of packages: which may be published, and that no two of them get in each other's way.
//! Knows nothing of what is in a package.

use super::{alone, check_tarball, nothing_stored, packument, stored, versions};
use crate::support::client::{Request, get};
use crate::support::publish::{Publish, path_of, put, refusal};
use crate::support::upstream::usual_path;

/// Two names that differ in case are two packages.
#[tokio::test]
async fn case_makes_two_packages() {
    let (_upstream, mut nopar) = alone().await;
    let names = ["JSONStream", "jsonstream", "@Acme/UI", "@acme/ui"];
    for (number, name) in names.into_iter().enumerate() {
        let version = format!("1.0.{number}");
        Publish::of(name, &version).succeed(nopar.addr()).await;
    }
    for _ in ["before", "after the restart"] {
        for (number, name) in names.into_iter().enumerate() {
            let (version, other) = (format!("1.0.{number}"), format!("1.0.{}", number ^ 1));
            let document = packument(nopar.addr(), name).await;
            assert_eq!(document["name"], name);
            assert_eq!(versions(&document), [version.as_str()], "{name}");
            let bytes = Publish::of(name, &version).bytes();
            check_tarball(nopar.addr(), name, &version, &bytes).await;
            refusal(&get(nopar.addr(), &usual_path(name, &other)).await, &[404], name);
        }
        nopar.restart().await;
    }
    let gone = Request::new(nopar.addr(), "DELETE", "/JSONStream/-rev/undefined").send().await;
    assert!(matches!(gone.status, 200 | 201), "{}", gone.status);
    assert_eq!(versions(&packument(nopar.addr(), "jsonstream").await), ["1.0.1"]);
    let bytes = Publish::of("jsonstream", "1.0.1").bytes();
    check_tarball(nopar.addr(), "jsonstream", "1.0.1", &bytes).await;
}

/// Names that mean something elsewhere, to a language, a system or a file system, are ordinary here.
#[tokio::test]
async fn odd_names_are_ordinary() {
    let (_upstream, mut nopar) = alone().await;
    let (long, long_scope) = ("n".repeat(214), format!("@{}/{}", "s".repeat(100), "n".repeat(112)));
    let (capitals, long_version) = ("N".repeat(214), format!("1.0.0-{}", "r".repeat(200)));
    let names = [
        "constructor",
        "hasownproperty",
        "toString",
        "aux",
        "con",
        "nul.x",
        "aux.js",
        "-x",
        "x.json",
        "x.tgz",
        "tmp",
        "locks",
        "@a/_b",
        "@a/__proto__",
        "@a/node_modules",
        "@nopar/x",
        &long,
        &long_scope,
        &capitals,
    ];
    for name in names {
        for version in ["1.0.0", &long_version] {
            Publish::of(name, version).succeed(nopar.addr()).await;
        }
    }
    for _ in ["before", "after the restart"] {
        for name in names {
            let document = packument(nopar.addr(), name).await;
            assert_eq!(document["name"], name);
            for version in ["1.0.0", &long_version] {
                let bytes = Publish::of(name, version).bytes();
                check_tarball(nopar.addr(), name, version, &bytes).await;
            }
        }
        nopar.restart().await;
    }
}

/// What npm refuses to publish is a 400, and leaves nothing.
#[tokio::test]
async fn wrong_names_are_refused() {
    let (upstream, nopar) = alone().await;
    let long = "n".repeat(215);
    for name in [
        "node_modules",
        "Node_Modules",
        ".x",
        "_x",
        "__proto__",
        "a%20b",
        "x@y",
        "%20x",
        "caf%C3%A9",
        "it's",
        "x~y",
        "@a/.b",
        "@a/b~",
        &long,
    ] {
        let said = percent_encoding::percent_decode_str(name).decode_utf8().expect("text");
        let document = Publish::of(&said, "1.0.0").document();
        let answer = put(nopar.addr(), name, &document).send().await;
        refusal(&answer, &[400], name);
        nothing_stored(&nopar, name).await;
    }
    let asked = upstream.count_all();
    assert_eq!(asked, 0, "{:?}", upstream.requests());
}

/// Nor are packages called like what browsers ask for.
#[tokio::test]
async fn names_of_browsers_are_refused() {
    let (upstream, nopar) = alone().await;
    for name in ["favicon.ico", "robots.txt"] {
        refusal(&Publish::of(name, "1.0.0").to(nopar.addr()).send().await, &[400, 405], name);
        nothing_stored(&nopar, name).await;
    }
    assert_eq!(upstream.count_all(), 0, "{:?}", upstream.requests());
}

/// No name leads out of the registry directory, in whatever way it is written.
#[tokio::test]
async fn no_name_leads_out_of_the_directory() {
    let (upstream, nopar) = alone().await;
    let document = Publish::of("..", "1.0.0").document();
    for path in [
        "/..%2f..%2fx",
        "/%2e%2e%2fx",
        "/..",
        "/%2e%2e",
        "/@s%2f..",
        "/@s%2f..%2f..%2fx",
        "/@..%2fx",
        "/@s%2fn%2f..",
        "/x%00",
        "/x%5c..%5cy",
        "/c:x",
        "/.nopar",
        "/.nopar%2ftmp",
        "//x",
    ] {
        let body = document.to_string();
        let answer = Request::new(nopar.addr(), "PUT", path).body(body).send().await;
        refusal(&answer, &[400, 404, 405], path);
        nothing_stored(&nopar, path).await;
    }
    let stray = crate::support::nopar::files_below(nopar.home());
    assert!(!stray.iter().any(|file| file.ends_with(".tgz")), "{stray:?}");
    assert_eq!(upstream.count_all(), 0, "{:?}", upstream.requests());
}

/// A version that looks like a path or a document is kept beside its package all the same.
#[tokio::test]
async fn versions_are_only_versions() {
    let (_upstream, nopar) = alone().await;
    for version in ["1.0.0-tgz", "1.0.0-json", "1.0.0-RC.1", "1.0.0-rc.1", "1.0.0--.-"] {
        Publish::of("x", version).succeed(nopar.addr()).await;
    }
    for version in ["1.0.0-tgz", "1.0.0-json", "1.0.0-RC.1", "1.0.0-rc.1", "1.0.0--.-"] {
        let bytes = Publish::of("x", version).bytes();
        check_tarball(nopar.addr(), "x", version, &bytes).await;
    }
}

/// A package's tarball is asked for by another's name in vain.
#[tokio::test]
async fn tarballs_belong_to_their_package() {
    let (_upstream, nopar) = alone().await;
    // `x-1` at 2.0.0 and `x` at 1-2.0.0 would be the same file name.
    for (name, version) in [("x-1", "2.0.0"), ("x", "1.0.0"), ("@s/x", "1.0.0")] {
        Publish::of(name, version).succeed(nopar.addr()).await;
    }
    for (name, version) in [("x-1", "2.0.0"), ("x", "1.0.0"), ("@s/x", "1.0.0")] {
        check_tarball(nopar.addr(), name, version, &Publish::of(name, version).bytes()).await;
    }
    refusal(&get(nopar.addr(), "/x/-/x-1-2.0.0.tgz").await, &[404], "x-1 by x");
    refusal(&get(nopar.addr(), &format!("{}/-/n-1.0.0.tgz", path_of("@s/n"))).await, &[404], "n");
    assert_eq!(stored(nopar.registry_path()).len(), 6);
}
