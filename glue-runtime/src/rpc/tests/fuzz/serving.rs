//! The serving half against a client that says anything.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use tokio::time::advance;

use super::super::*;
use super::{fuzz, in_virtual_time};
use crate::proto::envelope::Envelope;
use crate::proto::limits::MAX_CREDIT;
use crate::rpc::Next;

#[test]
fn every_exchange_ends_once_and_nothing_is_left_of_it() {
    fuzz(include_str!("serving.txt"), operations(), |operations| {
        in_virtual_time(async {
            for setting in 0..6 {
                Stage::new(setting).play(operations).await;
            }
        });
    });
}

/// What the rules allow the service to say of one exchange.
#[derive(Debug, Default)]
struct Model {
    method: String,
    args: String,
    credit: u64,
    granted: u64,
    /// Items that came from the caller within the rules.
    taken: Vec<String>,
    has_ended_up: bool,
    /// The service wants no more.
    has_refused: bool,
    items: Vec<String>,
    is_over: bool,
}

impl Model {
    fn takes_items(&self) -> bool {
        matches!(&*self.method, "sum" | "late_sum" | "skip" | "echo")
    }

    fn sends_items(&self) -> bool {
        matches!(&*self.method, "count" | "endless" | "failing_stream" | "echo")
    }

    /// How it must end when its caller does all it can for it; `None` for what never does.
    fn runs_out(&self) -> bool {
        self.method != "endless"
    }
}

struct Stage {
    served: Served,
    models: BTreeMap<u64, Model>,
    last_id: u64,
    greeted: bool,
}

impl Stage {
    fn new(setting: usize) -> Self {
        let limits = Limits {
            in_flight: 5,
            streams: 3,
            ..Limits::default()
        };
        let served = Served::serving(&limits, |probe| {
            let gate = probe.clone();
            let service = if setting < 3 {
                service(SharedProbe::<false>(probe))
            } else {
                service(SharedProbe::<true>(probe))
            };
            match setting % 3 {
                0 => service,
                // Around the method something takes its time.
                1 => service.layer(move |cx: Context, next: Next| {
                    let gate = gate.clone();
                    async move {
                        gate.gate.notified().await;
                        next.run(cx).await
                    }
                }),
                _ => service.layer(move |cx: Context, next: Next| {
                    let gate = gate.clone();
                    async move {
                        let done = next.run(cx).await;
                        gate.gate.notified().await;
                        assert!(
                            done.as_ref().is_ok_and(|done| !done.is_application_error()),
                            "on purpose"
                        );
                        done
                    }
                }),
            }
        });
        Self {
            served,
            models: BTreeMap::new(),
            last_id: 0,
            greeted: false,
        }
    }

    async fn play(mut self, operations: &[String]) {
        for operation in operations {
            self.act(operation).await;
        }
        self.finish().await;
    }

    async fn act(&mut self, operation: &str) {
        match operation {
            "poll" => {
                let said = self.served.poll();
                self.hear(said);
            }
            "settle" => {
                let said = self.served.settle();
                self.hear(said);
            }
            "gate" => self.served.probe.gate.notify_one(),
            "gates" => self.served.probe.gate.notify_waiters(),
            _ => match operation.strip_prefix('+') {
                Some(millis) => advance(Duration::from_millis(millis.parse().unwrap())).await,
                None => self.say(operation),
            },
        }
    }

    fn say(&mut self, text: &str) {
        let expected = self.expect(text);
        let (receipt, said) = turn(|turn| self.served.inbound.receive(text, turn));
        if let Some(expected) = expected {
            assert_eq!(receipt, expected, "{text}");
        }
        self.hear(said);
    }

