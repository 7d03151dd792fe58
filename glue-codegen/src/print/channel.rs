//! Stubs: one class per channel, in three forms. `.ts` holds all, `.js` the code, `.d.ts` the types.

use super::{
    doc, header,
    out::{Out, group},
    types::{flat, key},
};
use crate::{
    model::{ChannelDecl, EventDecl, MethodDecl, ParamDecl, Verb},
    syntax::Type,
};

/// Prints the stub as TypeScript.
pub(crate) fn class_source(channel: &ChannelDecl) -> String {
    let mut out = Out::new(&channel_header(channel));
    let types = runtime_types(channel);
    let mut names = vec![("Rpc", "Rpc".to_owned())];
    names.extend(types.iter().map(|&name| (name, format!("type {name}"))));
    names.sort_unstable();
    let names: Vec<_> = names.into_iter().map(|(_, text)| text).collect();
    out.group("import ", '{', &names, " from \"./runtime/index.js\";");
    import_types(&mut out, channel);
    events(&mut out, channel);

    out.blank();
    out.doc(&channel.docs);
    out.block(&format!("export class {}", channel.class), |out| {
        field(out, channel, "readonly #rpc: Rpc;");
        out.block("constructor(socket: RpcSocket)", |out| open(out, channel));
        for method in &channel.methods {
            out.blank();
            out.doc(&method_docs(channel, method));
            let signature = signature(method, out.columns() - " {".len());
            out.block(&signature, |out| out.line(&body(method, out.columns())));
        }
        if let Some(events) = channel.events_type() {
            out.blank();
            out.doc(&on_docs());
            out.block(&on_signature(&events), |out| out.line(ON_BODY));
        }
    });
    out.finish()
}

/// Prints the stub as JavaScript.
pub(crate) fn class_script(channel: &ChannelDecl) -> String {
    let mut out = Out::new(&channel_header(channel));
    out.line("import { Rpc } from \"./runtime/index.js\";");
    out.blank();
    out.block(&format!("export class {}", channel.class), |out| {
        field(out, channel, "#rpc;");
        out.block("constructor(socket)", |out| open(out, channel));
        for method in &channel.methods {
            let names = method.params.iter().map(|param| param.name.clone());
            let options = has_options(method).then(|| method.options.clone());
            let names: Vec<_> = names.chain(options).collect();
            out.blank();
            let head = group(&method.name, '(', &names, "", out.columns() - " {".len());
            out.block(&head, |out| out.line(&body(method, out.columns())));
        }
        if !channel.events.is_empty() {
            out.blank();
            out.block("on(event, listener)", |out| out.line(ON_BODY));
        }
    });
    out.finish()
}

/// Prints the declaration file that goes with [`class_script`].
pub(crate) fn class_declaration(channel: &ChannelDecl) -> String {
    let mut out = Out::new(&channel_header(channel));
    let types: Vec<_> = runtime_types(channel).into_iter().map(str::to_owned).collect();
    out.group("import type ", '{', &types, " from \"./runtime/index.js\";");
    import_types(&mut out, channel);
    events(&mut out, channel);

    out.blank();
    out.doc(&channel.docs);
    out.block(&format!("export declare class {}", channel.class), |out| {
        field(out, channel, "#private;");
        out.line("constructor(socket: RpcSocket);");
        for method in &channel.methods {
            out.blank();
            out.doc(&method_docs(channel, method));
            let signature = signature(method, out.columns() - ";".len());
            out.line(&format!("{signature};"));
        }
        if let Some(events) = channel.events_type() {
            out.blank();
            out.doc(&on_docs());
            out.line(&format!("{};", on_signature(&events)));
        }
    });
    out.finish()
}

fn channel_header(channel: &ChannelDecl) -> String {
    header(&format!(" from `{}` (crate `{}`)", channel.class, channel.krate))
}

/// Names of the runtime that only types use.
fn runtime_types(channel: &ChannelDecl) -> Vec<&'static str> {
    let names = [
        (channel.methods.iter().any(has_options), "CallOptions"),
        (true, "RpcSocket"),
        (!channel.events.is_empty(), "Unsubscribe"),
    ];
    names
        .into_iter()
        .filter(|(used, _)| *used)
        .map(|(_, name)| name)
        .collect()
}

fn import_types(out: &mut Out, channel: &ChannelDecl) {
    if !channel.imports.is_empty() {
        out.group("import type ", '{', &channel.imports, " from \"./types.js\";");
    }
}

