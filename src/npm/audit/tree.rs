//! Questions about a tree: what a lockfile holds, nested as it is installed, or as it is required.
//! Knows nothing of who may hear of what.

use std::fmt;

use indexmap::IndexSet;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::inquiry::{InquiryError, Limits};
use super::json::{Flag, Text};
use super::spec;
use crate::npm::Integrity;

/// A name, as its number in the tree.
pub(super) type NameId = usize;

/// A project, and what it depends on.
#[derive(Debug, Default)]
pub struct Tree {
    names: IndexSet<Box<str>>,
    /// The project's own name is not in [`names`](Self::names): nobody may hear of it.
    pub(super) name: Box<str>,
    pub(super) root: Node,
    pub(super) install: Vec<Named>,
    pub(super) remove: Vec<Named>,
    packages: usize,
}

/// A package in its place, with what may be passed on of it.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) spec: Spec,
    pub(super) integrity: Option<Integrity>,
    pub(super) dev: bool,
    pub(super) optional: bool,
    pub(super) bundled: bool,
    /// In order of their names.
    pub(super) requires: Vec<Named>,
    /// In order of their names.
    pub(super) dependencies: Vec<(NameId, Node)>,
}

/// What a package is, by its `version`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Spec {
    /// A version of the package of its name.
    Version(Box<str>),
    /// A version of another package.
    Alias(NameId, Box<str>),
    /// None of any registry's: of an address, a folder or a repository.
    #[default]
    Other,
}

/// A name, and what is wanted of it.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) name: NameId,
    pub(super) wanted: Wanted,
}

/// What is wanted of a package.
#[derive(Debug)]
pub(super) enum Wanted {
    /// A range of versions.
    Range(Box<str>),
    /// A tag, or whatever there is.
    Any,
    /// Something by an alias, an address or a path.
    Elsewhere,
}

impl Wanted {
    fn of(text: Option<&str>) -> Wanted {
        match text {
            Some(text) if spec::is_range(text) => Wanted::Range(text.into()),
            Some(text) if text.contains([':', '/']) => Wanted::Elsewhere,
            _ => Wanted::Any,
        }
    }
}

impl Tree {
    pub(super) fn parse(text: &[u8]) -> Result<Tree, InquiryError> {
        let limits = Limits::default();
        let mut tree = Tree::default();
        let mut reader = serde_json::Deserializer::from_slice(text);
        // Levels are counted here.
        reader.disable_recursion_limit();
        let mut root = Node::default();
        let project = NodeReader { node: &mut root, tree: &mut tree, limits: &limits, levels: 0 };
        let parsed = project.deserialize(&mut reader).and_then(|()| reader.end());
        parsed.map_err(|error| {
            limits.error("what a lockfile holds, an object with `dependencies`", error)
        })?;
        tree.root = root;
        Ok(tree)
    }

    pub(super) fn names(&self) -> Vec<&str> {
        self.names.iter().map(AsRef::as_ref).collect()
    }

    pub(super) fn name_of(&self, id: NameId) -> &str {
        &self.names[id]
    }

    /// How many packages there are in it.
    pub(super) fn packages(&self) -> usize {
        self.packages
    }

    fn id<E: serde::de::Error>(&mut self, name: &str, limits: &Limits) -> Result<NameId, E> {
        if let Some(id) = self.names.get_index_of(name) {
            return Ok(id);
        }
        limits.names(self.names.len() + 1)?;
        Ok(self.names.insert_full(name.into()).0)
    }

    fn spec<E: serde::de::Error>(
        &mut self,
        version: Option<Box<str>>,
        limits: &Limits,
    ) -> Result<Spec, E> {
        let Some(version) = version else { return Ok(Spec::Other) };
        if spec::is_version(&version) {
            return Ok(Spec::Version(version));
        }
        match spec::alias(&version) {
            Some((name, version)) => Ok(Spec::Alias(self.id(name, limits)?, version.into())),
            None => Ok(Spec::Other),
        }
    }
}

/// The members that are looked at.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Member {
    Name,
    Version,
    Integrity,
    Dev,
    Optional,
    Bundled,
    Requires,
    Dependencies,
    Install,
    Remove,
    #[serde(other)]
    Other,
}

