//! A recording as something that can be played.

use std::path::Path;

use serde_json::Value;

use super::answer::{self, Answer};

/// What happens on the connections of one recording, in order.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) steps: Vec<Step>,
}

/// One step on one connection.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// Line of the recording, for the reader of a failure.
    pub(super) line: usize,
    pub(super) connection: u64,
    pub(super) action: Action,
}

#[derive(Clone, Debug)]
pub(super) enum Action {
    /// An HTTP request, which opens the connection if it is the first.
    Request(Request),
    Send(Outgoing),
    /// The next thing that the server sends.
    Expect(Answer),
    /// The client goes away; what the server still says is no matter.
    Leave,
}

/// An HTTP request.
#[derive(Clone, Debug)]
pub(super) struct Request {
    /// Method, target and version.
    pub(super) line: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

/// What a client sends on a WebSocket.
#[derive(Clone, Debug)]
pub(super) enum Outgoing {
    Text { bytes: Vec<u8>, frames: usize },
    Binary(Vec<u8>),
    Ping(String),
    Pong(String),
    Close { code: Option<u16>, reason: String },
}

impl Script {
    pub(super) fn read(path: &Path) -> Self {
        let recording = std::fs::read_to_string(path).unwrap();
        let mut host = String::new();
        let mut steps = Vec::new();
        for (index, line) in recording.lines().enumerate() {
            let record: Value = serde_json::from_str(line).unwrap();
            let action = match record["dir"].as_str().unwrap() {
                "c>s" => from_client(&record),
                "s>c" => from_server(&record, &host).map(Action::Expect),
                // The recorder itself cut the connection.
                "proxy" => Some(Action::Leave),
                _ => None,
            };
            if let Some(Action::Request(request)) = &action {
                // HTTP/1.0 has none.
                request
                    .header("host")
                    .unwrap_or(&host)
                    .to_owned()
                    .clone_into(&mut host);
            }
            steps.extend(action.map(|action| Step {
                line: index + 1,
                connection: record["conn"].as_u64().unwrap(),
                action,
            }));
        }
        Self { steps }
    }

    /// Returns the last such answer: where a socket id is replaced, the first belongs to the first `in`.
    pub(super) fn expected(&self, was: &str) -> usize {
        let found = self
            .steps
            .iter()
            .rposition(|step| matches!(&step.action, Action::Expect(answer) if answer.text == was));
        found.unwrap_or_else(|| panic!("the recording has no {was:?}"))
    }

    /// Returns the first such text or body of the client.
    pub(super) fn sent(&self, text: &str) -> usize {
        let found = self.steps.iter().position(|step| match &step.action {
            Action::Send(Outgoing::Text { bytes, .. } | Outgoing::Binary(bytes)) => {
                String::from_utf8_lossy(bytes) == text
            }
            Action::Request(request) => request.body == text,
            _ => false,
        });
        found.unwrap_or_else(|| panic!("the recording has no {text:?}"))
    }
}

impl Request {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let header = self
            .headers
            .iter()
            .find(|(header, _)| header.eq_ignore_ascii_case(name));
        header.map(|(_, value)| value.as_str())
    }

    pub(super) fn is_head(&self) -> bool {
        self.line.starts_with("HEAD ")
    }
}

fn from_client(record: &Value) -> Option<Action> {
    let frames = record["frames"]
        .as_u64()
        .map_or(1, |frames| usize::try_from(frames).unwrap());
    let outgoing = if let Some(http) = record.get("http") {
        return Some(Action::Request(request(http)));
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

fn from_server(record: &Value, host: &str) -> Option<Answer> {
    // A client that went away made the recorder's own connection fail.
    if record["tcp"] == "error" {
        return None;
    }
    Some(if let Some(http) = record.get("http") {
        let status = u16::try_from(http["status"].as_u64().unwrap()).unwrap();
        let body = http["body"].as_str().unwrap_or_default();
        answer::http(status, &headers(http), body.as_bytes(), host)
    } else if let Some(text) = record["ws"].as_str() {
        answer::text(text)
    } else if let Some(text) = record["ws_b64"].as_str() {
        answer::text(&String::from_utf8_lossy(&decode_base64(text)))
    } else if let Some(text) = record["ws_pong"].as_str() {
        answer::pong(text.as_bytes())
    } else if let Some(frame) = record.get("ws_close") {
        answer::close(close_code(frame))
    } else if record["tcp"] == "fin" {
        answer::end()
    } else {
        panic!("unknown record {record}");
    })
}

fn request(http: &Value) -> Request {
    let part = |name: &str| http[name].as_str().unwrap_or_default();
    Request {
        line: format!("{} {} {}", part("method"), part("target"), part("version")),
        headers: headers(http),
        body: part("body").to_owned(),
    }
}

fn headers(http: &Value) -> Vec<(String, String)> {
    serde_json::from_value(http["headers"].clone()).unwrap()
}

fn close_code(close: &Value) -> Option<u16> {
    close["code"].as_u64().map(|code| u16::try_from(code).unwrap())
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
