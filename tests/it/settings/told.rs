//! What is told of changes: on the trail, by whom and from where, and no secret.
//! Knows nothing of the page but its form.

use super::*;
use crate::support::binary::Binary;
use crate::trail::TRAIL;

const SECRET: &str = "hunter2-9f8e7d";

#[tokio::test]
async fn each_setting_that_changes_is_a_line_on_the_trail() {
    let (one, two) = (upstream("1.0.0").await, upstream("2.0.0").await);
    let (binary, addr) = Binary::serving(&one.url(), &[]).await;
    let proxy = format!("http://ann:{SECRET}@proxy.example:3128");
    save(addr, &[("upstream.url", &two.url()), ("upstream.proxy_url", &proxy)]).await;
    let lines = binary.says_times(2, TRAIL).await;
    let url = format!(
        "settings ok who=\"-\" from=\"127.0.0.1\" setting=\"upstream.url\" value=\"{}\"",
        two.url()
    );
    assert!(lines[0].ends_with(&url), "{lines:#?}");
    assert!(lines[1].ends_with("value=\"http://***@proxy.example:3128\""), "{lines:#?}");
    // Nothing is another one than before.
    save(addr, &[("upstream.url", &two.url())]).await;
    let far = browser(addr).method("POST").header("X-Forwarded-For", "192.0.2.7").body("");
    far.send().await.expect(403);
    let lines = binary.says_times(3, TRAIL).await;
    assert!(lines[2].contains("settings refused who=\"-\""), "{lines:#?}");
    assert_eq!(lines.len(), 3, "{lines:#?}");
    let text = page(addr).await;
    assert!(text.contains("http://***@proxy.example:3128") && !text.contains(SECRET), "{text}");
    assert!(!binary.stderr().contains(SECRET), "{}", binary.stderr());
}

#[tokio::test]
async fn another_log_level_holds_at_once_and_is_told_either_way() {
    let upstream = upstream("1.0.0").await;
    let (binary, addr) = Binary::serving(&upstream.url(), &[]).await;
    Request::get(addr, "/-/none-before").send().await.expect(404);
    save(addr, &[("log.level", "error")]).await;
    binary.says("setting=\"log.level\" value=\"error\"").await;
    Request::get(addr, "/-/none-quiet").send().await.expect(404);
    save(addr, &[("log.level", "")]).await;
    binary.says("setting=\"log.level\" value=\"info\"").await;
    Request::get(addr, "/-/none-after").send().await.expect(404);
    binary.says("/-/none-after").await;
    let said = binary.stderr();
    assert!(said.contains("/-/none-before") && !said.contains("none-quiet"), "{said}");
}
