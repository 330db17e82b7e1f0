//! The lists of packages: which are found, in what order, on which page.
//! Knows nothing of how they look.

mod asked;

use super::seen::{Item, Seen};
use super::{Ui, Visit};
use crate::clock::Clock;
use crate::npm::PackageName;
use crate::reply::Reply;
use crate::route::Which;
use crate::search::Query;
use crate::web::{Frame, PackageRow, Packages, SortLink, Tab, count};
use asked::{Asked, Sort};
use std::cmp::Reverse;

/// So many packages are on a page.
const PAGE: usize = 50;

/// Packages of a page, and how many there are.
struct Found {
    rows: Vec<PackageRow>,
    local: usize,
    proxied: usize,
    /// Which page it is, from 1, and how many there are.
    page: usize,
    pages: usize,
    is_whole: bool,
}

impl Ui {
    pub(super) async fn packages(&self, visit: &Visit<'_>, which: Which, query: &str) -> Reply {
        let asked = Asked::parse(query);
        let query = match Query::parse(&asked.text) {
            Ok(query) => query,
            Err(bad) => return self.bad_search(visit, which, &asked, bad.to_string()),
        };
        let seen = match self.seen(visit).await {
            Ok(seen) => seen,
            Err(reply) => return reply,
        };
        let (clock, wanted) = (self.clock.clone(), asked.clone());
        match self.aside.run(move || find(&seen, which, &wanted, &query, &clock)).await {
            Ok(found) => self.list(visit, which, &asked, found),
            Err(reply) => reply,
        }
    }

    fn list(&self, visit: &Visit<'_>, which: Which, asked: &Asked, found: Found) -> Reply {
        let all = found.local + found.proxied;
        let total = match which {
            Which::All => all,
            Which::Local => found.local,
            Which::Proxied => found.proxied,
        };
        let counts = [all, found.local, found.proxied];
        let link = |page: usize| asked.path(which, asked.sort, page);
        let (page, pages) = (found.page, found.pages);
        let list = Packages {
            frame: self.list_frame(visit, which, asked),
            tabs: tabs(which, asked, counts.map(|number| count(number as u64))),
            columns: columns(which, asked),
            sort: asked.sort.map_or("", Sort::as_str),
            rows: found.rows,
            caption: caption(total, &asked.text),
            error: None,
            named: named(total, which, &asked.text),
            is_partial: !found.is_whole && which != Which::Local,
            previous: (page > 1).then(|| link(page - 1)),
            next: (page < pages).then(|| link(page + 1)),
            place: format!("Page {} of {}", count(page as u64), count(pages as u64)),
        };
        list.reply()
    }

    /// A search that makes no sense.
    fn bad_search(&self, visit: &Visit<'_>, which: Which, asked: &Asked, error: String) -> Reply {
        let list = Packages {
            frame: self.list_frame(visit, which, asked),
            tabs: tabs(which, asked, Default::default()),
            columns: Vec::new(),
            sort: asked.sort.map_or("", Sort::as_str),
            rows: Vec::new(),
            caption: String::new(),
            error: Some(error),
            named: None,
            is_partial: false,
            previous: None,
            next: None,
            place: String::new(),
        };
        list.reply()
    }

    fn list_frame<'a>(&self, visit: &'a Visit<'_>, which: Which, asked: &'a Asked) -> Frame<'a> {
        let frame = self.frame(visit).here("packages");
        Frame { search: &asked.text, list: which.as_str(), ..frame }
    }
}

/// What is found of what is seen: the page that is asked for, or the last one.
fn find(seen: &Seen, which: Which, asked: &Asked, query: &Query, clock: &Clock) -> Found {
    let is_search = !asked.text.trim().is_empty();
    let local = local(seen, query, is_search);
    let proxied: Vec<Item<'_>> = match is_search {
        true => seen.found(query),
        false => seen.copies(),
    };
    let (locals, copies) = (local.len(), proxied.len());
    let (local, proxied) = match which {
        Which::All => (local, proxied),
        Which::Local => (local, Vec::new()),
        Which::Proxied => (Vec::new(), proxied),
    };
    let pages = (local.len() + proxied.len()).div_ceil(PAGE).max(1);
    let page = asked.page.min(pages);
    let sort = asked.sort.or((!is_search).then_some(Sort::Name));
    let items = match sort {
        // Both are in this order already: no more of them is looked at than goes before the end of the page.
        Some(Sort::Name) if !is_search => by_name(&local, &proxied, page * PAGE),
        _ => {
            let mut items: Vec<Item<'_>> = local.into_iter().chain(proxied).collect();
            // The best first, as searches have them, if nothing else is asked for.
            if let Some(sort) = sort {
                order(&mut items, sort);
            }
            items
        }
    };
    let rows = items.iter().skip((page - 1) * PAGE).take(PAGE);
    let rows = rows.map(|item| item.row(clock)).collect();
    let is_whole = seen.listing.is_whole();
    Found { rows, local: locals, proxied: copies, page, pages, is_whole }
}

