//! Addresses that manifests name, as links that a browser may follow: those of pages, and those of repositories.
//! Knows nothing of pages, and asks nobody whether there is something at an address.

use url::Url;

/// Longest address in bytes that is read.
const MAX_BYTES: usize = 1024;

/// Hosts that a manifest may name by a word before a colon, and by which a bare `user/name` is known.
const SHORT: [(&str, &str); 3] =
    [("github", "github.com"), ("gitlab", "gitlab.com"), ("bitbucket", "bitbucket.org")];

/// A repository that can be looked at with a browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// Its page, `https://HOST/PATH` (`http:` if it was named so), without credentials.
    page: Url,
    /// Where in it the package is, without slashes at either end; empty for all of it.
    folder: String,
}

/// An address that a browser may follow, as it is written in a manifest: of a page, by HTTP, without credentials.
pub fn http_link(text: &str) -> Option<String> {
    let text = text.trim();
    if text.len() > MAX_BYTES {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let is_page = matches!(url.scheme(), "http" | "https") && url.host().is_some();
    (is_page && url.username().is_empty() && url.password().is_none()).then(|| url.to_string())
}

impl Repository {
    /// Reads what a manifest says: a URL of git's (`git+https:`, `git:`, `ssh:`), an address as ssh has it
    /// (`git@host:path`), a short one (`github:user/name`, `user/name`); and in which folder the package is.
    pub fn parse(text: &str, folder: Option<&str>) -> Option<Repository> {
        let text = text.trim();
        if text.len() > MAX_BYTES || text.contains(char::is_whitespace) {
            return None;
        }
        let text = text.split('#').next()?;
        let page = page(&spelled_out(text)?)?;
        Some(Repository { page, folder: folder.and_then(plain_folder).unwrap_or_default() })
    }

    /// Its page; that of the package's folder, where it is known how pages of folders are called.
    pub fn link(&self) -> String {
        match self.below("tree") {
            Some(base) if !self.folder.is_empty() => base.as_str().trim_end_matches('/').to_owned(),
            _ => self.page.to_string(),
        }
    }

    /// For people: host and path.
    pub fn shown(&self) -> String {
        format!("{}{}", self.page.host_str().unwrap_or_default(), self.page.path())
    }

    /// What the address of a file in the package, as its readme has it, leads to. `None` where it is not known how
    /// pages of files are called, and for what is no such address.
    pub fn file(&self, relative: &str) -> Option<String> {
        let relative = relative.trim();
        let is_elsewhere = relative.starts_with("//") || Url::parse(relative).is_ok();
        if relative.len() > MAX_BYTES || is_elsewhere || relative.contains('\\') {
            return None;
        }
        let root = self.blob()?;
        let joined = match relative.strip_prefix('/') {
            // From the top of the repository.
            Some(rest) => root.join(&format!("./{rest}")),
            None => self.below(self.words()?.0)?.join(&format!("./{relative}")),
        };
        let joined = joined.ok()?;
        // Dots may lead out of the repository, but not to another host.
        (joined.origin() == root.origin()).then(|| joined.to_string())
    }

    fn blob(&self) -> Option<Url> {
        let (blob, _) = self.words()?;
        Url::parse(&format!("{}/{blob}/HEAD/", self.page.as_str().trim_end_matches('/'))).ok()
    }

    /// The package's folder below the pages of files (`blob`) or of folders (`tree`).
    fn below(&self, kind: &str) -> Option<Url> {
        let (blob, tree) = self.words()?;
        let word = if kind == "tree" { tree } else { blob };
        let root = format!("{}/{word}/HEAD/", self.page.as_str().trim_end_matches('/'));
        let mut url = Url::parse(&root).ok()?;
        if !self.folder.is_empty() {
            url.path_segments_mut().ok()?.pop().extend(self.folder.split('/')).push("");
        }
        Some(url)
    }

    /// How a host calls the pages of files and of folders.
    fn words(&self) -> Option<(&'static str, &'static str)> {
        match self.page.host_str()? {
            "github.com" => Some(("blob", "tree")),
            "bitbucket.org" => Some(("src", "src")),
            host if host == "gitlab.com" || host.starts_with("gitlab.") => {
                Some(("-/blob", "-/tree"))
            }
            _ => None,
        }
    }
}

/// A short address in full.
fn spelled_out(text: &str) -> Option<String> {
    if text.contains("://") {
        return Some(text.to_owned());
    }
    if let Some((before, path)) = text.split_once(':') {
        if let Some((_, host)) = SHORT.iter().find(|(word, _)| *word == before) {
            return Some(format!("https://{host}/{path}"));
        }
        // As ssh has it: `git@host:path`.
        let (_, host) = before.split_once('@')?;
        return Some(format!("https://{host}/{}", path.trim_start_matches('/')));
    }
    let (user, name) = text.split_once('/')?;
    let is_name =
        |part: &str| !part.is_empty() && !part.starts_with('.') && !part.contains(['/', '@']);
    (is_name(user) && is_name(name)).then(|| format!("https://{}/{user}/{name}", SHORT[0].1))
}

/// The page of a repository at an address of git's.
fn page(text: &str) -> Option<Url> {
    let text = text.strip_prefix("git+").unwrap_or(text);
    let (scheme, rest) = text.split_once("://")?;
    let scheme = match scheme {
        "http" => "http",
        "https" | "git" | "ssh" => "https",
        _ => return None,
    };
    // `ssh://git@host:user/name` is written as well, and is no URL.
    let rest = match rest.split_once('@') {
        Some((user, host)) if !user.contains('/') => host,
        _ => rest,
    };
    let (host, path) = rest.split_once('/')?;
    let host_and_path = match host.split_once(':') {
        Some((host, port)) if !port.is_empty() && !port.bytes().all(|c| c.is_ascii_digit()) => {
            format!("{host}/{port}/{path}")
        }
        // A port of git's or ssh's is not that of pages.
        Some((host, _)) if !text.starts_with("http") => format!("{host}/{path}"),
        _ => rest.to_owned(),
    };
    let mut url = Url::parse(&format!("{scheme}://{host_and_path}")).ok()?;
    url.set_query(None);
    let path = url.path().trim_end_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path).to_owned();
    url.set_path(&path);
    let is_plain = url.username().is_empty() && url.password().is_none();
    (is_plain && url.host().is_some() && path.len() > 1).then_some(url)
}

