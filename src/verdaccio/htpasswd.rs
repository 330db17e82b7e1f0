//! The users of a Verdaccio, with their passwords as they are kept: the lines of its `htpasswd`.
//! Knows nothing of whether anything can be compared with them.

use std::fmt;

/// A user.
#[derive(Clone, PartialEq, Eq)]
pub struct Htuser {
    /// The user's name.
    pub name: String,
    /// What is kept of the password.
    pub kept: Kept,
}

/// What is kept of a password. Has no `Debug` that shows it.
#[derive(Clone, PartialEq, Eq)]
pub enum Kept {
    /// A bcrypt hash.
    Bcrypt(String),
    /// Something else, in words.
    Otherwise(&'static str),
}

impl fmt::Debug for Htuser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Htuser({:?})", self.name)
    }
}

/// The users of a file, in its order. As Verdaccio reads it: what has no colon is no user, and of several lines for one
/// the last holds.
pub fn users(text: &str) -> Vec<Htuser> {
    let mut users: Vec<Htuser> = Vec::new();
    for line in text.lines() {
        let mut parts = line.splitn(3, ':').map(str::trim);
        let (Some(name), Some(kept)) = (parts.next(), parts.next()) else { continue };
        if name.is_empty() {
            continue;
        }
        let user = Htuser { name: name.to_owned(), kept: Kept::of(kept) };
        match users.iter_mut().find(|it| it.name == name) {
            Some(before) => *before = user,
            None => users.push(user),
        }
    }
    users
}

impl Kept {
    fn of(text: &str) -> Kept {
        let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| text.starts_with(prefix));
        if begins(&["$2a$", "$2b$", "$2y$"]) {
            return Kept::Bcrypt(text.to_owned());
        }
        Kept::Otherwise(if text.is_empty() {
            "empty"
        } else if begins(&["{SHA}"]) {
            "stored as SHA-1"
        } else if begins(&["{PLAIN}"]) {
            "stored in plain text"
        } else if begins(&["$apr1$", "$1$"]) {
            "stored as MD5"
        } else if begins(&["$5$", "$6$", "$y$", "$2x$"]) {
            "stored as a crypt hash of the system"
        } else if text.len() == 13 {
            "stored as a crypt(3) hash"
        } else {
            "stored in an unknown way"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_of_keeping_a_password_is_told() {
        let text = "ann:$2a$10$abc:autocreated 2026-11-29T15:06:40.739Z\r\n\
                    bob:$2y$05$abc\n# a comment\n\n:nobody\nsha:{SHA}apXG/UzXcZseY4cscyAq+WYNHt8=\n\
                    md:$apr1$rky1O22e$JAqXUgY2EtjsfIdTrXThM.:x\n old : 27r9OYXSgEU82 \nplain:{PLAIN}pw\n\
                    six:$6$salt$x\nodd:x\nnone:\nann:$2b$12$later:again\nann2";
        let told: Vec<(String, String)> = users(text)
            .into_iter()
            .map(|user| match user.kept {
                Kept::Bcrypt(hash) => (user.name, hash),
                Kept::Otherwise(way) => (user.name, way.to_owned()),
            })
            .collect();
        let expected = [
            ("ann", "$2b$12$later"),
            ("bob", "$2y$05$abc"),
            ("sha", "stored as SHA-1"),
            ("md", "stored as MD5"),
            ("old", "stored as a crypt(3) hash"),
            ("plain", "stored in plain text"),
            ("six", "stored as a crypt hash of the system"),
            ("odd", "stored in an unknown way"),
            ("none", "empty"),
        ];
        assert_eq!(told, expected.map(|(name, way)| (name.to_owned(), way.to_owned())));
        let user = Htuser { name: "ann".to_owned(), kept: Kept::Bcrypt("$2b$".to_owned()) };
        assert_eq!(format!("{user:?}"), "Htuser(\"ann\")");
    }
}
