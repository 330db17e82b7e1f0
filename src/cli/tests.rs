//! What each line of arguments comes to.
//! Knows nothing of what is done with it.

use super::*;

fn parse(arguments: &[&str]) -> Result<Cli, clap::Error> {
    Options::try_parse_from([&["nopar"], arguments].concat()).map(Cli::from)
}

#[test]
fn arguments_are_read() {
    let serve = Cli { config: None, ignore_saved: false, command: Command::Serve };
    assert_eq!(parse(&[]).unwrap(), serve);
    assert!(parse(&["--ignore-saved-settings", "--check-config"]).unwrap().ignore_saved);
    assert!(parse(&["keys"]).unwrap().ignore_saved);
    let cli = parse(&["--config", "x.toml", "--check-config"]).unwrap();
    assert_eq!(
        cli,
        Cli { config: Some("x.toml".into()), ignore_saved: false, command: Command::CheckConfig }
    );
    assert_eq!(parse(&["--print-config"]).unwrap().command, Command::PrintConfig);
    for other in ["--check-config", "--print-default-config"] {
        assert!(parse(&["--print-config", other]).is_err());
    }
    assert!(parse(&["--check-config", "--print-default-config"]).is_err());
    assert!(parse(&["--prot"]).is_err());
    let cli = parse(&["release", "@acme/ui"]).unwrap();
    let name = "@acme/ui".parse().unwrap();
    assert_eq!(cli.command, Command::Do(Action::Release { name, yes: false }));
    let sure = parse(&["release", "--yes", "@acme/ui"]).unwrap().command;
    assert!(matches!(sure, Command::Do(Action::Release { yes: true, .. })), "{sure:?}");
    assert_eq!(
        parse(&["keys"]).unwrap().command,
        Command::Do(Action::Keys { action: None, json: false })
    );
    assert_eq!(
        parse(&["keys", "rotate"]).unwrap().command,
        Command::Do(Action::Keys { action: Some(KeysAction::Rotate), json: false })
    );
    for json in [&["keys", "--json"][..], &["keys", "rotate", "--json"]] {
        let command = parse(json).unwrap().command;
        assert!(matches!(command, Command::Do(Action::Keys { json: true, .. })), "{command:?}");
    }
    assert!(parse(&["keys", "rotat"]).is_err());
    assert_eq!(parse(&["upgrade"]).unwrap().command, Command::Do(Action::Upgrade { binary: None }));
    let other = Command::Do(Action::Upgrade { binary: Some("/opt/nopar".into()) });
    assert_eq!(parse(&["upgrade", "--binary", "/opt/nopar"]).unwrap().command, other);
    let shell = clap_complete::Shell::Zsh;
    let completions = Command::Do(Action::Completions(CompletionsOptions { shell }));
    assert_eq!(parse(&["completions", "zsh"]).unwrap().command, completions);
    assert!(parse(&["completions"]).is_err() && parse(&["completions", "csh"]).is_err());
    let man = Command::Do(Action::Man(ManOptions { dir: Some("x".into()) }));
    assert_eq!(parse(&["man", "--dir", "x"]).unwrap().command, man);
    assert!(parse(&["release"]).is_err() && parse(&["release", "../x"]).is_err());
}

