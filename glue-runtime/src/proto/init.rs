//! The `in` exchange and the version rule.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use semver::Version;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use thiserror::Error;

use super::code::Code;
use super::limits::MAX_ID;
use super::number::push;
use super::refusal::Refusal;
use super::resume::{Former, ResumeTerms, ResumeToken, ResumeWish};

/// What a client says in `in`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClientInit {
    /// Version of the protocol that the client speaks.
    pub(crate) version: Version,
    /// Whether it reads containers.
    pub(crate) batch: bool,
    /// Whether it reads refusals.
    pub(crate) errors: bool,
    /// What it says of itself, for the application.
    pub(crate) auth: Option<Auth>,
    /// Whether, and how, its session is to outlive its link; never so without containers.
    pub(crate) resume: Option<ResumeWish>,
    /// Whether it can be told to leave.
    pub(crate) drain: bool,
}

impl ClientInit {
    /// Reads the JSON behind `in` as the original server does: unknown members are ignored, names compared without
    /// case, the last duplicate wins and `null` is an empty object.
    pub(crate) fn decode(json: &str) -> Result<Self, InitError> {
        let members = Members::decode(json)?;
        let member = |own: &str| members.last(|name| name.eq_ignore_ascii_case(own));
        let version: String =
            read(member("version").ok_or(InitError::NoVersion)?).ok_or(InitError::BadVersion)?;
        let batch = is_true(member("batch"));
        let resume = member("resume").filter(|_| batch).and_then(decode_wish);
        Ok(Self {
            version: Version::parse(&version).map_err(|_| InitError::BadVersion)?,
            batch,
            errors: is_true(member("errors")),
            auth: member("auth").and_then(|json| Auth::new(json.to_owned())),
            resume,
            drain: is_true(member("drain")),
        })
    }

    /// Writes the JSON behind `in`.
    pub(crate) fn encode(&self) -> String {
        let mut out = format!(r#"{{"version":"{}""#, self.version);
        if self.batch {
            out.push_str(BATCH);
        }
        if self.errors {
            out.push_str(r#","errors":true"#);
        }
        if let Some(Auth(json)) = &self.auth {
            out.push_str(r#","auth":"#);
            out.push_str(json);
        }
        match &self.resume {
            None => {}
            Some(ResumeWish::New) => out.push_str(r#","resume":{}"#),
            // Both are alphanumeric, as a client takes no others.
            Some(ResumeWish::Former(former)) => {
                let Former {
                    socket_id,
                    token,
                    received,
                } = former;
                let token = token.as_str();
                out.push_str(&format!(
                    r#","resume":{{"socketID":"{socket_id}","token":"{token}","received":{received}}}"#
                ));
            }
        }
        if self.drain {
            out.push_str(DRAIN);
        }
        out.push('}');
        out
    }
}

/// Reads a client's member `resume`; what is no object asks for nothing, one with anything else than a session for a new one.
fn decode_wish(json: &str) -> Option<ResumeWish> {
    let members = Members::decode(json).ok()?;
    let text = |member: &str| members.exact(member).and_then(read::<String>);
    let former = || {
        Some(Former {
            socket_id: text("socketID")?,
            token: ResumeToken::new(text("token")?),
            received: members.exact("received").and_then(read).and_then(number)?,
        })
    };
    Some(former().map_or(ResumeWish::New, ResumeWish::Former))
}

/// JSON that a client says of itself; often a secret, so it shows itself to nobody.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Auth(String);

impl Auth {
    /// Takes a JSON text; `None` for `null`, which says nothing.
    pub(crate) fn new(json: String) -> Option<Self> {
        (json != "null").then_some(Self(json))
    }

    /// Returns the JSON.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Auth(..)")
    }
}

/// What a server answers in `in`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ServerInit {
    /// There is a socket now.
    Accepted(Accepted),
    /// The application doesn't want this client; only for one that reads refusals. Whether for good is said by `dr`.
    Refused(Refusal),
}

/// The terms of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// Identifier of the new socket; not a secret.
    pub(crate) socket_id: Arc<str>,
    /// Whether the server reads containers; only for a client that does.
    pub(crate) batch: bool,
    /// Bytes of the longest message that the server takes, where it tells.
    pub(crate) limit: Option<u64>,
    /// Set where the session outlives its link.
    pub(crate) resume: Option<ResumeTerms>,
    /// Whether the server may tell the client to leave.
    pub(crate) drain: bool,
}

impl ServerInit {
    /// Reads the JSON behind `in`; member names are exact here, as the original client reads them.
    pub(crate) fn decode(json: &str) -> Result<Self, InitError> {
        let members = Members::decode(json)?;
        if let Some(error) = members.exact("error") {
            return Ok(Self::Refused(decode_refusal(error)));
        }
        let socket_id: Option<String> = members.exact("socketID").and_then(read);
        let batch = is_true(members.exact("batch"));
        Ok(Self::Accepted(Accepted {
            socket_id: socket_id
                .filter(|id| !id.is_empty())
                .ok_or(InitError::NoSocketId)?
                .into(),
            batch,
            limit: members.exact("limit").and_then(read).and_then(whole),
            resume: members.exact("resume").filter(|_| batch).and_then(decode_terms),
            drain: is_true(members.exact("drain")),
        }))
    }

