//! How clients are pointed at this registry, each in its own words.
//! Knows nothing of how it looks.

use crate::base_url::BaseUrl;
use crate::web::ClientHelp;

/// For each client what it has to be told; `has_users` where people log in.
pub(super) fn help(base: &BaseUrl, has_users: bool) -> Vec<ClientHelp> {
    let url = format!("{}/", base.as_str());
    let word = shell_word(&url);
    let yarn = yarn_4(base);
    let command = |name, id, text| ClientHelp { name, id, file: None, text };
    let in_file = |name, id, file, text| ClientHelp { name, id, file: Some(file), text };
    let mut help = vec![
        command("npm", "npm", format!("npm config set registry {word}")),
        command("pnpm", "pnpm", format!("pnpm config set registry {word}")),
        command("yarn 1", "yarn1", format!("yarn config set registry {word}")),
        command("yarn 4", "yarn4", yarn),
        in_file("bun", "bun", "bunfig.toml", format!("[install]\nregistry = \"{url}\"")),
        in_file("deno", "deno", ".npmrc", format!("registry={url}")),
    ];
    if has_users {
        help.push(command("To log in", "login", format!("npm login --registry {word}")));
    }
    help
}

/// yarn 4 speaks plain HTTP only to hosts that it is told of.
fn yarn_4(base: &BaseUrl) -> String {
    let set = format!("yarn config set npmRegistryServer {}", shell_word(base.as_str()));
    if base.as_str().starts_with("https:") {
        return set;
    }
    format!("{set}\nyarn config set --json unsafeHttpWhitelist '[\"{}\"]'", base.host())
}

/// A word as a shell takes it: names of old may hold what means something to one.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./@+".contains(c);
    if word.chars().all(is_plain) && !word.starts_with('-') {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// A URL as a word of a shell. There is no quote in it: base URLs have none.
pub(super) fn shell_word(url: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/@,+=".contains(c);
    if url.chars().all(is_plain) {
        url.to_owned()
    } else {
        format!("'{}'", url.replace('\'', "%27"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(base: &str, has_users: bool) -> Vec<String> {
        let help = help(&BaseUrl::parse(base).unwrap(), has_users);
        help.into_iter().map(|client| format!("{}: {}", client.name, client.text)).collect()
    }

    #[test]
    fn each_client_is_told_in_its_words() {
        assert_eq!(
            texts("https://npm.example/npm", true),
            [
                "npm: npm config set registry https://npm.example/npm/",
                "pnpm: pnpm config set registry https://npm.example/npm/",
                "yarn 1: yarn config set registry https://npm.example/npm/",
                "yarn 4: yarn config set npmRegistryServer https://npm.example/npm",
                "bun: [install]\nregistry = \"https://npm.example/npm/\"",
                "deno: registry=https://npm.example/npm/",
                "To log in: npm login --registry https://npm.example/npm/",
            ]
        );
    }

    #[test]
    fn yarn_4_is_told_of_hosts_without_tls() {
        let texts = texts("http://localhost:5984", false);
        assert_eq!(texts.len(), 6);
        assert!(texts[3].ends_with("unsafeHttpWhitelist '[\"localhost\"]'"), "{}", texts[3]);
    }

    #[test]
    fn a_shell_reads_a_url_as_one_word() {
        let texts = texts("http://[::1]:5984/a;b&c$(d)", false);
        assert_eq!(texts[0], "npm: npm config set registry 'http://[::1]:5984/a;b&c$(d)/'");
    }
}
