//! A recording as something that can be played.

use std::path::Path;

use serde_json::Value;

/// What happens on the connections of one recording, in order.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) steps: Vec<Step>,
}

/// One step on one connection.
#[derive(Debug)]
pub(super) struct Step {
    /// Line of the recording, for the reader of a failure.
    pub(super) line: usize,
    pub(super) connection: u64,
    pub(super) action: Action,
}

#[derive(Debug)]
pub(super) enum Action {
    Connect,
    Send(Outgoing),
    /// The next thing that the server sends, described: a text as it is, the rest in brackets.
    Expect(String),
    /// The client goes away; what the server still says is no matter.
    Leave,
}

/// What a client sends.
#[derive(Debug)]
pub(super) enum Outgoing {
    Text { bytes: Vec<u8>, frames: usize },
    Binary(Vec<u8>),
    Ping(String),
    Pong(String),
    Close { code: Option<u16>, reason: String },
}

/// A way in which our answers differ from the recorded ones.
#[derive(Debug)]
pub(super) enum Edit {
    /// Where the original sent `was` for the first time, ours sends `ours`.
    Instead { was: &'static str, ours: &'static str },
    /// The original sent this, ours does not.
    Without(&'static str),
    /// After the client's text `after` ours sends `ours`, the original nothing.
    Also {
        after: &'static str,
        ours: &'static [&'static str],
    },
    /// After the client's text `after` ours sends `ours`; nothing of what was recorded then happens.
    Ends {
        after: &'static str,
        ours: &'static [&'static str],
    },
}

impl Script {
    pub(super) fn read(path: &Path) -> Self {
        let recording = std::fs::read_to_string(path).unwrap();
        let steps = recording.lines().enumerate().filter_map(|(index, line)| {
            let record: Value = serde_json::from_str(line).unwrap();
            let action = match record["dir"].as_str().unwrap() {
                "c>s" => from_client(&record)?,
                "s>c" => Action::Expect(from_server(&record)?),
                _ => return None,
            };
            Some(Step {
                line: index + 1,
                connection: record["conn"].as_u64().unwrap(),
                action,
            })
        });
        Self {
            steps: steps.collect(),
        }
    }

    pub(super) fn with_edits<'a>(mut self, edits: impl Iterator<Item = &'a Edit>) -> Self {
        for edit in edits {
            self.edit(edit);
        }
        self
    }

    fn edit(&mut self, edit: &Edit) {
        match edit {
            Edit::Instead { was, ours } => {
                let expected = self.expected(was);
                self.steps[expected].action = Action::Expect((*ours).to_owned());
            }
            Edit::Without(was) => {
                let expected = self.expected(was);
                self.steps.remove(expected);
            }
            Edit::Also { after, ours } => self.insert(after, ours),
            Edit::Ends { after, ours } => {
                let sent = self.sent(after);
                self.steps.truncate(sent + 1);
                self.insert(after, ours);
            }
        }
    }

    fn insert(&mut self, after: &str, ours: &[&str]) {
        let sent = self.sent(after);
        let Step { line, connection, .. } = self.steps[sent];
        let answers = ours.iter().map(|answer| Step {
            line,
            connection,
            action: Action::Expect((*answer).to_owned()),
        });
        self.steps.splice(sent + 1..sent + 1, answers.collect::<Vec<_>>());
    }

    /// Returns the last such answer: where a socket id is replaced, the first belongs to the first `in`.
    fn expected(&self, was: &str) -> usize {
        let found = self
            .steps
            .iter()
            .rposition(|step| matches!(&step.action, Action::Expect(text) if text == was));
        found.unwrap_or_else(|| panic!("the recording has no {was:?}"))
    }

    fn sent(&self, text: &str) -> usize {
        let found = self.steps.iter().position(|step| match &step.action {
            Action::Send(Outgoing::Text { bytes, .. } | Outgoing::Binary(bytes)) => {
                String::from_utf8_lossy(bytes) == text
            }
            _ => false,
        });
        found.unwrap_or_else(|| panic!("the recording has no {text:?}"))
    }
}

fn from_client(record: &Value) -> Option<Action> {
    let frames = record["frames"]
        .as_u64()
        .map_or(1, |frames| usize::try_from(frames).unwrap());
    let outgoing = if record.get("http").is_some() {
        return Some(Action::Connect);
    } else if record["tcp"] == "fin" || record["tcp"] == "error" {
        return Some(Action::Leave);
    } else if let Some(text) = record["ws"].as_str() {
        Outgoing::Text {
            bytes: text.as_bytes().to_vec(),
            frames,
        }
    } else if let Some(text) = record["ws_b64"].as_str() {
        Outgoing::Text {
            bytes: decode_base64(text),
            frames,
        }
    } else if let Some(text) = record["ws_binary_b64"].as_str() {
        Outgoing::Binary(decode_base64(text))
    } else if let Some(text) = record["ws_ping"].as_str() {
        Outgoing::Ping(text.to_owned())
    } else if let Some(text) = record["ws_pong"].as_str() {
        Outgoing::Pong(text.to_owned())
    } else if let Some(close) = record.get("ws_close") {
        let reason = close["reason"].as_str().unwrap_or_default().to_owned();
        Outgoing::Close {
            code: close_code(close),
            reason,
        }
    } else if record.get("tcp").is_some() {
        return None;
    } else {
        panic!("unknown record {record}");
    };
    Some(Action::Send(outgoing))
}

fn from_server(record: &Value) -> Option<String> {
    // A client that went away made the recorder's own connection fail.
    if record.get("http").is_some() || record["tcp"] == "error" {
        return None;
    }
    Some(if let Some(text) = record["ws"].as_str() {
        mask_socket_id(text)
    } else if let Some(text) = record["ws_b64"].as_str() {
        String::from_utf8_lossy(&decode_base64(text)).into_owned()
    } else if let Some(text) = record["ws_pong"].as_str() {
        format!("[pong {text}]")
    } else if let Some(frame) = record.get("ws_close") {
        close(close_code(frame))
    } else if record["tcp"] == "fin" {
        END.to_owned()
    } else {
        panic!("unknown record {record}");
    })
}

fn close_code(close: &Value) -> Option<u16> {
    close["code"].as_u64().map(|code| u16::try_from(code).unwrap())
}

/// Describes a Close frame.
pub(super) fn close(code: Option<u16>) -> String {
    code.map_or_else(|| "[close]".to_owned(), |code| format!("[close {code}]"))
}

/// Replaces a well-formed socket id, which no two sessions share. [I-12]
pub(super) fn mask_socket_id(text: &str) -> String {
    let id = text
        .strip_prefix(r#"in{"socketID":""#)
        .and_then(|rest| rest.strip_suffix(r#""}"#));
    match id {
        Some(id) if id.len() == 20 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            ACCEPTED.to_owned()
        }
        _ => text.to_owned(),
    }
}

fn decode_base64(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = text
        .trim_end_matches('=')
        .bytes()
        .map(|byte| ALPHABET.iter().position(|digit| *digit == byte).unwrap());
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0, 0);
    for digit in digits {
        held = held << 6 | digit;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).unwrap());
        }
    }
    bytes
}

/// How the end of the connection is described.
pub(super) const END: &str = "[end]";
/// How the answer to an accepted `in` is described.
pub(super) const ACCEPTED: &str = r#"in{"socketID":"<id>"}"#;
