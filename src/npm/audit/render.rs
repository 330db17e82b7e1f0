//! What an upstream is asked of a tree: its own names, and placeholders for all others.
//! Knows nothing of how trees are read.

use super::hidden::{Hidden, VERSION, is_like_a_placeholder};
use super::inquiry::upstreams;
use super::json::{push_comma, push_quoted};
use super::tree::{NameId, Named, Node, Spec, Tree, Wanted};
use super::{Question, Reading};

impl Tree {
    /// One question for each upstream that has a package in it.
    pub(super) fn questions(&self, owners: &[Option<usize>]) -> Vec<Question> {
        let mut met = vec![Met::Nowhere; owners.len()];
        look(&self.root, self, owners, &mut met);
        let asked = owners.iter().zip(&met);
        let asked = asked.map(|(owner, met)| owner.filter(|_| *met == Met::Shown));
        let of = |upstream| {
            let (text, hidden) = (String::new(), Hidden::default());
            let mut asking = Asking { tree: self, owners, met: &met, upstream, text, hidden };
            asking.project();
            let reading = Reading::Tree(asking.hidden.names());
            Question { upstream, text: asking.text.into(), reading }
        };
        upstreams(asked).into_iter().map(of).collect()
    }
}

/// Where a name was met among the packages of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Met {
    Nowhere,
    /// Only of what its upstream must not hear of: by that name it may be nobody's but the project's.
    Hidden,
    Shown,
}

/// Notes what names are met of. What is only required is not asked for.
fn look(node: &Node, tree: &Tree, owners: &[Option<usize>], met: &mut [Met]) {
    for (name, dependency) in &node.dependencies {
        let is_shown = owners[*name]
            .is_some_and(|owner| is_shown(tree, owners, owner, *name, &dependency.spec));
        if is_shown {
            met[*name] = Met::Shown;
        } else if met[*name] == Met::Nowhere {
            met[*name] = Met::Hidden;
        }
        look(dependency, tree, owners, met);
    }
}

/// Whether an upstream may hear of a name.
fn is_own(tree: &Tree, owners: &[Option<usize>], upstream: usize, name: NameId) -> bool {
    owners[name] == Some(upstream) && !is_like_a_placeholder(tree.name_of(name))
}

/// Whether an upstream may hear of a package.
fn is_shown(
    tree: &Tree,
    owners: &[Option<usize>],
    upstream: usize,
    name: NameId,
    spec: &Spec,
) -> bool {
    let is_own = |name| is_own(tree, owners, upstream, name);
    is_own(name)
        && match spec {
            Spec::Version(_) => true,
            Spec::Alias(real, _) => is_own(*real),
            Spec::Other => false,
        }
}

/// A question in the making.
struct Asking<'a> {
    tree: &'a Tree,
    owners: &'a [Option<usize>],
    met: &'a [Met],
    upstream: usize,
    text: String,
    hidden: Hidden<'a>,
}

