//! What rules mean: a table of cases, and any rules against a naive reading of them.
//! Knows nothing of the file they come from.

use super::super::Limits;
use super::*;
use proptest::prelude::*;

fn users(names: &[&str]) -> Who {
    let users = names.iter().map(|name| (*name).to_owned()).collect();
    Who { users, ..Who::default() }
}

fn patterns(texts: &[&str]) -> Vec<Pattern> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn name(text: &str) -> PackageName {
    text.parse().unwrap()
}

/// Rules of a company: a secret corner, its scope, and the rest as usual.
fn company() -> Rules {
    let secret = Rule {
        packages: patterns(&["@acme/secret-*"]),
        read: users(&["ann"]),
        create: users(&["ann"]),
        publish: users(&["ann"]),
        unpublish: Who::default(),
    };
    let scope = Rule {
        packages: patterns(&["@acme/*", "acme"]),
        read: Who::authenticated(),
        create: users(&["ann", "bob"]),
        publish: Who { maintainers: true, ..users(&["bob"]) },
        unpublish: Who::maintainers(),
    };
    Rules::new(vec![secret, scope], ["root".to_owned()].into())
}

/// Whether `user` (`-`: nobody) may do each: read, create, publish as a stranger, as a maintainer, change as a
/// maintainer, unpublish as a stranger, as a maintainer.
#[track_caller]
fn check(package: &str, user: &str, expected: [u8; 7]) {
    let caller = if user == "-" { Caller::anonymous() } else { Caller::named(user) };
    let rules = company();
    let asked = [
        (Permission::Read, Standing::Stranger),
        (Permission::Publish, Standing::Nothing),
        (Permission::Publish, Standing::Stranger),
        (Permission::Publish, Standing::Maintainer),
        (Permission::Change, Standing::Maintainer),
        (Permission::Unpublish, Standing::Stranger),
        (Permission::Unpublish, Standing::Maintainer),
    ];
    let found = asked.map(|(permission, standing)| {
        u8::from(rules.allow(&caller, permission, &name(package), standing))
    });
    assert_eq!(found, expected, "{package} {user}");
}

#[test]
fn the_first_rule_that_matches_holds_and_else_the_usual_one() {
    check("@acme/secret-x", "-", [0, 0, 0, 0, 0, 0, 0]);
    check("@acme/secret-x", "ann", [1, 1, 1, 1, 1, 0, 0]);
    check("@acme/secret-x", "bob", [0, 0, 0, 0, 0, 0, 0]);
    check("@acme/secret-x", "root", [1, 1, 1, 1, 1, 1, 1]);
    check("@acme/ui", "-", [0, 0, 0, 0, 0, 0, 0]);
    check("@acme/ui", "ann", [1, 1, 0, 1, 1, 0, 1]);
    check("@acme/ui", "bob", [1, 1, 1, 1, 1, 0, 1]);
    check("@acme/ui", "eve", [1, 0, 0, 1, 1, 0, 1]);
    check("acme", "eve", [1, 0, 0, 1, 1, 0, 1]);
    check("lodash", "-", [1, 0, 0, 0, 0, 0, 0]);
    check("lodash", "eve", [1, 1, 0, 1, 1, 0, 1]);
    check("lodash", "root", [1, 1, 1, 1, 1, 1, 1]);
}

/// Lists that say nothing of reading let nobody in who is not in that of reading; but who creates a package maintains it.
#[test]
fn who_may_not_read_a_name_may_do_nothing_with_it() {
    let hiding = |read| Rule { read, packages: patterns(&["x"]), ..Rule::usual() };
    let eve = Caller::named("eve");
    let allow = |rules: &Rules, caller: &Caller, permission, standing| {
        rules.allow(caller, permission, &name("x"), standing)
    };
    let rules = Rules::new(vec![hiding(users(&["ann"]))], BTreeSet::new());
    for permission in [Permission::Publish, Permission::Change, Permission::Unpublish] {
        for standing in [Standing::Nothing, Standing::Stranger, Standing::Maintainer] {
            assert!(!allow(&rules, &eve, permission, standing), "{permission} {standing:?}");
        }
        assert!(!rules.asks_standing(&eve, permission, &name("x")), "nothing is looked up for her");
        assert!(allow(&rules, &Caller::named("ann"), permission, Standing::Maintainer));
    }
    let job = Caller::named("oidc:x").with_limits(Limits::grant(false, patterns(&["x"])));
    assert!(
        allow(&rules, &job, Permission::Publish, Standing::Nothing),
        "a grant has reading in it"
    );

    let rules = Rules::new(vec![hiding(Who::maintainers())], BTreeSet::new());
    assert!(allow(&rules, &eve, Permission::Publish, Standing::Nothing));
    assert!(!allow(&rules, &eve, Permission::Change, Standing::Nothing));
    assert!(!allow(&rules, &eve, Permission::Publish, Standing::Stranger));
    assert!(!allow(&rules, &Caller::anonymous(), Permission::Publish, Standing::Nothing));
}

