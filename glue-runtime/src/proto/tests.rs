//! The vectors of `tests/vectors`, which judge the TypeScript twin as well.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

#[cfg(feature = "server")]
use super::ajax::{self, AjaxError, Head};
use super::batch::{self, BatchError, Joined};
use super::envelope::{Envelope, EnvelopeError, Terms, answered};
use super::frame::{Frame, FrameError};
use super::init::{Accepted, Auth, ClientInit, InitError, ServerInit, is_compatible};
use super::limits::{BATCH_MESSAGES, MAX_CREDIT, MAX_ID};
use super::pair::{self, LengthUnit, PairError};
use super::resume::{ResumeTerms, ResumeToken, ResumeWish};

/// Runs every case of a vector file, so that one run shows all that are wrong.
fn judge(file: &str, judge_case: impl Fn(&Value)) {
    let path = format!("{}/../tests/vectors/{file}", env!("CARGO_MANIFEST_DIR"));
    let cases: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(cases.len() > 10, "{file} has hardly any case");

    let judged = cases
        .iter()
        .filter(|case| std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| judge_case(case))).is_err());
    let failed: Vec<_> = judged.map(|case| &case["id"]).collect();
    assert!(failed.is_empty(), "{file}: {failed:?}");
}

/// Compares a reading with what the case says; for a good one, what it was read as.
fn check<T, E: Copy + PartialEq + std::fmt::Debug>(
    case: &Value,
    read: Result<T, E>,
    name: fn(E) -> &'static str,
) -> Option<T> {
    match (read, case["error"].as_str()) {
        (Ok(value), None) => Some(value),
        (Err(error), Some(expected)) => {
            assert_eq!(name(error), expected);
            None
        }
        (Ok(_), Some(expected)) => panic!("expected {expected}"),
        (Err(error), None) => panic!("unexpected {error:?}"),
    }
}

fn text(case: &Value) -> &str {
    case["text"].as_str().unwrap()
}

#[test]
fn frames_are_read_and_written_as_the_vectors_say() {
    judge("frames.json", |case| {
        let frame = check(case, Frame::decode(text(case)), |error| match error {
            FrameError::TooShort => "too_short",
            FrameError::UnknownCommand => "unknown_command",
        });
        let Some(frame) = frame else { return };

        let (kind, data) = match frame {
            Frame::Init(data) => ("init", Some(data)),
            Frame::Ping => ("ping", None),
            Frame::Pong => ("pong", None),
            Frame::Close => ("close", None),
            Frame::Invalid => ("invalid", None),
            Frame::DontReconnect => ("dont_reconnect", None),
            Frame::ChannelData(data) => ("channel_data", Some(data)),
            Frame::Batch(data) => ("batch", Some(data)),
            Frame::Ack(data) => ("ack", Some(data)),
            Frame::Number(data) => ("number", Some(data)),
            Frame::Drain(data) => ("drain", Some(data)),
        };
        assert_eq!(case["frame"]["kind"], kind);
        assert_eq!(case["frame"]["data"].as_str(), data);
        if case["encode"] == true {
            assert_eq!(frame.encode(), text(case));
        }
    });
}

#[test]
fn channel_data_is_split_as_the_vectors_say() {
    judge("pairs.json", |case| {
        let unit = if case["utf16"] == true {
            LengthUnit::Utf16
        } else {
            LengthUnit::Bytes
        };
        let pair = check(case, pair::decode(text(case), unit), |error| match error {
            PairError::NoSeparator => "no_separator",
            PairError::BadLength => "bad_length",
            PairError::TooLong => "too_long",
            PairError::SplitCharacter => "split_character",
        });
        let Some((name, data)) = pair else { return };

        assert_eq!(case["name"], name);
        assert_eq!(case["data"], data);
        if case["encode"] == true {
            assert_eq!(pair::prefix(name) + data, ["cd", text(case)].concat());
        }
    });
}

