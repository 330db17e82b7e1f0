//! Users as the file has them, in memory.
//! Knows nothing of files. What a later NOPAR notes of a user is kept as it is.

use super::super::password::Hash;
use super::super::second_factor::SecondFactor;
use super::super::user::User;
use super::profile::Profile;
use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value};
use std::sync::Arc;

/// All users, in the order in which they came. To copy it copies no user.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Roster {
    #[serde(serialize_with = "write_users", deserialize_with = "read_users")]
    users: IndexMap<String, Arc<UserRecord>>,
    #[serde(flatten)]
    other: Map<String, Value>,
}

/// A user. Has no `Debug`: nobody shall print it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UserRecord {
    password: Hash,
    #[serde(default)]
    email: String,
    /// In seconds since 1970.
    created: u64,
    /// When the password was set, in seconds since 1970.
    changed: u64,
    #[serde(default, skip_serializing_if = "Profile::is_empty")]
    profile: Profile,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    second_factor: Option<SecondFactor>,
    #[serde(flatten)]
    other: Map<String, Value>,
}

impl Roster {
    /// The user of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&Arc<UserRecord>> {
        self.users.get(name)
    }

    /// All of them with their names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &UserRecord)> {
        self.users.iter().map(|(name, user)| (name.as_str(), &**user))
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.users.len()
    }

    /// The name of a user that people could take for this one: it differs in case at most.
    pub(in crate::access) fn alike(&self, name: &str) -> Option<&str> {
        if let Some((same, _)) = self.users.get_key_value(name) {
            return Some(same);
        }
        let name = name.to_lowercase();
        self.users.keys().find(|other| other.to_lowercase() == name).map(String::as_str)
    }

    /// Adds a user, or has this one in place of the one of this name.
    pub(super) fn put(&mut self, name: String, user: UserRecord) {
        self.users.insert(name, Arc::new(user));
    }

    /// `false` when there is none of this name.
    pub(super) fn remove(&mut self, name: &str) -> bool {
        self.users.shift_remove(name).is_some()
    }
}

impl UserRecord {
    /// One who is new at a time, in seconds since 1970.
    pub(super) fn new(password: Hash, email: String, now: u64) -> UserRecord {
        UserRecord {
            password,
            email,
            created: now,
            changed: now,
            profile: Profile::default(),
            second_factor: None,
            other: Map::new(),
        }
    }

    /// What a password is compared with.
    pub(in crate::access) fn password(&self) -> &Hash {
        &self.password
    }

    /// Their address, which may be empty.
    pub(crate) fn email(&self) -> &str {
        &self.email
    }

    /// When they came, in seconds since 1970.
    pub(crate) fn created(&self) -> u64 {
        self.created
    }

    /// When their password was set, in seconds since 1970. No two passwords of a user have the same.
    pub(in crate::access) fn changed(&self) -> u64 {
        self.changed
    }

    /// What they say of themselves.
    pub(in crate::access) fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The same, to change it.
    pub(in crate::access) fn profile_mut(&mut self) -> &mut Profile {
        &mut self.profile
    }

    /// Their second factor, pending or in use.
    pub(crate) fn second_factor(&self) -> Option<&SecondFactor> {
        self.second_factor.as_ref()
    }

    /// Whether a password alone is not enough to be them.
    pub(in crate::access) fn has_second_factor(&self) -> bool {
        self.second_factor.as_ref().is_some_and(|factor| !factor.is_pending())
    }

    /// The same, to change, begin or end it.
    pub(in crate::access) fn second_factor_mut(&mut self) -> &mut Option<SecondFactor> {
        &mut self.second_factor
    }

    /// Gives them another address.
    pub(in crate::access) fn set_email(&mut self, email: String) {
        self.email = email;
    }

    /// Gives them another password. It is told from the one before it by its time as well, whatever the clock says.
    pub(in crate::access) fn set_password(&mut self, password: Hash, now: u64) {
        self.password = password;
        self.changed = now.max(self.changed.saturating_add(1));
    }

    /// Keeps a stronger hash of the password they have, unless they have another one by now.
    pub(super) fn strengthen(&mut self, weak: &Hash, strong: Hash) {
        if self.password == *weak {
            self.password = strong;
        }
    }
}

fn write_users<S: Serializer>(
    users: &IndexMap<String, Arc<UserRecord>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(users.iter().map(|(name, user)| (name, &**user)))
}

/// The users by their names, each of which is one, once.
fn read_users<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<IndexMap<String, Arc<UserRecord>>, D::Error> {
    struct Users;

    impl<'de> de::Visitor<'de> for Users {
        type Value = IndexMap<String, Arc<UserRecord>>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("users by their names")
        }

        fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut users = IndexMap::new();
            while let Some((name, user)) = map.next_entry::<String, UserRecord>()? {
                User::parse(&name).map_err(de::Error::custom)?;
                if users.insert(name, Arc::new(user)).is_some() {
                    // One of the two would be gone with the next change.
                    return Err(de::Error::custom("a user is there twice"));
                }
            }
            Ok(users)
        }
    }

    deserializer.deserialize_map(Users)
}
