//! The list as browsers get it.
//! Knows nothing of how packages are found.

use super::*;

fn row(name: &str, is_local: bool, description: &str) -> PackageRow {
    let when =
        Moment { exact: "2026-01-31T12:00:00.000Z".to_owned(), words: "just now".to_owned() };
    PackageRow {
        name: name.to_owned(),
        is_local,
        version: "1.0.0".to_owned(),
        description: description.to_owned(),
        versions: "1 of 2".to_owned(),
        size: "1.0 kB".to_owned(),
        when: Some(when),
    }
}

fn list(rows: Vec<PackageRow>) -> Packages<'static> {
    let path = "/-/packages/local?q=a&sort=size".to_owned();
    let (name, order, is_number) = ("Size", Some("descending"), true);
    Packages {
        frame: Frame::new("http://npm.example/npm"),
        tabs: vec![Tab { path: path.clone(), name: "Local", count: "2".to_owned(), is_here: true }],
        columns: vec![SortLink { path: path.clone(), name, order, is_number }],
        sort: "size",
        rows,
        caption: "2 packages".to_owned(),
        error: None,
        named: None,
        is_partial: false,
        previous: None,
        next: Some(path),
        place: "Page 1 of 2".to_owned(),
    }
}

fn text(reply: &Reply) -> String {
    String::from_utf8(reply.body.to_vec()).unwrap()
}

#[test]
fn each_package_has_a_row_with_its_kind_in_words() {
    let rows = vec![row("@acme/ui", true, "Buttons"), row("left", false, "")];
    let text = text(&list(rows).reply());
    for part in [
        r#"<a href="/npm/-/package/@acme/ui">@acme/ui</a> <span class="tag tag-local">local</span>"#,
        r#"<a href="/npm/-/package/left">left</a> <span class="tag tag-proxied">proxied</span>"#,
        r#"<span class="about">Buttons</span>"#,
        r#"<time datetime="2026-01-31T12:00:00.000Z" title="2026-01-31T12:00:00.000Z">just now</time>"#,
        r#"<th scope="col" class="number" aria-sort="descending">"#,
        r#"<a href="/npm/-/packages/local?q=a&#38;sort=size">Size</a>"#,
        r#"<input type="hidden" name="sort" value="size">"#,
        r#"rel="next""#,
        "<caption>2 packages</caption>",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains(r#"rel="prev""#));
}

#[test]
fn nothing_that_packages_say_is_more_than_text() {
    let evil = "\"><script>alert('1')</script><b onload=x>&amp;";
    let reply = Packages { caption: evil.to_owned(), ..list(vec![row(evil, true, evil)]) }.reply();
    let text = text(&reply);
    assert!(!text.contains("<script>") && !text.contains("<b onload"), "{text}");
    assert!(text.contains("&#60;script"));
}

#[test]
fn what_cannot_be_searched_is_an_error() {
    let reply = Packages { error: Some("too long".to_owned()), ..list(Vec::new()) }.reply();
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    assert!(text(&reply).contains(r#"<p class="error" role="alert">too long</p>"#));
    let nothing = Packages { is_partial: true, ..list(Vec::new()) }.reply();
    assert_eq!(nothing.status, StatusCode::OK);
    assert!(text(&nothing).contains(r#"<p class="note">2 packages</p>"#));
    assert!(text(&nothing).contains("there may be more"));
}

#[test]
fn a_name_that_is_not_found_leads_to_its_page() {
    let reply = Packages { named: Some("@a/b".to_owned()), ..list(Vec::new()) }.reply();
    assert!(text(&reply).contains(r#"<a href="/npm/-/package/@a/b">look at its page</a>"#));
}