impl Asking<'_> {
    fn project(&mut self) {
        let tree = self.tree;
        self.text.push_str("{\"name\":");
        let name = self.hidden.placeholder(&tree.name);
        push_quoted(&mut self.text, &name);
        self.member("version", VERSION);
        self.text.push_str(",\"install\":");
        self.list(&tree.install);
        self.text.push_str(",\"remove\":");
        self.list(&tree.remove);
        self.text.push_str(",\"metadata\":{},\"requires\":");
        self.requires(&tree.root.requires);
        self.text.push_str(",\"dependencies\":");
        self.dependencies(&tree.root.dependencies);
        self.text.push('}');
    }

    /// Those that are hidden come last: where one is among the others would say how it begins.
    fn dependencies(&mut self, dependencies: &[(NameId, Node)]) {
        let is_shown = |(name, node): &(NameId, Node)| {
            is_shown(self.tree, self.owners, self.upstream, *name, &node.spec)
        };
        let (shown, hidden): (Vec<_>, Vec<_>) = dependencies.iter().partition(|it| is_shown(it));
        self.text.push('{');
        for (name, node) in shown {
            self.key(*name, true);
            self.package(node, true);
        }
        for (name, node) in hidden {
            self.key(*name, false);
            self.package(node, false);
        }
        self.text.push('}');
    }

    fn package(&mut self, node: &Node, is_shown: bool) {
        self.text.push_str("{\"version\":");
        match &node.spec {
            Spec::Version(version) if is_shown => push_quoted(&mut self.text, version),
            Spec::Alias(name, version) if is_shown => {
                let alias = format!("npm:{}@{version}", self.tree.name_of(*name));
                push_quoted(&mut self.text, &alias);
            }
            _ => push_quoted(&mut self.text, VERSION),
        }
        if let Some(integrity) = node.integrity.as_ref().filter(|_| is_shown) {
            self.member("integrity", &integrity.to_string());
        }
        for (key, is_set) in
            [("dev", node.dev), ("optional", node.optional), ("bundled", node.bundled)]
        {
            if is_set {
                self.text.push_str(&format!(",\"{key}\":true"));
            }
        }
        if !node.requires.is_empty() {
            self.text.push_str(",\"requires\":");
            self.requires(&node.requires);
        }
        if !node.dependencies.is_empty() {
            self.text.push_str(",\"dependencies\":");
            self.dependencies(&node.dependencies);
        }
        self.text.push('}');
    }

    fn requires(&mut self, requires: &[Named]) {
        let (own, hidden): (Vec<_>, Vec<_>) = requires.iter().partition(|it| self.is_shown(it));
        self.text.push('{');
        for named in own {
            self.key(named.name, true);
            match &named.wanted {
                Wanted::Range(range) => push_quoted(&mut self.text, range),
                _ => self.text.push_str("\"*\""),
            }
        }
        for named in hidden {
            self.key(named.name, false);
            self.text.push_str("\"*\"");
        }
        self.text.push('}');
    }

    /// Of the names in a list no path of an answer is made: those of others are left out.
    fn list(&mut self, list: &[Named]) {
        self.text.push('[');
        for named in list {
            if self.is_shown(named) {
                push_comma(&mut self.text);
                let name = self.tree.name_of(named.name);
                let text = match &named.wanted {
                    Wanted::Range(range) => format!("{name}@{range}"),
                    _ => name.to_owned(),
                };
                push_quoted(&mut self.text, &text);
            }
        }
        self.text.push(']');
    }

    /// Whether the upstream may hear of a name that is wanted.
    fn is_shown(&self, named: &Named) -> bool {
        is_own(self.tree, self.owners, self.upstream, named.name)
            && match self.met[named.name] {
                Met::Shown => true,
                Met::Hidden => false,
                Met::Nowhere => !matches!(named.wanted, Wanted::Elsewhere),
            }
    }

    fn key(&mut self, name: NameId, is_shown: bool) {
        push_comma(&mut self.text);
        if is_shown {
            push_quoted(&mut self.text, self.tree.name_of(name));
        } else {
            let placeholder = self.hidden.placeholder(self.tree.name_of(name));
            push_quoted(&mut self.text, &placeholder);
        }
        self.text.push(':');
    }

    fn member(&mut self, key: &str, value: &str) {
        push_comma(&mut self.text);
        push_quoted(&mut self.text, key);
        self.text.push(':');
        push_quoted(&mut self.text, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn digest(n: u8) -> String {
        use base64::Engine;
        let bytes = [n; 64];
        format!("sha512-{}", base64::engine::general_purpose::STANDARD.encode(bytes))
    }

    /// What the first upstream is asked; `@acme/` is hidden, `@other/` the second's.
    fn asked(tree: &Value) -> Vec<(usize, Value)> {
        let tree = Tree::parse(tree.to_string().as_bytes()).unwrap();
        let owners = tree.names().into_iter().map(|name| match name.split('/').next() {
            Some("@acme") => None,
            Some("@other") => Some(1),
            _ => Some(0),
        });
        let owners: Vec<_> = owners.collect();
        let questions = tree.questions(&owners).into_iter();
        questions.map(|it| (it.upstream, serde_json::from_slice(&it.text).unwrap())).collect()
    }

    #[test]
    fn an_upstream_hears_of_its_own_packages_only() {
        let tree = json!({
            "name": "@acme/app", "version": "3.1.4", "author": "acme",
            "requires": {"lodash": "^4", "@acme/ui": "^1", "git": "github:acme/git", "tag": "next"},
            "install": ["lodash@^4.0.0", "@acme/ui@1", "tag@acme"], "remove": ["@acme/old", "gone"],
            "metadata": {"node_version": "v24.0.0", "cwd": "/home/acme"},
            "dependencies": {
                "lodash": {
                    "version": "4.17.20", "integrity": digest(1), "dev": true, "optional": false,
                    "resolved": "https://npm.acme.example/lodash/-/lodash-4.17.20.tgz",
                },
                "@acme/ui": {
                    "version": "1.2.3", "integrity": digest(2), "bundled": true,
                    "requires": {"left-pad": "1 || 2", "@acme/deep": "*"},
                    "dependencies": {
                        "left-pad": {"version": "1.0.0"},
                        "@acme/deep": {"version": "9.9.9"},
                        "@acme/app": {"version": "1.0.0"},
                    },
                },
                "alias": {"version": "npm:lodash@4.0.0", "integrity": "md5-acme"},
                "secret": {"version": "npm:@acme/ui@1.0.0", "integrity": digest(3)},
                "git": {"version": "git+ssh://git@acme.example/git.git#0123", "integrity": digest(4)},
                "@other/x": {"version": "1.0.0", "integrity": digest(5)},
                ".": {"version": "0.0.0"},
                "NOPAR-HIDDEN-7": {"version": "1.0.0"},
            },
        });
        let questions = asked(&tree);
        assert_eq!(questions.len(), 2);
        let expected = json!({
            "name": "NOPAR-HIDDEN-0", "version": "0.0.0", "install": ["lodash@^4.0.0", "tag"],
            "remove": ["gone"], "metadata": {},
            "requires": {"lodash": "^4", "tag": "*", "NOPAR-HIDDEN-1": "*", "NOPAR-HIDDEN-2": "*"},
            "dependencies": {
                ".": {"version": "0.0.0"},
                "alias": {"version": "npm:lodash@4.0.0"},
                "lodash": {"version": "4.17.20", "integrity": digest(1), "dev": true},
                "NOPAR-HIDDEN-1": {
                    "version": "0.0.0", "bundled": true,
                    "requires": {"left-pad": "1 || 2", "NOPAR-HIDDEN-3": "*"},
                    "dependencies": {
                        "left-pad": {"version": "1.0.0"},
                        "NOPAR-HIDDEN-0": {"version": "0.0.0"},
                        "NOPAR-HIDDEN-3": {"version": "0.0.0"},
                    },
                },
                "NOPAR-HIDDEN-2": {"version": "0.0.0"},
                "NOPAR-HIDDEN-4": {"version": "0.0.0"},
                "NOPAR-HIDDEN-5": {"version": "0.0.0"},
                "NOPAR-HIDDEN-6": {"version": "0.0.0"},
            },
        });
        assert_eq!(questions[0], (0, expected));
        let text = questions[1].1.to_string();
        assert!(text.contains("@other/x") && text.contains(&digest(5)), "{text}");
        for other in ["lodash", "left-pad", "acme", &digest(1)] {
            assert!(!text.contains(other), "{other} in {text}");
        }
    }

    #[test]
    fn the_order_of_a_tree_makes_no_other_question() {
        let one = r#"{"requires":{"a":"1","@acme/x":"1"},"dependencies":{"a":{"version":"1.0.0"},
            "b":{"version":"1.0.0","dependencies":{"@acme/x":{},"@acme/y":{}}}},"name":"one"}"#;
        let other = r#"{"name":"two","metadata":{"x":[1]},"dependencies":{"b":{"dependencies":
            {"@acme/y":{"resolved":"x"},"@acme/x":{}},"version":"1.0.0"},"a":{"version":"0.9.0"},
            "a":{"version":"1.0.0"}},"requires":{"@acme/x":"2","a":"1"}}"#;
        let text = |tree: &str| {
            let tree = Tree::parse(tree.as_bytes()).unwrap();
            let own =
                tree.names().into_iter().map(|name| (!name.starts_with("@acme/")).then_some(0));
            tree.questions(&own.collect::<Vec<_>>()).remove(0).text
        };
        assert_eq!(text(one), text(other));
    }

    #[test]
    fn what_is_only_required_is_not_asked_for() {
        let hidden = json!({"requires": {"a": "1"}, "install": ["a"], "dependencies": {
            "@acme/x": {"version": "1.0.0"}, "b": {"version": "file:b"}, "c": {},
        }});
        assert!(asked(&hidden).is_empty());
        assert!(asked(&json!({})).is_empty());
    }
}
