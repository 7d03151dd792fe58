//! Channels and their methods side by side.

use std::collections::{BTreeMap, BTreeSet};

use glue::schema::MethodKind;

use super::{
    Breaks, Finding, Place, Report, Rule,
    node::{Field, Node, Object, Types, node},
    rule::Way,
    shape::{At, Root, Walk, without_null},
};
use crate::lock::{ChannelLock, Lock, MethodLock, ValueLock, keys};

/// Finds all changes from `old` to `new`.
pub fn compare(old: &Lock, new: &Lock) -> Report {
    let mut comparison = Comparison {
        walk: Walk::new(Types(old), Types(new)),
        report: Report::default(),
    };
    for name in keys(&old.channels, &new.channels) {
        match (old.channels.get(name), new.channels.get(name)) {
            (Some(before), Some(after)) => comparison.channel(name, before, after),
            (Some(before), None) => {
                let others = new
                    .channels
                    .iter()
                    .filter(|(name, _)| !old.channels.contains_key(*name));
                let twin = others
                    .filter(|(_, after)| is_twin(before, after))
                    .map(|(name, _)| name.as_str());
                let what = with_hint(
                    "the channel is gone",
                    twin.collect::<Vec<_>>().first().copied(),
                    "renamed to",
                );
                let then = "clients built before this fail with unimplemented";
                comparison.whole(
                    Place::Channel(name.clone()),
                    Rule::ChannelRemoved,
                    what,
                    (Breaks::All, Breaks::Nobody),
                    then,
                );
            }
            (None, _) => {
                let then = "clients built after this fail with unimplemented at older servers";
                let what = "the channel is new".to_owned();
                comparison.whole(
                    Place::Channel(name.clone()),
                    Rule::ChannelAdded,
                    what,
                    (Breaks::Nobody, Breaks::All),
                    then,
                );
            }
        }
    }
    comparison.finish()
}

struct Comparison<'a> {
    walk: Walk<'a>,
    report: Report,
}

/// What there is of one kind in a channel, and how changes of it are judged.
struct Kind {
    added: Rule,
    removed: Rule,
    name: &'static str,
    way: Way,
}

const METHOD: Kind = Kind {
    added: Rule::MethodAdded,
    removed: Rule::MethodRemoved,
    name: "the method",
    way: Way::Up,
};

const EVENT: Kind = Kind {
    added: Rule::EventAdded,
    removed: Rule::EventRemoved,
    name: "the event",
    way: Way::Down,
};

const CLIENT_METHOD: Kind = Kind {
    added: Rule::ClientMethodAdded,
    removed: Rule::ClientMethodRemoved,
    name: "the method of the client",
    way: Way::Down,
};

