//! The versions of a package, as its page lists them: which come first, and which are on a page.
//! Knows nothing of how that looks, nor of how it is known which tarballs are held.

use super::query::Asked;
use crate::npm::{About, AboutVersion, PackageName, encode_segment};
use crate::ui::copies::TarballHeld;
use crate::web::{HeldLink, VersionRow, VersionsPart, bytes, count};
use std::collections::{HashMap, HashSet};

/// Versions on one page.
const PAGE: usize = 50;

/// A package whose versions are listed.
pub(super) struct Listed<'a> {
    pub(super) name: &'a PackageName,
    pub(super) about: &'a About,
    /// The versions whose tarballs are held, as far as lists know it; `None` if all are.
    pub(super) held: Option<HashSet<&'a str>>,
}

impl Listed<'_> {
    /// The page of them that is asked for; `held_of` says what is held of a version's tarball.
    pub(super) fn part(
        &self,
        asked: &Asked,
        held_of: impl Fn(&AboutVersion) -> TarballHeld,
    ) -> VersionsPart {
        let is_filtered = asked.held && self.held.is_some();
        let mut versions = self.in_order();
        if is_filtered {
            versions.retain(|it| self.is_held(it));
        }
        let pages = versions.len().div_ceil(PAGE).max(1);
        let page = asked.page.clamp(1, pages);
        let shown = versions.into_iter().skip((page - 1) * PAGE).take(PAGE);
        let link = |page: usize| self.link(asked, page, is_filtered);
        VersionsPart {
            rows: shown.map(|it| self.row(it, held_of(it))).collect(),
            count: self.about.versions.len() + self.about.left_out,
            left_out: if is_filtered { 0 } else { self.about.left_out },
            page,
            pages,
            first: (page > 2).then(|| link(1)),
            newer: (page > 1).then(|| link(page - 1)),
            older: (page < pages).then(|| link(page + 1)),
            last: (page + 1 < pages).then(|| link(pages)),
            order: match self.held {
                _ if is_filtered => "What is held: dist-tags first, then the newest",
                Some(_) => "Dist-tags first, then what is held, then the newest",
                None => "Dist-tags first, then the newest",
            },
            held: self.held_link(asked, is_filtered),
        }
    }

    /// `latest`, what other dist-tags point to, what is held, and the others; each from the newest on.
    fn in_order(&self) -> Vec<&AboutVersion> {
        let mut tagged: HashMap<&str, usize> = HashMap::new();
        for (tag, version) in &self.about.dist_tags {
            let rank = usize::from(tag != "latest");
            tagged.entry(version).and_modify(|it| *it = rank.min(*it)).or_insert(rank);
        }
        let mut parts: [Vec<&AboutVersion>; 4] = Default::default();
        for it in &self.about.versions {
            let rank = tagged.get(it.version.as_str()).copied();
            parts[rank.unwrap_or(if self.is_held(it) { 2 } else { 3 })].push(it);
        }
        parts.concat()
    }

    fn is_held(&self, version: &AboutVersion) -> bool {
        self.held.as_ref().is_none_or(|held| held.contains(version.version.as_str()))
    }

    /// To those that are held, or back to all; nowhere if that changes nothing.
    fn held_link(&self, asked: &Asked, is_filtered: bool) -> Option<HeldLink> {
        self.held.as_ref()?;
        let held = self.about.versions.iter().filter(|it| self.is_held(it)).count();
        let words = match (is_filtered, held) {
            (true, _) => "All versions".to_owned(),
            (false, 0) => return None,
            (false, held) => format!("Only what is held ({})", count(held as u64)),
        };
        Some(HeldLink { path: self.link(asked, 1, !is_filtered), words })
    }

    fn link(&self, asked: &Asked, page: usize, held: bool) -> String {
        let version = asked.version.as_deref().map(|it| format!("&version={}", encode_segment(it)));
        format!(
            "/-/package/{}?versions={page}{}{}#versions",
            self.name.path(),
            if held { "&held" } else { "" },
            version.unwrap_or_default()
        )
    }

    fn row(&self, it: &AboutVersion, held: TarballHeld) -> VersionRow {
        let (path, version) = (self.name.path(), encode_segment(&it.version));
        // Of how many bytes its files are, only who packed it knows.
        let packed = || held.len.map(|len| format!("{} packed", bytes(len)));
        VersionRow {
            version: it.version.clone(),
            link: format!("/-/package/{path}?version={version}"),
            files: format!("/-/package/{path}/files/{version}"),
            time: it.time.clone(),
            unpacked: it.unpacked.map(bytes).or_else(packed),
            tags: self.tags(it),
            deprecated: it.deprecated.clone(),
            is_held: held.is_held,
            digest: it.digest().map(str::to_owned),
            is_this: it.version == self.about.version,
        }
    }

    fn tags(&self, it: &AboutVersion) -> Vec<String> {
        let tags = self.about.dist_tags.iter().filter(|(_, version)| *version == it.version);
        tags.map(|(tag, _)| tag.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::npm::Document;

    fn about() -> About {
        let versions: Vec<String> = (0..120).map(|n| format!(r#""1.0.{n}":{{}}"#)).collect();
        let times: Vec<String> = (0..120)
            .map(|n| format!(r#""1.0.{n}":"2025-01-01T00:{:02}:{:02}Z""#, n / 60, n % 60))
            .collect();
        let text = format!(
            r#"{{"dist-tags":{{"old":"1.0.3","latest":"1.0.7","also":"1.0.7","next":"1.0.50"}},"versions":{{{}}},"time":{{{}}}}}"#,
            versions.join(","),
            times.join(",")
        );
        Document::parse(text.as_bytes()).unwrap().about(None).unwrap()
    }

    fn part(query: &str, held: Option<&[&'static str]>) -> VersionsPart {
        let (name, about) = ("many".parse().unwrap(), about());
        let held = held.map(|held| held.iter().copied().collect());
        let listed = Listed { name: &name, about: &about, held };
        listed.part(&Asked::of(query), |it| TarballHeld {
            is_held: it.version == "1.0.9",
            len: (it.version == "1.0.9").then_some(1234),
        })
    }

    fn versions(part: &VersionsPart) -> Vec<&str> {
        part.rows.iter().map(|row| row.version.as_str()).collect()
    }

    #[test]
    fn tags_and_what_is_held_come_first() {
        let held = Some(&["1.0.9", "1.0.60", "1.0.3", "odd.tgz"][..]);
        let first = part("", held);
        let order = ["1.0.7", "1.0.50", "1.0.3", "1.0.60", "1.0.9", "1.0.119"];
        assert_eq!(versions(&first)[..6], order);
        assert_eq!(first.rows[4].unpacked.as_deref(), Some("1.2 KiB packed"));
        assert_eq!((first.count, first.pages, first.rows.len()), (120, 3, 50));
        let link = first.held.unwrap();
        assert_eq!(link.path, "/-/package/many?versions=1&held#versions");
        assert_eq!(link.words, "Only what is held (3)");
        let only = part("held&version=1.0.2", held);
        assert_eq!(versions(&only), ["1.0.3", "1.0.60", "1.0.9"]);
        assert_eq!((only.count, only.pages), (120, 1));
        let link = only.held.unwrap();
        assert_eq!(link.path, "/-/package/many?versions=1&version=1.0.2#versions");
    }

    #[test]
    fn where_all_are_held_or_none_nothing_is_left_out() {
        let own = part("held", None);
        assert_eq!(versions(&own)[..4], ["1.0.7", "1.0.50", "1.0.3", "1.0.119"]);
        assert!(own.held.is_none() && own.pages == 3);
        assert!(part("", Some(&[])).held.is_none());
        // Who has been led to what is held no more finds the way back.
        let none = part("held", Some(&[]));
        assert!(none.rows.is_empty() && none.held.is_some());
    }

    #[test]
    fn the_ends_are_one_link_away() {
        let path = |page| Some(format!("/-/package/many?versions={page}#versions"));
        let links = |query| {
            let part = part(query, None);
            [part.first, part.newer, part.older, part.last]
        };
        assert_eq!(links(""), [None, None, path(2), path(3)]);
        assert_eq!(links("versions=2"), [None, path(1), path(3), None]);
        assert_eq!(links("versions=99"), [path(1), path(2), None, None]);
    }
}