#[test]
fn rules_are_for_names_in_any_case() {
    let rules = company();
    for package in ["@acme/Secret-X", "@ACME/secret-x", "@Acme/UI", "ACME"] {
        assert!(!rules.is_public(&name(package)), "{package}");
    }
    let upper = Rule { packages: patterns(&["@Acme/*", "Left-Pad"]), ..company().rules[1].clone() };
    let rules = Rules::new(vec![upper], BTreeSet::new());
    for (package, is_public) in [("@acme/ui", false), ("left-pad", false), ("left-pads", true)] {
        assert_eq!(rules.is_public(&name(package)), is_public, "{package}");
    }
}

#[test]
fn what_is_public_and_what_is_for_all_is_told_of_a_name() {
    let rules = company();
    for (package, is_public, is_for_all) in
        [("@acme/secret-x", false, false), ("acme", false, false), ("lodash", true, true)]
    {
        assert_eq!(rules.is_public(&name(package)), is_public, "{package}");
        assert_eq!(rules.is_for_all(&name(package)), is_for_all, "{package}");
    }
    let closed = Rule { read: Who::authenticated(), ..Rule::usual() };
    let closed = Rules::new(vec![closed], BTreeSet::new());
    assert!(!closed.is_public(&name("lodash")) && closed.is_for_all(&name("lodash")));
    let usual = Rules::new(Vec::new(), BTreeSet::new());
    assert!(usual.is_public(&name("@acme/ui")));
}

#[test]
fn a_token_takes_from_what_its_user_may_and_gives_nothing_but_by_trust() {
    let rules = company();
    let allow = |caller: &Caller, permission, package: &str| {
        rules.allow(caller, permission, &name(package), Standing::Maintainer)
    };
    let reader = Caller::named("bob").with_limits(Limits::new(true, None));
    assert!(allow(&reader, Permission::Read, "@acme/ui"));
    assert!(!allow(&reader, Permission::Publish, "@acme/ui"));
    let root = Caller::named("root").with_limits(Limits::new(true, None));
    assert!(!allow(&root, Permission::Publish, "lodash"), "an administrator's as well");
    let other = Caller::named("bob").with_limits(Limits::new(false, Some(patterns(&["x"]))));
    assert!(!allow(&other, Permission::Read, "@acme/ui"));
    assert!(allow(&other, Permission::Read, "lodash"), "everybody may");
    let eve = Limits::new(false, Some(patterns(&["@acme/secret-x"])));
    assert!(!allow(&Caller::named("eve").with_limits(eve), Permission::Read, "@acme/secret-x"));
    let job = Limits::grant(false, patterns(&["@acme/secret-x"]));
    let job = Caller::named("oidc:github:acme/x").with_limits(job);
    assert!(allow(&job, Permission::Read, "@acme/secret-x"));
    assert!(rules.allow(&job, Permission::Publish, &name("@acme/secret-x"), Standing::Nothing));
    assert!(!allow(&job, Permission::Change, "@acme/secret-x"));
    assert!(!allow(&job, Permission::Read, "@acme/ui"), "who is logged in may; the job may not");
    assert!(!allow(&job, Permission::Publish, "lodash"));
}

/// The rule as somebody reads the file from its beginning.
fn naive<'a>(rules: &'a [Rule], usual: &'a Rule, name: &PackageName) -> &'a Rule {
    rules.iter().find(|rule| rule.matches(name)).unwrap_or(usual)
}

