//! What the registry Verdaccio (5 and 6) keeps, as text: its list of packages, a package's document, its users and its
//! configuration.
//! Knows nothing of where such a text is read, nor of what becomes of what it says.
//!
//! ```text
//! config.yaml                        storage, file of users, and who may do what
//! htpasswd                           users
//! storage/.verdaccio-db.json         names of the packages that were published to it
//! storage/NAME/package.json          a package's document, also of one that it only proxies
//! storage/NAME/FILE.tgz              tarballs, those of uplinks as far as somebody asked for them
//! ```

mod database;
pub mod htpasswd;
mod package;
mod rules;
mod settings;

pub use database::listed;
pub use package::{OwnVersion, Package, PackageUnreadable};
pub use rules::Suggestion;
pub use settings::{Access, Settings, SettingsUnreadable};

/// The file with the names of packages, below the storage; the second is that of Verdaccio's predecessor.
pub const DATABASES: [&str; 2] = [".verdaccio-db.json", ".sinopia-db.json"];
/// A package's document, in its folder.
pub const DOCUMENT: &str = "package.json";
/// The configuration.
pub const SETTINGS: [&str; 2] = ["config.yaml", "config.yml"];
/// The file of users, beside the configuration, if that says nothing else.
pub const HTPASSWD: &str = "htpasswd";
