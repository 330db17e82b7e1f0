//! The table of addresses by which requests come.
//! Knows nothing of the private parts; asks as the door does.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::*;

fn headers(lines: &[(&str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in lines {
        map.append(
            HeaderName::from_bytes(name.as_bytes()).expect("a header name"),
            HeaderValue::from_bytes(value.as_bytes()).expect("a header value"),
        );
    }
    map
}

/// Asks as a plain HTTP request without fallback.
fn of(trusted: bool, lines: &[(&str, &str)]) -> Result<String, &'static str> {
    BaseUrl::of_request(None, trusted, false, &headers(lines), None, None)
        .map(|base| base.to_string())
        .map_err(|bad| bad.header)
}

fn ok(url: &str) -> Result<String, &'static str> {
    Ok(url.to_owned())
}

#[test]
fn parses_configured_urls() {
    for (text, expected, prefix) in [
        ("http://localhost:5984", "http://localhost:5984", ""),
        ("HTTPS://NPM.Example:443/", "https://npm.example", ""),
        ("http://npm.example:80/npm/", "http://npm.example/npm", "/npm"),
        ("http://npm.example:443", "http://npm.example:443", ""),
        ("https://[::1]:8443/a/b", "https://[::1]:8443/a/b", "/a/b"),
        ("http://10.0.0.1/~npm@1", "http://10.0.0.1/~npm@1", "/~npm@1"),
    ] {
        let base = BaseUrl::parse(text).expect(text);
        assert_eq!(base.as_str(), expected);
        assert_eq!(base.path_prefix(), prefix);
        assert_eq!(Some(base.origin()), expected.strip_suffix(prefix));
        assert_eq!(base.as_str().parse(), Ok(base));
    }
}

#[test]
fn a_host_is_without_its_port() {
    for (text, expected) in [
        ("http://localhost:5984", "localhost"),
        ("https://NPM.example/npm", "npm.example"),
        ("https://[::1]:8443/a:b", "[::1]"),
        ("http://[2001:db8::1]", "[2001:db8::1]"),
        ("http://10.0.0.1:1/~npm@1", "10.0.0.1"),
    ] {
        assert_eq!(BaseUrl::parse(text).expect(text).host(), expected);
    }
}

#[test]
fn refuses_configured_texts_that_are_no_base_urls() {
    for text in [
        "",
        "npm.example",
        "//npm.example",
        "ftp://npm.example",
        "http:npm.example",
        "http://",
        "http:///x",
        "http://user:secret@npm.example",
        "http://npm.example?x",
        "http://npm.example/#x",
        "http://npm.example//",
        "http://npm.example/a//b",
        "http://npm.example/../b",
        "http://npm.example/a\"b",
        "http://npm.example/a%20b",
        "http://npm.example/a b",
        "http://npm.example\\x",
        "http://npm.example:0",
        "http://npm.example:65536",
        "http://npm.example:+80",
        "http://npm_\"",
        "http://bücher.example",
        " http://npm.example",
    ] {
        assert!(BaseUrl::parse(text).is_err(), "{text:?}");
    }
    let error = BaseUrl::parse("npm.example").expect_err("no scheme").to_string();
    assert_eq!(
        error,
        r#""npm.example" is not a base URL: it does not begin with http:// or https://"#
    );
}

#[test]
fn follows_the_host_header() {
    for (host, expected) in [
        ("localhost:5984", ok("http://localhost:5984")),
        ("npm.example", ok("http://npm.example")),
        ("NPM.Example:80", ok("http://npm.example")),
        ("npm.example:", ok("http://npm.example")),
        ("npm.example.", ok("http://npm.example.")),
        ("my_container-1:1", ok("http://my_container-1:1")),
        ("127.0.0.1:5984", ok("http://127.0.0.1:5984")),
        ("[::1]:5984", ok("http://[::1]:5984")),
        ("[2001:DB8:0::1]", ok("http://[2001:db8::1]")),
        ("\"><script>", Err("Host")),
        ("a b", Err("Host")),
        ("a/b", Err("Host")),
        ("a@b", Err("Host")),
        ("a%2fb", Err("Host")),
        ("a,b", Err("Host")),
        ("a..b", Err("Host")),
        (".", Err("Host")),
        (":80", Err("Host")),
        ("a:0", Err("Host")),
        ("a:65536", Err("Host")),
        ("a:-1", Err("Host")),
        ("a:80:80", Err("Host")),
        ("1.2.3.999", Err("Host")),
        ("127.1", Err("Host")),
        ("::1", Err("Host")),
        ("[::1", Err("Host")),
        ("[::1]x", Err("Host")),
        ("[fe80::1%25eth0]", Err("Host")),
        ("[127.0.0.1]", Err("Host")),
        ("b\u{fc}cher", Err("Host")),
    ] {
        assert_eq!(of(false, &[("host", host)]), expected, "{host}");
        assert_eq!(of(true, &[("host", host)]), expected, "{host}");
    }
    let long = "a".repeat(254);
    assert_eq!(of(false, &[("host", &long)]), Err("Host"));
    assert_eq!(of(false, &[("host", "a"), ("host", "a")]), Err("Host"));
    assert_eq!(of(false, &[]), Err("Host"));
}

#[test]
fn the_own_scheme_decides_the_default_port() {
    for (tls, host, expected) in [
        (true, "npm.example:443", "https://npm.example"),
        (true, "npm.example:80", "https://npm.example:80"),
        (false, "npm.example:443", "http://npm.example:443"),
    ] {
        let headers = headers(&[("host", host)]);
        let base = BaseUrl::of_request(None, false, tls, &headers, None, None);
        assert_eq!(base.expect(host).as_str(), expected);
    }
}