impl Comparison<'_> {
    fn channel(&mut self, name: &str, old: &ChannelLock, new: &ChannelLock) {
        self.methods(name, &old.methods, &new.methods, &METHOD);
        self.methods(name, &old.events, &new.events, &EVENT);
        self.methods(name, &old.client_methods, &new.client_methods, &CLIENT_METHOD);
    }

    fn methods(
        &mut self,
        channel: &str,
        old: &BTreeMap<String, MethodLock>,
        new: &BTreeMap<String, MethodLock>,
        kind: &Kind,
    ) {
        for name in keys(old, new) {
            let path = format!("{channel}.{name}");
            match (old.get(name), new.get(name)) {
                (Some(before), Some(after)) => {
                    if before.hash != after.hash {
                        let stale = self.report.stale.entry(channel.to_owned()).or_default();
                        stale.insert(name.clone());
                        if matches!(kind.added, Rule::EventAdded) {
                            self.report.events.insert(path.clone());
                        }
                    }
                    self.method(&path, before, after, kind);
                }
                (Some(before), None) => {
                    let twin = new
                        .iter()
                        .find(|(name, after)| !old.contains_key(*name) && same(before, after));
                    let what = format!("{} is gone", kind.name);
                    let what = with_hint(&what, twin.map(|(name, _)| name.as_str()), "renamed to");
                    let (breaks, then) = match kind.removed {
                        Rule::EventRemoved => (
                            (Breaks::All, Breaks::Nobody),
                            "clients built before this wait for it in vain",
                        ),
                        Rule::ClientMethodRemoved => (
                            (Breaks::Nobody, Breaks::All),
                            "older servers that call it at clients built after this fail with unimplemented",
                        ),
                        _ => (
                            (Breaks::All, Breaks::Nobody),
                            "clients built before this fail with stale_client or unimplemented",
                        ),
                    };
                    self.whole(Place::Method(path), kind.removed, what, breaks, then);
                }
                (None, _) => {
                    let what = format!("{} is new", kind.name);
                    let (breaks, then) = match kind.added {
                        Rule::EventAdded => (
                            (Breaks::Nobody, Breaks::All),
                            "clients built after this wait for it in vain at older servers",
                        ),
                        Rule::ClientMethodAdded => (
                            (Breaks::All, Breaks::Nobody),
                            "servers that call it at clients built before this fail with unimplemented",
                        ),
                        _ => (
                            (Breaks::Nobody, Breaks::All),
                            "clients built after this fail with stale_client or unimplemented at older servers",
                        ),
                    };
                    self.whole(Place::Method(path), kind.added, what, breaks, then);
                }
            }
        }
    }

    fn method(&mut self, path: &str, old: &MethodLock, new: &MethodLock, kind: &Kind) {
        let at = |root, way| At::method(path.to_owned(), root, way);
        if old.kind != new.kind && !self.kinds(path, old, new) {
            return;
        }
        let arguments = |method: &MethodLock| arguments(method, kind.way);
        self.walk
            .objects(&arguments(old), &arguments(new), &at(Root::Arguments, kind.way));
        match (&old.items, &new.items) {
            (Some(old), Some(new)) => self
                .walk
                .compare(&value(old), &value(new), &at(Root::Upload, Way::Up)),
            (None, None) => {}
            (before, _) => {
                let now = if before.is_some() {
                    "takes no stream now"
                } else {
                    "takes a stream now"
                };
                let then = "clients and servers of different age don't understand each other in it";
                let what = format!("{} {now}", kind.name);
                self.whole(
                    Place::Method(path.to_owned()),
                    Rule::Upload,
                    what,
                    (Breaks::All, Breaks::All),
                    then,
                );
            }
        }
        self.on_loss(path, old, new);
        let down = match kind.way {
            Way::Up => Way::Down,
            Way::Down => Way::Up,
        };
        let root = if new.kind == MethodKind::Stream {
            Root::Items
        } else {
            Root::Value
        };
        if old.kind == new.kind && new.kind != MethodKind::Event {
            self.value(&answer(old), &answer(new), &at(root, down));
        }
        let at = at(Root::Error, down);
        match (&old.err, &new.err) {
            (Some(old), Some(new)) => self.walk.compare(&value(old), &value(new), &at),
            (None, Some(new)) => {
                let what = format!("{} may fail with `{}` now", kind.name, new.ty);
                self.walk
                    .add(&at, Rule::ErrorAdded, what, (Breaks::Nobody, Breaks::Nobody), "");
            }
            (Some(old), None) => {
                let what = format!("{} fails with `{}` no more", kind.name, old.ty);
                self.walk.add(
                    &at,
                    Rule::ErrorRemoved,
                    what,
                    (Breaks::Nobody, Breaks::Nobody),
                    "",
                );
            }
            (None, None) => {}
        }
    }

    /// What clients do when a session ends is theirs: the server must be ready for that of all that are out there.
    fn on_loss(&mut self, path: &str, old: &MethodLock, new: &MethodLock) {
        let mut add = |rule, what: String, breaks, then| {
            self.whole(Place::Method(path.to_owned()), rule, what, breaks, then);
        };
        match (old.idempotent, new.idempotent) {
            (false, true) => add(
                Rule::IdempotentAdded,
                "the method is idempotent now".to_owned(),
                (Breaks::Nobody, Breaks::All),
                "clients built after this may run it twice at older servers",
            ),
            (true, false) => add(
                Rule::IdempotentRemoved,
                "the method is not idempotent any more".to_owned(),
                (Breaks::All, Breaks::Nobody),
                "clients built before this may run it twice",
            ),
            (true, true) | (false, false) => {}
        }
        if old.resume_from == new.resume_from {
            return;
        }
        if let Some(argument) = &old.resume_from {
            add(
                Rule::ResumeRemoved,
                format!("the stream is not resumed from `{argument}` any more"),
                (Breaks::All, Breaks::Nobody),
                "clients built before this still open it again, and may miss items or get some twice",
            );
        }
        if let Some(argument) = &new.resume_from {
            add(
                Rule::ResumeAdded,
                format!("the stream is resumed from `{argument}` now"),
                (Breaks::Nobody, Breaks::All),
                "clients built after this open it again at older servers, and may miss items or get some twice",
            );
        }
    }

    /// Returns whether the rest of the method is worth a look.
    fn kinds(&mut self, path: &str, old: &MethodLock, new: &MethodLock) -> bool {
        let is_plain =
            |method: &MethodLock| matches!(method.kind, MethodKind::Call | MethodKind::Notification);
        let answers = |method: &MethodLock| method.kind == MethodKind::Call && !answer(method).is_null();
        let what = format!("the method is {} now (was {})", name(new.kind), name(old.kind));
        // A request of a notification is answered with null, a notification of a call runs it.
        let (breaks, then) = if is_plain(old) && is_plain(new) {
            match (answers(old), answers(new)) {
                (true, false) => (
                    (Breaks::All, Breaks::Nobody),
                    "clients built before this read null",
                ),
                (false, true) => (
                    (Breaks::Nobody, Breaks::All),
                    "clients built after this read null from older servers",
                ),
                _ => ((Breaks::Nobody, Breaks::Nobody), ""),
            }
        } else {
            (
                (Breaks::All, Breaks::All),
                "clients and servers of different age don't understand each other in it",
            )
        };
        self.whole(
            Place::Method(path.to_owned()),
            Rule::MethodKind,
            what,
            breaks,
            then,
        );
        is_plain(old) && is_plain(new)
    }

    /// What a call answers: where that is null nobody looks at it.
    fn value(&mut self, old: &Node, new: &Node, at: &At) {
        let takes_null = |node: &Node| *node == Node::Any || without_null(node).0;
        match (old.is_null(), new.is_null()) {
            (true, true) => {}
            (false, false) => self.walk.compare(old, new, at),
            (true, false) => {
                let what = format!("the method answers `{}` now (was nothing)", new.text());
                let breaks = match at.way {
                    Way::Down => (Breaks::Nobody, Breaks::all_if(!takes_null(new))),
                    // What the client answers is read by the server, which has no use for null.
                    Way::Up => (Breaks::all_if(!takes_null(new)), Breaks::All),
                };
                self.walk.add(at, Rule::ValueAdded, what, breaks, "read null");
            }
            (false, true) => {
                let what = format!("the method answers nothing now (was `{}`)", old.text());
                let breaks = match at.way {
                    Way::Down => (Breaks::all_if(!takes_null(old)), Breaks::Nobody),
                    Way::Up => (Breaks::All, Breaks::all_if(!takes_null(old))),
                };
                self.walk.add(at, Rule::ValueRemoved, what, breaks, "read null");
            }
        }
    }

    fn whole(
        &mut self,
        place: Place,
        rule: Rule,
        what: String,
        (clients, servers): (Breaks, Breaks),
        then: &str,
    ) {
        let methods = match &place {
            Place::Method(method) => BTreeSet::from([method.clone()]),
            _ => BTreeSet::new(),
        };
        let consequences = Some(then).filter(|then| !then.is_empty());
        self.report.findings.push(Finding {
            rule,
            place,
            methods,
            what,
            clients,
            servers,
            consequences: consequences.map(str::to_owned).into_iter().collect(),
        });
    }

    fn finish(mut self) -> Report {
        let mut merged: Vec<Finding> = self.report.findings;
        for finding in self.walk.finish() {
            let same = |other: &&mut Finding| {
                (&other.place, other.rule, &other.what) == (&finding.place, finding.rule, &finding.what)
            };
            // A type that goes both ways is one change with the consequences of both.
            match merged.iter_mut().find(same) {
                Some(known) => {
                    known.clients = known.clients.max(finding.clients);
                    known.servers = known.servers.max(finding.servers);
                    known.methods.extend(finding.methods);
                    known.consequences.extend(finding.consequences);
                }
                None => merged.push(finding),
            }
        }
        merged.sort_by(|a, b| (&a.place, a.rule, &a.what).cmp(&(&b.place, b.rule, &b.what)));
        self.report.findings = merged;
        self.report
    }
}

