//! The first page as browsers get it.
//! Knows nothing of where its numbers are from.

use super::*;

fn moment(words: &str) -> Moment {
    Moment { exact: "2026-01-31T12:00:00.000Z".to_owned(), words: words.to_owned() }
}

fn home<'a>(evil: &str) -> Home<'a> {
    let stat = |name| Stat { value: "12".to_owned(), name, more: evil.to_owned() };
    let spark = Spark::new(&[1, 2], 0);
    Home {
        frame: Frame::new("http://npm.example"),
        packages: vec![stat("packages")],
        traffic: vec![stat("requests")],
        room: vec![stat("on disk")],
        trends: vec![Trend {
            name: "Requests".to_owned(),
            second: Some(spark.clone()),
            spark,
            words: evil.to_owned(),
        }],
        upstreams: vec![UpstreamRow {
            name: evil.to_owned(),
            state: "cannot be reached".to_owned(),
            is_wrong: true,
            reached: Some(moment(evil)),
            failed: Some((evil.to_owned(), moment(evil))),
            erred: None,
            latency: evil.to_owned(),
        }],
        requested: vec![Requested { name: evil.to_owned(), requests: "1 request".to_owned() }],
        newest: Vec::new(),
        clients: vec![ClientHelp {
            name: "npm",
            id: "npm",
            file: None,
            text: format!("npm config set registry {evil}"),
        }],
        since: Moment { exact: "2026-01-31T12:00:00.000Z".to_owned(), words: evil.to_owned() },
        is_partial: true,
    }
}

fn text(evil: &str) -> String {
    String::from_utf8(home(evil).reply().body.to_vec()).unwrap()
}

#[test]
fn it_tells_numbers_and_how_clients_are_pointed_here() {
    let text = text("x");
    for part in [
        r#"<div class="stat"><b>12</b><span>packages</span><small>x</small></div>"#,
        r#"<span class="key">all of them</span>"#,
        "there may be more.",
        r#"<svg class="spark" viewBox="0 0 1 20" preserveAspectRatio="none" role="img" aria-label="Requests: x">"#,
        r#"<b class="wrong">cannot be reached</b>"#,
        r#"<dt>Last contact</dt><dd><time datetime="2026-01-31T12:00:00.000Z" title="2026-01-31T12:00:00.000Z">x</time></dd>"#,
        r#"<dt>Not reached</dt><dd>x, the last <time datetime="2026-01-31T12:00:00.000Z" title="2026-01-31T12:00:00.000Z">x</time></dd>"#,
        "<dt>Errors</dt><dd>none</dd>",
        r#"<pre id="c-npm">npm config set registry x</pre><button class="copy" type="button" data-copy="c-npm" hidden>"#,
        "Nothing was published here yet",
        r##"<a class="skip" href="#main">"##,
        r#"<input id="q" name="q" type="search""#,
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn what_it_is_told_is_text_and_nothing_else() {
    let text = text("\"><script>alert('1')</script><b onload=x>&amp;");
    assert!(!text.contains("<script>") && !text.contains("<b onload"), "{text}");
    assert!(!text.contains("style=") && !text.contains("<style"), "{text}");
}
