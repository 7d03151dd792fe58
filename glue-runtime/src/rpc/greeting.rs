//! What two peers say of themselves first, and what a client learns from it: which of its methods the server doesn't have as it
//! knows them.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::accepted::Accepted;
use super::contract::Hashes;
use super::error::RpcError;
use crate::proto::code::Code;

/// Returns the greeting of a peer: its own description's hash if it has one, and those of its methods where the other side needs
/// them.
pub(super) fn greeting(schema: Option<&str>, methods: Option<&BTreeMap<String, String>>) -> String {
    #[derive(Serialize)]
    struct Wire<'a> {
        #[serde(skip_serializing_if = "Option::is_none")]
        schema: Option<&'a str>,
        peer: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        methods: Option<&'a BTreeMap<String, String>>,
    }

    let wire = Wire {
        schema,
        peer: PEER,
        methods,
    };
    serde_json::to_string(&wire).expect("texts are JSON")
}

/// Returns the body of the answer to a client's greeting [R-14]: where the client was generated from another description than
/// ours, with the hashes by which it finds out which of its methods have changed. What it understands although it has changed is
/// told by the hash that it knows.
pub(super) fn answer(
    greeting: &str,
    channel: &str,
    hashes: fn() -> Option<&'static Hashes>,
    accepted: Option<&Accepted>,
) -> String {
    let client = Greeting::decode(greeting);
    // They are computed when they are first asked for.
    let ours = client.schema.as_ref().and_then(|_| hashes());
    let differs = ours.filter(|ours| client.schema.as_ref() != Some(&ours.schema));
    let told = differs.zip(accepted).zip(client.schema.as_deref());
    let told = told.and_then(|((ours, accepted), theirs)| accepted.told(ours, theirs, channel));
    self::greeting(
        ours.map(|ours| ours.schema.as_str()),
        told.as_ref().or_else(|| differs.map(|ours| &ours.methods)),
    )
}

/// What a peer has said of itself. Unknown members are ignored, and all may be missing.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Greeting {
    #[serde(default)]
    pub(super) schema: Option<String>,
    /// Hashes of all methods and events by their name, where both descriptions are known and differ.
    #[serde(default)]
    pub(super) methods: Option<HashMap<String, String>>,
}

impl Greeting {
    /// Reads a greeting; one that can't be read says nothing.
    pub(super) fn decode(json: &str) -> Self {
        serde_json::from_str(json).unwrap_or_default()
    }

    /// Returns what of a client's `own` methods the server has otherwise or not at all.
    pub(super) fn stale(mut self, own: &Hashes) -> Stale {
        let (Some(schema), Some(methods)) = (&self.schema, &mut self.methods) else {
            return Stale::default();
        };
        if *schema == own.schema {
            return Stale::default();
        }
        let changed = own
            .methods
            .iter()
            .filter(|(name, hash)| methods.get(*name) != Some(*hash));
        let changed: Vec<_> = changed.map(|(name, hash)| (name.clone(), hash.clone())).collect();
        let stale = changed.into_iter().map(|(name, client)| {
            let server = methods.remove(&name);
            (name, Change { client, server })
        });
        Stale(stale.collect())
    }
}

/// The methods of a client that the server of this session has otherwise, by name.
#[derive(Debug, Default)]
pub(super) struct Stale(HashMap<String, Change>);

#[derive(Debug)]
struct Change {
    client: String,
    /// `None` where the server has no such method.
    server: Option<String>,
}

impl Stale {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns what calls of this method fail with; `None` for one that has not changed.
    pub(super) fn error(&self, channel: &str, method: &str) -> Option<RpcError> {
        #[derive(Serialize)]
        struct Data<'a> {
            method: &'a str,
            client: &'a str,
            server: Option<&'a str>,
        }