    /// Takes note of what the client says, and returns what must become of it, where that is certain.
    fn expect(&mut self, text: &str) -> Option<Receipt> {
        let Ok(envelope) = Envelope::decode(text) else {
            return Some(Receipt::Fault);
        };
        match envelope {
            Envelope::Request {
                id,
                terms,
                method,
                json,
            } => {
                if id % 2 == 0 || id <= self.last_id {
                    return Some(Receipt::Fault);
                }
                self.last_id = id;
                let model = Model {
                    method: method.to_owned(),
                    args: json.to_owned(),
                    credit: terms.credit.into(),
                    ..Model::default()
                };
                self.models.insert(id, model);
                Some(Receipt::Taken)
            }
            Envelope::Notification { .. } => Some(Receipt::Taken),
            Envelope::Hello { .. } => {
                self.greeted = true;
                Some(Receipt::Taken)
            }
            Envelope::Cancel { id }
            | Envelope::Credit { id, .. }
            | Envelope::Item { id, .. }
            | Envelope::End { id }
                if id % 2 == 0 || id > self.last_id =>
            {
                Some(Receipt::Fault)
            }
            Envelope::Cancel { id } => {
                self.models.entry(id).or_default().is_over = true;
                Some(Receipt::Taken)
            }
            Envelope::Credit { id, items } => {
                let Some(model) = self
                    .models
                    .get_mut(&id)
                    .filter(|model| !model.is_over && model.sends_items())
                else {
                    return Some(Receipt::Taken);
                };
                let left = model.credit - model.items.len() as u64 + u64::from(items);
                model.credit = model.items.len() as u64 + left.min(MAX_CREDIT.into());
                // Its stream may have ended where nothing shows it yet.
                (left <= MAX_CREDIT.into()).then_some(Receipt::Taken)
            }
            Envelope::Item { id, json } => {
                let Some(model) = self
                    .models
                    .get_mut(&id)
                    .filter(|model| !model.is_over && model.takes_items())
                else {
                    return Some(Receipt::Taken);
                };
                if model.has_refused {
                    return Some(Receipt::Taken);
                }
                if model.has_ended_up || (model.taken.len() as u64) >= model.granted {
                    return None;
                }
                model.taken.push(json.to_owned());
                Some(Receipt::Taken)
            }
            Envelope::End { id } => {
                if let Some(model) = self.models.get_mut(&id) {
                    model.has_ended_up = true;
                }
                Some(Receipt::Taken)
            }
            _ => Some(Receipt::Fault),
        }
    }

    /// Checks what the service says.
    fn hear(&mut self, said: Vec<String>) {
        for text in said {
            self.hear_one(&text);
        }
    }

    fn hear_one(&mut self, text: &str) {
        let envelope = Envelope::decode(text).unwrap();
        if let Envelope::Hello { .. } = envelope {
            assert!(std::mem::take(&mut self.greeted), "nobody has asked: {text}");
            return;
        }
        let id = envelope.follows().unwrap_or_else(|| panic!("{text}"));
        let model = self
            .models
            .get_mut(&id)
            .unwrap_or_else(|| panic!("of nothing: {text}"));
        assert!(!model.is_over, "behind its end: {text}");
        match envelope {
            Envelope::Ok { json, .. } => {
                assert!(!model.sends_items(), "{text}");
                if let "sum" | "late_sum" = &*model.method {
                    assert!(model.has_ended_up, "[S-11] {text}");
                    let sum: u32 = model.taken.iter().map(|item| item.parse::<u32>().unwrap()).sum();
                    assert_eq!(json, sum.to_string());
                }
                model.is_over = true;
            }
            Envelope::Error { .. } => model.is_over = true,
            Envelope::End { .. } => {
                assert!(model.sends_items(), "{text}");
                match &*model.method {
                    "count" => assert_eq!(model.items.len(), model.args.parse::<usize>().unwrap(), "{text}"),
                    "echo" => assert_eq!((model.has_ended_up, &model.items), (true, &model.taken)),
                    _ => {}
                }
                model.is_over = true;
            }
            Envelope::Item { json, .. } => {
                assert!(model.sends_items(), "{text}");
                let number = model.items.len();
                match &*model.method {
                    "count" => assert_eq!(json, number.to_string(), "[S-4]"),
                    "echo" => assert_eq!(json, model.taken[number], "[S-4]"),
                    _ => {}
                }
                model.items.push(json.to_owned());
                assert!(model.items.len() as u64 <= model.credit, "[S-1] {text}");
            }
            Envelope::Credit { items, .. } => {
                assert!(
                    model.takes_items() && !model.has_ended_up && !model.has_refused,
                    "{text}"
                );
                model.granted += u64::from(items);
                assert!(model.granted <= model.taken.len() as u64 + 32, "[S-7] {text}");
            }
            Envelope::Cancel { .. } => {
                assert!(
                    model.takes_items() && !model.has_ended_up && !model.has_refused,
                    "{text}"
                );
                model.has_refused = true;
            }
            _ => panic!("{text}"),
        }
    }

