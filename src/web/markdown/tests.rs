//! Readmes as people write them, and as nobody should.
//! Knows nothing of how they are made harmless.

use super::*;

fn page(text: &str) -> String {
    html(text, None).expect("light enough")
}

fn with_repository(text: &str) -> String {
    html(text, Repository::parse("github:a/b", None).as_ref()).expect("light enough")
}

#[test]
fn githubs_markdown_is_shown() {
    for (text, expected) in [
        ("# One *two*", "<h3 id=\"readme-one-two\">One <em>two</em></h3>"),
        ("##### five", "<h6 id=\"readme-five\">five</h6>"),
        ("|a|b|\n|-|:-:|\n|1|2|", "<div class=\"scroll\" tabindex=\"0\"><table>"),
        ("|a|\n|-|\n|1|", "</table></div>"),
        ("~~gone~~", "<del>gone</del>"),
        ("- [x] done", "<li>☑"),
        ("- [ ] to do", "<li>☐"),
        (
            "> [!WARNING]\n> x",
            "<blockquote class=\"markdown-alert-warning\"><p class=\"alert\">Warning</p>\n<p>x</p>",
        ),
        ("> [!NOTE]\n> x", "<p class=\"alert\">Note</p>"),
        ("> x", "<blockquote>\n<p>x</p>"),
        ("<table><tr><td colspan=3 rowspan=2>x", "<td colspan=\"3\" rowspan=\"2\">x</td>"),
        ("<table><tr><td colspan=1000 rowspan=0>x", "<td colspan=\"100\">x</td>"),
        ("```js\na < b\n```", "<pre tabindex=\"0\"><code>a &lt; b\n</code></pre>"),
        ("x[^1]\n\n[^1]: note", "href=\"#readme-1\""),
        ("<details><summary>s</summary>t</details>", "<details><summary>s</summary>t</details>"),
        ("a\n\n<p align=\"center\">b", "<p>b</p>"),
    ] {
        let page = page(text);
        assert!(page.contains(expected), "{text}: {page}");
    }
    let twice = page("# a\n# a\n[x](#a-1)");
    assert!(
        twice.contains("id=\"readme-a-1\"") && twice.contains("href=\"#readme-a-1\""),
        "{twice}"
    );
}

#[test]
fn bare_addresses_are_links_but_not_in_code() {
    let linked = page("See https://a.example/x_y_z(1), or (http://b.example).");
    assert!(linked.contains("href=\"https://a.example/x_y_z(1)\""), "{linked}");
    assert!(linked.contains("href=\"http://b.example/\""), "{linked}");
    for text in ["`https://a.example`", "    https://a.example", "xhttps://a.example", "https://"] {
        assert!(!page(text).contains("href"), "{text}");
    }
    assert_eq!(page("[https://a.example](https://b.example)").matches("<a ").count(), 1);
}

#[test]
fn images_are_links_and_load_nothing() {
    let image = page("![a <b> \"c\"](https://i.example/x.png)");
    assert!(!image.contains("<img"), "{image}");
    assert!(
        image.contains("href=\"https://i.example/x.png\">a &lt;b&gt; &quot;c&quot;</a>"),
        "{image}"
    );
    let badge = page("[![build](https://i.example/b.svg)](https://ci.example/)");
    assert_eq!(badge.matches("<a ").count(), 1);
    assert!(badge.contains("<span class=\"image\">build</span></a>"), "{badge}");
    assert!(page("<img src=x.png>").contains("<span class=\"image\">image</span>"));
    assert!(
        with_repository("![](docs/x.png)").contains("https://github.com/a/b/blob/HEAD/docs/x.png")
    );
}

#[test]
fn links_lead_into_the_repository_where_it_is_known() {
    assert!(
        with_repository("[x](docs/y.md)")
            .contains("href=\"https://github.com/a/b/blob/HEAD/docs/y.md\"")
    );
    let unknown = page("[x](docs/y.md)");
    assert!(!unknown.contains("href") && unknown.contains(">x</a>"), "{unknown}");
}

/// What a page must not hold, outside of texts.
fn assert_harmless(page: &str, text: &str) {
    let tags: Vec<String> = tags(page);
    for tag in &tags {
        let name = tag.trim_start_matches(['<', '/']);
        let name = name.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        let is_listed = TAGS.contains(&name) || name == "span";
        assert!(is_listed && !["img", "input"].contains(&name), "{text}: {tag}");
        let bare: String = tag.split('"').step_by(2).collect();
        for attribute in bare.split_whitespace().skip(1) {
            let known = [
                "id=",
                "lang=",
                "title=",
                "href=",
                "rel=",
                "class=",
                "start=",
                "open=",
                "colspan=",
                "rowspan=",
                "tabindex=",
            ];
            let attribute = attribute.trim_end_matches('>');
            assert!(attribute.is_empty() || known.contains(&attribute), "{text}: {tag}");
        }
        if let Some((_, href)) = tag.split_once("href=\"") {
            let is_safe = ["http://", "https://", "#readme-"].iter().any(|it| href.starts_with(it));
            assert!(is_safe, "{text}: {tag}");
        }
    }
}