#[test]
fn lock_files_are_named() {
    let files = vec!["a/package-lock.json".into(), "-".into()];
    let Command::Do(action) = parse(&["prefetch", "a/package-lock.json", "-"]).unwrap().command
    else {
        panic!("it is something to do")
    };
    assert!(!action.is_question() && !action.is_in_registry());
    let prefetch = PrefetchOptions { files: files.clone(), jobs: 8, json: false };
    assert_eq!(action, Action::Prefetch(prefetch));
    let Command::Do(action) =
        parse(&["check", "--json", "a/package-lock.json", "-"]).unwrap().command
    else {
        panic!("it is something to do")
    };
    assert!(action.is_question());
    assert_eq!(action, Action::Check(CheckOptions { files, json: true }));
    for wrong in [
        &["prefetch"][..],
        &["check"],
        &["prefetch", "--jobs", "0", "x"],
        &["prefetch", "--jobs", "33", "x"],
    ] {
        assert!(parse(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn users_are_named_and_passwords_are_no_arguments() {
    let user = |arguments: &[&str]| {
        parse(&[&["user"], arguments].concat()).map(|cli| match cli.command {
            Command::Do(Action::User { action }) => action,
            other => panic!("{other:?}"),
        })
    };
    let (name, email) = ("ann".to_owned(), "ann@acme.example".to_owned());
    let added = user(&["add", "ann", "--email", "ann@acme.example"]).unwrap();
    assert_eq!(added, UserAction::Add { name: name.clone(), email });
    let added = user(&["add", "ann"]).unwrap();
    assert_eq!(added, UserAction::Add { name: name.clone(), email: String::new() });
    assert_eq!(
        user(&["passwd", "ann"]).unwrap(),
        UserAction::Passwd { name: name.clone(), reset_2fa: false }
    );
    assert_eq!(
        user(&["passwd", "ann", "--reset-2fa"]).unwrap(),
        UserAction::Passwd { name: name.clone(), reset_2fa: true }
    );
    assert!(parse(&["user", "ls", "-c", "x.toml"]).unwrap().config.is_some());
    assert_eq!(user(&["rm", "ann"]).unwrap(), UserAction::Rm { name });
    assert_eq!(user(&["ls"]).unwrap(), UserAction::Ls { json: false });
    assert_eq!(user(&["ls", "--json"]).unwrap(), UserAction::Ls { json: true });
    for wrong in [&["add"][..], &["add", "ann", "secret"], &["passwd", "ann", "secret"], &[]] {
        assert!(user(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn what_is_imported_is_said_by_options() {
    let import = |arguments: &[&str]| {
        parse(&[&["import", "verdaccio"], arguments].concat()).map(|cli| match cli {
            Cli { command: Command::Do(Action::Import { action }), ignore_saved: true, .. } => {
                action
            }
            other => panic!("{other:?}"),
        })
    };
    let usual = VerdaccioOptions { dir: "/v".into(), ..VerdaccioOptions::default() };
    assert_eq!(import(&["/v"]).unwrap(), ImportAction::Verdaccio(usual));
    let all = [
        "/v",
        "--storage",
        "/s",
        "--htpasswd",
        "/h",
        "--package",
        "a",
        "--package",
        "@s/b",
        "--owner",
        "ann",
        "--merge",
        "--dry-run",
        "--json",
    ];
    let expected = VerdaccioOptions {
        dir: "/v".into(),
        storage: Some("/s".into()),
        htpasswd: Some("/h".into()),
        package: vec!["a".parse().unwrap(), "@s/b".parse().unwrap()],
        owner: vec!["ann".to_owned()],
        merge: true,
        no_users: false,
        dry_run: true,
        json: true,
    };
    assert_eq!(import(&all).unwrap(), ImportAction::Verdaccio(expected));
    for wrong in [
        &[][..],
        &["/v", "/w"],
        &["/v", "--package", "../x"],
        &["/v", "--no-users", "--htpasswd", "h"],
    ] {
        assert!(import(wrong).is_err(), "{wrong:?}");
    }
    assert!(parse(&["import"]).is_err() && parse(&["import", "nexus", "/v"]).is_err());
}

#[test]
fn what_is_verified_kept_and_put_back_is_said_by_options() {
    let done = |arguments: &[&str]| {
        parse(arguments).map(|cli| match cli.command {
            Command::Do(action) => action,
            other => panic!("{other:?}"),
        })
    };
    let options = VerifyOptions { repair: true, only: Some(Only::Cache), json: true };
    let verify = done(&["verify", "--repair", "--only", "cache", "--json"]).unwrap();
    assert_eq!(verify, Action::Verify(options));
    assert!(verify.is_question() && verify.is_in_registry());
    assert!(done(&["verify", "--only", "all"]).is_err() && done(&["verify", "x"]).is_err());
    let backup = done(&["backup", "/b", "--keep", "3"]).unwrap();
    assert!(backup.is_question() && backup.is_in_registry());
    let Action::Backup(options) = backup else { panic!("it is one") };
    assert_eq!((options.keep.map(|it| it.get()), options.full), (Some(3), false));
    for wrong in [&["backup"][..], &["backup", "/b", "--keep", "0"], &["restore"]] {
        assert!(done(wrong).is_err(), "{wrong:?}");
    }
    let Action::Restore(options) =
        done(&["restore", "/b", "--snapshot", "x", "--to", "/r"]).unwrap()
    else {
        panic!("it is one")
    };
    assert_eq!((options.snapshot.as_deref(), options.replace), (Some("x"), false));
    for wrong in [["--list", "--replace"], ["--dry-run", "--replace"]] {
        assert!(done(&[&["restore", "/b"][..], &wrong].concat()).is_err(), "{wrong:?}");
    }
}

/// Whoever calls a command from a script reads its help.
#[test]
fn the_help_of_every_command_says_what_it_ends_with() {
    fn check(command: &mut clap::Command) {
        let is_group = command.has_subcommands() && command.is_arg_required_else_help_set();
        let help = command.render_long_help().to_string();
        assert!(is_group || help.contains("Exit codes:"), "{}:\n{help}", command.get_name());
        // `help` is the library's own.
        command.get_subcommands_mut().filter(|it| it.get_name() != "help").for_each(check);
    }
    Cli::definition().get_subcommands_mut().for_each(check);
}
