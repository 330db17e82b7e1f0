//! The pages as browsers get them.
//! Knows nothing of who sends what.

use super::*;

const REGISTRY: &str = "https://npm.example/npm";

fn text(reply: &Reply) -> String {
    String::from_utf8(reply.body.to_vec()).unwrap()
}

fn header(reply: &Reply, name: &str) -> String {
    let mut values = reply.headers.iter().filter(|(one, _)| one == name);
    let value = values.next().unwrap_or_else(|| panic!("no {name}")).1.to_str().unwrap().to_owned();
    assert!(values.next().is_none(), "{name} twice");
    value
}

fn client(machine: &str, agent: &str) -> Client {
    let address = Some("192.0.2.1".to_owned());
    Client::new(address.clone(), Some(machine), Some(agent), address)
}

/// All pages, with this in each place.
fn pages(evil: &str, client: &Client) -> Vec<Reply> {
    let (registry, action, error) = (REGISTRY, "secret", Some(evil));
    let status = StatusCode::OK;
    let user = evil;
    let (is_closed, may_sign_up) = (true, true);
    let signed_in = Some(SignedInAs { user: evil, csrf: evil });
    let password =
        PasswordForm { registry, action, client, error, user, is_closed, signed_in, may_sign_up };
    let code = CodeForm { registry, action, client, error, user: evil, proof: evil };
    let account = AccountForm { registry, action, client, error, user: evil, email: evil };
    vec![
        password.reply(status),
        code.reply(status),
        account.reply(status),
        End::confirmed(REGISTRY, evil),
        End::refused(REGISTRY, StatusCode::GONE, evil),
    ]
}

#[test]
fn what_others_say_is_text_and_nothing_else() {
    let evil = "\"><script>alert('1')</script><b onload=x>&amp;";
    for reply in pages(evil, &client(evil, evil)) {
        let text = text(&reply);
        assert!(!text.contains("<script>") && !text.contains("<b onload"), "{text}");
        assert!(text.contains("&#60;script") && text.contains("&#38;amp;"), "{text}");
        assert!(!text.contains("value=\"\">"), "{text}");
    }
}

#[test]
fn browsers_are_told_to_run_nothing_to_keep_nothing_and_to_show_it_in_no_frame() {
    for reply in pages("x", &client("laptop", "npm/12")) {
        let policy = header(&reply, "content-security-policy");
        for part in [
            "default-src 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(policy.split("; ").any(|it| it == part), "{part}: {policy}");
        }
        let nonce = policy.split("script-src 'nonce-").nth(1).unwrap().split('\'').next().unwrap();
        assert!(policy.contains(&format!("style-src 'nonce-{nonce}'")), "{policy}");
        let named = format!(" nonce=\"{nonce}\"");
        assert_eq!((nonce.len(), text(&reply).matches(&named).count()), (22, 2), "{policy}");
        assert!(text(&reply).contains(r#"href="/npm/-/static/nopar."#));
        assert!(!text(&reply).contains("<style") && !text(&reply).contains("style="));
        assert_eq!(header(&reply, "content-type"), "text/html; charset=utf-8");
        assert_eq!(header(&reply, "cache-control"), "no-store");
        assert_eq!(header(&reply, "x-frame-options"), "DENY");
        assert_eq!(header(&reply, "x-content-type-options"), "nosniff");
        assert_eq!(header(&reply, "referrer-policy"), "same-origin");
    }
    assert_eq!(pages("x", &client("", ""))[4].status, StatusCode::GONE);
}

#[test]
fn who_asks_is_told_with_a_warning_when_that_is_elsewhere() {
    let page = |client: &Client| text(&pages("x", client)[0]);
    let same = page(&client("laptop", "npm/12 node/v26"));
    for part in ["<b>192.0.2.1</b>", "<b>laptop</b>", "<b>npm/12 node/v26</b>"] {
        assert!(same.contains(part), "{part}: {same}");
    }
    assert!(!same.contains("look twice"));
    let here = Some("198.51.100.7".to_owned());
    let elsewhere = page(&Client::new(Some("192.0.2.1".to_owned()), None, None, here.clone()));
    assert!(elsewhere.contains("198.51.100.7: look twice"), "{elsewhere}");
    assert!(!elsewhere.contains("it calls itself") && !elsewhere.contains("on the machine"));
    let unknown = page(&Client::new(None, None, None, here));
    assert!(unknown.contains("an unknown address") && unknown.contains("look twice"));
}

#[test]
fn what_a_client_says_of_itself_is_short_and_looks_like_what_it_is() {
    for (said, expected) in [
        ("laptop", Some("laptop")),
        ("  jürgens-mac  ", Some("jürgens-mac")),
        ("", None),
        (" \t ", None),
        ("a\u{202e}b\u{200b}\u{7}c", Some("a?b??c")),
    ] {
        assert_eq!(shown(said).as_deref(), expected, "{said:?}");
    }
    let long = shown(&"x".repeat(10_000)).unwrap();
    assert_eq!(long, format!("{}…", "x".repeat(LONGEST)));
    assert_eq!(shown(&"x".repeat(LONGEST)).unwrap().chars().count(), LONGEST);
}
