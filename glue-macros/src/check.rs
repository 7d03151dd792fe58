//! The rules of a channel, one function each. A method that breaks one stays in the trait but not in the messages.

mod again;

use std::collections::HashMap;

use proc_macro2::Ident;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{FnArg, Pat, PatType, Receiver, ReceiverKind, ReturnType, Safety, TraitItem, Type, TypeParamBound};

use crate::ast::{Channel, Kind, Method};
use crate::case;
use crate::ctxt::Ctxt;
use crate::types::{self, Place};

/// Reports all that is wrong with the channel and takes the methods that cannot be called out of it. Returns whether the trait
/// itself is sound.
pub(crate) fn check(cx: &Ctxt, channel: &mut Channel<'_>) -> bool {
    let before = cx.count();
    generics_and_supertraits(cx, channel);
    let sound = cx.count() == before;
    channel_name(cx, channel);
    items_that_are_not_methods(cx, channel);

    let mut names = Names::default();
    channel.methods.retain(|method| {
        let before = cx.count();
        word(cx, method.ident());
        shape(cx, method);
        direction(cx, method);
        receiver(cx, method);
        parameters(cx, method);
        value(cx, method);
        no_cancel(cx, method);
        blocking(cx, method);
        again::idempotent(cx, method);
        again::resume_from(cx, method);
        names.claim(cx, method);
        cx.count() == before
    });
    sound
}

/// A channel is one thing at run time: it has no parameters, and what its servers need besides is their own affair.
fn generics_and_supertraits(cx: &Ctxt, channel: &Channel<'_>) {
    let item = channel.item;
    if !item.generics.params.is_empty() {
        cx.error(
            &item.generics,
            "a channel cannot be generic: clients need one concrete trait",
        );
    }
    if let Some(clause) = &item.generics.where_clause {
        cx.error(
            clause,
            "a channel cannot have a `where` clause: clients need one concrete trait",
        );
    }
    let foreign = item.supertraits.iter().filter(|bound| match bound {
        TypeParamBound::Trait(bound) => !bound
            .path
            .segments
            .last()
            .is_some_and(|last| last.ident == "Send" || last.ident == "Sync"),
        TypeParamBound::Lifetime(lifetime) => lifetime.ident != "static",
        _ => true,
    });
    for bound in foreign {
        cx.error(
            bound,
            "a channel has no supertraits: put the bound where a server is passed around",
        );
    }
    if let Some(unsafety) = &item.unsafety {
        cx.error(unsafety, "a channel cannot be `unsafe`");
    }
    if let Some(auto) = &item.modifiers.auto_token {
        cx.error(auto, "a channel cannot be an auto trait");
    }
}

/// Both peers measure a channel's name, one in bytes and one in UTF-16: in ASCII they agree.
fn channel_name(cx: &Ctxt, channel: &Channel<'_>) {
    let name = &channel.name;
    let mut bytes = name.bytes();
    let fits = name.len() <= MAX_CHANNEL_NAME
        && bytes
            .next()
            .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'));
    let message = if !fits {
        format!(
            "the channel name `{name}` does not fit: write ASCII letters, digits, `_`, `.` and `-`, not a digit, `.` or `-` \
             first, at most {MAX_CHANNEL_NAME} bytes"
        )
    } else if name == MAIN_CHANNEL {
        format!(
            "the channel name `{name}` is taken by the socket's own channel: write `name = \"…\"` with another"
        )
    } else {
        return;
    };
    match &channel.attr.name {
        Some(name) => cx.error(name, message),
        None => cx.error(&channel.item.ident, message),
    }
}

/// The trait's methods are the channel, all of it.
fn items_that_are_not_methods(cx: &Ctxt, channel: &Channel<'_>) {
    for item in &channel.item.items {
        match item {
            TraitItem::Fn(_) => {}
            TraitItem::Const(item) => {
                cx.error(
                    item,
                    "a channel has methods only: write the constant beside the trait",
                );
            }
            TraitItem::Type(item) => {
                cx.error(
                    item,
                    "a channel has methods only: clients need concrete types, so name them in the methods",
                );
            }
            item => cx.error(item, "a channel has methods only: write them out"),
        }
    }
    if channel.item.items.is_empty() {
        cx.error(&channel.item.ident, "a channel needs at least one method");
    }
}

/// Names cross the wire as they are and become TypeScript properties.
fn word(cx: &Ctxt, ident: &Ident) {
    let name = ident.unraw().to_string();
    if !name.is_ascii() {
        cx.error(
            ident,
            format!("`{name}` goes over the wire: write it in ASCII letters, digits and `_`"),
        );
    } else if name == "__proto__" || name.bytes().all(|byte| byte == b'_') {
        cx.error(
            ident,
            format!("`{name}` cannot be a name in TypeScript: write another one"),
        );
    }
}