fn naive_allow(
    rule: &Rule,
    (caller, is_admin): (&Caller, bool),
    permission: Permission,
    name: &PackageName,
    standing: Standing,
) -> bool {
    let is_in = |list: &Who, permission, is_theirs| match caller.user() {
        None => list.all,
        Some(user) => {
            let is_named = list.all
                || list.authenticated
                || list.users.contains(user)
                || (list.maintainers && is_theirs)
                || is_admin
                || caller.limits().grants(permission, name);
            is_named && caller.limits().allow(permission, name)
        }
    };
    let is_theirs = standing == Standing::Maintainer;
    let is_to_be = is_theirs || (permission, standing) == (Permission::Publish, Standing::Nothing);
    let may_read = rule.read.all || is_in(&rule.read, Permission::Read, is_to_be);
    let list = match (permission, standing) {
        (Permission::Read, _) => return may_read,
        (Permission::Publish, Standing::Nothing) => &rule.create,
        (Permission::Publish | Permission::Change, _) => &rule.publish,
        (Permission::Own | Permission::Unpublish, _) => &rule.unpublish,
    };
    may_read && is_in(list, permission, is_theirs)
}

const PATTERNS: &[&str] =
    &["*", "@*", "@a/*", "@A/b*", "@a/b", "@a/bC", "a*", "a", "Ab", "ab*", "é*", "@a/é*"];
const NAMES: &[&str] =
    &["a", "ab", "aBc", "B", "@a/b", "@a/bc", "@A/c", "@b/a", "été", "@a/été", "@a/ê", "É"];

fn some_patterns() -> impl Strategy<Value = Vec<Pattern>> {
    let one = proptest::sample::select(PATTERNS).prop_map(|text| text.parse().unwrap());
    proptest::collection::vec(one, 1..3)
}

fn some_who() -> impl Strategy<Value = Who> {
    let users = proptest::collection::btree_set("[abc]", 0..2);
    let rare = || proptest::bool::weighted(0.2);
    (rare(), rare(), any::<bool>(), users).prop_map(|(all, authenticated, maintainers, users)| {
        Who { all, authenticated, maintainers, users }
    })
}

fn some_rule() -> impl Strategy<Value = Rule> {
    (some_patterns(), some_who(), some_who(), some_who(), some_who()).prop_map(
        |(packages, read, create, publish, unpublish)| Rule {
            packages,
            read,
            create,
            publish,
            unpublish,
        },
    )
}

fn some_caller() -> impl Strategy<Value = Caller> {
    let named = |user: String| Caller::named(&user);
    let limits = prop_oneof![
        Just(Limits::none()),
        (any::<bool>(), proptest::option::of(some_patterns()))
            .prop_map(|(read_only, packages)| Limits::new(read_only, packages)),
        (any::<bool>(), some_patterns())
            .prop_map(|(read_only, packages)| Limits::grant(read_only, packages)),
    ];
    let limited =
        ("[abcd]", limits).prop_map(move |(user, limits)| named(user).with_limits(limits));
    prop_oneof![1 => Just(Caller::anonymous()), 4 => limited]
}

#[test]
fn who_is_named_is_known_by_any_spelling() {
    let rules = company();
    for (user, expected) in [
        ("ann", true),
        ("Bob", true),
        ("ROOT", true),
        ("eve", false),
        ("$authenticated", false),
        ("", false),
    ] {
        assert_eq!(rules.names(user), expected, "{user}");
    }
    assert!(!Rules::new(Vec::new(), BTreeSet::new()).names("ann"));
}

proptest! {
    #[test]
    fn any_rules_are_read_as_a_person_reads_them(
        list in proptest::collection::vec(some_rule(), 0..6),
        caller in some_caller(),
        package in proptest::sample::select(NAMES),
    ) {
        let name: PackageName = package.parse().unwrap();
        let usual = Rule::usual();
        let rule = naive(&list, &usual, &name);
        let rules = Rules::new(list.clone(), ["d".to_owned()].into());
        prop_assert_eq!(rules.of(&name), rule);
        prop_assert_eq!(rules.is_public(&name), rule.read.all);
        let is_for_all = rule.packages.contains(&Pattern::all());
        prop_assert_eq!(rules.is_for_all(&name), is_for_all);
        let is_admin = caller.user() == Some("d");
        let standings = [Standing::Nothing, Standing::Stranger, Standing::Maintainer];
        for permission in [
            Permission::Read,
            Permission::Publish,
            Permission::Change,
            Permission::Own,
            Permission::Unpublish,
        ] {
            let allowed = standings.map(|it| rules.allow(&caller, permission, &name, it));
            let expected = standings
                .map(|it| naive_allow(rule, (&caller, is_admin), permission, &name, it));
            prop_assert_eq!(allowed, expected, "{}", permission);
            let is_asked = rules.asks_standing(&caller, permission, &name);
            prop_assert_eq!(is_asked, allowed.iter().any(|it| *it != allowed[0]), "{}", permission);
        }
    }
}
