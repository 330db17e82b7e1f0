//! What a package needs of what is held, and who of that needs it: with what is out of date.
//! Knows nothing of how that looks. Of hidden packages, nobody hears who may not read them.

use crate::hosted::{Package, computed};
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
    /// Both, for who looks. All that is held is looked through: on another thread, if that is much.
    pub(super) async fn relations(
        &self,
        visit: &Visit<'_>,
        name: &PackageName,
        about: &Arc<About>,
    ) -> Result<Relations, Reply> {
        let seen = self.seen(visit).await?;
        let (name, about) = (name.clone(), Arc::clone(about));
        let related = computed(seen.weight(), move || Relations::new(&seen, &name, &about)).await;
        match related {
            Ok((relations, _room)) => Ok(relations),
            Err(broken) => Err(super::store_error(&broken.into())),
        }
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
        let mut dependents: Vec<DependentRow> = own
            .dependents(name)
            .filter(|(package, ..)| seen.is_seen(&package.name))
            .map(|(package, kind, range)| dependent(&package.name, kind, range, latest, true))
            .collect();
        // Behind an alias is another package than the one that is meant here.
        let of_copies = copies.dependents(name).into_iter().filter(|it| !is_alias(it.range));
        let of_copies = of_copies.filter(|it| seen.is_copy(&it.held.name));
        dependents
            .extend(of_copies.map(|it| dependent(&it.held.name, it.kind, it.range, latest, false)));
        dependents.sort_by(|a, b| a.name.cmp(&b.name));
        let count = dependents.len();
        dependents.truncate(LISTED);
        Relations { dependencies: dependencies.collect(), dependents, count }
    }
}

/// Hosted packages, by name.
struct Own<'a>(&'a [Arc<Package>]);

impl<'a> Own<'a> {
    fn find(&self, name: &PackageName) -> Option<&'a Package> {
        let at = self.0.binary_search_by(|package| package.name.cmp(name)).ok()?;
        self.0.get(at).map(|package| &**package)
    }

    fn dependents(
        &self,
        name: &PackageName,
    ) -> impl Iterator<Item = (&'a Package, NeedKind, &'a str)> {
        let (mark, name) = (Needs::mark(name.as_str()), name.clone());
        let finder = memchr::memmem::Finder::new(&mark).into_owned();
        self.0.iter().filter_map(move |package| {
            let needs = package.dependencies();
            finder.find(needs.text().as_bytes())?;
            let need = needs.iter().find(|need| need.name == name.as_str())?;
            (!is_alias(need.range)).then_some((&**package, need.kind, need.range))
        })
    }
}

fn is_alias(range: &str) -> bool {
    range.starts_with("npm:")
}

fn dependent(
    name: &PackageName,
    kind: NeedKind,
    range: &str,
    latest: Option<&str>,
    is_local: bool,
) -> DependentRow {
    let kind = match kind {
        NeedKind::Dependency => "dependency",
        NeedKind::Peer => "peer",
        NeedKind::Optional => "optional",
    };
    DependentRow {
        name: name.to_string(),
        path: format!("/-/package/{}", name.path()),
        kind,
        range: range.to_owned(),
        is_outdated: latest.is_some_and(|latest| is_outdated(range, latest)),
        is_local,
    }
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