/// The first `most` of both, which are in order, by name.
fn by_name<'a>(one: &[Item<'a>], other: &[Item<'a>], most: usize) -> Vec<Item<'a>> {
    let (mut one, mut other) = (one.iter().peekable(), other.iter().peekable());
    let next = move || match (one.peek(), other.peek()) {
        (Some(first), Some(second)) if second.name() < first.name() => other.next().copied(),
        (Some(_), _) => one.next().copied(),
        (None, _) => other.next().copied(),
    };
    std::iter::from_fn(next).take(most).collect()
}

/// Those of this registry, the best first.
fn local<'a>(seen: &'a Seen, query: &Query, is_search: bool) -> Vec<Item<'a>> {
    if !is_search {
        return seen.local().collect();
    }
    let ranked = seen.local().filter_map(|item| match item {
        Item::Local(package) => package.rank(query).map(|rank| (rank, item)),
        Item::Proxied(_) => None,
    });
    let mut ranked: Vec<(u32, Item<'a>)> = ranked.collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, item)| item).collect()
}

/// Names from the first, all else from the largest, versions by how many are held before how many there are; equal ones by
/// name.
fn order(items: &mut [Item<'_>], sort: Sort) {
    items.sort_by(|one, other| one.name().cmp(other.name()));
    match sort {
        Sort::Name => {}
        Sort::Asked => items.sort_by_key(|item| Reverse(item.when())),
        Sort::Size => items.sort_by_key(|item| Reverse(item.bytes())),
        Sort::Versions => items.sort_by_key(|item| Reverse((item.held(), item.versions()))),
    }
}

fn tabs(which: Which, asked: &Asked, counts: [String; 3]) -> Vec<Tab> {
    let names = ["All", "Local", "Proxied"];
    let tabs = Which::ALL.into_iter().zip(names).zip(counts);
    let tab = |((list, name), count)| Tab {
        path: asked.path(list, asked.sort, 1),
        name,
        count,
        is_here: list == which,
    };
    tabs.map(tab).collect()
}

fn columns(which: Which, asked: &Asked) -> Vec<SortLink> {
    let is_search = !asked.text.trim().is_empty();
    let sorted = asked.sort.or((!is_search).then_some(Sort::Name));
    let all = [
        ("Package", Some(Sort::Name), false),
        ("Latest", None, false),
        ("Versions held", Some(Sort::Versions), true),
        ("Size", Some(Sort::Size), true),
        ("Last activity", Some(Sort::Asked), false),
    ];
    let column = |(name, sort, is_number): (&'static str, Option<Sort>, bool)| {
        let order = if sort == Some(Sort::Name) { "ascending" } else { "descending" };
        let order = (sort.is_some() && sort == sorted).then_some(order);
        let path = sort.map(|sort| asked.path(which, Some(sort), 1)).unwrap_or_default();
        SortLink { path, name, order, is_number }
    };
    all.into_iter().map(column).collect()
}

/// What was searched for and not found, if that may be a package which is held by nobody here: one of an upstream.
fn named(total: usize, which: Which, text: &str) -> Option<String> {
    let name = PackageName::parse(text.trim()).ok()?;
    let may_be = total == 0 && which != Which::Local && name.check_publishable().is_ok();
    may_be.then(|| name.as_str().to_owned())
}

fn caption(total: usize, text: &str) -> String {
    let found = match total {
        0 => "No package".to_owned(),
        1 => "1 package".to_owned(),
        _ => format!("{} packages", count(total as u64)),
    };
    match text.trim() {
        "" if total == 0 => {
            "No package is here yet: what clients install, or publish, is.".to_owned()
        }
        "" => found,
        text => format!("{found} for “{text}”"),
    }
}