/// Returns what a client asks for as the vectors have it.
fn wish(wish: &ResumeWish) -> Value {
    match wish {
        ResumeWish::New => json!({}),
        ResumeWish::Former(former) => json!({
            "socketID": former.socket_id,
            "token": former.token.as_str(),
            "received": former.received,
        }),
    }
}

/// Returns what a server offers as the vectors have it.
fn terms(terms: &ResumeTerms) -> Value {
    let mut value = json!({
        "token": terms.token.as_str(),
        "windowMs": u64::try_from(terms.window.as_millis()).unwrap(),
        "bufferBytes": terms.buffer_bytes,
    });
    if let Some(received) = terms.received {
        value["received"] = received.into();
    }
    value
}

#[test]
fn inits_are_read_and_versions_compared_as_the_vectors_say() {
    fn name(error: InitError) -> &'static str {
        match error {
            InitError::NotJson => "not_json",
            InitError::NotAnObject => "not_an_object",
            InitError::NoVersion => "no_version",
            InitError::BadVersion => "bad_version",
            InitError::NoSocketId => "no_socket_id",
        }
    }

    judge("init.json", |case| match case["role"].as_str() {
        Some("client") => {
            let Some(init) = check(case, ClientInit::decode(text(case)), name) else {
                return;
            };
            let value = &case["value"];
            assert_eq!(value["version"], init.version.to_string());
            assert_eq!(value["batch"].as_bool().unwrap_or(false), init.batch);
            assert_eq!(value["errors"].as_bool().unwrap_or(false), init.errors);
            assert_eq!(value["auth"].as_str(), init.auth.as_ref().map(Auth::as_str));
            assert_eq!(value["drain"].as_bool().unwrap_or(false), init.drain);
            assert_eq!(value["resume"], init.resume.as_ref().map_or(Value::Null, wish));
            if case["encode"] == true {
                assert_eq!(init.encode(), text(case));
            }
        }
        Some("server") => {
            let Some(init) = check(case, ServerInit::decode(text(case)), name) else {
                return;
            };
            let (value, refusal) = (&case["value"], &case["refusal"]);
            match &init {
                ServerInit::Accepted(init) => {
                    assert_eq!(value["socketID"], *init.socket_id);
                    assert_eq!(value["batch"].as_bool().unwrap_or(false), init.batch);
                    assert_eq!(value["limit"].as_u64(), init.limit);
                    assert_eq!(value["drain"].as_bool().unwrap_or(false), init.drain);
                    assert_eq!(value["resume"], init.resume.as_ref().map_or(Value::Null, terms));
                }
                ServerInit::Refused(init) => {
                    assert_eq!(refusal["code"], init.code().as_str());
                    assert_eq!(refusal["message"], init.message());
                    assert_eq!(refusal["data"].as_str(), init.data());
                }
            }
            if case["encode"] == true {
                assert_eq!(init.encode(), text(case));
            }
        }
        _ => {
            let version = |member: &str| case[member].as_str().unwrap().parse().unwrap();
            assert_eq!(
                case["accepted"],
                is_compatible(&version("version"), &version("against"))
            );
        }
    });
}

#[test]
fn containers_are_read_and_written_as_the_vectors_say() {
    judge("batch.json", |case| {
        let most = case["most"]
            .as_u64()
            .map_or(BATCH_MESSAGES, |most| usize::try_from(most).unwrap());
        let checked = check(case, batch::check(text(case), most), |error| match error {
            BatchError::Empty => "empty",
            BatchError::NoSeparator => "no_separator",
            BatchError::BadLength => "bad_length",
            BatchError::TooLong => "too_long",
            BatchError::SplitCharacter => "split_character",
            BatchError::Forbidden => "forbidden",
            BatchError::TooMany => "too_many",
        });
        if checked.is_none() {
            return;
        }

        let messages = messages(text(case));
        assert_eq!(case["messages"], Value::from(&*messages));
        if case["encode"] == true {
            assert_eq!(join(&messages), ["ba", text(case)].concat());
        }
    });
}