/// A method is a plain `async fn` without a body.
fn shape(cx: &Ctxt, method: &Method<'_>) {
    let (item, sig) = (method.item, &method.item.sig);
    if let Some(constness) = &sig.constness {
        cx.error(
            constness,
            "channel methods cannot be `const`: they are called at run time",
        );
    }
    if let Safety::Unsafe(token) = &sig.safety {
        cx.error(
            token,
            "channel methods cannot be `unsafe`: clients are not trusted",
        );
    }
    if let Some(abi) = &sig.abi {
        cx.error(
            abi,
            "channel methods cannot be `extern`: the channel is how they are called",
        );
    }
    if let Some(variadic) = &sig.variadic {
        cx.error(
            variadic,
            "channel methods have a fixed number of parameters: take a `Vec`",
        );
    }
    if !sig.generics.params.is_empty() {
        cx.error(&sig.generics, types::generic("argument"));
    } else if let Some(clause) = &sig.generics.where_clause {
        cx.error(clause, types::generic("argument"));
    }
    if let Some(body) = &item.default {
        let message = if method.is_event() {
            "an event has no body, as clients handle it: end the line with `;`"
        } else if method.is_of_clients() {
            "a client method has no body, as clients implement it: end the line with `;`"
        } else {
            "write the body in the `impl`: end the line here with `;`"
        };
        cx.error(body, message);
    }
}

/// Who answers whom decides about `async` and the return type.
fn direction(cx: &Ctxt, method: &Method<'_>) {
    let sig = &method.item.sig;
    let name = method.ident();
    match (&method.kind, &sig.asyncness) {
        (Kind::Event, Some(asyncness)) => {
            cx.error(
                asyncness,
                format!("an event is sent, not awaited: write `fn {name}`"),
            );
        }
        (Kind::Stream(_), Some(asyncness)) => {
            cx.error(
                asyncness,
                format!("a stream begins when it is polled: write `fn {name}`, without `async`"),
            );
        }
        (Kind::ClientCall(Some(ty)), _) if types::stream(ty).is_some() => {
            cx.error(
                ty,
                "a client answers once: write `async fn` and one value, or a `Vec` of them",
            );
        }
        (Kind::Call(Some(ty)), None) if types::boxed_stream(ty).is_some() => {
            cx.error(ty, types::unbox(types::boxed_stream(ty).flatten()));
        }
        (Kind::Call(_) | Kind::Notification, None) if method.attrs.blocking.is_some() => {}
        (Kind::Call(_) | Kind::Notification, Some(asyncness)) if method.attrs.blocking.is_some() => {
            cx.error(
                asyncness,
                format!("a method that blocks has a thread to itself and awaits nothing: write `fn {name}`"),
            );
        }
        (Kind::Call(_) | Kind::ClientCall(_) | Kind::Notification, None) => {
            cx.error(
                sig.fn_token,
                format!("channel methods are async: write `async fn {name}`"),
            );
        }
        _ => {}
    }
    if let ReturnType::Type(arrow, ty) = &sig.output {
        let mut output = arrow.to_token_stream();
        ty.to_tokens(&mut output);
        match method.kind {
            Kind::Event => cx.error(output, "an event is never answered: remove the return type"),
            Kind::Notification => {
                cx.error(
                    output,
                    "a notification is never answered: remove the return type, or `#[notification]`",
                );
            }
            Kind::Call(_) | Kind::ClientCall(_) | Kind::Stream(_) => {}
        }
    }
}

/// One server value answers all clients; what clients do, no value of ours does.
fn receiver(cx: &Ctxt, method: &Method<'_>) {
    let name = method.ident();
    match (method.item.sig.receiver(), method.is_of_clients()) {
        (None, false) => cx.error(
            name,
            format!(
                "`{name}` needs `&self` (or `#[event]` if the server sends it to clients, `#[client]` if they answer it)"
            ),
        ),
        (Some(receiver), true) if method.is_event() => {
            cx.error(receiver, "an event has no receiver, as the server sends it: remove `self`, or `#[event]`");
        }
        (Some(receiver), true) => cx.error(
            receiver,
            "a client method has no receiver here, as clients implement it: remove `self`, or `#[client]`",
        ),
        (Some(Receiver { kind: ReceiverKind::Reference(_, None, None), mutability: None, .. }), false)
        | (None, true) => {}
        (Some(receiver), false) => cx.error(
            receiver,
            "use `&self`: one server value answers many clients at once, so keep state behind a lock or channel",
        ),
    }
}