fn events(out: &mut Out, channel: &ChannelDecl) {
    let Some(name) = channel.events_type() else { return };
    out.blank();
    out.doc(&[format!("Events of {{@link {}}}, by name.", channel.class)]);
    // An alias, not an interface: only aliases fit where an index signature is asked for.
    out.line(&format!("export type {name} = {{"));
    for event in &channel.events {
        let comment = doc::comment(&event.docs, out.columns() - 2);
        let text = comment.map(|comment| comment + "\n").unwrap_or_default()
            + &event_member(event, out.columns() - 2);
        out.line(&super::out::indented(&text));
    }
    out.line("};");
}

fn event_member(event: &EventDecl, columns: usize) -> String {
    let flat = format!(
        "readonly {}: {};",
        event.name,
        flat(&Type::Object(event.fields.clone()))
    );
    if flat.chars().count() <= columns {
        return flat;
    }
    let fields = event
        .fields
        .iter()
        .map(|field| format!("  {}{};\n", key(field), super::types::flat(&field.ty)));
    format!("readonly {}: {{\n{}}};", event.name, fields.collect::<String>())
}

/// Declares the field of the class, unless nothing would read it.
fn field(out: &mut Out, channel: &ChannelDecl, declaration: &str) {
    if !is_empty(channel) {
        out.line(declaration);
        out.blank();
    }
}

fn open(out: &mut Out, channel: &ChannelDecl) {
    let assignment = if is_empty(channel) { "" } else { "this.#rpc = " };
    let args = format!("socket, \"{}\", {{ schema: \"{}\" }}", channel.wire, channel.hash);
    out.line(&format!("{assignment}Rpc.open({args});"));
}

fn is_empty(channel: &ChannelDecl) -> bool {
    channel.methods.is_empty() && channel.events.is_empty()
}

fn method_docs(channel: &ChannelDecl, method: &MethodDecl) -> Vec<String> {
    let Some(error) = &method.error else {
        return method.docs.clone();
    };
    let mut docs = doc::clean(&method.docs);
    if !docs.is_empty() {
        docs.push(String::new());
    }
    let text = flat(error);
    let text = if channel.imports.contains(&text) {
        format!("{{@link {text}}}")
    } else {
        format!("`{text}`")
    };
    docs.push(format!(
        "@throws `GlueError` with the code `application` and a {text} as its `data`."
    ));
    docs
}

fn signature(method: &MethodDecl, columns: usize) -> String {
    let options = has_options(method).then(|| format!("{}?: CallOptions", method.options));
    let params: Vec<_> = method.params.iter().map(parameter).chain(options).collect();
    let result = match &method.verb {
        Verb::Call(ty) => format!("Promise<{}>", flat(ty)),
        Verb::Stream(ty) => format!("AsyncIterable<{}>", flat(ty)),
        Verb::Notify => "void".to_owned(),
    };
    group(&method.name, '(', &params, &format!(": {result}"), columns)
}

fn parameter(param: &ParamDecl) -> String {
    format!(
        "{}{}: {}",
        param.name,
        if param.optional { "?" } else { "" },
        flat(&param.ty)
    )
}

fn body(method: &MethodDecl, columns: usize) -> String {
    let args: Vec<_> = method.params.iter().map(argument).collect();
    let (call, tail) = match method.verb {
        Verb::Call(_) => ("return this.#rpc.call", Some(method.options.clone())),
        Verb::Stream(_) => ("return this.#rpc.stream", Some(method.options.clone())),
        Verb::Notify => ("this.#rpc.notify", None),
    };
    let wire = format!("\"{}\"", method.wire);
    let object = group("", '{', &args, "", columns - 2);
    match tail {
        Some(options) => group(call, '(', &[wire, object, options], ";", columns),
        // An object that comes last is broken without giving it a line of its own.
        None => group(&format!("{call}({wire}, "), '{', &args, ");", columns),
    }
}

fn argument(param: &ParamDecl) -> String {
    if param.name == param.wire {
        param.name.clone()
    } else {
        format!("{}: {}", param.wire, param.name)
    }
}

fn has_options(method: &MethodDecl) -> bool {
    !matches!(method.verb, Verb::Notify)
}

fn on_docs() -> Vec<String> {
    vec!["Calls `listener` for each such event; the function returned ends that.".to_owned()]
}

fn on_signature(events: &str) -> String {
    format!("on<E extends keyof {events}>(event: E, listener: (event: {events}[E]) => void): Unsubscribe")
}

const ON_BODY: &str = "return this.#rpc.on(event, listener);";
