//! Which versions of a package are taken over, by what is here of it.
//! Knows nothing of where either is kept.

use super::rows::LeftOut;
use crate::npm::Integrity;
use crate::npm::hosted::HostedDocument;
use crate::verdaccio::{OwnVersion, Package};

/// What is done with a package's versions.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// Those that are taken over, by their places among the package's own.
    pub(super) add: Vec<usize>,
    /// How many are here.
    pub(super) here: usize,
    /// Those that are not taken over.
    pub(super) left_out: Vec<LeftOut>,
    /// Whether two packages become one: the tags that are here stay then.
    pub(super) is_merge: bool,
}

/// Decides it. Versions are never replaced; and a package of the same name that is not the same package, as it has versions
/// that the other registry has not, is left alone unless both are to be merged.
///
/// # Errors
/// Why nothing is done with the package.
pub(super) fn plan(
    package: &Package,
    held: Option<&HostedDocument>,
    merge: bool,
) -> Result<Plan, String> {
    let mut plan = Plan::default();
    if held.is_some_and(|held| !held.is_hosted()) {
        return Err(
            "an older NOPAR left a copy of the upstream's package of this name here".to_owned()
        );
    }
    for (place, own) in package.own.iter().enumerate() {
        let version = own.version.as_str();
        match held {
            Some(held) if held.manifest(version).is_some() => {
                match held.digests(version).is_some_and(|ours| is_same(&ours, own)) {
                    true => plan.here += 1,
                    false => plan
                        .left_out
                        .push(LeftOut::new(version, "this version is here with another tarball")),
                }
            }
            Some(held) if held.check_new(&own.version).is_err() => {
                plan.left_out.push(LeftOut::new(version, "this version was unpublished here"));
            }
            _ => plan.add.push(place),
        }
    }
    let others = held.map(|held| foreign(package, held)).unwrap_or_default();
    plan.is_merge = !others.is_empty();
    if !plan.add.is_empty() && !others.is_empty() && !merge {
        return Err(format!(
            "there is already a package of this name here, with versions that Verdaccio does not have ({}), so it was not changed; \
             --merge adds the {} that it lacks",
            some(&others),
            match plan.add.len() {
                1 => "version".to_owned(),
                count => format!("{count} versions"),
            }
        ));
    }
    Ok(plan)
}

/// The versions here that the other registry does not have, or has with other bytes.
fn foreign(package: &Package, held: &HostedDocument) -> Vec<String> {
    let is_theirs = |version: &&str| {
        let ours = held.digests(version);
        let same = |own: &&OwnVersion| own.version.as_str() == *version;
        let own = package.own.iter().find(same);
        own.is_some_and(|own| ours.is_some_and(|ours| is_same(&ours, own)))
    };
    held.versions().filter(|version| !is_theirs(version)).map(str::to_owned).collect()
}

/// Whether these digests mean the same bytes: there is an algorithm that both sides know, and they agree in each.
fn is_same(ours: &Integrity, own: &OwnVersion) -> bool {
    let mut common = 0;
    for stated in own.stated.iter().flat_map(Integrity::digests) {
        let of = |it: &&crate::npm::integrity::Digest| it.algorithm() == stated.algorithm();
        let mut same_kind = ours.digests().iter().filter(of).peekable();
        if same_kind.peek().is_some() {
            common += 1;
            if !same_kind.any(|digest| digest == stated) {
                return false;
            }
        }
    }
    common > 0
}

/// The first of them, and how many more there are.
fn some(versions: &[String]) -> String {
    let shown = versions.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
    match versions.len() {
        0..=3 => shown,
        count => format!("{shown} and {} more", count - 3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SHA1: &str = "da39a3ee5e6b4b0d3255bfef95601890afd80709";

    fn package(versions: &[&str]) -> Package {
        let manifest = |version: &&str| ((*version).to_owned(), json!({"dist": {"shasum": SHA1}}));
        let versions: serde_json::Map<_, _> = versions.iter().map(manifest).collect();
        let text = json!({"name": "a", "versions": versions}).to_string();
        Package::parse(&"a".parse().unwrap(), text.as_bytes(), false).unwrap()
    }

    fn held(versions: &serde_json::Value, more: &str) -> HostedDocument {
        let text = format!(r#"{{"name":"a","versions":{versions}{more}}}"#);
        HostedDocument::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn what_is_not_here_comes_and_what_is_here_stays() {
        let package = package(&["1.0.0", "1.1.0"]);
        let all = plan(&package, None, false).unwrap();
        assert_eq!((all.add, all.here), (vec![0, 1], 0));
        let same = held(&json!({"1.0.0": {"dist": {"shasum": SHA1}}}), "");
        let rest = plan(&package, Some(&same), false).unwrap();
        assert_eq!((rest.add, rest.here, rest.left_out), (vec![1], 1, vec![]));
        // A part of the digests is known on either side only.
        let more = json!({"1.0.0": {"dist": {"shasum": SHA1, "integrity": format!("sha512-{}", "A".repeat(86))}}});
        assert_eq!(plan(&package, Some(&held(&more, "")), false).unwrap().here, 1);
    }

    #[test]
    fn another_package_of_the_name_is_left_alone_unless_both_are_to_be_one() {
        let package = package(&["1.0.0"]);
        let other = held(
            &json!({"2.0.0": {"dist": {"shasum": SHA1}}, "3.0.0": {}, "4.0.0": {}, "5.0.0": {}}),
            "",
        );
        let why = plan(&package, Some(&other), false).unwrap_err();
        assert!(
            why.contains("(2.0.0, 3.0.0, 4.0.0 and 1 more)") && why.contains("--merge"),
            "{why}"
        );
        let both = plan(&package, Some(&other), true).unwrap();
        assert_eq!((both.add, both.is_merge), (vec![0], true));
        // There is nothing to do, so nothing to ask.
        let more = held(&json!({"1.0.0": {"dist": {"shasum": SHA1}}, "2.0.0": {}}), "");
        assert_eq!(plan(&package, Some(&more), false).unwrap().here, 1);
        let copy = held(&json!({}), r#","_proxied":true"#);
        assert!(
            plan(&package, Some(&copy), true).unwrap_err().contains("a copy of the upstream's")
        );
    }

    #[test]
    fn a_version_comes_neither_over_another_nor_back() {
        let package = package(&["1.0.0", "1.1.0"]);
        let other = SHA1.replace('d', "e");
        let held =
            held(&json!({"1.0.0": {"dist": {"shasum": other}}}), r#","time":{"1.1.0":"2026"}"#);
        for merge in [false, true] {
            let plan = plan(&package, Some(&held), merge).unwrap();
            let why: Vec<&str> = plan.left_out.iter().map(|it| it.why.as_str()).collect();
            assert_eq!(
                why,
                ["this version is here with another tarball", "this version was unpublished here"]
            );
            assert!(plan.add.is_empty() && plan.here == 0);
        }
    }
}
