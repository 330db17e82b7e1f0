//! Many packages, their order, and how much a search does.
//! Knows nothing of single texts.

use super::*;
use crate::npm::hosted::Summary;
use std::cell::Cell;

fn name(text: &str) -> PackageName {
    text.parse().unwrap()
}

fn entry(text: &str, description: &str) -> Option<Entry> {
    let description = description.to_owned();
    let summary = Summary { version: "1.0.0".to_owned(), description, ..Summary::default() };
    Some(Entry::of(&name(text), &summary))
}

fn index(names: &[&str]) -> Index {
    let mut index = Index::default();
    for text in names {
        index.put(&name(text), entry(text, "a button"));
    }
    index
}

/// The names of what is found, in slices of this size.
fn found(index: &Index, text: &str, slice: usize) -> Vec<String> {
    let (query, mut hits, mut after) = (Query::parse(text).unwrap(), Hits::of_best(u64::MAX), None);
    loop {
        after = index.search(after.as_ref(), slice, &query, &|_| true, &mut hits);
        if after.is_none() {
            break;
        }
    }
    let objects = hits.page(&(0..u64::MAX)).objects("http://npm.test");
    let name = |object: &String| {
        let object: serde_json::Value = serde_json::from_str(object).unwrap();
        object["package"]["name"].as_str().unwrap().to_owned()
    };
    objects.iter().map(name).collect()
}

#[test]
fn the_best_come_first_and_equal_ones_by_name() {
    let index = index(&["zui", "ui-b", "ui", "@acme/ui", "a-ui", "Ui", "ui-a", "x"]);
    let expected = ["Ui", "ui", "@acme/ui", "ui-a", "ui-b", "a-ui", "zui"];
    for slice in [1, 2, 3, 7, 8, 100] {
        assert_eq!(found(&index, "ui", slice), expected, "{slice}");
        assert_eq!(found(&index, "button", slice).len(), 8);
    }
}

#[test]
fn what_is_not_published_is_not_found_and_stays_known() {
    let mut index = index(&["a", "JSONStream", "jsonstream"]);
    index.put(&name("a"), None);
    assert_eq!(found(&index, "a", 9), ["JSONStream", "jsonstream"]);
    assert!(index.has_lower("a") && index.has_lower("jsonstream") && !index.has_lower("A"));
    index.remove(&name("a"));
    index.remove(&name("a"));
    index.remove(&name("jsonstream"));
    assert!(!index.has_lower("a") && index.has_lower("jsonstream"));
    index.remove(&name("JSONStream"));
    assert!(!index.has_lower("jsonstream"));
    assert_eq!(index.names().len(), 0);
    index.put(&name("a"), entry("a", ""));
    index.put(&name("a"), entry("a", "new"));
    assert_eq!(found(&index, "new", 9), ["a"]);
}

#[test]
fn what_may_not_be_seen_is_not_counted() {
    let index = index(&["ui-a", "ui-b", "ui-c"]);
    let query = Query::parse("ui").unwrap();
    let page = |window: Range<u64>| {
        let mut hits = Hits::of_best(window.end);
        index.search(None, 9, &query, &|name| name.as_str() != "ui-b", &mut hits);
        let page = hits.page(&window);
        assert_eq!(page.total(), 2);
        page.objects("").len()
    };
    assert_eq!((page(0..0), page(0..1), page(1..9), page(2..3)), (0, 1, 1, 0));
    assert_eq!(page(u64::MAX..u64::MAX), 0);
}

/// Of 50,000 packages, a search looks at each once, asks of those only that match whether they may be seen, and makes
/// texts of those only that are sent.
#[test]
fn a_search_in_many_packages_looks_at_each_once() {
    let mut index = Index::default();
    for number in 0..50_000 {
        let text = format!("@acme/package-{number}");
        index.put(&name(&text), entry(&text, &format!("does the thing number {number}")));
    }
    for (text, expected) in [("package", 50_000), ("package-4999", 11), ("nothing", 0)] {
        let (query, mut hits, mut after) =
            (Query::parse(text).unwrap(), Hits::of_best(u64::MAX), None);
        let (asked, mut slices) = (Cell::new(0), 0);
        loop {
            let is_visible = |_: &PackageName| {
                asked.set(asked.get() + 1);
                true
            };
            after = index.search(after.as_ref(), 1024, &query, &is_visible, &mut hits);
            slices += 1;
            if after.is_none() {
                break;
            }
        }
        assert_eq!((hits.total(), asked.get(), slices), (expected as u64, expected, 49), "{text}");
        let page = hits.page(&(0..20));
        assert_eq!(page.found.len(), expected.min(20));
        assert_eq!((page.objects("").len(), page.total()), (expected.min(20), expected as u64));
    }
    let taken: usize = index.names.values().flatten().map(Entry::size).sum();
    assert!(taken < 50 << 20, "{taken} bytes");
}

/// However few are held, they are those that come first of all.
#[test]
fn the_best_are_held_however_few() {
    let index = index(&["zui", "ui-b", "ui", "@acme/ui", "a-ui", "Ui", "ui-a", "x"]);
    let all = found(&index, "ui", 100);
    for most in 0..9 {
        let mut hits = Hits::of_best(most);
        index.search(None, 100, &Query::parse("ui").unwrap(), &|_| true, &mut hits);
        let page = hits.page(&(0..most));
        assert_eq!(page.total(), 7);
        let names = page.objects("");
        let held = usize::try_from(most).unwrap().min(7);
        assert_eq!(names.len(), held);
        for (object, expected) in names.iter().zip(&all) {
            assert!(object.contains(&format!("\"name\":\"{expected}\"")), "{object} {expected}");
        }
    }
}
