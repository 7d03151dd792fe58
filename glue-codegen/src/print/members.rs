//! The types beside a class: what can be called on it, and its errors, events and handlers by name.

use super::{
    doc,
    out::{Out, group, indented},
    types::{flat, key},
};
use crate::{
    model::{ChannelDecl, EventDecl, HandlerDecl},
    syntax::{Member, Type},
};

/// Prints the types that stand before the class.
pub(super) fn members(out: &mut Out, channel: &ChannelDecl) {
    let class = &channel.class;
    if let Some(name) = channel.errors_type() {
        let errors = channel.methods.iter().filter_map(|method| {
            let error = method.error.as_ref()?;
            Some((&[][..], format!("readonly {}: {};", method.name, flat(error))))
        });
        let about = format!("What methods of {{@link {class}}} may fail with, by method.");
        alias(out, &name, about, errors);
    }
    let columns = out.columns() - 2;
    if let Some(name) = channel.events_type() {
        let events = channel.events.iter();
        let events = events.map(|event| (&event.docs[..], event_member(event, columns)));
        alias(
            out,
            &name,
            format!("Events of {{@link {class}}}, by name."),
            events,
        );
    }
    if let Some(name) = channel.handlers_type() {
        let handlers = channel.handlers.iter();
        let handlers = handlers.map(|handler| (&handler.docs[..], handler_member(handler, columns)));
        let about = format!("What the server asks of the clients of {{@link {class}}}, by name.");
        alias(out, &name, about, handlers);
    }
}

/// Prints the type that stands behind the class.
pub(super) fn api(out: &mut Out, channel: &ChannelDecl) {
    let (class, name) = (&channel.class, channel.api_type());
    out.blank();
    out.doc(&[format!(
        "What {{@link {class}}} offers, for code that also takes a fake."
    )]);
    out.line(&format!("export type {name} = Pick<{class}, keyof {class}>;"));
}

/// Prints an object type of `members`, each a doc comment and a text.
fn alias<'a>(
    out: &mut Out,
    name: &str,
    about: String,
    members: impl Iterator<Item = (&'a [String], String)>,
) {
    out.blank();
    out.doc(&[about]);
    // An alias, not an interface: only aliases fit where an index signature is asked for.
    out.line(&format!("export type {name} = {{"));
    for (docs, text) in members {
        let comment = doc::comment(docs, out.columns() - 2);
        let text = comment.map(|comment| comment + "\n").unwrap_or_default() + &text;
        out.line(&indented(&text));
    }
    out.line("};");
}

fn event_member(event: &EventDecl, columns: usize) -> String {
    let head = format!("readonly {}: ", event.name);
    let fields = object(&event.fields, columns.saturating_sub(head.len() + ";".len()));
    format!("{head}{fields};")
}

fn handler_member(handler: &HandlerDecl, columns: usize) -> String {
    let head = format!("readonly {}: Handler", handler.name);
    let answers = [Some(&handler.value), handler.error.as_ref()];
    let answers: Vec<_> = answers.into_iter().flatten().map(flat).collect();
    let arguments = |fields: String| {
        let mut arguments = vec![fields];
        arguments.extend_from_slice(&answers);
        arguments
    };
    let on_one_line = arguments(flat(&Type::Object(handler.fields.clone())));
    let on_one_line = group(&head, '<', &on_one_line, ";", columns);
    if !on_one_line.contains('\n') {
        return on_one_line;
    }
    let fields = object(&handler.fields, columns.saturating_sub(3));
    group(&head, '<', &arguments(fields), ";", 0)
}

/// Returns the type of an object on one line, or one field a line if that takes more than `columns`.
pub(super) fn object(fields: &[Member], columns: usize) -> String {
    let text = flat(&Type::Object(fields.to_vec()));
    if text.chars().count() <= columns {
        return text;
    }
    let fields = fields
        .iter()
        .map(|field| format!("  {}{};\n", key(field), flat(&field.ty)));
    format!("{{\n{}}}", fields.collect::<String>())
}
