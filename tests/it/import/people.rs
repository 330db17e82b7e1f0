//! Users of a Verdaccio, and who may read what when root imports.
//! Knows nothing of packages.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

use super::*;
use crate::support::disk::{folder, is_root_or_skipped};
use crate::support::publish::send;
use crate::users::{is_good, log_in};

/// What is kept of a user.
fn kept(registry: &Path, name: &str) -> Value {
    let text = fs::read(registry.join(".nopar/users.json")).expect("a file of users");
    let mut json: Value = serde_json::from_slice(&text).expect("JSON");
    json["users"][name].take()
}

#[tokio::test]
async fn who_logs_in_with_the_password_of_before_has_it_kept_as_ours_are() {
    let (scene, upstream) = (Scene::new(), FakeUpstream::start().await);
    let nopar = TestNopar::with(&upstream).env("NOPAR_AUTH", "users").start().await;
    let registry = nopar.registry_path().to_owned();
    fs::create_dir_all(&registry).expect("a folder");
    let ended = scene.import_into(&registry, "\"$V\"").await;
    assert!(ended.success, "{}", ended.stderr);
    for (name, way) in [("sha", "SHA-1"), ("md", "MD5"), ("old", "a crypt(3) hash")] {
        let line = format!(
            "user {name} is left out: their password is stored as {way}, which cannot be imported: `nopar user add {name}` adds them with a new one"
        );
        assert!(ended.stdout.contains(&line), "{line}: {}", ended.stdout);
        assert_eq!(kept(&registry, name), Value::Null);
    }
    let password =
        |registry: &Path| kept(registry, "ann")["password"].as_str().expect("a hash").to_owned();
    assert!(password(&registry).starts_with("$2a$04$"), "{}", password(&registry));
    let mode =
        fs::metadata(registry.join(".nopar/users.json")).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let body = json!({"name": "ann", "password": "ann-ann-2", "type": "user", "roles": []});
    let wrong = send(nopar.addr(), "PUT", "/-/user/org.couchdb.user:ann", &body).send().await;
    assert_eq!(wrong.status, 401);
    assert!(password(&registry).starts_with("$2a$04$"), "a wrong one changes nothing");
    let token = log_in(&nopar, "ann", "ann-ann-1").await;
    assert!(is_good(&nopar, &token).await);
    assert!(
        password(&registry).starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{}",
        password(&registry)
    );
    log_in(&nopar, "ann", "ann-ann-1").await;

    // Whatever they have by now stays.
    let before = kept(&registry, "ann");
    let ended = scene.import_into(&registry, "\"$V\"").await;
    assert!(ended.stdout.contains("user ann is here already"), "{}", ended.stdout);
    assert_eq!(kept(&registry, "ann"), before);
}

