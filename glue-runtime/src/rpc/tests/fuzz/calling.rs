//! The calling half against a server that says anything.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use proptest::prelude::*;
use tokio::time::advance;

use super::caller::{CallingHalf, Held, Said, request, within};
use super::{fuzz, in_virtual_time};
use crate::proto::code::Code;
use crate::proto::envelope::Envelope;
use crate::proto::limits::{MAX_CREDIT, MAX_WINDOW};

#[test]
fn every_call_settles_once_whatever_the_server_says() {
    fuzz(include_str!("calling.txt"), operations(), |operations| {
        in_virtual_time(async {
            let mut stage = Stage::new();
            for operation in operations {
                stage.act(operation).await;
            }
            stage.finish();
        });
    });
}

/// A call of the application.
struct Mine {
    held: Held,
    is_stream: bool,
    /// Whether it may end by its own doing.
    is_frail: bool,
    /// What it must come to, as far as that is certain.
    items: VecDeque<String>,
    end: Option<Result<Option<String>, Code>>,
}

/// An exchange of this session.
#[derive(Debug, Default)]
struct Theirs {
    /// Which call it is.
    number: usize,
    is_open: bool,
    takes_items: bool,
    granted: u64,
    sent: u64,
    has_ended_up: bool,
    is_cancelled: bool,
    /// Items that the server may send and has sent.
    credit: u64,
    received: u64,
}

struct Stage {
    half: CallingHalf,
    /// `None` for one that was settled or dropped.
    calls: Vec<Option<Mine>>,
    exchanges: BTreeMap<u64, Theirs>,
    has_greeted: bool,
    is_closed: bool,
}

impl Stage {
    fn new() -> Self {
        Self {
            half: CallingHalf::new(),
            calls: Vec::new(),
            exchanges: BTreeMap::new(),
            has_greeted: false,
            is_closed: false,
        }
    }

    async fn act(&mut self, operation: &str) {
        let args = self.calls.len().to_string();
        let (word, number) = operation.split_once(' ').unwrap_or((operation, ""));
        let call = match word {
            "call" => request("call", &args, None),
            "timed" => within(request("call", &args, None), 50),
            "upload" => request("upload", &args, Some((3, true))),
            "flood" => request("upload", &args, Some((100_000, true))),
            "failing" => request("upload", &args, Some((2, false))),
            "stream" => request("stream", &args, None),
            "limited" => within(request("stream", &args, None), 50),
            "both" => request("both", &args, Some((5, true))),
            "poll" => return self.poll_calls(),
            "read" => return self.poll(number.parse().unwrap()),
            "drop" => {
                return drop(
                    self.calls
                        .get_mut(number.parse::<usize>().unwrap())
                        .and_then(Option::take),
                );
            }
            "flush" => return self.flush(),
            "lost" => return self.lose(),
            "pass" => return advance(Duration::from_millis(number.parse().unwrap())).await,
            _ => return self.hear(operation),
        };
        let is_frail = matches!(word, "timed" | "limited" | "failing");
        let is_stream = matches!(call.method, "stream" | "both");
        let held = if is_stream {
            Held::Stream(self.half.stream(call))
        } else {
            Held::Call(self.half.call(call))
        };
        self.calls.push(Some(Mine {
            held,
            is_stream,
            is_frail,
            items: VecDeque::new(),
            end: None,
        }));
        self.poll(self.calls.len() - 1);
    }

    fn poll_calls(&mut self) {
        for number in 0..self.calls.len() {
            if !self.calls[number].as_ref().is_some_and(|call| call.is_stream) {
                self.poll(number);
            }
        }
    }

    /// Asks a call for its answer, or a stream for one item.
    fn poll(&mut self, number: usize) {
        let is_frail = matches!(self.calls.get(number), Some(Some(call)) if call.is_frail);
        self.poll_one(number);
        if is_frail {
            // Whether it has given up shows in what it says only.
            self.flush();
        }
    }