/// Takes a container apart that has passed the check.
fn messages(data: &str) -> Vec<&str> {
    let mut rest = data;
    std::iter::from_fn(|| {
        let (message, behind) = batch::split_first(rest)?;
        rest = behind;
        Some(message)
    })
    .collect()
}

fn join(messages: &[&str]) -> String {
    let mut joined = Joined::new(0);
    for message in messages {
        joined.push(message);
    }
    joined.into_text()
}

#[cfg(feature = "server")]
#[test]
fn bodies_of_the_ajax_transport_are_read_and_written_as_the_vectors_say() {
    judge("ajax.json", |case| {
        match case["of"].as_str() {
            // What the client alone reads has no reader here.
            Some("init") if case["encode"] == true => {
                let part = |part: &str| case["init"][part].as_str().unwrap();
                assert_eq!(ajax::init_answer(part("uid"), part("token")), text(case));
            }
            Some("poll") if case["encode"] == true => {
                let answer = &case["answer"];
                let written = match answer["kind"].as_str().unwrap() {
                    "timed_out" => ajax::TIMED_OUT.to_owned(),
                    "closed" => ajax::CLOSED.to_owned(),
                    _ => {
                        let part = |part: &str| answer[part].as_str().unwrap();
                        ajax::poll_answer(part("token"), part("message"))
                    }
                };
                assert_eq!(written, text(case));
            }
            Some(_) => {}
            None => judge_ajax_request(case),
        }
    });
}

#[cfg(feature = "server")]
fn judge_ajax_request(case: &Value) {
    let (head, data) = text(case).split_once('&').unwrap_or_else(|| (text(case), ""));
    let head = check(case, Head::decode(head.as_bytes()), |error| match error {
        AjaxError::UnknownKey => "unknown_key",
        AjaxError::BadUid => "bad_uid",
    });
    let Some(head) = head else { return };

    let read = match head {
        Head::Init => serde_json::json!({ "kind": "init" }),
        Head::Poll { uid } => serde_json::json!({ "kind": "poll", "uid": uid, "token": data }),
        Head::Push { uid } => serde_json::json!({ "kind": "push", "uid": uid, "message": data }),
    };
    assert_eq!(case["request"], read);
}

#[test]
fn envelopes_are_read_and_written_as_the_vectors_say() {
    judge("envelopes.json", |case| {
        let envelope = check(case, Envelope::decode(text(case)), |error| match error {
            EnvelopeError::UnknownKind => "unknown_kind",
            EnvelopeError::NoBody => "no_body",
            EnvelopeError::BadId => "bad_id",
            EnvelopeError::MissingId => "missing_id",
            EnvelopeError::UnexpectedId => "unexpected_id",
            EnvelopeError::BadParam => "bad_param",
            EnvelopeError::DuplicateParam => "duplicate_param",
            EnvelopeError::BadMethod => "bad_method",
            EnvelopeError::BadCredit => "bad_credit",
        });
        let Some(envelope) = envelope else { return };

        assert_eq!(describe(envelope), case["envelope"]);
        if case["encode"] == true {
            let mut out = String::new();
            envelope.encode(&mut out);
            assert_eq!(out, text(case));
        }
    });
}

/// Writes an envelope in the form of the vectors.
fn describe(envelope: Envelope<'_>) -> Value {
    use serde_json::json;

    match envelope {
        Envelope::Hello { json } => json!({ "kind": "hello", "body": json }),
        Envelope::Request {
            id,
            terms,
            method,
            json,
        } => {
            let request = json!({ "kind": "request", "id": id, "method": method, "body": json });
            with_params(request, terms)
        }
        Envelope::Notification { trace, method, json } => {
            let notification = json!({ "kind": "notification", "method": method, "body": json });
            let terms = Terms {
                trace,
                ..Terms::default()
            };
            with_params(notification, terms)
        }
        Envelope::Ok { id, json } => json!({ "kind": "ok", "id": id, "body": json }),
        Envelope::Error { id, json } => json!({ "kind": "error", "id": id, "body": json }),
        Envelope::Item { id, json } => json!({ "kind": "item", "id": id, "body": json }),
        Envelope::End { id } => json!({ "kind": "end", "id": id }),
        Envelope::Credit { id, items } => json!({ "kind": "credit", "id": id, "credit": items }),
        Envelope::Cancel { id } => json!({ "kind": "cancel", "id": id }),
        Envelope::Event { event, json } => json!({ "kind": "event", "event": event, "body": json }),
    }
}