/// Parameters are named values; the context is no parameter and has its one place.
fn parameters(cx: &Ctxt, method: &Method<'_>) {
    let inputs = method.item.sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    });
    let inputs: Vec<_> = inputs.collect();
    let mut spellings = HashMap::new();
    for (index, typed) in inputs.iter().enumerate() {
        for attr in &typed.attrs {
            let advice = if attr.path().is_ident("glue") {
                "for a value that travels exactly, write `glue::Exact<…>` as the type"
            } else {
                "document them with the method"
            };
            cx.error(attr, format!("parameters take no attributes: {advice}"));
        }
        if types::mentions_context(&typed.ty) {
            context(cx, method, typed, index);
            continue;
        }
        match types::incoming(&typed.ty) {
            Some(item) => incoming(
                cx,
                method,
                typed,
                item,
                inputs.get(index + 1..).unwrap_or_default(),
            ),
            None => types::check_crossing(cx, &typed.ty, Place::Argument),
        }
        let Some(ident) = parameter_name(cx, &typed.pat) else {
            continue;
        };
        word(cx, ident);
        if let Some(other) = spellings.insert(case::camel(&ident.unraw().to_string()), ident) {
            if other != ident {
                cx.error(
                    ident,
                    format!("`{other}` and `{ident}` are one name in TypeScript: write another one"),
                );
            } else {
                cx.error(ident, format!("there are two parameters `{ident}`"));
            }
        }
    }
}

fn context(cx: &Ctxt, method: &Method<'_>, typed: &PatType, index: usize) {
    if method.is_event() {
        cx.error(typed, "an event has no context: it is made outside of any call");
    } else if method.is_of_clients() {
        cx.error(
            typed,
            "a client method has no context, as clients implement it: remove it",
        );
    } else if !types::is_context(&typed.ty) {
        cx.error(
            &typed.ty,
            "the context is borrowed for the call: write `&Context`",
        );
    } else if index > 0 {
        cx.error(typed, "the context comes right after `&self`");
    }
}

/// One stream per call, and only where the caller waits for the end of it; last, as it begins where the arguments end.
fn incoming(cx: &Ctxt, method: &Method<'_>, typed: &PatType, item: Option<&Type>, behind: &[&PatType]) {
    let refused = match method.kind {
        Kind::Call(_) | Kind::Stream(_) => None,
        Kind::Notification => {
            Some("a notification takes no stream, as nobody waits for its end: make it a call")
        }
        Kind::Event => Some("an event takes no stream: emit one event per item"),
        Kind::ClientCall(_) => {
            Some("a client method takes no stream: pass a `Vec`, or call it once per item")
        }
    };
    if let Some(message) = refused {
        cx.error(&typed.ty, message);
    } else if behind.iter().any(|other| types::incoming(&other.ty).is_some()) {
        cx.error(
            typed,
            "a method takes one stream: let its items be an enum of what both would carry",
        );
    } else if !behind.is_empty() {
        cx.error(
            typed,
            "the stream comes last: write it behind the other parameters",
        );
    }
    match item {
        Some(item) => types::check_crossing(cx, item, Place::Argument),
        None => cx.error(&typed.ty, "name the type of the items: `Incoming<…>`"),
    }
}

fn parameter_name<'a>(cx: &Ctxt, pat: &'a Pat) -> Option<&'a Ident> {
    match pat {
        Pat::Ident(pat) if pat.by_ref.is_none() && pat.mutability.is_none() && pat.subpat.is_none() => {
            return Some(&pat.ident);
        }
        Pat::Ident(pat) => cx.error(
            pat,
            format!("parameters are plain names here: write `{}`", pat.ident),
        ),
        Pat::Wild(_) => cx.error(pat, "the parameter needs a name: clients pass it by that name"),
        _ => cx.error(
            pat,
            "parameters are plain names here: write `name: Type`, and take it apart in the `impl`",
        ),
    }
    None
}

/// What is sent back is owned and of one type, as arguments are.
fn value(cx: &Ctxt, method: &Method<'_>) {
    match method.kind {
        Kind::Call(Some(ty)) if method.item.sig.asyncness.is_some() || method.attrs.blocking.is_some() => {
            types::check_crossing(cx, ty, Place::Value);
        }
        // A stream has been refused already.
        Kind::ClientCall(Some(ty)) if types::stream(ty).is_none() => {
            types::check_crossing(cx, ty, Place::Value)
        }
        Kind::Stream(Some(item)) => types::check_crossing(cx, item, Place::Value),
        Kind::Stream(None) => {
            cx.error(
                &method.item.sig.output,
                "name the type of the items: `impl Stream<Item = …>`",
            );
        }
        Kind::Call(_) | Kind::ClientCall(_) | Kind::Notification | Kind::Event => {}
    }
}

