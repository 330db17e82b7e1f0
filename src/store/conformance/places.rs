//! What is where: names, and the bytes of tarballs.
//! Knows nothing of several at once.

use super::{Stores, bytes_of, file, name, publish, read, upload, versions};
use crate::store::{CHUNK, Change, Committed};

pub(super) async fn dropped_uploads_leave_nothing(Stores { one, other, keep: _keep }: Stores) {
    let x = name("x");
    drop(upload(&*one, &bytes_of("1.0.0")).await.unwrap());
    assert!(other.names().await.unwrap().is_empty());
    assert!(one.tarball(&x, &file(&x, "1.0.0")).await.unwrap().is_none());
    assert!(publish(&*one, &x, "1.0.0", b"whole").await.unwrap());
    drop(upload(&*one, &bytes_of("1.0.0")).await.unwrap());
    assert_eq!(read(&*other, &x, &file(&x, "1.0.0")).await.unwrap(), "whole");
}

pub(super) async fn each_name_has_a_place_of_its_own(Stores { one, other, keep: _keep }: Stores) {
    let long =
        ["n".repeat(214), "N".repeat(214), format!("@s/{}", "n".repeat(211)), "é".repeat(200)];
    // As folders, files, members of objects, devices of other systems; in other cases and compositions.
    let odd = "constructor __proto__ hasownproperty nul nul.x aux.js con -x _ JSONStream jsonstream \
               JsonStream !j!s!o!n!stream json!stream x.json x x.tgz json package @a/_b @a/-b @A/_b \
               @a/_B @a/a a @a/x @s/X @s/x @s/node_modules @s/registry.json format locks tmp crème \
               cre\u{300}me CRÈME 日本語 it's!(ok)*~ x@y !0 ! !! a. a..b";
    let mut names: Vec<_> =
        odd.split(' ').chain(["a b"]).chain(long.iter().map(String::as_str)).map(name).collect();
    for each in &names {
        // A version in which a capital makes the difference, too.
        for version in ["1.0.0", "1.0.0-rc", "1.0.0-RC"] {
            let bytes = format!("{each} {version}");
            assert!(publish(&*one, each, version, bytes.as_bytes()).await.unwrap(), "{each}");
        }
    }
    for each in &names {
        assert_eq!(versions(&*other, each).await, ["1.0.0", "1.0.0-rc", "1.0.0-RC"], "{each}");
        let bytes = read(&*other, each, &file(each, "1.0.0-RC")).await.unwrap();
        assert_eq!(bytes, format!("{each} 1.0.0-RC"));
    }
    names.sort_unstable();
    assert_eq!(other.names().await.unwrap(), names);
    let x = name("x");
    for text in ["x.json", "x.tgz", "..a", ".tgz", "a b.tar.gz", &"F".repeat(512), "é.tgz", "lock"]
    {
        assert!(one.tarball(&x, &text.parse().unwrap()).await.unwrap().is_none(), "{text}");
        let stored = one.document(&x).await.unwrap().unwrap();
        let mut change = Change::of_document(stored.document);
        let bytes = upload(&*one, text.as_bytes()).await.unwrap();
        change.add.push((text.parse().unwrap(), bytes));
        let done = one.commit(&x, Some(&stored.tag), change).await.unwrap();
        assert!(matches!(done, Committed::Done(_)), "{text}");
        assert_eq!(read(&*other, &x, &text.parse().unwrap()).await.unwrap(), text);
    }
    assert_eq!(versions(&*other, &x).await.len(), 3);
}

pub(super) async fn tarballs_are_read_in_any_pieces(Stores { one, other, keep: _keep }: Stores) {
    let x = name("x");
    let bytes = bytes_of("1.0.0");
    assert!(publish(&*one, &x, "1.0.0", &bytes).await.unwrap());
    let tarball = other.tarball(&x, &file(&x, "1.0.0")).await.unwrap().unwrap();
    let stamp = other.tarball_stamp(&x, &file(&x, "1.0.0")).await.unwrap();
    assert_eq!(stamp, Some(tarball.stamp()));
    assert_eq!(other.tarball_stamp(&x, &file(&x, "2.0.0")).await.unwrap(), None);
    let len = bytes.len() as u64;
    assert_eq!(tarball.len(), len);
    for (offset, asked) in [
        (0, 0),
        (0, 1),
        (0, len),
        (0, u64::MAX),
        (1, len),
        (len - 1, 1),
        (len - 1, 9),
        (len, 1),
        (len + 1, 1),
        (u64::MAX, u64::MAX),
        (12_345, 300_000),
    ] {
        let from = offset.min(len) as usize;
        let to = from.saturating_add(usize::try_from(asked).unwrap()).min(bytes.len());
        let read = tarball.read(offset, asked).await.unwrap();
        assert!(read == bytes[from..to], "{asked} from {offset}");
    }
    let mut whole = Vec::new();
    while (whole.len() as u64) < len {
        whole.extend(tarball.read(whole.len() as u64, CHUNK).await.unwrap());
    }
    assert!(whole == bytes);
}

/// What can be published to says so, and is as it was.
pub(super) async fn a_probe_leaves_nothing(stores: Stores) {
    stores.one.probe().unwrap();
    assert!(stores.one.names().await.unwrap().is_empty());
    publish(&*stores.one, &name("x"), "1.0.0", b"bytes").await.unwrap();
    stores.one.probe().unwrap();
    stores.other.probe().unwrap();
    assert_eq!(stores.other.names().await.unwrap(), [name("x")]);
    assert_eq!(versions(&*stores.other, &name("x")).await, ["1.0.0"]);
}
