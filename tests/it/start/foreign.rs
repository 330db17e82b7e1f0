//! Things around NOPAR that are not as text should be: certificates, others' variables.
//! Knows nothing of settings that can be read.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

use crate::support::binary::Binary;

/// A file of certificates that holds none is a mistake of NOPAR_CA_FILE, found by --check-config.
#[tokio::test]
async fn a_certificate_that_is_none_is_a_mistake() {
    let frame = |inside: &str| {
        format!("-----BEGIN CERTIFICATE-----\n{inside}\n-----END CERTIFICATE-----\n")
    };
    for (what, text) in [
        ("base64 of something else", frame("bm90IGEgY2VydGlmaWNhdGU=")),
        ("no base64", frame("!!! not base64 !!!")),
        ("an empty frame", frame("")),
        ("no frame", "not a certificate\n".to_owned()),
        ("nothing", String::new()),
    ] {
        for arguments in [&["--check-config"][..], &[]] {
            let folder = tempfile::tempdir().expect("a directory");
            std::fs::write(folder.path().join("ca.pem"), &text).expect("a file");
            let env = [("NOPAR_PORT", "0"), ("NOPAR_CA_FILE", "ca.pem")];
            let ended = Binary::start_in(folder, arguments, &env).ended().await;
            assert!(!ended.success, "{what} {arguments:?}: {}{}", ended.stdout, ended.stderr);
            assert!(ended.stderr.contains("NOPAR_CA_FILE"), "{what}: {}", ended.stderr);
            assert!(!ended.stderr.contains("panicked"), "{what}: {}", ended.stderr);
        }
    }
}

/// A variable of someone else that is not UTF-8, in its value or its name, does not matter.
#[test]
fn others_variables_need_not_be_text() {
    let folder = tempfile::tempdir().expect("a directory");
    let output = Command::new(env!("CARGO_BIN_EXE_nopar"))
        .arg("--check-config")
        .env_clear()
        .env("NOPAR_PORT", "0")
        .env("SOMEONES_OWN", OsStr::from_bytes(b"caf\xe9"))
        .env(OsStr::from_bytes(b"OTHERS_\xff"), "x")
        .current_dir(folder.path())
        .output()
        .expect("the binary starts");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert!(told.is_empty(), "{told}");
}