    /// Writes the JSON behind `in`. Socket ids are alphanumeric, so nothing of them needs escaping.
    pub(crate) fn encode(&self) -> String {
        match self {
            Self::Accepted(Accepted {
                socket_id,
                batch,
                limit,
                resume,
                drain,
            }) => {
                // Every connection gets one: by hand it takes a fifth of what formatting takes.
                let mut out = String::with_capacity(ACCEPTED_BYTES);
                out.push_str(r#"{"socketID":""#);
                out.push_str(socket_id);
                out.push('"');
                if *batch {
                    out.push_str(BATCH);
                }
                if let Some(limit) = limit {
                    out.push_str(r#","limit":"#);
                    push(&mut out, *limit);
                }
                if let Some(terms) = resume {
                    encode_terms(terms, &mut out);
                }
                if *drain {
                    out.push_str(DRAIN);
                }
                out.push('}');
                out
            }
            Self::Refused(refusal) => {
                let code = refusal.code();
                // Texts are always JSON.
                let message = serde_json::to_string(refusal.message()).unwrap_or_default();
                let data = refusal
                    .data()
                    .map_or(String::new(), |data| format!(r#","data":{data}"#));
                format!(r#"{{"error":{{"code":"{code}","message":{message}{data}}}}}"#)
            }
        }
    }
}

/// Writes a server's member `resume`, behind another; a token needs no escaping.
fn encode_terms(terms: &ResumeTerms, out: &mut String) {
    let ResumeTerms {
        token,
        window,
        buffer_bytes,
        received,
    } = terms;
    out.push_str(r#","resume":{"token":""#);
    out.push_str(token.as_str());
    out.push('"');
    if let Some(received) = received {
        out.push_str(r#","received":"#);
        push(out, *received);
    }
    // What is larger would be as if it were missing.
    let window = u64::try_from(window.as_millis()).map_or(MAX_ID, |millis| millis.min(MAX_ID));
    let buffer_bytes = u64::try_from(*buffer_bytes).map_or(MAX_ID, |bytes| bytes.min(MAX_ID));
    out.push_str(r#","windowMs":"#);
    push(out, window);
    out.push_str(r#","bufferBytes":"#);
    push(out, buffer_bytes);
    out.push('}');
}

/// Reads a server's member `resume`; without all that is needed there is none.
fn decode_terms(json: &str) -> Option<ResumeTerms> {
    let members = Members::decode(json).ok()?;
    let count = |member: &str| members.exact(member).and_then(read).and_then(whole);
    let token: String = members.exact("token").and_then(read)?;
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    Some(ResumeTerms {
        token: ResumeToken::new(token),
        window: Duration::from_millis(count("windowMs")?),
        buffer_bytes: count("bufferBytes").and_then(|bytes| usize::try_from(bytes).ok())?,
        received: members.exact("received").and_then(read).and_then(number),
    })
}

/// Reads the member `error`: whatever is in it, it is a refusal.
fn decode_refusal(json: &str) -> Refusal {
    let members = Members::decode(json).unwrap_or_default();
    let text = |member: &str| members.exact(member).and_then(read::<String>);
    let code = text("code").and_then(|code| Code::from_wire(&code));
    let refusal = Refusal::new(
        code.unwrap_or(Code::Internal),
        text("message").unwrap_or_default(),
    );
    refusal.with_json(members.exact("data").map(str::to_owned))
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

/// The members of a JSON object in their order, duplicates kept; none for `null`.
#[derive(Default)]
struct Members<'a>(Vec<(Cow<'a, str>, &'a str)>);

impl<'a> Members<'a> {
    fn decode(json: &'a str) -> Result<Self, InitError> {
        serde_json::from_str(json).map_err(|_| {
            let is_json = serde_json::from_str::<IgnoredAny>(json).is_ok();
            if is_json {
                InitError::NotAnObject
            } else {
                InitError::NotJson
            }
        })
    }

    /// Returns the JSON of the last member whose name `matches`, unless it is `null`.
    fn last(&self, matches: impl Fn(&str) -> bool) -> Option<&'a str> {
        let mut latest_first = self.0.iter().rev();
        let (_, json) = latest_first.find(|(name, _)| matches(name))?;
        (*json != "null").then_some(json)
    }

    /// Returns the JSON of the last member of this name, unless it is `null`.
    fn exact(&self, own: &str) -> Option<&'a str> {
        self.last(|name| name == own)
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_unit<E>(self) -> Result<Members<'de>, E> {
                Ok(Members::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                // As text, so that what is unknown is not built and what is kept is not changed.
                while let Some((Name(name), json)) = map.next_entry::<Name<'_>, &RawValue>()? {
                    members.push((name, json.get()));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_any(Collect)
    }
}

/// The name of a member, which is a part of the text unless something in it is escaped.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// Reads a value of this type.
fn read<T: for<'a> Deserialize<'a>>(json: &str) -> Option<T> {
    serde_json::from_str(json).ok()
}

fn is_true(json: Option<&str>) -> bool {
    json == Some("true")
}

/// Returns a number from 1 that every peer reads alike, JavaScript too; `None` for any other.
fn whole(value: f64) -> Option<u64> {
    number(value).filter(|&value| value > 0)
}

/// Returns a number from 0 that every peer reads alike, JavaScript too; `None` for any other.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // it is whole and in range
fn number(value: f64) -> Option<u64> {
    const MOST: f64 = 9_007_199_254_740_991.0;
    ((0.0..=MOST).contains(&value) && value.fract() == 0.0).then_some(value as u64)
}

/// Bytes of what a client is told that is accepted, all members and the largest numbers among them.
const ACCEPTED_BYTES: usize = 224;

/// The member that announces that leaving can be asked for, as it is written behind another.
const DRAIN: &str = r#","drain":true"#;

/// The member that announces containers, as it is written behind another.
const BATCH: &str = r#","batch":true"#;