#[tokio::test]
async fn names_and_hashes_that_cannot_be_are_named() {
    let scene = Scene::new();
    let good = "$2a$04$Oav/fAyF0E4dBLbviMkHROqp2ps32cFP218o6IPDzaNEM4.byIXgi";
    let text = format!(
        "ann:{good}\nAnn:{good}\nb b:{good}\n-x:{good}\nslow:{}\ncut:{}\nplain:{{PLAIN}}s3cret\n",
        good.replace("$04$", "$20$"),
        &good[..40],
    );
    fs::write(scene.verdaccio().join("htpasswd"), text).expect("a file");
    let told = scene.done("\"$V\"").await;
    for line in [
        "user ann imported, with their password",
        "user Ann is left out: there is already a user whose name differs only in case",
        "user b b is left out: the name cannot be that of a user",
        "user -x is left out: the name cannot be that of a user",
        "user slow is left out: their password's hash is damaged, or too costly",
        "user cut is left out: their password's hash is damaged",
        "user plain is left out: their password is stored in plain text",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    assert!(!told.contains("s3cret") && !told.contains("$2a$"), "{told}");
    let told = scene.done("\"$V\"").await;
    assert!(told.contains("user Ann is left out: there is already a user ann"), "{told}");
}

/// Nobody, or somebody mistyped, would own all packages.
#[tokio::test]
async fn an_owner_who_can_be_no_user_or_is_none_is_refused_before_anything_is_written() {
    let scene = Scene::new();
    for (owner, why) in [
        ("", "--owner \"\": the name cannot be that of a user: it is empty"),
        ("an n", "--owner \"an n\": the name cannot be that of a user"),
    ] {
        for dry in ["", "--dry-run "] {
            let told = scene.unwell(&format!("{dry}--owner '{owner}' \"$V\"")).await;
            assert!(told.contains(why), "{told}");
        }
    }
    let users = "NOPAR_AUTH=users";
    let told = scene.unwell_with(users, "--owner ann --owner bbo \"$V\"").await;
    let why = "--owner bbo: there is no such user here, nor among those to be imported; `nopar user add bbo` adds them";
    assert!(told.contains(why), "{told}");
    let told = scene.unwell_with(users, "--no-users --owner ann \"$V\"").await;
    assert!(told.contains("--owner ann: there is no such user"), "{told}");
    assert_eq!(files_below(&scene.registry()), Vec::<String>::new());
    // Who comes with it, and who is here by then.
    for more in ["", "--no-users --package plain "] {
        let arguments = format!("{more}--owner ann \"$V\"");
        let ended = scene.import_with(users, &scene.registry(), &arguments).await;
        assert!(ended.success, "{}{}", ended.stdout, ended.stderr);
        assert!(ended.stdout.contains("publish = [\"ann\"]"), "{}", ended.stdout);
        assert!(!ended.stdout.contains("\"ann\" is not a known user"), "{}", ended.stdout);
    }
}

/// A package whose owners are nobody who can log in belonged to nobody, and was not counted as such.
#[tokio::test]
async fn owners_who_can_be_no_users_are_left_out_and_named() {
    let owners = |scene: &Scene, file: &str, owners: Value| {
        let text = format!("\"maintainers\": {owners},\n\t\"_uplinks\"");
        scene.change(file, "\"_uplinks\"", &text);
    };
    let mallory = json!({"name": "\u{1b}[31mmallory", "email": "m@acme.example"});
    let scene = Scene::new();
    owners(&scene, "plain/package.json", json!([mallory]));
    let ann = json!({"name": "ann", "email": "\u{1b}[31m"});
    owners(&scene, "@acme/ui/package.json", json!([mallory, ann]));
    let told = rows(&scene.done("--json \"$V\"").await);
    for name in ["plain", "@acme/ui"] {
        let left_out = &row(&told, "package", name)["owners_left_out"];
        assert_eq!(left_out[0]["what"], mallory["name"], "{left_out}");
        assert_eq!(left_out.as_array().map(Vec::len), Some(1), "{left_out}");
    }
    assert_eq!(row(&told, "package", "plain")["is_ownerless"], true);
    assert_eq!(row(&told, "package", "@acme/ui")["is_ownerless"], false);
    let held = scene.document("plain/plain.json");
    assert!(held["maintainers"].as_array().is_none_or(Vec::is_empty), "{held}");
    let held = scene.document("@acme/ui/ui.json");
    assert_eq!(held["maintainers"], json!([{"name": "ann", "email": ""}]));

    let scene = Scene::new();
    owners(&scene, "plain/package.json", json!([mallory]));
    let told = scene.done("--owner bob \"$V\"").await;
    let line = "  the owner \\u{1b}[31mmallory is left out: the name cannot be that of a user: it has a control";
    assert!(told.lines().any(|it| it.starts_with(line)), "{told}");
    let held = scene.document("plain/plain.json");
    assert_eq!(held["maintainers"], json!([{"name": "bob", "email": ""}]));
}

#[tokio::test]
async fn a_damaged_file_of_users_here_is_named_and_left_alone() {
    let scene = Scene::new();
    fs::create_dir(scene.registry().join(".nopar")).expect("a folder");
    fs::write(scene.registry().join(".nopar/users.json"), "{\"users\":").expect("a file");
    let told = scene.unwell("\"$V\"").await;
    assert!(told.contains("users.json cannot be used: it is damaged"), "{told}");
    assert_eq!(
        fs::read(scene.registry().join(".nopar/users.json")).expect("a file"),
        b"{\"users\":"
    );
}

/// Root reads what NOPAR's user may not, and what is made is that user's.
#[tokio::test]
async fn root_imports_for_the_user_of_the_registry_what_that_one_may_not_read() {
    if !is_root_or_skipped("only root has rights in the directories of others") {
        return;
    }
    let (scene, home) = (Scene::new(), folder());
    let owner = fs::metadata(home.path()).expect("a folder").uid();
    let registry = home.path().join("registry");
    fs::create_dir(&registry).expect("a folder");
    chown(&registry, Some(owner), Some(owner)).expect("given away");
    fs::set_permissions(scene.verdaccio(), fs::Permissions::from_mode(0o700)).expect("root's own");
    let ended = scene.import_into(&registry, "\"$V\"").await;
    assert!(ended.success, "{}{}", ended.stdout, ended.stderr);
    let files = files_below(&registry);
    assert!(files.iter().any(|file| file == "plain/plain.json"), "{files:?}");
    for file in files {
        let it = fs::metadata(registry.join(&file)).expect("a file");
        assert_eq!(it.uid(), owner, "{file}");
    }
}