/// A method that runs on without its caller has all it needs from the beginning, and an end that is worth the wait.
fn no_cancel(cx: &Ctxt, method: &Method<'_>) {
    let Some(key) = &method.attrs.no_cancel else {
        return;
    };
    let message = match method.kind {
        Kind::Call(_) if method.items.is_some() => {
            "its stream ends with the caller: take a `Vec`, or remove `no_cancel`"
        }
        Kind::Call(_) => return,
        Kind::Stream(_) => "a stream without a reader has no end: remove `no_cancel`",
        Kind::Notification => "a notification has no caller who could cancel it: remove `no_cancel`",
        Kind::Event | Kind::ClientCall(_) => "`no_cancel` is for what the server runs: remove it",
    };
    cx.error(key, message);
}

/// A method that blocks is one piece of work, from its arguments to its value.
fn blocking(cx: &Ctxt, method: &Method<'_>) {
    let Some(key) = &method.attrs.blocking else {
        return;
    };
    let message = match method.kind {
        Kind::Call(_) if method.items.is_some() => {
            "the items of a stream are awaited: take a `Vec`, or remove `blocking`"
        }
        Kind::Call(_) | Kind::Notification if method.attrs.no_cancel.is_some() => {
            "a method that blocks can't be stopped once it has begun: remove `no_cancel`"
        }
        Kind::Call(_) | Kind::Notification => return,
        Kind::Stream(_) => {
            "a stream is polled, item by item: remove `blocking`, and let the stream call `spawn_blocking`"
        }
        Kind::Event | Kind::ClientCall(_) => "`blocking` is for what the server runs: remove it",
    };
    cx.error(key, message);
}

/// The names of a channel's methods, of its events and of its client methods: the three never meet.
#[derive(Default)]
struct Names {
    /// By what it is the name of, whether it is the variant's, and the name itself.
    claims: HashMap<(&'static str, bool, String), Claim>,
}

struct Claim {
    name: String,
    /// Two of one name may stand in the trait if `#[cfg]` leaves one of them.
    conditional: bool,
}

impl Names {
    fn claim(&mut self, cx: &Ctxt, method: &Method<'_>) {
        let (name, ident) = (&method.name, method.ident());
        let camel = case::camel(name);
        let (nouns, reserved) = match method.kind {
            Kind::Event => ("events", &[][..]),
            Kind::ClientCall(_) => ("client methods", RESERVED_FOR_CLIENTS),
            Kind::Call(_) | Kind::Notification | Kind::Stream(_) => ("methods", RESERVED),
        };
        if let Some((_, reason)) = reserved.iter().find(|(word, _)| *word == name || *word == camel) {
            return cx.error(ident, format!("`{name}` cannot name a method: {reason}"));
        }

        let conditional = !method.cfgs().is_empty();
        for (is_variant, form) in [(false, camel), (true, method.variant.to_string())] {
            let claim = Claim {
                name: name.clone(),
                conditional,
            };
            let Some(other) = self.claims.insert((nouns, is_variant, form), claim) else {
                continue;
            };
            if other.name != *name {
                return cx.error(
                    ident,
                    format!(
                        "`{}` and `{name}` are one name in the generated code: write another one",
                        other.name
                    ),
                );
            }
            if !(other.conditional && conditional) {
                return cx.error(ident, format!("there are two {nouns} `{name}`"));
            }
        }
    }
}

/// Names that a method cannot have, in Rust's or in TypeScript's spelling, and why.
const RESERVED: &[(&str, &str)] = &[
    ("into_channel", "the trait gets one, which serves it"),
    ("new", "the generated `…Client` has one"),
    ("open", "the generated `…Client` has one"),
    (
        "events",
        "the generated `…Client` has one, which yields the events",
    ),
    ("with", "the generated `…Client` has one, which sets options"),
    (
        "handle",
        "the generated clients have one, which answers what the server asks",
    ),
    ("on", "the TypeScript client has one, which listens to events"),
    ("constructor", "it is the TypeScript class's own"),
    ("then", "JavaScript takes an object with `then` for a promise"),
    ("toString", OF_EVERY_OBJECT),
    ("toLocaleString", OF_EVERY_OBJECT),
    ("valueOf", OF_EVERY_OBJECT),
    ("hasOwnProperty", OF_EVERY_OBJECT),
    ("isPrototypeOf", OF_EVERY_OBJECT),
    ("propertyIsEnumerable", OF_EVERY_OBJECT),
];

/// Names that a client method cannot have, and why.
const RESERVED_FOR_CLIENTS: &[(&str, &str)] = &[
    ("new", "the generated `…Callback` has one"),
    (
        "of",
        "the generated `…Callback` has one, which asks the caller of a method",
    ),
    ("with", "the generated `…Callback` has one, which sets options"),
];

const OF_EVERY_OBJECT: &str = "every JavaScript object has one, of another type";

/// The name of the channel that every socket has.
const MAIN_CHANNEL: &str = "m";

/// Names are repeated in each frame.
const MAX_CHANNEL_NAME: usize = 64;
