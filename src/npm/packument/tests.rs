//! The rules of rewriting, one by one.
//! Knows nothing of the private parts; asks as the cache does.

use super::super::tarball::TarballName;
use super::*;

const BASE: &str = "http://localhost:5984";

fn name(text: &str) -> PackageName {
    PackageName::parse(text).expect(text)
}

fn document(text: &str) -> Document<'_> {
    Document::parse(text.as_bytes()).expect("a document")
}

fn filled(template: &Template) -> String {
    String::from_utf8(template.fill(BASE)).expect("UTF-8")
}

fn render(of: &str, form: Form, text: &str) -> String {
    filled(&document(text).template(&name(of), form))
}

/// A packument of `n` with one version of these members.
fn with_version(members: &str) -> String {
    format!(r#"{{"name":"n","versions":{{"1.0.0":{{{members}}}}}}}"#)
}

/// Checks the members that are left of a version of `n`.
fn check(form: Form, members: &str, expected: &str) {
    assert_eq!(render("n", form, &with_version(members)), with_version(expected));
}

#[test]
fn tarballs_get_their_canonical_address() {
    for (package, version, path) in [
        ("lodash", "4.17.21", "/lodash/-/lodash-4.17.21.tgz"),
        ("@types/node", "1.0.0-rc.1+b", "/@types/node/-/node-1.0.0-rc.1+b.tgz"),
        ("é b", "1 0", "/%C3%A9%20b/-/%C3%A9%20b-1%200.tgz"),
        ("a'b", "../x", "/a'b/-/a'b-..%2Fx.tgz"),
    ] {
        for url in
            ["https://x.example/odd@0.tgz?sig=1", "", r#"https:\/\/x\u002eexample\""#, r"\ud800"]
        {
            let text =
                format!(r#"{{"versions":{{"{version}":{{"dist":{{"tarball":"{url}"}}}}}}}}"#);
            let expected = format!(
                r#"{{"versions":{{"{version}":{{"dist":{{"tarball":"{BASE}{path}"}}}}}}}}"#
            );
            assert_eq!(render(package, Form::Full, &text), expected);
        }
    }
}

#[test]
fn attestations_get_their_canonical_address() {
    for (package, version, canonical) in [
        ("n", "1.0.0", "n@1.0.0"),
        ("@s/n", "1.0.0-rc.1+b", "@s/n@1.0.0-rc.1+b"),
        ("é b", "1 0", "%C3%A9%20b@1%200"),
        ("n", "../x", "n@..%2Fx"),
    ] {
        let path = "/-/npm/v1/attestations/@s%2fn@1.0.0?a=\\\"b";
        for url in [
            format!("https://registry.example{path}"),
            format!("https://registry.example/deep/er{path}"),
            format!("https://registry.example{}", path.replace('/', "\\/")),
            "/-/npm/v1/attestations/".to_owned(),
        ] {
            let document = |url: &str| {
                let stated = format!(r#"{{"x":1.0,"url":"{url}","provenance":{{ "a" :1e2}}}}"#);
                format!(r#"{{"versions":{{"{version}":{{"dist":{{"attestations":{stated}}}}}}}}}"#)
            };
            let expected = document(&format!("{BASE}/-/npm/v1/attestations/{canonical}"));
            assert_eq!(render(package, Form::Full, &document(&url)), expected);
        }
    }
    for untouched in [
        r#"{"url":"https://x.example/elsewhere"}"#,
        r#"{"url":"https://x.example/?/-/npm/v1/attestations/n@1"}"#,
        r#"{"url":"https://x.example/#/-/npm/v1/attestations/n@1"}"#,
        r#"{"url": 1}"#,
        r#"[ "/-/npm/v1/attestations/n@1" ]"#,
        "null",
    ] {
        let members = format!(r#""dist":{{"attestations":{untouched}}}"#);
        check(Form::Full, &members, &members);
    }
}

#[test]
fn nothing_else_is_touched() {
    let members = concat!(
        r#""_id":"n\u0040\/1","big":123456789012345678901234567890.10e+400,"neg":-0.0,"#,
        r#""half":"\ud800","\ud800":1,"\u0078":[ 1 , {"a" : 2,"a":3} ],"#,
        r#""dist":{"integrity":"sha512-\u0061==","shasum":"ABC","signatures":[{"sig":"a\/b"}],"#,
        r#""npm-signature":"-----BEGIN\r\n","unpackedSize":1E2,"tarball":null,"new":{"tarball":"x"}}"#
    );
    check(Form::Full, members, members);
    let other = r#"{"name":"n","time":{"1.0.0":"x" },"users":{ },"versions":{}}"#;
    assert_eq!(render("n", Form::Full, other), other);
}

#[test]
fn parts_of_a_wrong_type_stay_as_they_are() {
    for text in [
        r#"{}"#,
        r#"{"versions":null}"#,
        r#"{"versions":[{"dist":{"tarball":"x"}}]}"#,
        r#"{"versions":"{"}"#,
        r#"{"versions":{"1.0.0":null,"1.0.1":"x","1.0.2":[ 1 ]}}"#,
        r#"{"versions":{"1.0.0":{"dist":null},"1.0.1":{"dist":[{"tarball":"x"}]}}}"#,
        r#"{"versions":{"1.0.0":{"dist":{"tarball":7}},"1.0.1":{"dist":{}},"1.0.2":{}}}"#,
        r#"{"tarball":"x","dist":{"tarball":"x"}}"#,
    ] {
        assert_eq!(render("n", Form::Full, text), text);
    }
}

#[test]
fn of_equal_keys_the_last_value_stands_at_the_first_place() {
    let text = r#"{"a":1,"versions":{"1":{"dist":{"tarball":"x"}},"2":3,"1":{"dist":1,"b":2,"dist":{"tarball":"y","tarball":null}}},"a":2}"#;
    assert_eq!(
        render("n", Form::Full, text),
        r#"{"a":2,"versions":{"1":{"dist":{"tarball":null},"b":2},"2":3}}"#
    );
}

#[test]
fn full_drops_attachments_only() {
    let text = r#"{"_id":"n","_attachments":{"n-1.tgz":{}},"readme":"r","_rev":"1"}"#;
    assert_eq!(render("n", Form::Full, text), r#"{"_id":"n","readme":"r","_rev":"1"}"#);
}

#[test]
fn abbreviated_keeps_what_installation_needs() {
    let kept: String = [
        "name",
        "version",
        "deprecated",
        "bin",
        "engines",
        "os",
        "cpu",
        "libc",
        "directories",
        "dependencies",
        "optionalDependencies",
        "devDependencies",
        "bundleDependencies",
        "bundledDependencies",
        "peerDependencies",
        "peerDependenciesMeta",
        "acceptDependencies",
        "funding",
        "_hasShrinkwrap",
        "hasInstallScript",
    ]
    .map(|key| format!(r#""{key}":[ "{key}" ],"#))
    .concat();
    let dist =
        r#""fileCount":1,"integrity":"i","shasum":"s","signatures":[],"unpackedSize":2,"x":3"#;
    check(
        Form::Abbreviated,
        &format!(
            r#""_id":"n@1","readme":"r",{kept}"scripts":{{"install":"x"}},"dist":{{{dist},"npm-signature":"p"}},"gitHead":1"#
        ),
        &format!(r#"{kept}"dist":{{{dist}}}"#),
    );
}

#[test]
fn install_scripts_are_told_where_the_upstream_does_not() {
    for (scripts, told) in [
        (r#"{"preinstall":"x"}"#, true),
        (r#"{"install":"x"}"#, true),
        (r#"{"test":"t","postinstall":"x"}"#, true),
        (r#"{"test":"t","prepare":"x"}"#, false),
        (r#"{"install":""}"#, false),
        (r#"{"install":null}"#, false),
        ("null", false),
    ] {
        let expected = if told { r#""hasInstallScript":true"# } else { "" };
        check(Form::Abbreviated, &format!(r#""scripts":{scripts}"#), expected);
    }
    let denied = r#""hasInstallScript":false"#;
    check(Form::Abbreviated, &format!(r#""scripts":{{"install":"x"}},{denied}"#), denied);
}

#[test]
fn abbreviated_top_level() {
    for (text, expected) in [
        // Everything there.
        (
            r#"{"_id":"n","dist-tags":{"latest" :"1"},"time":{"created":"c","1":"t1","modified":"m" },"versions":{"1":{}},"modified":"own","name":"n","readme":"r"}"#,
            r#"{"name":"n","modified":"m","dist-tags":{"latest" :"1"},"versions":{"1":{}},"time":{"created":"c","1":"t1","modified":"m" }}"#,
        ),
        // A version without time.
        (
            r#"{"name":"n","time":{"1":"t1","modified":"m"},"versions":{"1":{},"2":{}}}"#,
            r#"{"name":"n","modified":"m","versions":{"1":{},"2":{}}}"#,
        ),
        (
            r#"{"name":"n","time":{"1":1},"versions":{"1":{}}}"#,
            r#"{"name":"n","versions":{"1":{}}}"#,
        ),
        // Already abbreviated.
        (
            r#"{"versions":{"1":{}},"name":"n","dist-tags":{},"modified":"own"}"#,
            r#"{"name":"n","modified":"own","dist-tags":{},"versions":{"1":{}}}"#,
        ),
        // Unpublished as a whole: pnpm tells so from `time`.
        (
            r#"{"_id":"n","time":{"unpublished":{"versions":["1"]}}}"#,
            r#"{"name":"n","time":{"unpublished":{"versions":["1"]}}}"#,
        ),
        (r#"{"_id":"n","time":[],"modified":1}"#, r#"{"name":"n"}"#),
    ] {
        assert_eq!(render("n", Form::Abbreviated, text), expected);
    }
}

#[test]
fn finds_manifests_by_version_then_by_tag() {
    let text = r#"{"dist-tags":{"latest":"2.0.0","1.0.0":"2.0.0","gone":"3.0.0","odd":1},"versions":{
        "1.0.0":{"version":"1.0.0"}, "2.0.0":{"version":"2.0.0","readme":"r","dist":{"tarball":"x"}}, "bad":7}}"#;
    let document = document(text);
    let find = |selector: &str| {
        let selector = Selector::parse(selector).expect(selector);
        document.manifest(&name("@s/n"), &selector).map(|t| filled(&t))
    };
    let two = format!(
        r#"{{"version":"2.0.0","readme":"r","dist":{{"tarball":"{BASE}/@s/n/-/n-2.0.0.tgz"}}}}"#
    );
    assert_eq!(find("2.0.0").as_ref(), Some(&two));
    assert_eq!(find("latest").as_ref(), Some(&two));
    assert_eq!(find("1.0.0").as_deref(), Some(r#"{"version":"1.0.0"}"#));
    for absent in ["3.0.0", "gone", "odd", "bad", "next", "^2.0.0"] {
        assert_eq!(find(absent), None, "{absent}");
    }
}

#[test]
fn refuses_what_is_no_document() {
    for text in ["", "[]", "null", "\"x\"", "{", "{}x", "<html>", "{\"a\":1"] {
        let error = Document::parse(text.as_bytes()).expect_err(text);
        assert!(matches!(error, DocumentError::NotAnObject(_)), "{text}");
    }
    let error = Document::parse(b"{\"a\":\"\xff\"}").expect_err("latin");
    assert!(matches!(error, DocumentError::NotUtf8(_)));
}

#[test]
fn checks_whose_document_it_is() {
    let check = |text: &str| document(text).check_name(&name("@s/n")).map_err(|e| e.to_string());
    for text in [
        r#"{"name":"@s/n"}"#,
        r#"{"name":"@s\/n","_id":"other"}"#,
        r#"{"_id":"\u0040s/n"}"#,
        r#"{"_id":"@s/n","name":null}"#,
    ] {
        assert_eq!(check(text), Ok(()), "{text}");
    }
    assert_eq!(
        check(r#"{"name":"@s/N","_id":"@s/n"}"#),
        Err(r#"the document asked for as @s/n is that of "@s/N""#.to_owned())
    );
    assert_eq!(
        check(r#"{"error":"not_found"}"#),
        Err("the document asked for as @s/n names no package".to_owned())
    );
}

const INDEXED: &str = r#"{"dist-tags":{"latest":"2.0.0","odd":1},"modified":"own","time":{"1.0.0":"t1","2.0.0":2},"versions":{
    "1.0.0":{"dist":{"tarball":"https:\/\/x.example/odd%401.tgz?s=1","integrity":"i","shasum":"s"}},
    "2.0.0":{"dist":{"tarball":"https://x.example/n-1.0.0.tgz"}},
    "3.0.0":{"dist":{"tarball":"https://a.example/same.tgz"}},
    "4.0.0":{"dist":{"tarball":"https://b.example/same.tgz"}},
    "5.0.0":{"dist":{"tarball":"https://b.example/twin.tgz"}},
    "5.0.1":{"dist":{"tarball":"https://b.example/twin.tgz"}},
    "6.0.0":7}}"#;

#[test]
fn the_index_tells_what_the_upstream_said() {
    let index = document(INDEXED).index();
    let said = |text: &str| Some(text.to_owned());
    let expected = IndexedVersion {
        tarball: said("https://x.example/odd%401.tgz?s=1"),
        integrity: said("i"),
        shasum: said("s"),
        time: said("t1"),
    };
    assert_eq!(index.by_version("1.0.0"), Some(("1.0.0", &expected)));
    assert_eq!(index.by_version("6.0.0"), Some(("6.0.0", &IndexedVersion::default())));
    assert_eq!(index.by_version("latest"), None);
    assert_eq!(index.by_tag("latest").map(|found| found.0), Some("2.0.0"));
    assert_eq!(index.by_tag("odd"), None);
    assert_eq!(index.modified(), Some("own"));
    assert_eq!(index.versions().len(), 7);
    assert_eq!(index.dist_tags().len(), 1);
    for (selector, version) in [("latest", Some("2.0.0")), ("3.0.0", Some("3.0.0")), ("next", None)]
    {
        let selector = Selector::parse(selector).expect(selector);
        assert_eq!(index.select(&selector).map(|found| found.0), version);
    }
}

#[test]
fn the_index_finds_tarballs_by_canonical_name_then_by_the_upstreams() {
    let index = document(INDEXED).index();
    for (file, version) in [
        ("n-1.0.0.tgz", Some("1.0.0")),
        ("n-2.0.0.tgz", Some("2.0.0")),
        ("odd@1.tgz", Some("1.0.0")),
        ("twin.tgz", Some("5.0.0")),
        ("n-6.0.0.tgz", Some("6.0.0")),
        ("same.tgz", None),
        ("n-9.0.0.tgz", None),
        ("n-1.0.0.tar.gz", None),
    ] {
        let file = TarballName::parse(file).expect(file);
        let found = index.by_file(&name("@s/n"), &file);
        assert_eq!(found.map(|found| found.0), version, "{file}");
    }
}

#[test]
fn the_index_survives_being_written_down_compactly() {
    let index = document(INDEXED).index();
    let text = serde_json::to_string(&index).expect("JSON");
    assert_eq!(serde_json::from_str::<Index>(&text).expect("an index"), index);
    let tiny = document(r#"{"versions":{"1":{"dist":{"tarball":"u"}}}}"#).index();
    assert_eq!(serde_json::to_string(&tiny).expect("JSON"), r#"{"v":{"1":{"u":"u"}}}"#);
}
