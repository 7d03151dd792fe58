//! The `in` exchange and the version rule.

use std::fmt;

use semver::Version;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use thiserror::Error;

/// What a client says in `in`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClientInit {
    /// Version of the protocol that the client speaks.
    pub(crate) version: Version,
    /// Whether it reads containers.
    pub(crate) batch: bool,
}

impl ClientInit {
    /// Reads the JSON behind `in` as the original server does: unknown members are ignored, names compared without
    /// case, the last duplicate wins and `null` is an empty object.
    pub(crate) fn decode(json: &str) -> Result<Self, InitError> {
        let members = Members::decode(json)?;
        let member = |own: &str| members.last(|name| name.eq_ignore_ascii_case(own));
        let version = member("version")
            .filter(|version| !version.is_null())
            .ok_or(InitError::NoVersion)?;
        let version = version.as_str().ok_or(InitError::BadVersion)?;
        Ok(Self {
            version: Version::parse(version).map_err(|_| InitError::BadVersion)?,
            batch: member("batch") == Some(&Value::Bool(true)),
        })
    }

    /// Writes the JSON behind `in`.
    pub(crate) fn encode(&self) -> String {
        format!(r#"{{"version":"{}"{}}}"#, self.version, batch_member(self.batch))
    }
}

/// What a server answers in `in`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServerInit {
    /// Identifier of the new socket; not a secret.
    pub(crate) socket_id: String,
    /// Whether it reads containers; only for a client that does.
    pub(crate) batch: bool,
}

impl ServerInit {
    /// Reads the JSON behind `in`; member names are exact here, as the original client reads them.
    pub(crate) fn decode(json: &str) -> Result<Self, InitError> {
        let members = Members::decode(json)?;
        let member = |own: &str| members.last(|name| name == own);
        match member("socketID") {
            Some(Value::String(socket_id)) if !socket_id.is_empty() => Ok(Self {
                socket_id: socket_id.clone(),
                batch: member("batch") == Some(&Value::Bool(true)),
            }),
            _ => Err(InitError::NoSocketId),
        }
    }

    /// Writes the JSON behind `in`. Socket ids are alphanumeric, so nothing needs escaping.
    pub(crate) fn encode(&self) -> String {
        format!(
            r#"{{"socketID":"{}"{}}}"#,
            self.socket_id,
            batch_member(self.batch)
        )
    }
}

/// Returns whether a server of version `own` serves a client of version `client`: the same major, and not newer in
/// minor and patch. Pre-release and build parts don't count.
pub(crate) fn is_compatible(client: &Version, own: &Version) -> bool {
    client.major == own.major && (client.minor, client.patch) <= (own.minor, own.patch)
}

/// Why the text behind `in` can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum InitError {
    /// Not JSON, or text behind it.
    #[error("init is not JSON")]
    NotJson,
    /// JSON, but neither an object nor `null`.
    #[error("init is not an object")]
    NotAnObject,
    /// No member `version`.
    #[error("init has no version")]
    NoVersion,
    /// `version` is not a strict semantic version.
    #[error("init has a bad version")]
    BadVersion,
    /// No member `socketID` with a text in it.
    #[error("init has no socket id")]
    NoSocketId,
}

/// Returns the member that announces containers, as it is written behind another.
fn batch_member(batch: bool) -> &'static str {
    if batch { r#","batch":true"# } else { "" }
}

/// The members of a JSON object in their order, duplicates kept; none for `null`.
struct Members(Vec<(String, Value)>);

impl Members {
    fn decode(json: &str) -> Result<Self, InitError> {
        serde_json::from_str(json).map_err(|_| {
            let is_json = serde_json::from_str::<IgnoredAny>(json).is_ok();
            if is_json {
                InitError::NotAnObject
            } else {
                InitError::NotJson
            }
        })
    }

    /// Returns the last member whose name `matches`.
    fn last(&self, matches: impl Fn(&str) -> bool) -> Option<&Value> {
        let mut latest_first = self.0.iter().rev();
        latest_first
            .find(|(name, _)| matches(name))
            .map(|(_, value)| value)
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_unit<E>(self) -> Result<Members, E> {
                Ok(Members(Vec::new()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_any(Collect)
    }
}