fn with_params(
    mut envelope: Value,
    Terms {
        credit,
        timeout,
        trace,
    }: Terms<'_>,
) -> Value {
    let mut params = serde_json::Map::new();
    if credit > 0 {
        params.insert("credit".to_owned(), credit.into());
    }
    if let Some(timeout) = timeout {
        params.insert("timeout".to_owned(), timeout.into());
    }
    if let Some(trace) = trace {
        params.insert("trace".to_owned(), trace.into());
    }
    if !params.is_empty() {
        envelope["params"] = params.into();
    }
    envelope
}

/// `GLUE_SEEDS=1000000` looks for more.
fn config() -> ProptestConfig {
    let asked = std::env::var("GLUE_SEEDS").ok();
    ProptestConfig {
        cases: asked.map_or(256, |asked| asked.parse().unwrap()),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_text_makes_a_reader_panic(text in ".{0,40}", head in "(in|cd|ba|rq|it|cr|ev|hi)[0-9&;=c%a-z+-]{0,24}.{0,8}") {
        for text in [&text, &head] {
            let _ = Frame::decode(text);
            let _ = pair::decode(text, LengthUnit::Bytes);
            let _ = pair::decode(text, LengthUnit::Utf16);
            let _ = ClientInit::decode(text);
            let _ = ServerInit::decode(text);
            let _ = Envelope::decode(text);
            let _ = batch::check(text, 3);
        }
    }

    #[test]
    fn what_passes_as_a_container_is_read_to_its_end(text in "([0-4]&[ai😀é]{0,3}){1,4}") {
        if batch::check(&text, 4).is_ok() {
            prop_assert_eq!(join(&messages(&text)), "ba".to_owned() + &text);
        }
    }

    #[test]
    fn joined_messages_come_apart_again(parts in prop::collection::vec(".{0,20}", 1..6)) {
        let parts: Vec<_> = parts.iter().map(|part| format!("cd{part}")).collect();
        let parts: Vec<_> = parts.iter().map(String::as_str).collect();
        let joined = join(&parts);

        let Ok(Frame::Batch(data)) = Frame::decode(&joined) else { panic!("no container") };
        prop_assert_eq!(batch::check(data, parts.len()), Ok(()));
        prop_assert_eq!(messages(data), parts);
    }

    #[test]
    fn channel_data_survives_the_way_there_and_back(name in ".{1,20}", data in ".{0,40}") {
        let written = pair::prefix(&name) + &data;

        let Ok(Frame::ChannelData(read)) = Frame::decode(&written) else { panic!("not channel data") };
        prop_assert_eq!(pair::decode(read, LengthUnit::Bytes), Ok((&*name, &*data)));
    }

    #[test]
    fn what_is_read_as_an_envelope_is_written_back_without_loss(text in "(rq|ok|er|it|en|cr|ca)[1-9][0-9]{0,3}(;c=[1-9])?&[a-z_]{0,3}&?[{}a-z0-9]{0,6}") {
        if let Ok(envelope) = Envelope::decode(&text) {
            let mut written = String::new();
            envelope.encode(&mut written);
            prop_assert_eq!(Envelope::decode(&written), Ok(envelope));
        }
    }

    #[test]
    fn every_envelope_survives_the_way_there_and_back(parts in parts()) {
        let envelope = parts.envelope();

        let mut written = String::new();
        envelope.encode(&mut written);

        prop_assert_eq!(Envelope::decode(&written), Ok(envelope), "{}", written);
        prop_assert_eq!(answered(&written), envelope.follows().filter(|_| parts.kind < 4));
    }

    #[test]
    fn no_envelope_that_was_tampered_with_makes_a_reader_panic(
        parts in parts(),
        at in any::<prop::sample::Index>(),
        put in ".{0,3}",
        cut in 0..4_usize,
    ) {
        let mut text = String::new();
        parts.envelope().encode(&mut text);
        let mut characters: Vec<_> = text.chars().collect();
        let at = at.index(characters.len());
        let end = characters.len().min(at + cut);
        characters.splice(at..end, put.chars());

        read_envelope(&characters.into_iter().collect::<String>());
    }
}

/// What envelopes are made of.
#[derive(Clone, Debug)]
struct Parts {
    kind: usize,
    id: u64,
    number: u32,
    timeout: Option<u32>,
    trace: Option<String>,
    name: String,
    json: String,
}

fn parts() -> impl Strategy<Value = Parts> {
    let id = prop_oneof![1..20_u64, Just(MAX_ID), 1..=MAX_ID];
    let number = prop_oneof![1..20_u32, Just(MAX_CREDIT), 1..=MAX_CREDIT];
    let timeout = prop::option::of(1..=MAX_CREDIT);
    let trace = prop::option::of("[0-9a-f-]{1,55}");
    let (name, json) = ("[A-Za-z_][A-Za-z0-9_]{0,9}", ".{1,20}");
    (0..10_usize, id, number, timeout, trace, name, json).prop_map(
        |(kind, id, number, timeout, trace, name, json)| Parts {
            kind,
            id,
            number,
            timeout,
            trace,
            name,
            json,
        },
    )
}

impl Parts {
    /// Answers come first.
    fn envelope(&self) -> Envelope<'_> {
        let (id, json, trace) = (self.id, &*self.json, self.trace.as_deref());
        match self.kind {
            0 => Envelope::Ok { id, json },
            1 => Envelope::Error { id, json },
            2 => Envelope::Item { id, json },
            3 => Envelope::End { id },
            4 => Envelope::Cancel { id },
            5 => Envelope::Credit {
                id,
                items: self.number,
            },
            6 => Envelope::Hello { json },
            7 => Envelope::Event {
                event: &self.name,
                json,
            },
            8 => Envelope::Notification {
                trace,
                method: &self.name,
                json,
            },
            _ => Envelope::Request {
                id,
                terms: Terms {
                    credit: self.number,
                    timeout: self.timeout,
                    trace,
                },
                method: &self.name,
                json,
            },
        }
    }
}