        let change = self.0.get(method)?;
        let data = Data {
            method,
            client: &change.client,
            server: change.server.as_deref(),
        };
        let data = serde_json::to_string(&data).expect("texts are JSON");
        let message = format!("`{channel}.{method}` has changed since this client was generated");
        Some(RpcError::new(Code::StaleClient, message).with_data(RawValue::from_string(data).ok()))
    }
}

/// Who we are.
const PEER: &str = concat!("rust/", env!("CARGO_PKG_VERSION"));

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    fn hashes() -> Option<&'static Hashes> {
        static HASHES: LazyLock<Hashes> = LazyLock::new(|| Hashes {
            schema: "aaaa".to_owned(),
            methods: BTreeMap::from([("post".to_owned(), "1111".to_owned())]),
        });
        Some(&HASHES)
    }

    /// [R-14]
    #[test]
    fn hashes_are_told_only_to_those_who_have_others() {
        let peer = format!(r#""peer":"{PEER}""#);
        let cases = [
            ("{}", format!("{{{peer}}}")),
            ("no JSON", format!("{{{peer}}}")),
            (r#"{"schema":1}"#, format!("{{{peer}}}")),
            (
                r#"{"schema":"aaaa","peer":"x"}"#,
                format!(r#"{{"schema":"aaaa",{peer}}}"#),
            ),
            (
                r#"{"schema":"bbbb"}"#,
                format!(r#"{{"schema":"aaaa",{peer},"methods":{{"post":"1111"}}}}"#),
            ),
        ];
        for (greeting, answered) in cases {
            assert_eq!(answer(greeting, "chat", hashes, None), answered, "{greeting}");
        }
        assert_eq!(
            answer(r#"{"schema":"bbbb"}"#, "chat", || None, None),
            format!("{{{peer}}}")
        );
    }

    /// [R-14]
    #[test]
    fn a_contract_that_is_accepted_is_told_by_its_own_hashes() {
        let json =
            r#"{"accept":1,"channels":{"chat":{"contract":"aaaa","clients":{"bbbb":{"post":"0000"}}}}}"#;
        let accepted = Accepted::read(json, "chat").unwrap();

        let told = |schema: &str| {
            answer(
                &format!(r#"{{"schema":"{schema}"}}"#),
                "chat",
                hashes,
                accepted.as_ref(),
            )
        };

        assert!(
            told("bbbb").contains(r#""methods":{"post":"0000"}"#),
            "{}",
            told("bbbb")
        );
        assert!(
            told("cccc").contains(r#""methods":{"post":"1111"}"#),
            "{}",
            told("cccc")
        );
        assert!(!told("aaaa").contains("methods"), "{}", told("aaaa"));
    }

    fn own() -> Hashes {
        Hashes {
            schema: "1".to_owned(),
            methods: [("same", "a"), ("changed", "b"), ("gone", "c")]
                .map(|(name, hash)| (name.to_owned(), hash.to_owned()))
                .into(),
        }
    }

    /// [R-7]
    #[test]
    fn a_greeting_says_only_what_there_is_to_say() {
        assert_eq!(greeting(None, None), format!(r#"{{"peer":"{PEER}"}}"#));

        let own = own();
        let full = greeting(Some(&own.schema), Some(&own.methods));

        assert_eq!(
            full,
            format!(r#"{{"schema":"1","peer":"{PEER}","methods":{{"changed":"b","gone":"c","same":"a"}}}}"#)
        );
        let read = Greeting::decode(&full);
        assert_eq!(read.schema.as_deref(), Some("1"));
        assert_eq!(read.methods.map(|methods| methods.len()), Some(3));
    }

    #[test]
    fn only_what_differs_is_stale() {
        let theirs = r#"{"schema":"2","methods":{"same":"a","changed":"x","new":"y"}}"#;

        let stale = Greeting::decode(theirs).stale(&own());

        for (method, is_stale) in [("same", false), ("changed", true), ("gone", true), ("new", false)] {
            let code = stale.error("desk", method).map(|error| error.code());
            assert_eq!(code, is_stale.then_some(Code::StaleClient), "{method}");
        }
    }
}