/// Reads a package, or the project itself, which has no levels above it. What is read is not handed from call to call,
/// so that a level takes little of the stack.
struct NodeReader<'a> {
    node: &'a mut Node,
    tree: &'a mut Tree,
    limits: &'a Limits,
    levels: usize,
}

impl<'de> DeserializeSeed<'de> for NodeReader<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for NodeReader<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        while let Some(member) = members.next_key()? {
            match member {
                Member::Dependencies => {
                    let dependencies = &mut self.node.dependencies;
                    dependencies.clear();
                    let (tree, levels) = (&mut *self.tree, self.levels + 1);
                    let limits = self.limits;
                    members.next_value_seed(Dependencies { dependencies, tree, limits, levels })?;
                }
                member => self.read(&member, &mut members)?,
            }
        }
        Ok(())
    }
}

impl NodeReader<'_> {
    /// Reads a member that has no packages in it.
    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        member: &Member,
        members: &mut A,
    ) -> Result<(), A::Error> {
        let NodeReader { node, tree, limits, levels } = self;
        let is_project = *levels == 0;
        match member {
            Member::Version => {
                let Text(version) = members.next_value()?;
                node.spec = tree.spec(version, limits)?;
            }
            Member::Integrity => {
                let Text(integrity) = members.next_value()?;
                node.integrity = integrity.and_then(|it| Integrity::parse(&it).ok());
            }
            Member::Dev => node.dev = members.next_value::<Flag>()?.0,
            Member::Optional => node.optional = members.next_value::<Flag>()?.0,
            Member::Bundled => node.bundled = members.next_value::<Flag>()?.0,
            Member::Requires => {
                node.requires = members.next_value_seed(Requires { tree, limits })?;
            }
            Member::Name if is_project => {
                tree.name = members.next_value::<Text>()?.0.unwrap_or_default();
            }
            Member::Install if is_project => {
                tree.install = members.next_value_seed(List { tree, limits })?;
            }
            Member::Remove if is_project => {
                tree.remove = members.next_value_seed(List { tree, limits })?;
            }
            _ => {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// Reads packages by name. Of several of one name, the last counts, as in JavaScript.
struct Dependencies<'a> {
    dependencies: &'a mut Vec<(NameId, Node)>,
    tree: &'a mut Tree,
    limits: &'a Limits,
    levels: usize,
}

impl<'de> DeserializeSeed<'de> for Dependencies<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Dependencies<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("packages by name")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Dependencies { dependencies, tree, limits, levels } = self;
        limits.levels(levels)?;
        while let Some(name) = members.next_key::<Box<str>>()? {
            limits.package()?;
            tree.packages += 1;
            dependencies.push((tree.id(&name, limits)?, Node::default()));
            if let Some((_, node)) = dependencies.last_mut() {
                members.next_value_seed(NodeReader { node, tree: &mut *tree, limits, levels })?;
            }
        }
        in_order(tree, dependencies, |(name, _)| *name);
        Ok(())
    }
}

/// Reads ranges by name; lockfiles may have `true` in their place.
struct Requires<'a> {
    tree: &'a mut Tree,
    limits: &'a Limits,
}

impl<'de> DeserializeSeed<'de> for Requires<'_> {
    type Value = Vec<Named>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Requires<'_> {
    type Value = Vec<Named>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ranges by name")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let Requires { tree, limits } = self;
        let mut requires = Vec::new();
        while let Some(name) = members.next_key::<Box<str>>()? {
            limits.version()?;
            let Text(wanted) = members.next_value()?;
            let wanted = Wanted::of(wanted.as_deref());
            requires.push(Named { name: tree.id(&name, limits)?, wanted });
        }
        in_order(tree, &mut requires, |named| named.name);
        Ok(requires)
    }
}

/// Reads a list of names with ranges.
struct List<'a> {
    tree: &'a mut Tree,
    limits: &'a Limits,
}

