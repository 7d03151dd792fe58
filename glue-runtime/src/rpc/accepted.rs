//! Contracts that clients were built from before, and what of them still holds: what `glue-codegen diff --accept` has found.

use std::collections::BTreeMap;
use std::sync::Once;

use serde::Deserialize;

use super::contract::Hashes;

/// The clients of one channel that know an older contract, by its hash.
#[derive(Debug)]
pub(super) struct Accepted {
    /// The contract for which this was found; under another one it says nothing.
    contract: String,
    clients: BTreeMap<String, BTreeMap<String, String>>,
    warned: Once,
}

impl Accepted {
    /// Reads what the file says of `channel`; `None` if it says nothing of it, as an empty one does.
    ///
    /// # Errors
    /// Says what is wrong with the file.
    pub(super) fn read(json: &str, channel: &str) -> Result<Option<Self>, String> {
        #[derive(Deserialize)]
        struct Version {
            accept: u32,
        }
        #[derive(Deserialize)]
        struct Document {
            #[serde(default)]
            channels: BTreeMap<String, Channel>,
        }
        #[derive(Deserialize)]
        struct Channel {
            contract: String,
            #[serde(default)]
            clients: BTreeMap<String, BTreeMap<String, String>>,
        }
        // Before the first contract to accept there is no file.
        if json.trim().is_empty() {
            return Ok(None);
        }
        let unreadable =
            |error: serde_json::Error| format!("not written by `glue-codegen diff --accept`: {error}");
        let Version { accept } = serde_json::from_str(json).map_err(unreadable)?;
        if accept != FORMAT {
            return Err(format!("format {accept} instead of {FORMAT}"));
        }
        let mut document: Document = serde_json::from_str(json).map_err(unreadable)?;
        let channel = document.channels.remove(channel);
        Ok(channel.map(|Channel { contract, clients }| Self {
            contract,
            clients,
            warned: Once::new(),
        }))
    }

    /// Returns the hashes to tell a client that knows the contract `theirs`: for what it understands as it is now its own [R-14].
    pub(super) fn told(
        &self,
        ours: &Hashes,
        theirs: &str,
        channel: &str,
    ) -> Option<BTreeMap<String, String>> {
        let known = self.clients.get(theirs)?;
        if self.contract != ours.schema {
            self.warned.call_once(|| {
                tracing::warn!(
                    channel,
                    "the accepted contracts are those of another version of the channel and don't count: \
                                        run `glue-codegen diff --accept` again"
                );
            });
            return None;
        }
        let told = |(name, hash): (&String, &String)| {
            let hash = known.get(name).unwrap_or(hash);
            (name.clone(), hash.clone())
        };
        Some(ours.methods.iter().map(told).collect())
    }
}

/// Version of the file's form.
const FORMAT: u32 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    fn ours() -> Hashes {
        Hashes {
            schema: "new".to_owned(),
            methods: [("post", "2"), ("watch", "2"), ("leave", "1")]
                .map(|(name, hash)| (name.to_owned(), hash.to_owned()))
                .into(),
        }
    }

    fn accepted(contract: &str) -> Accepted {
        let json = format!(
            r#"{{"accept":1,"channels":{{"chat":{{"contract":"{contract}","clients":{{"old":{{"post":"1","gone":"1"}}}}}}}}}}"#
        );
        Accepted::read(&json, "chat").unwrap().unwrap()
    }

    /// [R-14]
    #[test]
    fn a_client_is_told_its_own_hash_of_what_it_understands() {
        let told = accepted("new").told(&ours(), "old", "chat").unwrap();

        let told: Vec<_> = told
            .iter()
            .map(|(name, hash)| (name.as_str(), hash.as_str()))
            .collect();
        assert_eq!(told, [("leave", "1"), ("post", "1"), ("watch", "2")]);
    }

    #[test]
    fn a_list_for_another_contract_and_a_client_that_is_not_in_it_change_nothing() {
        assert_eq!(accepted("newer").told(&ours(), "old", "chat"), None);
        assert_eq!(accepted("new").told(&ours(), "older", "chat"), None);
    }

    #[test]
    fn what_is_no_list_is_an_error() {
        assert!(Accepted::read(r#"{"accept":1}"#, "chat").unwrap().is_none());
        assert_eq!(
            Accepted::read(r#"{"accept":2,"channels":7}"#, "chat").unwrap_err(),
            "format 2 instead of 1"
        );
        for json in ["", "\n"] {
            assert!(Accepted::read(json, "chat").unwrap().is_none());
        }
        for json in [
            "[]",
            "{}",
            r#"{"lock":1}"#,
            r#"{"accept":1,"channels":{"chat":{}}}"#,
        ] {
            let error = Accepted::read(json, "chat").unwrap_err();
            assert!(error.starts_with("not written by"), "{json}: {error}");
        }
    }
}