    fn poll_one(&mut self, number: usize) {
        let Some(Some(call)) = self.calls.get_mut(number) else {
            return;
        };
        let Some(came) = call.held.poll() else {
            assert!(
                call.items.is_empty() && call.end.is_none(),
                "call {number} was settled and does not know"
            );
            return;
        };
        if let Some(item) = call.items.pop_front() {
            assert_eq!(came, Some(Ok(item)), "[S-4] call {number}");
            return;
        }
        match (&call.end, &came) {
            (Some(Ok(expected)), _) => assert_eq!(
                came.as_ref().and_then(|came| came.as_ref().ok()),
                expected.as_ref()
            ),
            (Some(Err(code)), _) => assert_eq!(came, Some(Err(*code)), "call {number}"),
            // By its own doing.
            (None, Some(Err(Code::DeadlineExceeded | Code::InvalidArgument))) if call.is_frail => {}
            // What was never sent [R-12].
            (None, Some(Err(Code::Unavailable))) if self.is_closed => {}
            (None, _) => panic!("call {number} came to {came:?}"),
        }
        if let Held::Stream(_) = call.held {
            assert_eq!(call.held.poll(), Some(None), "behind its end");
        }
        self.calls[number] = None;
    }

    fn flush(&mut self) {
        let said = self.half.flush();
        self.check(said);
    }

    /// Checks what the client says.
    fn check(&mut self, said: Said) {
        for text in said.urgent.into_iter().chain(said.data) {
            self.check_one(&text);
        }
    }

    fn check_one(&mut self, text: &str) {
        let envelope = Envelope::decode(text).unwrap();
        match envelope {
            Envelope::Hello { .. } => assert!(!std::mem::replace(&mut self.has_greeted, true), "[R-7]"),
            Envelope::Request {
                id,
                terms,
                method,
                json,
            } => {
                assert!(self.has_greeted, "[R-7]");
                let last = self.exchanges.last_key_value();
                assert_eq!(id, last.map_or(1, |(last, _)| last + 2), "[R-1]");
                let exchange = Theirs {
                    number: json.parse().unwrap(),
                    is_open: true,
                    takes_items: matches!(method, "upload" | "both"),
                    credit: terms.credit.into(),
                    ..Theirs::default()
                };
                self.exchanges.insert(id, exchange);
            }
            _ => {
                let id = envelope.follows().unwrap();
                let exchange = self
                    .exchanges
                    .get_mut(&id)
                    .unwrap_or_else(|| panic!("of nothing: {text}"));
                // Credit may have crossed with what ended the stream [R-4].
                let is_ignored = matches!(envelope, Envelope::Credit { .. });
                assert!(
                    !exchange.is_cancelled || is_ignored,
                    "behind its cancellation: {text}"
                );
                match envelope {
                    Envelope::Item { .. } => {
                        exchange.sent += 1;
                        assert!(exchange.sent <= exchange.granted, "[S-9] {text}");
                        assert!(
                            exchange.is_open && exchange.takes_items && !exchange.has_ended_up,
                            "{text}"
                        );
                    }
                    Envelope::End { .. } => {
                        assert!(
                            exchange.is_open && exchange.takes_items && !exchange.has_ended_up,
                            "{text}"
                        );
                        exchange.has_ended_up = true;
                    }
                    Envelope::Credit { items, .. } => {
                        exchange.credit += u64::from(items);
                        let most = exchange.received + u64::from(MAX_WINDOW);
                        assert!(exchange.credit <= most, "[S-7] {text}");
                    }
                    Envelope::Cancel { .. } => {
                        exchange.is_cancelled = true;
                        exchange.is_open = false;
                    }
                    _ => panic!("{text}"),
                }
            }
        }
    }

    /// Hears the server.
    fn hear(&mut self, text: &str) {
        self.expect(text);
        let (_, said) = self.half.hear(text);
        assert!(said.data.is_empty());
        self.check(said);
    }