impl<'de> DeserializeSeed<'de> for List<'_> {
    type Value = Vec<Named>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = Vec<Named>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of names")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let List { tree, limits } = self;
        let mut all = Vec::new();
        while let Some(Text(text)) = list.next_element()? {
            limits.version()?;
            let Some(text) = text else { continue };
            let (name, wanted) = spec::named(&text);
            all.push(Named { name: tree.id(name, limits)?, wanted: Wanted::of(wanted) });
        }
        in_order(tree, &mut all, |named| named.name);
        Ok(all)
    }
}

/// Sorts what has names by them, and keeps the last of those with one name.
fn in_order<T>(tree: &Tree, all: &mut Vec<T>, name_of: impl Fn(&T) -> NameId) {
    // What was last comes first, to be kept.
    all.reverse();
    all.sort_by(|one, other| tree.name_of(name_of(one)).cmp(tree.name_of(name_of(other))));
    all.dedup_by_key(|one| name_of(one));
}

#[cfg(test)]
mod tests {
    use super::super::inquiry::{Excess, MOST_LEVELS};
    use super::*;

    fn nested(levels: usize) -> String {
        let open = r#"{"version":"1.0.0","dependencies":{"a":"#.repeat(levels);
        format!("{open}{{}}{}", "}}".repeat(levels))
    }

    fn excess(text: &str) -> Excess {
        match Tree::parse(text.as_bytes()).unwrap_err() {
            InquiryError::Excess(excess) => excess,
            error @ InquiryError::Other { .. } => panic!("{error}"),
        }
    }

    #[test]
    fn packages_may_nest_so_deeply_and_no_more() {
        // As on a thread of NOPAR's with half of its stack used up.
        let deep = std::thread::Builder::new().stack_size(1 << 20).spawn(|| {
            let tree = Tree::parse(nested(MOST_LEVELS).as_bytes()).unwrap();
            assert_eq!(tree.packages(), MOST_LEVELS);
            assert_eq!(tree.questions(&[Some(0)]).len(), 1);
            for levels in [MOST_LEVELS + 1, 100_000] {
                assert_eq!(excess(&nested(levels)), Excess::Levels, "{levels}");
            }
            // What is not looked at may nest as it likes.
            for member in ["metadata", "version", "integrity", "dev"] {
                let (open, close) = ("[".repeat(300_000), "]".repeat(300_000));
                let text = format!("{{\"{member}\":{open}{close}}}");
                Tree::parse(text.as_bytes()).unwrap();
            }
        });
        deep.unwrap().join().unwrap();
    }

    #[test]
    fn there_is_an_end_to_packages_and_requirements() {
        let packages = |one: &str, count: usize| {
            let all: Vec<String> = (0..count).map(|n| one.replace('#', &n.to_string())).collect();
            all.join(",")
        };
        let same = packages(r#""a":{}"#, 100_001);
        assert_eq!(excess(&format!("{{\"dependencies\":{{{same}}}}}")), Excess::Packages);
        let names = packages(r##""n#":"*""##, 100_001);
        assert_eq!(excess(&format!("{{\"requires\":{{{names}}}}}")), Excess::Names);
        let same = packages(r#""a":"*""#, 500_001);
        assert_eq!(excess(&format!("{{\"requires\":{{{same}}}}}")), Excess::Versions);
    }

    #[test]
    fn what_is_no_tree_is_no_question() {
        for text in [
            "",
            "[]",
            "1",
            "{} {}",
            r#"{"dependencies":[]}"#,
            r#"{"dependencies":{"a":"1.0.0"}}"#,
            r#"{"dependencies":{"a":{"dependencies":1}}}"#,
            r#"{"requires":"a"}"#,
            r#"{"install":{}}"#,
            "{\"dependencies\":{\"a\":{}}",
        ] {
            let error = Tree::parse(text.as_bytes()).unwrap_err();
            assert!(error.to_string().contains("an object with `dependencies`"), "{error}");
        }
        for text in [
            "{}",
            r#"{"dependencies":null,"requires":true,"install":null}"#,
            r#"{"version":1,"integrity":[],"requires":{"a":{}},"install":[1,"a"],"dev":"x"}"#,
        ] {
            Tree::parse(text.as_bytes()).unwrap();
        }
    }
}