/// A folder as a manifest names it; `None` if it is none below the repository.
fn plain_folder(text: &str) -> Option<String> {
    let folder = text.trim().trim_start_matches("./").trim_matches('/');
    let is_plain = folder.len() <= MAX_BYTES
        && folder.split('/').all(|part| !matches!(part, "" | "." | ".."))
        && !folder.contains(|c: char| c.is_control() || c == '\\');
    is_plain.then(|| folder.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_git_become_those_of_pages() {
        for (text, expected) in [
            ("git+https://github.com/a/b.git", Some("https://github.com/a/b")),
            ("git://github.com/a/b.git#main", Some("https://github.com/a/b")),
            ("git+ssh://git@github.com/a/b.git", Some("https://github.com/a/b")),
            ("git+ssh://git@git.example:2222/a/b.git", Some("https://git.example/a/b")),
            ("ssh://git@git.example:a/b.git", Some("https://git.example/a/b")),
            ("git@git.example:a/b.git", Some("https://git.example/a/b")),
            ("https://me:secret@git.example/a/b", Some("https://git.example/a/b")),
            ("http://git.example:8080/a/b/?x=1", Some("http://git.example:8080/a/b")),
            ("github:a/b", Some("https://github.com/a/b")),
            ("gitlab:a/b", Some("https://gitlab.com/a/b")),
            ("bitbucket:a/b", Some("https://bitbucket.org/a/b")),
            ("a/b", Some("https://github.com/a/b")),
            ("javascript:alert(1)", None),
            ("javascript://git.example/%0aalert(1)", None),
            ("data:text/html,x", None),
            ("file:///etc/passwd", None),
            ("../a", None),
            ("/a/b", None),
            ("a", None),
            ("", None),
            ("https://git.example", None),
            ("https:///a", None),
            ("https://a b/c", None),
        ] {
            let link = Repository::parse(text, None).map(|it| it.link());
            assert_eq!(link.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn addresses_in_a_readme_lead_into_the_repository() {
        let check = |at: &str, folder, relative: &str, expected: Option<&str>| {
            let repository = Repository::parse(at, folder).unwrap();
            assert_eq!(repository.file(relative).as_deref(), expected, "{relative}");
        };
        let hub = "github:a/b";
        let blob = "https://github.com/a/b/blob/HEAD/";
        check(hub, None, "docs/x.md#y", Some(&format!("{blob}docs/x.md#y")));
        check(hub, None, "./x.md", Some(&format!("{blob}x.md")));
        check(hub, Some("packages/c/"), "../x.md", Some(&format!("{blob}packages/x.md")));
        check(hub, Some("packages/c"), "/x.md", Some(&format!("{blob}x.md")));
        check(hub, Some("../c"), "x.md", Some(&format!("{blob}x.md")));
        check(hub, None, "javascript:alert(1)", None);
        check(hub, None, "//evil.example/x", None);
        check(hub, None, "\\\\evil.example/x", None);
        check("gitlab:a/b", None, "x", Some("https://gitlab.com/a/b/-/blob/HEAD/x"));
        check("https://git.example/a/b", None, "x", None);
    }

    #[test]
    fn the_folder_of_a_package_is_linked_where_that_is_known() {
        let link = |at, folder| Repository::parse(at, Some(folder)).unwrap().link();
        assert_eq!(link("github:a/b", "packages/c"), "https://github.com/a/b/tree/HEAD/packages/c");
        assert_eq!(link("https://git.example/a/b", "packages/c"), "https://git.example/a/b");
        assert_eq!(link("github:a/b", "a/../../c"), "https://github.com/a/b");
        assert_eq!(Repository::parse("github:a/b", None).unwrap().shown(), "github.com/a/b");
    }

    #[test]
    fn only_pages_are_links() {
        for (text, expected) in [
            ("https://a.example/x?y#z", Some("https://a.example/x?y#z")),
            (" http://a.example ", Some("http://a.example/")),
            ("HTTPS://a.example", Some("https://a.example/")),
            ("https://a.example/\"onclick=x", Some("https://a.example/%22onclick=x")),
            ("javascript:alert(1)", None),
            ("java\nscript:alert(1)", None),
            ("data:text/html,x", None),
            ("//a.example", None),
            ("a.example", None),
            ("https://user@a.example", None),
            (&format!("https://a.example/{}", "x".repeat(2000)), None),
        ] {
            assert_eq!(http_link(text).as_deref(), expected, "{text}");
        }
    }
}