    /// Takes note of what an envelope must come to.
    fn expect(&mut self, text: &str) {
        let Ok(envelope) = Envelope::decode(text) else {
            return self.expect_unreadable(text);
        };
        let Some(exchange) = envelope.follows().and_then(|id| self.exchanges.get_mut(&id)) else {
            return;
        };
        // Who gave up has told the half, if not the server yet.
        let Some(Some(call)) = self.calls.get_mut(exchange.number).filter(|_| exchange.is_open) else {
            return;
        };
        if call.end.is_some() {
            return;
        }
        let end = match envelope {
            Envelope::Ok { json, .. } if !call.is_stream => Ok(Some(json.to_owned())),
            Envelope::End { .. } if call.is_stream => Ok(None),
            Envelope::Item { json, .. } if call.is_stream && exchange.received < exchange.credit => {
                exchange.received += 1;
                call.items.push_back(json.to_owned());
                return;
            }
            Envelope::Credit { items, .. } => {
                let left = exchange.granted - exchange.sent + u64::from(items);
                exchange.granted = exchange.sent + left.min(MAX_CREDIT.into());
                return;
            }
            Envelope::Cancel { .. } => {
                exchange.takes_items = false;
                return;
            }
            // An error that can't be read, and all that is out of place [Q-5] [S-8].
            _ => Err(Code::Internal),
        };
        call.end = Some(end);
        exchange.is_open = false;
    }

    fn expect_unreadable(&mut self, text: &str) {
        let answers = ["ok", "er", "it", "en"];
        let digits: String = text.chars().skip(2).take_while(char::is_ascii_digit).collect();
        let is_answer = answers.iter().any(|kind| text.starts_with(kind));
        let exchange = digits.parse().ok().and_then(|id| self.exchanges.get_mut(&id));
        let Some(exchange) = exchange.filter(|exchange| is_answer && exchange.is_open) else {
            return;
        };
        if let Some(Some(call)) = self.calls.get_mut(exchange.number)
            && call.end.is_none()
        {
            call.end = Some(Err(Code::Internal));
            exchange.is_open = false;
        }
    }

    /// [R-11]
    fn lose(&mut self) {
        for exchange in std::mem::take(&mut self.exchanges).into_values() {
            if let Some(Some(call)) = self.calls.get_mut(exchange.number)
                && exchange.is_open
            {
                call.end.get_or_insert(Err(Code::Unavailable));
            }
        }
        assert!(self.half.calls.lost().is_empty());
        self.has_greeted = false;
    }

    /// The socket ends, and with it all calls.
    fn finish(&mut self) {
        self.flush();
        self.lose();
        self.half.close();
        self.is_closed = true;
        for number in 0..self.calls.len() {
            for _ in 0..1000 {
                self.poll(number);
            }
            assert!(self.calls[number].is_none(), "call {number} never settles");
        }
    }
}

fn operations() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(operation(), 1..50)
}

fn operation() -> impl Strategy<Value = String> {
    let mine = prop::sample::select(vec![
        "call", "timed", "upload", "flood", "failing", "stream", "limited", "both", "lost", "pass 10",
        "pass 60",
    ]);
    let often = prop::sample::select(vec!["flush", "flush", "poll"]);
    let number = (
        prop::sample::select(vec!["read", "read", "read", "drop"]),
        0..8_usize,
    )
        .prop_map(|(word, number)| format!("{word} {number}"));
    let kind = prop::sample::select(vec![
        ("ok", "&1"),
        ("er", "&{\"code\":\"internal\",\"message\":\"\"}"),
        ("er", "&x"),
        ("it", "&1"),
        ("it", "&2"),
        ("it", "&3"),
        ("en", "&"),
        ("cr", "&1"),
        ("cr", "&8"),
        ("cr", "&2147483647"),
        ("ca", "&"),
        ("ok", ""),
        ("it", ";&"),
        ("rq", "&x&{}"),
    ]);
    let theirs = (kind, 0..8_u64).prop_map(|((kind, rest), place)| format!("{kind}{}{rest}", 2 * place + 1));
    let other = prop::sample::select(vec![
        "hi&{}",
        "hi&x",
        "ev&joined&{}",
        "ok2&1",
        "it99&1",
        "",
        "zz",
        "nt&x&{}",
    ]);
    prop_oneof![
        4 => mine.prop_map(str::to_owned),
        4 => often.prop_map(str::to_owned),
        3 => number,
        6 => theirs,
        1 => other.prop_map(str::to_owned),
    ]
}