    /// Does all that lets calls end; then gives up what never does, and looks for what is left.
    async fn finish(&mut self) {
        let open = |stage: &Self| -> Vec<u64> {
            let models = stage.models.iter();
            models
                .filter(|(_, model)| !model.is_over)
                .map(|(id, _)| *id)
                .collect()
        };
        for _ in 0..40 {
            for id in open(self) {
                let model = &self.models[&id];
                let (takes_items, sends_items) = (model.takes_items(), model.sends_items());
                if takes_items && !model.has_ended_up {
                    self.say(&format!("en{id}&"));
                }
                if sends_items {
                    self.say(&format!("cr{id}&1000"));
                }
            }
            self.act("gates").await;
            self.act("gate").await;
            self.act("poll").await;
            self.act("poll").await;
        }
        for id in open(self) {
            assert!(
                !self.models[&id].runs_out(),
                "{id} never ends: {:?}",
                self.models[&id]
            );
            self.say(&format!("ca{id}&"));
        }
        for _ in 0..40 {
            self.act("gates").await;
            self.act("poll").await;
        }

        assert_eq!(self.served.alive(), 0, "futures are left");
        let quota = self.served.mailbox.quota();
        assert_eq!((quota.calls(), quota.streams()), (0, 0), "places are taken");
        if let Some(cx) = self.served.probe.seen.lock().unwrap().take() {
            assert_eq!(cx.exchanges().remains(), [""; 0]);
            assert!(cx.is_cancelled());
        }
        self.served.probe.kept.lock().unwrap().take();
    }
}

/// What a client may do next; ids are counted from the newest.
#[derive(Clone, Debug)]
enum Step {
    Request {
        gap: u64,
        params: String,
        method: String,
    },
    Follow {
        back: u64,
        kind: &'static str,
        rest: &'static str,
    },
    Literal(String),
}

fn operations() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(step(), 1..50).prop_map(|steps| {
        let mut last = 0_u64;
        let mut texts = Vec::new();
        for step in steps {
            texts.push(match step {
                Step::Request { gap, params, method } => {
                    last = if last == 0 { 1 } else { last + 2 * gap };
                    format!("rq{last}{params}&{method}")
                }
                Step::Follow { back, kind, rest } => {
                    format!("{kind}{}&{rest}", last.saturating_sub(2 * back).max(1))
                }
                Step::Literal(text) => text,
            });
        }
        texts
    })
}

fn step() -> impl Strategy<Value = Step> {
    let method = prop::sample::select(vec![
        "add&1",
        "add&x",
        "fail&{}",
        "panic&{}",
        "wait&{}",
        "unwritable&{}",
        "ping&{}",
        "count&3",
        "count&40",
        "endless&{}",
        "failing_stream&{}",
        "sum&{}",
        "sum&{}",
        "late_sum&{}",
        "skip&{}",
        "echo&{}",
        "echo&{}",
        "pay&{}",
        "keep&{}",
        "late_panic&{}",
        "nope&{}",
    ]);
    let params = prop::sample::select(vec!["", "", ";c=1", ";c=8", ";c=2147483647", ";t=5", ";t=50;c=3"]);
    let request = (1..3_u64, params, method.clone()).prop_map(|(gap, params, method)| Step::Request {
        gap,
        params: params.to_owned(),
        method: method.to_owned(),
    });
    let follow = prop::sample::select(vec![
        ("ca", ""),
        ("ca", ""),
        ("cr", "1"),
        ("cr", "2"),
        ("cr", "9"),
        ("cr", "2147483647"),
        ("it", "1"),
        ("it", "2"),
        ("it", "3"),
        ("it", "\"x\""),
        ("en", ""),
        ("en", ""),
        ("ok", "1"),
        ("er", "{}"),
    ]);
    let follow = (0..6_u64, follow).prop_map(|(back, (kind, rest))| Step::Follow { back, kind, rest });
    let literal = prop::sample::select(vec![
        "poll",
        "poll",
        "poll",
        "settle",
        "gate",
        "gate",
        "gates",
        "+1",
        "+10",
        "+100",
        "hi&{}",
        "nt&ping&{}",
        "nt&wait&{}",
        "nt&panic&{}",
        "nt&sum&{}",
        "nt&late_panic&{}",
        "ev&x&1",
        "zz",
        "rq",
        "it2&1",
        "ca4&",
        "rq2&add&1",
        "en99999&",
    ]);
    prop_oneof![
        4 => request,
        6 => follow,
        5 => literal.prop_map(|text| Step::Literal(text.to_owned())),
    ]
}