#[test]
fn the_request_target_wins_over_host_and_both_over_the_fallback() {
    let fallback: SocketAddr = "[::ffff:10.0.0.1]:5984".parse().expect("an address");
    let ask = |lines: &[(&str, &str)], authority: Option<&str>| {
        BaseUrl::of_request(None, false, false, &headers(lines), authority, Some(fallback))
            .map(|base| base.to_string())
            .map_err(|bad| bad.header)
    };
    assert_eq!(ask(&[("host", "a")], Some("b:1")), ok("http://b:1"));
    assert_eq!(ask(&[("host", "a")], Some("u:p@b")), Err("request target"));
    assert_eq!(ask(&[("host", "a")], None), ok("http://a"));
    assert_eq!(ask(&[], None), ok("http://10.0.0.1:5984"));
    assert_eq!(ask(&[("host", "")], None), ok("http://10.0.0.1:5984"));
    let six: SocketAddr = "[::1]:80".parse().expect("an address");
    let base = BaseUrl::of_request(None, false, false, &headers(&[]), None, Some(six));
    assert_eq!(base.expect("fallback").as_str(), "http://[::1]");
}

#[test]
fn a_configured_url_wins_over_everything() {
    let configured = BaseUrl::parse("https://npm.example/npm").expect("a URL");
    let junk = headers(&[("host", "\"><script>"), ("x-forwarded-host", "evil")]);
    let base = BaseUrl::of_request(Some(&configured), true, false, &junk, None, None);
    assert_eq!(base, Ok(configured));
}

#[test]
fn untrusted_peers_words_are_not_read() {
    for line in [
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-host", "\"><script>"),
        ("x-forwarded-port", "1"),
        ("x-forwarded-prefix", "/evil"),
        ("forwarded", "proto=https;host=evil.example"),
    ] {
        assert_eq!(of(false, &[("host", "a:1"), line]), ok("http://a:1"), "{line:?}");
    }
}

#[test]
fn trusted_proxies_words_go_first() {
    const PROTO: &str = "x-forwarded-proto";
    const HOST: &str = "x-forwarded-host";
    const PORT: &str = "x-forwarded-port";
    const PREFIX: &str = "x-forwarded-prefix";
    let check = |lines: &[(&str, &str)], expected: Result<String, &'static str>| {
        let mut all = vec![("host", "inner:1")];
        all.extend_from_slice(lines);
        assert_eq!(of(true, &all), expected, "{lines:?}");
    };
    check(&[], ok("http://inner:1"));
    check(&[(PROTO, "https")], ok("https://inner:1"));
    check(&[(PROTO, "HTTPS, http")], ok("https://inner:1"));
    check(&[(PROTO, "wss")], Err("X-Forwarded-Proto"));
    check(&[(HOST, "Outer.example")], ok("http://outer.example"));
    check(&[(HOST, "outer:8080, evil")], ok("http://outer:8080"));
    check(&[(HOST, "outer"), (HOST, "evil")], ok("http://outer"));
    check(&[(HOST, "")], ok("http://inner:1"));
    check(&[(HOST, "\"><script>")], Err("X-Forwarded-Host"));
    check(&[(HOST, "b\u{fc}cher")], Err("X-Forwarded-Host"));
    check(&[(HOST, "outer"), (PORT, "8080")], ok("http://outer:8080"));
    check(&[(HOST, "outer:1"), (PORT, "8080")], ok("http://outer:1"));
    check(&[(PROTO, "https"), (HOST, "outer"), (PORT, "443")], ok("https://outer"));
    check(&[(PORT, "8080")], ok("http://inner:1"));
    check(&[(PORT, "x")], Err("X-Forwarded-Port"));
    check(&[(PREFIX, "/npm/")], ok("http://inner:1/npm"));
    check(&[(PREFIX, "/a/b, /c")], ok("http://inner:1/a/b"));
    check(&[(PREFIX, "/")], ok("http://inner:1"));
    for prefix in
        ["npm", "//evil.example", "/a//b", "/../a", "/a/..", "/<x>", "/a%2f", "/\"", "/a?b"]
    {
        check(&[(PREFIX, prefix)], Err("X-Forwarded-Prefix"));
    }
    check(
        &[(PROTO, "https"), (HOST, "npm.example"), (PREFIX, "/npm")],
        ok("https://npm.example/npm"),
    );
    let no_host = of(true, &[(HOST, "outer")]);
    assert_eq!(no_host, ok("http://outer"));
}

#[test]
fn a_port_without_a_forwarded_host_completes_a_host_without_port() {
    let lines =
        [("host", "npm.example"), ("x-forwarded-port", "8443"), ("x-forwarded-proto", "https")];
    assert_eq!(of(true, &lines), ok("https://npm.example:8443"));
}

#[test]
fn reads_forwarded_where_it_is_the_only_dialect() {
    for (value, expected) in [
        ("proto=https;host=outer.example", ok("https://outer.example")),
        ("for=1.2.3.4; Proto=HTTPS; Host=\"outer:8443\", host=evil", ok("https://outer:8443")),
        ("for=\"a,b;host=evil\\\";c\";host=\"[::1]:1\"", ok("http://[::1]:1")),
        ("for=1.2.3.4", ok("http://inner:1")),
        ("junk", ok("http://inner:1")),
        ("host=\"a b\"", Err("Forwarded")),
        ("host=\"", Err("Forwarded")),
        ("proto=ws", Err("Forwarded")),
    ] {
        assert_eq!(of(true, &[("host", "inner:1"), ("forwarded", value)]), expected, "{value}");
    }
    let both = [("host", "inner"), ("x-forwarded-proto", "https"), ("forwarded", "host=evil")];
    assert_eq!(of(true, &both), ok("https://inner"));
}
