//! What a package needs of what is held, and who of that needs it: with what is out of date.
//! Knows nothing of how that looks. Of hidden packages, nobody hears who may not read them.

use crate::hosted::Package;
use crate::npm::{About, Dependency, DependencyKind, NeedKind, Needs, PackageName, Range, Version};
use crate::reply::Reply;
use crate::ui::seen::Seen;
use crate::ui::{Ui, Visit};
use crate::web::{DependencyRow, DependentRow};
use std::sync::Arc;

/// Most dependents that are listed.
const LISTED: usize = 200;

/// Both.
pub(super) struct Relations {
    /// By kind, under a heading each.
    pub(super) dependencies: Vec<(&'static str, Vec<DependencyRow>)>,
    /// By name.
    pub(super) dependents: Vec<DependentRow>,
    /// How many there are of those.
    pub(super) count: usize,
}

impl Ui {
    /// Both, for who looks. All that is held is looked through.
    pub(super) async fn relations(
        &self,
        visit: &Visit<'_>,
        name: &PackageName,
        about: &Arc<About>,
    ) -> Result<Relations, Reply> {
        let seen = self.seen(visit).await?;
        let (name, about) = (name.clone(), Arc::clone(about));
        self.aside.run(move || Relations::new(&seen, &name, &about)).await
    }
}

impl Relations {
    fn new(seen: &Seen, name: &PackageName, about: &About) -> Relations {
        let (own, copies) = (Own(seen.own()), &seen.listing);
        let latest_of = |name: &PackageName| -> Option<Option<String>> {
            if let Some(package) = own.find(name) {
                return seen.is_seen(name).then(|| package.latest().map(str::to_owned));
            }
            let held =
                copies.find(name).filter(|held| held.has_packument() && seen.is_copy(name))?;
            Some(held.latest().map(str::to_owned))
        };
        let row = |need: &Dependency| {
            let latest = latest_of(&need.name);
            let path = latest.is_some().then(|| format!("/-/package/{}", need.name.path()));
            let latest = latest.flatten();
            let is_outdated = latest.as_deref().is_some_and(|it| is_outdated(&need.range, it));
            DependencyRow {
                name: need.name.to_string(),
                path,
                range: need.range.clone(),
                latest,
                is_outdated,
            }
        };
        let dependencies = DependencyKind::ALL.into_iter().filter_map(|(kind, _)| {
            let of_kind = about.dependencies.iter().filter(|need| need.kind == kind);
            let rows: Vec<_> = of_kind.map(row).collect();
            (!rows.is_empty()).then_some((kind.heading(), rows))
        });

        let latest = about.dist_tags.iter().find(|(tag, _)| tag == "latest");
        let latest = latest.map(|(_, version)| version.as_str()).or(about.highest.as_deref());
        let found = dependents(seen, &own, name);
        // What a row costs, is paid for those that are shown.
        let rows = found.iter().take(LISTED).map(|it| it.row(latest));
        Relations {
            dependencies: dependencies.collect(),
            dependents: rows.collect(),
            count: found.len(),
        }
    }
}

/// All packages that need this one, by name.
fn dependents<'a>(seen: &'a Seen, own: &Own<'a>, name: &'a PackageName) -> Vec<Found<'a>> {
    let of_own = own.dependents(name).filter(|it| seen.is_seen(it.name));
    // Behind an alias is another package than the one that is meant here.
    let of_copies = seen.listing.dependents(name).into_iter().filter(|it| !is_alias(it.range));
    let of_copies = of_copies.filter(|it| seen.is_copy(&it.held.name)).map(|it| Found {
        name: &it.held.name,
        kind: it.kind,
        range: it.range,
        is_local: false,
    });
    let mut found: Vec<Found<'a>> = of_own.chain(of_copies).collect();
    found.sort_by(|a, b| a.name.cmp(b.name));
    found
}

/// A package that needs the one that is looked at.
struct Found<'a> {
    name: &'a PackageName,
    kind: NeedKind,
    range: &'a str,
    is_local: bool,
}

impl Found<'_> {
    /// As the page shows it, where the latest version of the other one is that.
    fn row(&self, latest: Option<&str>) -> DependentRow {
        let kind = match self.kind {
            NeedKind::Dependency => "dependency",
            NeedKind::Peer => "peer",
            NeedKind::Optional => "optional",
            NeedKind::Development => "development",
        };
        DependentRow {
            name: self.name.to_string(),
            path: format!("/-/package/{}", self.name.path()),
            kind,
            range: self.range.to_owned(),
            is_outdated: latest.is_some_and(|latest| is_outdated(self.range, latest)),
            is_local: self.is_local,
        }
    }
}

/// Hosted packages, by name.
struct Own<'a>(&'a [Arc<Package>]);

impl<'a> Own<'a> {
    fn find(&self, name: &PackageName) -> Option<&'a Package> {
        let at = self.0.binary_search_by(|package| package.name.cmp(name)).ok()?;
        self.0.get(at).map(|package| &**package)
    }

    /// Who needs this package, once for each way in which they do.
    fn dependents(&self, name: &'a PackageName) -> impl Iterator<Item = Found<'a>> {
        let (mark, name) = (Needs::mark(name.as_str()), name.as_str());
        let finder = memchr::memmem::Finder::new(&mark).into_owned();
        let needing = self
            .0
            .iter()
            .filter(move |package| finder.find(package.dependencies().text().as_bytes()).is_some());
        needing.flat_map(move |package| {
            let needs = package.dependencies().of(name).filter(|need| !is_alias(need.range));
            needs.map(move |need| {
                let (kind, range) = (need.kind, need.range);
                Found { name: &package.name, kind, range, is_local: true }
            })
        })
    }
}

fn is_alias(range: &str) -> bool {
    range.starts_with("npm:")
}

/// Whether the latest version is newer than all that is asked for. What is no range says nothing.
pub(super) fn is_outdated(range: &str, latest: &str) -> bool {
    let (Some(range), Ok(latest)) = (Range::parse(range), Version::without_build(latest)) else {
        return false;
    };
    range.is_below(&latest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_newer_than_a_range_makes_it_outdated() {
        for (range, latest, expected) in [
            ("^1.0.0", "2.0.0", true),
            ("^1.0.0", "1.9.0", false),
            ("^3.0.0", "2.0.0", false),
            ("*", "2.0.0", false),
            ("latest", "2.0.0", false),
            ("git+https://git.example/a", "2.0.0", false),
            ("1.0.0", "odd", false),
        ] {
            assert_eq!(is_outdated(range, latest), expected, "{range} {latest}");
        }
    }
}