/// The arguments are one object.
fn arguments(method: &MethodLock, way: Way) -> Object {
    let field = |(name, arg): (&String, &ValueLock)| {
        let field = Field {
            node: value(arg),
            may_be_missing: arg.optional && way == Way::Up,
            default: arg.optional,
            aliases: Vec::new(),
        };
        (name.clone(), field)
    };
    Object {
        fields: method.args.iter().map(field).collect(),
        denies: false,
    }
}

fn value(value: &ValueLock) -> Node {
    node(&value.ty, &value.rust)
}

/// What a method answers; `null` if nothing.
fn answer(method: &MethodLock) -> Node {
    method.ret.as_ref().map_or(Node::Null, value)
}

/// Whether two methods are one by all but their name.
fn same(old: &MethodLock, new: &MethodLock) -> bool {
    let parts = |method: &MethodLock| {
        let (args, items) = (method.args.clone(), method.items.clone());
        (method.kind, args, items, method.ret.clone(), method.err.clone())
    };
    parts(old) == parts(new)
}

/// Whether two channels have the same methods.
fn is_twin(old: &ChannelLock, new: &ChannelLock) -> bool {
    old.methods.keys().eq(new.methods.keys()) && old.events.keys().eq(new.events.keys())
}

fn with_hint(what: &str, twin: Option<&str>, how: &str) -> String {
    match twin {
        Some(twin) => format!("{what} ({how} `{twin}`?)"),
        None => what.to_owned(),
    }
}

const fn name(kind: MethodKind) -> &'static str {
    match kind {
        MethodKind::Call => "a call",
        MethodKind::Notification => "a notification",
        MethodKind::Stream => "a stream",
        MethodKind::Event => "an event",
        MethodKind::ClientCall => "a call of the client",
    }
}
