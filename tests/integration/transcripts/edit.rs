//! Deliberate differences, applied to a script.

use super::answer::Answer;
use super::script::{Action, Script, Step};

/// A way in which our answers differ from the recorded ones.
#[derive(Debug)]
pub(super) enum Edit {
    /// Where the original sent `was` for the last time, ours sends `ours`.
    Instead { was: &'static str, ours: &'static str },
    /// Wherever the original sent `was`, ours sends `ours`.
    Always { was: &'static str, ours: &'static str },
    /// The original sent this, ours does not.
    Without(&'static str),
    /// After the client's text or body `after` ours sends `ours`, the original nothing.
    Also {
        after: &'static str,
        ours: &'static [&'static str],
    },
    /// After the client's text or body `after` ours sends `ours`; nothing of what was recorded then happens.
    Ends {
        after: &'static str,
        ours: &'static [&'static str],
    },
    /// The client's body `body` is answered with `ours`.
    Answered { body: &'static str, ours: &'static str },
    /// The client's body `body` is answered with `ours` when it is sent for the last time.
    AnsweredLast { body: &'static str, ours: &'static str },
    /// The answer in this line of the recording.
    Line(usize, &'static str),
    /// The answer to an upgrade in this line; the connection has no more answers then.
    Refused(usize, &'static str),
    /// From this line on, two connections have changed their parts.
    Swapped { line: usize, connections: (u64, u64) },
    /// The original sent a list of numbers that begins so, in the order in which it had handled them; ours has them in the order in
    /// which they were sent.
    InOrder(&'static str),
    /// The original sent two texts in this order, ours the other way round.
    Reordered(&'static str, &'static str),
    /// The original answered polls with pings, as too much was waiting; ours answers with what comes next.
    WithoutPolledPings,
}

impl Script {
    pub(super) fn with_edits<'a>(mut self, edits: impl Iterator<Item = &'a Edit>) -> Self {
        for edit in edits {
            self.edit(edit);
        }
        self
    }

    /// Replaces a part of all HTTP answers.
    pub(super) fn everywhere(mut self, was: &str, ours: &str) -> Self {
        for step in &mut self.steps {
            if let Action::Expect(answer) = &mut step.action
                && answer.text.starts_with('[')
            {
                answer.text = answer.text.replace(was, ours);
            }
        }
        self
    }

    fn edit(&mut self, edit: &Edit) {
        match edit {
            Edit::Instead { was, ours } => {
                let expected = self.expected(was);
                self.replace(expected, ours);
            }
            Edit::Always { was, ours } => {
                self.expected(was);
                for index in 0..self.steps.len() {
                    if matches!(&self.steps[index].action, Action::Expect(answer) if answer.text == *was) {
                        self.replace(index, ours);
                    }
                }
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
            Edit::Answered { body, ours } => {
                let answer = self.answer_to(self.sent(body));
                self.replace(answer, ours);
            }
            Edit::AnsweredLast { body, ours } => {
                let sent = self.steps.iter().rposition(
                    |step| matches!(&step.action, Action::Request(request) if request.body == *body),
                );
                let sent = sent.unwrap_or_else(|| panic!("the recording has no {body:?}"));
                let answer = self.answer_to(sent);
                self.replace(answer, ours);
            }
            Edit::Line(line, ours) => {
                let step = self.in_line(*line);
                self.replace(step, ours);
            }
            Edit::Refused(line, ours) => {
                let refused = self.in_line(*line);
                self.replace(refused, ours);
                let connection = self.steps[refused].connection;
                self.steps.retain(|step| {
                    step.line <= *line
                        || step.connection != connection
                        || !matches!(step.action, Action::Expect(_))
                });
            }
            Edit::Swapped {
                line,
                connections: (one, other),
            } => {
                for step in self.steps.iter_mut().filter(|step| step.line >= *line) {
                    if step.connection == *one {
                        step.connection = *other;
                    } else if step.connection == *other {
                        step.connection = *one;
                    }
                }
            }
            Edit::InOrder(start) => self.put_in_order(start),
            Edit::Reordered(first, second) => {
                let (first, second) = (self.expected(first), self.expected(second));
                assert!(first < second, "the order is the recorded one");
                self.steps.swap(first, second);
            }
            Edit::WithoutPolledPings => self.drop_polled_pings(),
        }
    }

    fn replace(&mut self, index: usize, ours: &str) {
        let Action::Expect(answer) = &mut self.steps[index].action else {
            panic!("line {} is no answer", self.steps[index].line);
        };
        ours.clone_into(&mut answer.text);
    }

    fn insert(&mut self, after: &str, ours: &[&str]) {
        let sent = self.sent(after);
        let Step { line, connection, .. } = self.steps[sent];
        let answers = ours.iter().map(|answer| Step {
            line,
            connection,
            action: Action::Expect(Answer::plain(*answer)),
        });
        self.steps.splice(sent + 1..sent + 1, answers.collect::<Vec<_>>());
    }

    fn in_line(&self, line: usize) -> usize {
        let step = self.steps.iter().position(|step| step.line == line);
        step.unwrap_or_else(|| panic!("nothing in line {line}"))
    }

    /// Returns the first answer on the connection of this request.
    fn answer_to(&self, request: usize) -> usize {
        let Step { line, connection, .. } = self.steps[request];
        let answer = self.steps[request..]
            .iter()
            .position(|step| step.connection == connection && matches!(step.action, Action::Expect(_)));
        request + answer.unwrap_or_else(|| panic!("line {line} is not answered"))
    }

    /// Takes out each ping, the poll behind it and the pong: the poll that got the ping gets what the next one got.
    fn drop_polled_pings(&mut self) {
        while let Some(ping) = self.steps.iter().position(
            |step| matches!(&step.action, Action::Expect(answer) if answer.text == "[200] <token>&pi"),
        ) {
            let Action::Expect(answer) = &self.steps[ping].action else {
                unreachable!("it is a ping");
            };
            let token = format!("&{}", answer.names[0]);
            let is_request = |step: &Step, end: &str| matches!(&step.action, Action::Request(request) if request.body.ends_with(end));
            let poll = self.steps.iter().position(|step| is_request(step, &token));
            let poll = poll.expect("the client polled again");
            let pong = ping
                + self.steps[ping..]
                    .iter()
                    .position(|step| is_request(step, "&po"))
                    .expect("the client answered");
            let taken = self.answer_to(pong);
            let next = self.answer_to(poll);
            self.steps[next].connection = self.steps[ping].connection;
            let mut gone = [ping, poll, pong, taken];
            gone.sort_unstable();
            for index in gone.into_iter().rev() {
                self.steps.remove(index);
            }
        }
    }

    /// Writes the numbers that were sent to the sink in the order of their requests.
    fn put_in_order(&mut self, start: &str) {
        let numbers: Vec<_> = self
            .steps
            .iter()
            .filter_map(|step| match &step.action {
                Action::Request(request) => request.body.split_once("&cd4&sink"),
                _ => None,
            })
            .map(|(_, number)| format!("{number:?}"))
            .collect();
        let listed = self
            .steps
            .iter()
            .position(|step| matches!(&step.action, Action::Expect(answer) if answer.text.contains(start)));
        let listed = listed.unwrap_or_else(|| panic!("the recording has no {start:?}"));
        let ours = format!("[200] <token>&{start}{}]", numbers.join(","));
        self.replace(listed, &ours);
    }
}