/// Reads a text as an envelope; one that is read is written and read again as the same.
fn read_envelope(text: &str) {
    let _ = answered(text);
    if let Ok(envelope) = Envelope::decode(text) {
        let mut written = String::new();
        envelope.encode(&mut written);
        assert_eq!(Envelope::decode(&written), Ok(envelope), "{text:?}");
    }
}

/// Texts between the rules; a line each, and one that `no_envelope_that_was_tampered_with_makes_a_reader_panic` finds goes there.
#[test]
fn the_corpus_of_envelopes_is_read_without_a_panic() {
    for line in include_str!("tests/envelopes.txt").lines() {
        read_envelope(line);
        // Cut anywhere.
        for (end, _) in line.char_indices() {
            read_envelope(&line[..end]);
        }
    }
}

/// [U-1]: a window or a buffer without end is still one that clients read.
#[test]
fn the_largest_terms_are_written_so_that_they_count() {
    let terms = ResumeTerms {
        token: ResumeToken::new("t".repeat(32)),
        window: Duration::MAX,
        buffer_bytes: usize::MAX,
        received: None,
    };
    let accepted = Accepted {
        socket_id: "x".repeat(20).into(),
        batch: true,
        limit: None,
        resume: Some(terms),
        drain: false,
    };

    let ServerInit::Accepted(read) = ServerInit::decode(&ServerInit::Accepted(accepted).encode()).unwrap()
    else {
        panic!("it is no refusal");
    };

    let terms = read.resume.unwrap();
    assert_eq!(terms.window, Duration::from_millis(MAX_ID));
    assert_eq!(u64::try_from(terms.buffer_bytes), Ok(MAX_ID));
}