fn tags(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        let mut quoted = false;
        let end = rest[at..].find(|c| {
            quoted ^= c == '"';
            c == '>' && !quoted
        });
        let end = at + end.expect("a tag has an end") + 1;
        found.push(rest[at..end].to_owned());
        rest = &rest[end..];
    }
    found
}

#[test]
fn nothing_in_a_readme_runs() {
    for text in [
        "<script>alert(1)</script>",
        "<SCRIPT SRC=//e.example></SCRIPT>",
        "<img src=x onerror=alert(1)>",
        "<img src=\"x\" alt=\"<script>alert(1)</script>\">",
        "![<script>alert(1)</script>](https://i.example/x)",
        "![x](https://i.example/\"onerror=\"alert(1))",
        "<a href=\"javascript:alert(1)\">x</a>",
        "<a href=\"java\tscript:alert(1)\">x</a>",
        "<a href=\" &#106;avascript:alert(1)\">x</a>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:x)",
        "<javascript:alert(1)>",
        "[x]: javascript:alert(1)\n\n[x]",
        "<a href=\"https://a.example\" onclick=\"alert(1)\" style=\"position:fixed\" target=_top>x</a>",
        "<iframe src=\"https://e.example\"></iframe>",
        "<iframe srcdoc=\"<script>alert(1)</script>\"></iframe>",
        "<object data=x></object><embed src=x>",
        "<svg onload=alert(1)><script>alert(1)</script></svg>",
        "<svg><iframe><a title=\"</iframe><img src onerror=alert(1)>\">test",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
        "<form action=//e.example><input name=password><button>x</button></form>",
        "<input type=password autofocus onfocus=alert(1)>",
        "<style>body{display:none}</style>",
        "<link rel=stylesheet href=//e.example><base href=//e.example><meta http-equiv=refresh content=0>",
        "<p style=\"background:url(//e.example)\">x</p>",
        "<video src=x onerror=alert(1)><source src=x></video>",
        "<p id=\"search\" class=\"nav\">x</p>",
        "<!-- <script>alert(1)</script> -->",
        "<template><script>alert(1)</script></template>",
        "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\"></noscript>",
        "<textarea><script>alert(1)</script></textarea>",
        "<title><img src=x onerror=alert(1)></title>",
        "`<script>alert(1)</script>`",
        "# <img src=x onerror=alert(1)>",
        "|<script>|\n|-|\n|<b onmouseover=alert(1)>|",
        "<div\n\nonclick=alert(1)>x</div>",
        "https://a.example/\"onmouseover=\"alert(1)",
        "https://a.example/<script>alert(1)</script>",
        "<https://a.example/\"onclick=alert(1)>",
        "<details open ontoggle=alert(1)>x</details>",
        "</div></main><h1>Not the page's</h1>",
        "x[^<script>]\n\n[^<script>]: <img onerror=x src=y>",
    ] {
        // What is too odd to be parsed is shown as text, which is harmless.
        if let Some(page) = html(text, Repository::parse("github:a/b", None).as_ref()) {
            assert_harmless(&page, text);
        }
    }
}

#[test]
fn ids_of_a_readme_are_none_of_the_page() {
    let page = page("<p id=\"search\">x</p>\n\n<a id=\"readme-y\"></a>");
    assert!(page.contains("id=\"readme-search\"") && page.contains("id=\"readme-y\""), "{page}");
}

#[test]
fn what_is_too_deep_or_too_much_is_left_to_be_shown_as_text() {
    for text in [
        "> ".repeat(1000),
        "<div>".repeat(5000),
        "<b>".repeat(2000) + &"<p>x".repeat(2000),
        "*a ".repeat(20_000) + &"a* ".repeat(20_000),
        format!("|{}\n|{}\n{}", "a|".repeat(2000), "-|".repeat(2000), "|\n".repeat(20_000)),
        "<b <b".repeat(1000),
        "![](b)".repeat(10_000),
    ] {
        if let Some(page) = html(&text, None) {
            assert!(page.len() < 100 * text.len(), "{}", &text[..20]);
        }
    }
    assert_eq!(html(&"> ".repeat(1000), None), None);
    assert_eq!(html(&"<div>".repeat(5000), None), None);
}

#[test]
fn tables_that_no_browser_lays_out_are_shown_as_text() {
    let cells = "<td colspan=1000 rowspan=65534>x".repeat(1200);
    assert_eq!(html(&format!("<table><tr>{cells}"), None), None);
    let few = "<td colspan=1000 rowspan=65534>x".repeat(3);
    let few = page(&format!("<table><tr>{few}"));
    assert!(few.contains("rowspan=\"100\"") && !few.contains("65534"), "{few}");
}

#[test]
fn links_do_not_repeat_a_long_repository_without_end() {
    let long = format!("https://github.com/a/{}", "b".repeat(900));
    let repository = Repository::parse(&long, None);
    assert!(repository.is_some());
    for one in ["![](b)", "[a](b)"] {
        assert!(html(&one.repeat(100), repository.as_ref()).is_some());
        assert_eq!(html(&one.repeat(9000), repository.as_ref()), None);
    }
}
