//! An import that is stopped in the middle, by a signal or by a disk that is full.
//! Knows nothing of what is imported.

use super::*;
use crate::support::binary::unread;
use crate::support::disk::SmallDisk;

/// Makes so many packages more, all like `plain`.
pub(super) fn multiply(scene: &Scene, count: usize) {
    let text = fs::read_to_string(scene.stored("plain/package.json")).expect("a document");
    let mut names = Vec::new();
    for number in 0..count {
        let name = format!("p{number:03}");
        let folder = scene.stored(&name);
        fs::create_dir(&folder).expect("a folder");
        fs::write(folder.join("package.json"), text.replace("plain", &name)).expect("a document");
        for version in ["1.0.0", "1.1.0-beta.1"] {
            let from = scene.stored(&format!("plain/plain-{version}.tgz"));
            fs::copy(from, folder.join(format!("{name}-{version}.tgz"))).expect("a tarball");
        }
        names.push(format!("\"{name}\""));
    }
    scene.change(".verdaccio-db.json", "\"plain\"", &format!("\"plain\",{}", names.join(",")));
}

#[tokio::test]
async fn an_import_that_is_killed_leaves_whole_packages_and_the_next_one_does_the_rest() {
    let scene = Scene::new();
    multiply(&scene, 60);
    let mut shell = Command::new("/bin/sh");
    // Rows come on standard error, where they can be waited for.
    shell.arg("-c").arg(format!("exec {PROGRAM} import verdaccio --json \"$V\" >&2"));
    let (registry, verdaccio) = (scene.registry(), scene.verdaccio());
    let env = [
        ("NOPAR_REGISTRY_PATH", registry.to_str().expect("UTF-8")),
        ("V", verdaccio.to_str().expect("UTF-8")),
    ];
    let folder = tempfile::tempdir().expect("a directory");
    let import = Binary::start_as(folder, shell, &env);
    import.says("\"package\":\"p010\"").await;
    import.signal("KILL");
    assert!(!import.ended().await.success);
    let documents = scene.contents().into_keys().filter(|file| file.ends_with(".json"));
    let mut left = 0;
    for document in documents.collect::<Vec<_>>() {
        left += 1;
        let versions = scene.document(&document)["versions"].clone();
        let (folder, _) = document.rsplit_once('/').expect("a folder");
        for version in versions.as_object().expect("versions").keys() {
            let name = folder.rsplit('/').next().expect("a name");
            let file = scene.registry().join(folder).join(format!("{name}-{version}.tgz"));
            assert!(file.is_file(), "{}", file.display());
        }
    }
    assert!(left >= 11, "{left}");
    scene.done("\"$V\"").await;
    let contents = scene.contents();
    let count = |ending| contents.keys().filter(|file| file.ends_with(ending)).count();
    assert_eq!((count(".json"), count(".tgz")), (64, 126));
}

/// `nopar import verdaccio … | head` left packages and all users out, and said that all was well.
#[tokio::test]
async fn an_import_that_nobody_reads_goes_on_to_its_end() {
    for json in ["", "--json"] {
        let scene = Scene::new();
        multiply(&scene, 60);
        let (registry, verdaccio) = (scene.registry(), scene.verdaccio());
        let env = [("NOPAR_REGISTRY_PATH", registry.to_str().expect("UTF-8"))];
        let mut arguments = vec!["import", "verdaccio", verdaccio.to_str().expect("UTF-8")];
        arguments.extend(Some(json).filter(|json| !json.is_empty()));
        let code = || unread(&arguments, &env);
        assert_eq!(code(), Some(0), "{json}");
        let documents = scene.contents().into_keys().filter(|file| file.ends_with(".json"));
        assert_eq!(documents.count(), 64, "{json}");
        assert!(registry.join(".nopar/users.json").is_file(), "{json}");
        fs::remove_file(registry.join("plain/plain.json")).expect("a document");
        fs::remove_file(scene.stored("plain/plain-1.0.0.tgz")).expect("a tarball");
        assert_eq!(code(), Some(1), "{json}: a version cannot be had");
    }
}

#[tokio::test]
async fn a_disk_that_is_full_ends_it_with_the_reason_and_room_lets_it_go_on() {
    let disk = match SmallDisk::mount() {
        Ok(disk) => disk,
        Err(why) => return eprintln!("skipped: no small disk: {why}"),
    };
    let scene = Scene::new();
    let registry = disk.path().join("registry");
    fs::create_dir(&registry).expect("a folder");
    disk.fill_up();
    let ended = scene.import_into(&registry, "\"$V\"").await;
    assert!(
        !ended.success && ended.stderr.contains("disk of the store is full"),
        "{}",
        ended.stderr
    );
    disk.empty();
    let ended = scene.import_into(&registry, "\"$V\"").await;
    assert!(ended.success && ended.stdout.contains("imported: 4 packages"), "{}", ended.stderr);
}
