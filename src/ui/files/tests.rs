//! Tarballs as clients make them, and as nobody should.
//! Knows nothing of pages.

use super::archive::{self, Content, Listing, Unreadable, list};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{Read, Write};
use tar::{Builder, EntryType, Header};

/// A tarball with these entries, unpacked.
fn tar(entries: &[(&str, EntryType, &[u8])]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (path, kind, content) in entries {
        let mut header = Header::new_ustar();
        // Written as it is: `set_path` refuses what a hostile one has.
        let name = &mut header.as_old_mut().name;
        name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_entry_type(*kind);
        header.set_size(content.len() as u64);
        header.set_cksum();
        builder.append(&header, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn files(entries: &[(&str, EntryType, &[u8])]) -> Result<Listing, Unreadable> {
    list(&gzip(&tar(entries))[..])
}

/// A file of a tarball, as a page asks for it.
fn read(packed: &[u8], path: &str) -> Result<Option<Content>, Unreadable> {
    let listing = list(packed)?;
    listing.find(path).map_or(Ok(None), |listed| archive::read(packed, listed))
}

const FILE: EntryType = EntryType::Regular;

#[test]
fn files_are_listed_below_their_folder_and_read() {
    let entries: [(&str, EntryType, &[u8]); 4] = [
        ("package/package.json", FILE, b"{}"),
        ("package/dist/", EntryType::Directory, b""),
        ("package/dist/a.js", FILE, b"let a;\n"),
        ("package/README.md", FILE, b"# a"),
    ];
    for bytes in [gzip(&tar(&entries)), tar(&entries)] {
        let listing = list(&bytes[..]).unwrap();
        let paths: Vec<_> = listing.files.iter().map(|it| (it.path.as_str(), it.len)).collect();
        assert_eq!(paths, [("README.md", 3), ("dist/a.js", 7), ("package.json", 2)]);
        assert_eq!(listing.readme.unwrap().text, "# a");
        let content = read(&bytes[..], "dist/a.js").unwrap().unwrap();
        assert_eq!((content.text.as_deref(), content.is_cut), (Some("let a;\n"), false));
        assert_eq!(read(&bytes[..], "dist/b.js").unwrap(), None);
    }
}

#[test]
fn what_is_no_text_is_not_shown_and_what_is_long_is_cut() {
    let long = "ü".repeat(200_000);
    let bytes = gzip(&tar(&[
        ("p/nul", FILE, b"a\0b"),
        ("p/latin", FILE, b"\xfc\xfc"),
        ("p/long", FILE, long.as_bytes()),
        ("p/empty", FILE, b""),
    ]));
    for name in ["nul", "latin"] {
        assert_eq!(read(&bytes[..], name).unwrap().unwrap().text, None);
    }
    let long = read(&bytes[..], "long").unwrap().unwrap();
    assert!(long.is_cut && long.len == 400_000 && long.text.unwrap().len() > 262_000);
    assert_eq!(read(&bytes[..], "empty").unwrap().unwrap().text.as_deref(), Some(""));
}

#[test]
fn links_are_named_and_not_followed() {
    let bytes = gzip(&tar(&[
        ("p/passwd", EntryType::Symlink, b""),
        ("p/hard", EntryType::Link, b""),
        ("p/device", EntryType::Block, b""),
    ]));
    let listing = list(&bytes[..]).unwrap();
    assert!(listing.files.len() == 2 && listing.files.iter().all(|file| file.is_link));
    assert_eq!(read(&bytes[..], "passwd").unwrap(), None);
}

#[test]
fn odd_paths_are_text_without_a_page() {
    let listing = files(&[
        ("p/../../etc/passwd", FILE, b""),
        ("p//a", FILE, b""),
        ("p/<script>alert(1)</script>", FILE, b""),
        ("p/a\\b", FILE, b""),
        ("p/a\u{202e}gpj.exe", FILE, b""),
        ("p/a\nb", FILE, b""),
        ("/etc/passwd", FILE, b""),
    ]);
    for file in listing.unwrap().files {
        let is_plain = matches!(file.path.as_str(), "<script>alert(1)</script>" | "etc/passwd");
        assert_eq!(file.is_plain, is_plain, "{}", file.path);
        assert!(!file.path.contains(['\n', '\u{202e}']), "{}", file.path);
    }
}

#[test]
fn the_last_of_equal_paths_is_the_one_that_stays() {
    let bytes = gzip(&tar(&[("p/a", FILE, b"one"), ("q/a", FILE, b"two2")]));
    let listing = list(&bytes[..]).unwrap();
    assert_eq!((listing.files.len(), listing.files[0].len), (1, 4));
    assert_eq!(read(&bytes[..], "a").unwrap().unwrap().text.as_deref(), Some("two2"));
}

#[test]
fn what_comes_behind_a_file_is_not_unpacked() {
    let bytes = tar(&[("p/a", FILE, b"one"), ("p/b", FILE, &[b'b'; 5000]), ("p/a", FILE, b"two")]);
    let listing = list(&bytes[..]).unwrap();
    let read = |bytes: &[u8], path| archive::read(bytes, listing.find(path).unwrap());
    // What is behind the second is none of a tarball.
    let mut begun = bytes[..512 + 512 + 512 + 5120].to_vec();
    begun.extend([0xff; 1024]);
    assert_eq!(read(&begun, "b").unwrap().unwrap().len, 5000);
    assert!(read(&begun, "a").is_err());
    assert_eq!(read(&bytes, "a").unwrap().unwrap().text.as_deref(), Some("two"));
    // Another tarball has something else there.
    assert_eq!(read(&tar(&[("p/c", FILE, b"one"), ("p/d", FILE, b"")]), "b"), Ok(None));
}

#[test]
fn a_file_that_a_link_takes_the_place_of_is_none() {
    let bytes = tar(&[("p/a", FILE, b"one"), ("p/a", EntryType::Symlink, b"")]);
    assert_eq!(read(&bytes, "a"), Ok(None));
}

#[test]
fn all_paths_together_have_a_bound() {
    let tarball = |files: usize| {
        let mut builder = Builder::new(Vec::new());
        for number in 0..files {
            let mut header = Header::new_gnu();
            header.set_size(0);
            let path = format!("p/{}{number:0>6}", "<".repeat(480));
            builder.append_data(&mut header, path, &b""[..]).unwrap();
        }
        builder.into_inner().unwrap()
    };
    assert_eq!(list(&tarball(4000)[..]).unwrap().files.len(), 4000);
    assert_eq!(list(&tarball(5000)[..]), Err(Unreadable::TooMany));
}

#[test]
fn long_names_of_both_kinds_are_read_up_to_a_length() {
    let path = |len: usize| format!("p/{}", "n".repeat(len));
    let pax = |path: &str| {
        let record = format!(" path={path}\n");
        let len = record.len() + 3;
        format!("{len}{record}")
    };
    let known = files(&[
        ("x", EntryType::XHeader, pax(&path(200)).as_bytes()),
        ("p/short", FILE, b""),
        ("x", EntryType::GNULongName, format!("{}\0", path(300)).as_bytes()),
        ("p/short", FILE, b""),
        ("p/short", FILE, b""),
    ]);
    let lengths: Vec<_> = known.unwrap().files.iter().map(|file| file.path.len()).collect();
    assert_eq!(lengths, [200, 300, 5]);
    let long =
        files(&[("x", EntryType::GNULongName, path(600).as_bytes()), ("p/short", FILE, b"")]);
    assert_eq!(long, Err(Unreadable::TooMany));
    let endless = files(&[("x", EntryType::GNULongName, &[b'n'; 100_000]), ("p/a", FILE, b"")]);
    assert_eq!(endless, Err(Unreadable::TooMany));
    let twice = files(&[("x", EntryType::XHeader, b"11 size=99\n"), ("p/a", FILE, b"a")]);
    assert!(matches!(twice, Err(Unreadable::Damaged(_))), "{twice:?}");
}

#[test]
fn what_is_no_tarball_is_said_to_be_none() {
    let whole = gzip(&tar(&[("p/a", FILE, &[b'a'; 5000])]));
    for bytes in
        [b"".to_vec(), b"hello".to_vec(), gzip(b""), gzip(&[b'x'; 2000]), whole[..20].to_vec()]
    {
        let listed = list(&bytes[..]);
        assert!(matches!(listed, Err(Unreadable::Damaged(_))), "{listed:?}");
    }
}

/// Zeros without end, as a file of a tarball has them.
fn bomb(len: u64) -> Vec<u8> {
    let mut header = Header::new_ustar();
    header.set_path("p/zeros").unwrap();
    header.set_size(len);
    header.set_cksum();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(header.as_bytes()).unwrap();
    std::io::copy(&mut std::io::repeat(0).take(len), &mut encoder).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_bomb_is_not_unpacked() {
    assert_eq!(list(&bomb(32 << 20)[..]), Err(Unreadable::TooLarge));
    // A few megabytes of zeros are no bomb.
    assert!(list(&bomb(4 << 20)[..]).is_ok());
}

#[test]
fn more_files_than_are_shown_are_not_listed() {
    let mut builder = Builder::new(Vec::new());
    for number in 0..=20_000 {
        let mut header = Header::new_ustar();
        header.set_path(format!("p/{number}")).unwrap();
        header.set_size(0);
        header.set_cksum();
        builder.append(&header, &b""[..]).unwrap();
    }
    let bytes = builder.into_inner().unwrap();
    assert_eq!(list(&bytes[..]), Err(Unreadable::TooMany));
}
