//! Each rule with what it says, and to whom it matters: `C` clients, `S` servers, `r` clients in Rust only.

use super::*;
use crate::lock::{ChannelLock, FieldLock, Lock, MethodLock, TypeLock, ValueLock, VariantLock};
use glue::schema::MethodKind;

mod rules;
mod shapes;

/// `string = String`: the type in TypeScript, and the one in Rust if it matters.
fn value(text: &str) -> ValueLock {
    let (ty, rust) = text.split_once(" = ").unwrap_or((text, ""));
    ValueLock {
        ty: ty.to_owned(),
        rust: rust.to_owned(),
        optional: false,
    }
}

/// A method with arguments as `name: type = Rust`, of which one named `name?` may be left out; it answers `ret`, if that isn't empty.
fn method(kind: MethodKind, args: &[&str], ret: &str) -> MethodLock {
    let arg = |text: &&str| {
        let (name, ty) = text.split_once(": ").expect("an argument");
        let mut value = value(ty);
        value.optional = name.ends_with('?');
        (name.trim_end_matches('?').to_owned(), value)
    };
    MethodLock {
        hash: format!("{kind:?} {args:?} {ret}"),
        kind,
        args: args.iter().map(arg).collect(),
        items: None,
        ret: (!ret.is_empty()).then(|| value(ret)),
        err: None,
        idempotent: false,
        resume_from: None,
    }
}

fn call(args: &[&str], ret: &str) -> MethodLock {
    method(MethodKind::Call, args, ret)
}

fn notification(args: &[&str]) -> MethodLock {
    method(MethodKind::Notification, args, "")
}

fn stream(item: &str) -> MethodLock {
    method(MethodKind::Stream, &[], item)
}

fn idempotent() -> MethodLock {
    MethodLock {
        idempotent: true,
        ..call(&[], "")
    }
}

fn resumed(argument: &str) -> MethodLock {
    MethodLock {
        resume_from: Some(argument.to_owned()),
        ..stream("string")
    }
}

fn event(args: &[&str]) -> MethodLock {
    method(MethodKind::Event, args, "")
}

fn client_call(args: &[&str], ret: &str) -> MethodLock {
    method(MethodKind::ClientCall, args, ret)
}

fn failing(err: &str) -> MethodLock {
    MethodLock {
        err: (!err.is_empty()).then(|| value(err)),
        ..call(&[], "")
    }
}

fn upload(item: &str) -> MethodLock {
    MethodLock {
        items: (!item.is_empty()).then(|| value(item)),
        ..call(&[], "")
    }
}

/// A field as `name: Rust default alias=other flatten`.
fn fields(texts: &[&str]) -> BTreeMap<String, FieldLock> {
    let field = |text: &&str| {
        let (name, rest) = text.split_once(": ").expect("a field");
        let mut words = rest.split(' ');
        let mut field = FieldLock {
            rust: words.next().unwrap_or_default().to_owned(),
            ..FieldLock::default()
        };
        for word in words {
            match word {
                "default" => field.default = true,
                "flatten" => field.flatten = true,
                alias => field
                    .aliases
                    .push(alias.strip_prefix("alias=").expect("an alias").to_owned()),
            }
        }
        (name.to_owned(), field)
    };
    texts.iter().map(field).collect()
}

/// `Name<T> = body`, with fields.
fn structure<'a>(decl: &'a str, of: &[&str]) -> (&'a str, TypeLock) {
    let (head, _) = decl.split_once(" = ").expect("a type");
    let name = head.split('<').next().unwrap_or(head);
    let lock = TypeLock {
        decl: vec![format!("type {decl};")],
        fields: fields(of),
        ..TypeLock::default()
    };
    (name, lock)
}

/// `Name = arms`, with variants as `Name alias=other`, and fields of variants behind `|`.
fn enumeration<'a>(decl: &'a str, variants: &[&str]) -> (&'a str, TypeLock) {
    let (name, mut lock) = structure(decl, &[]);
    for text in variants {
        let mut parts = text.split(" | ");
        let mut words = parts.next().unwrap_or_default().split(' ');
        let variant = words.next().unwrap_or_default().to_owned();
        let aliases = words
            .map(|word| word.trim_start_matches("alias=").to_owned())
            .collect();
        let of: Vec<_> = parts.collect();
        lock.variants.insert(
            variant,
            VariantLock {
                aliases,
                fields: fields(&of),
            },
        );
    }
    (name, lock)
}

fn strict((name, mut lock): (&str, TypeLock)) -> (&str, TypeLock) {
    lock.deny_unknown_fields = true;
    (name, lock)
}

/// A contract with one channel, `c`.
fn lock(methods: &[(&str, MethodLock)], types: &[(&str, TypeLock)]) -> Lock {
    let mut channel = ChannelLock::default();
    for (name, method) in methods {
        let of = match method.kind {
            MethodKind::Event => &mut channel.events,
            MethodKind::ClientCall => &mut channel.client_methods,
            _ => &mut channel.methods,
        };
        of.insert((*name).to_owned(), method.clone());
    }
    Lock {
        lock: crate::lock::FORMAT,
        channels: [("c".to_owned(), channel)].into(),
        types: types
            .iter()
            .map(|(name, ty)| ((*name).to_owned(), ty.clone()))
            .collect(),
    }
}

/// A contract of one type, which goes up as `c.up`, or down as `c.down`.
fn up(types: &[(&str, TypeLock)]) -> Lock {
    let name = types.first().expect("a type").0;
    lock(&[("up", call(&[&format!("value: {name}")], ""))], types)
}

fn down(types: &[(&str, TypeLock)]) -> Lock {
    let name = types.first().expect("a type").0;
    lock(&[("down", call(&[], name))], types)
}

/// The findings as lines: `rule CS: message`.
fn lines(old: &Lock, new: &Lock) -> Vec<String> {
    let sign = |breaks, all| match breaks {
        Breaks::Nobody => '-',
        Breaks::Rust => 'r',
        Breaks::All => all,
    };
    let line = |finding: &Finding| {
        let (clients, servers) = (sign(finding.clients, 'C'), sign(finding.servers, 'S'));
        format!(
            "{} {clients}{servers} {}",
            finding.rule.id(),
            report::message(finding)
        )
    };
    compare(old, new).findings.iter().map(line).collect()
}

fn assert_lines(old: &Lock, new: &Lock, expected: &[&str]) {
    assert_eq!(lines(old, new), expected, "from {old:#?} to {new:#?}");
    assert_eq!(lines(old, old), [""; 0], "nothing has changed");
    assert_eq!(lines(new, new), [""; 0], "nothing has changed");
}
