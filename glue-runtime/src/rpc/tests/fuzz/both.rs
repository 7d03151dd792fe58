//! Both halves on a link that carries what they say when it likes.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::super::*;
use super::caller::{CallingHalf, Held, Said, request, speak};
use super::{fuzz, in_virtual_time};
use crate::proto::code::Code;

#[test]
fn two_halves_understand_each_other_however_the_link_carries_them() {
    fuzz(include_str!("both.txt"), operations(), |operations| {
        in_virtual_time(async {
            for is_sequential in [false, true] {
                let mut stage = Stage::new(is_sequential);
                for operation in operations {
                    stage.act(operation);
                }
                stage.finish();
            }
        });
    });
}

/// What is on its way in one direction.
#[derive(Default)]
struct Way(VecDeque<String>, VecDeque<String>);

impl Way {
    fn push(&mut self, said: Said) {
        self.0.extend(said.urgent);
        self.1.extend(said.data);
    }

    fn pop(&mut self) -> Option<String> {
        self.0.pop_front().or_else(|| self.1.pop_front())
    }
}

/// A call of the application: what it must come to, and what has come of that.
struct Mine {
    held: Held,
    expected: Vec<Result<String, Code>>,
    is_stream: bool,
    came: usize,
}

struct Stage {
    half: CallingHalf,
    served: Served,
    up: Way,
    down: Way,
    calls: Vec<Option<Mine>>,
}

impl Stage {
    fn new(is_sequential: bool) -> Self {
        let limits = Limits::default();
        let served = if is_sequential {
            Served::serving(&limits, |probe| service(SharedProbe::<true>(probe)))
        } else {
            Served::new()
        };
        Self {
            half: CallingHalf::new(),
            served,
            up: Way::default(),
            down: Way::default(),
            calls: Vec::new(),
        }
    }

    fn act(&mut self, operation: &str) {
        let (word, number) = operation.split_once(' ').unwrap_or((operation, ""));
        let number = number.parse().unwrap_or(0_usize);
        match word {
            "flush" => self.up.push(self.half.flush()),
            "up" => self.carry_up(),
            "down" => self.carry_down(),
            "serve" => self.serve(),
            "gate" => self.served.probe.gate.notify_one(),
            "read" => self.poll(number),
            "drop" => drop(self.calls.get_mut(number).and_then(Option::take)),
            method => self.call(method, number),
        }
    }

    fn call(&mut self, method: &str, number: usize) {
        let numbers = |count: usize| (0..count).map(|number| Ok(number.to_string())).collect();
        let one = |value: &str| vec![Ok(value.to_owned())];
        let args = number.to_string();
        let (request, is_stream, expected): (_, _, Vec<_>) = match method {
            "add" => (request("add", &args, None), false, one(&(number + 1).to_string())),
            "fail" => (request("fail", "{}", None), false, vec![Err(Code::Application)]),
            "late_panic" => (
                request("late_panic", "{}", None),
                false,
                vec![Err(Code::Internal)],
            ),
            "wait" => (request("wait", "{}", None), false, one("7")),
            "count" => (request("count", &args, None), true, numbers(number)),
            "failing_stream" => {
                let expected = vec![Ok("1".to_owned()), Err(Code::Application)];
                (request("failing_stream", "{}", None), true, expected)
            }
            "sum" => {
                let sum = (0..number).sum::<usize>().to_string();
                (request("sum", "{}", Some((number, true))), false, one(&sum))
            }
            "late_sum" => {
                let sum = (0..number).sum::<usize>().to_string();
                (request("late_sum", "{}", Some((number, true))), false, one(&sum))
            }
            // Its source fails, or nobody wants so many.
            "broken" => (
                request("sum", "{}", Some((number, false))),
                false,
                vec![Err(Code::InvalidArgument)],
            ),
            "skip" => (request("skip", "{}", Some((number, true))), false, one("0")),
            "echo" => (request("echo", "{}", Some((number, true))), true, numbers(number)),
            _ => panic!("{method}"),
        };
        let held = if is_stream {
            Held::Stream(self.half.stream(request))
        } else {
            Held::Call(self.half.call(request))
        };
        self.calls.push(Some(Mine {
            held,
            expected,
            is_stream,
            came: 0,
        }));
        self.poll(self.calls.len() - 1);
    }

    fn poll(&mut self, number: usize) {
        let Some(Some(call)) = self.calls.get_mut(number) else {
            return;
        };
        let Some(came) = call.held.poll() else { return };
        assert_eq!(
            came.as_ref(),
            call.expected.get(call.came),
            "call {number}, {} came",
            call.came
        );
        call.came += 1;
        let is_over = !call.is_stream || matches!(came, None | Some(Err(_)));
        if is_over {
            self.calls[number] = None;
        }
    }

    /// What either half says is never a fault of the other's.
    fn carry_up(&mut self) {
        let Some(text) = self.up.pop() else { return };
        let (receipt, said) = speak(|turn| self.served.inbound.receive(&text, turn));
        assert_eq!(receipt, Receipt::Taken, "{text}");
        self.down.push(said);
    }

    fn carry_down(&mut self) {
        let Some(text) = self.down.pop() else { return };
        let (receipt, said) = self.half.hear(&text);
        assert_eq!(receipt, Receipt::Taken, "{text}");
        self.up.push(said);
    }

    fn serve(&mut self) {
        let ((), said) = speak(|turn| {
            self.served.inbound.settle(turn);
            self.served.inbound.poll(turn);
        });
        self.down.push(said);
    }

    /// All that is under way comes to its end.
    fn finish(&mut self) {
        for _ in 0..400 {
            (0..self.calls.len()).for_each(|number| self.poll(number));
            for word in [
                "flush", "gate", "up", "up", "up", "up", "serve", "down", "down", "down", "down",
            ] {
                self.act(word);
            }
        }
        for (number, call) in self.calls.iter().enumerate() {
            assert!(call.is_none(), "call {number} never settles");
        }
        while self.served.mailbox.quota().calls() > 0 {
            self.act("gate");
            self.act("serve");
        }
        assert_eq!(self.served.alive(), 0);
        if let Some(cx) = self.served.probe.seen.lock().unwrap().take() {
            assert_eq!(cx.exchanges().remains(), [""; 0]);
        }
        self.served.probe.kept.lock().unwrap().take();
    }
}

fn operations() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(operation(), 1..60)
}

fn operation() -> impl Strategy<Value = String> {
    let call = prop::sample::select(vec![
        "add",
        "fail",
        "late_panic",
        "wait",
        "count",
        "failing_stream",
        "sum",
        "late_sum",
        "broken",
        "skip",
        "echo",
    ]);
    let count = prop::sample::select(vec![0, 1, 3, 9, 30]);
    let call = (call, count).prop_map(|(word, number)| format!("{word} {number}"));
    let word = prop::sample::select(vec!["flush", "up", "up", "down", "down", "serve", "gate"]);
    let number = (
        prop::sample::select(vec!["read", "read", "read", "read", "drop"]),
        0..8_usize,
    )
        .prop_map(|(word, number)| format!("{word} {number}"));
    prop_oneof![
        2 => call,
        8 => word.prop_map(str::to_owned),
        4 => number,
    ]
}
