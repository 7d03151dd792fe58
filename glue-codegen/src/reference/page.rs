//! What a reference says, before it is Markdown or HTML.

use std::collections::BTreeSet;

use crate::{
    model::{ChannelDecl, EventDecl, HandlerDecl, MethodDecl, Model, ParamDecl, TypeDecl, Verb},
    print,
    rustdoc::{Docs, Names, Target},
    syntax::{Member, Type},
    variants,
};

/// The whole reference, from top to bottom.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) title: String,
    pub(super) blocks: Vec<Block>,
    /// Names of types that have a heading.
    pub(super) types: BTreeSet<String>,
}

#[derive(Debug)]
pub(super) enum Block {
    /// `level` is 2 for channels, 3 for what is in one. The title is plain text, the note stands behind it.
    Heading {
        level: usize,
        id: String,
        title: String,
        note: String,
    },
    /// Lines of Markdown.
    Text(Vec<String>),
    /// TypeScript, on lines of its own.
    Code(String),
    /// What something is: `label`, a type, and what is said of it.
    Entry {
        label: &'static str,
        ty: Option<String>,
        text: Vec<String>,
    },
    Table {
        head: &'static [&'static str],
        rows: Vec<Vec<Cell>>,
    },
}

#[derive(Debug)]
pub(super) enum Cell {
    /// TypeScript on one line.
    Code(String),
    /// Lines of Markdown.
    Text(Vec<String>),
}

impl Page {
    pub(super) fn of(model: &Model) -> Self {
        let mut crates: Vec<_> = model.channels.iter().map(|channel| &channel.krate[..]).collect();
        crates.sort_unstable();
        crates.dedup();
        let mut page = Self {
            title: format!("Reference of {}", crates.join(", ")),
            types: model.types.iter().map(|ty| ty.name.clone()).collect(),
            blocks: Vec::new(),
        };
        let names = Names::of(model);
        for channel in &model.channels {
            page.channel(channel, &names);
        }
        if !model.types.is_empty() {
            page.heading(2, "types", "Types", "");
        }
        for ty in &model.types {
            page.ty(ty, &names);
        }
        page
    }

    fn heading(&mut self, level: usize, id: &str, title: &str, note: &str) {
        self.blocks.push(Block::Heading {
            level,
            id: id.to_owned(),
            title: title.to_owned(),
            note: note.to_owned(),
        });
    }

    fn text(&mut self, lines: Vec<String>) {
        if !lines.is_empty() {
            self.blocks.push(Block::Text(lines));
        }
    }

    fn entry(&mut self, label: &'static str, ty: Option<String>, text: Vec<String>) {
        self.blocks.push(Block::Entry { label, ty, text });
    }

    fn channel(&mut self, channel: &ChannelDecl, names: &Names) {
        let class = &channel.class;
        self.heading(2, class, class, &format!("channel `{}`", channel.wire));
        let docs = read(&channel.docs, names, class);
        self.deprecation(&docs);
        self.text(docs.text);
        for method in &channel.methods {
            self.method(channel, method, names);
        }
        for event in &channel.events {
            self.event(channel, event, names);
        }
        for handler in &channel.handlers {
            self.handler(channel, handler, names);
        }
    }

    fn method(&mut self, channel: &ChannelDecl, method: &MethodDecl, names: &Names) {
        let class = &channel.class;
        let docs = read(&method.docs, names, class);
        let note = match (&method.verb, &method.items) {
            (Verb::Call(_), None) => "call",
            (Verb::Call(_), Some(_)) => "call with items",
            (Verb::Stream(_), None) => "stream",
            (Verb::Stream(_), Some(_)) => "stream with items",
            (Verb::Notify, _) => "notification",
        };
        self.heading(3, &format!("{class}.{}", method.name), &method.name, note);
        self.blocks.push(Block::Code(print::signature(method)));
        self.deprecation(&docs);
        self.text(docs.text.clone());
        let rows = method.params.iter().chain(&method.items).map(|param| {
            let ParamDecl { name, wire, ty, .. } = param;
            let is_items = method.items.as_ref().is_some_and(|items| items.name == *name);
            let ty = if is_items {
                format!("items of {}", print::flat(ty))
            } else {
                print::flat(ty)
            };
            let mut text = said(&docs, wire);
            if param.optional {
                text.insert(0, "Optional.".to_owned());
            }
            vec![Cell::Code(name.clone()), Cell::Code(ty), Cell::Text(text)]
        });
        self.table(&["Parameter", "Type", ""], rows.collect());
        match &method.verb {
            Verb::Call(ty) if print::flat(ty) != "void" || !docs.returns.is_empty() => {
                self.entry("Answers", Some(print::flat(ty)), docs.returns.clone());
            }
            Verb::Stream(ty) => self.entry("Items", Some(print::flat(ty)), docs.returns.clone()),
            Verb::Call(_) | Verb::Notify => {}
        }
        self.failure(method.error.as_ref(), docs.errors);
        for example in docs.examples {
            self.text(example);
        }
    }

    fn event(&mut self, channel: &ChannelDecl, event: &EventDecl, names: &Names) {
        let docs = read(&event.docs, names, &channel.class);
        self.heading(
            3,
            &format!("{}.on.{}", channel.class, event.name),
            &event.name,
            "event",
        );
        self.deprecation(&docs);
        self.text(docs.text.clone());
        self.fields(&docs, &event.fields);
    }

    fn handler(&mut self, channel: &ChannelDecl, handler: &HandlerDecl, names: &Names) {
        let docs = read(&handler.docs, names, &channel.class);
        let id = format!("{}.handle.{}", channel.class, handler.name);
        self.heading(3, &id, &handler.name, "call of the client");
        self.deprecation(&docs);
        self.text(docs.text.clone());
        self.fields(&docs, &handler.fields);
        self.entry("Answers", Some(print::flat(&handler.value)), docs.returns);
        self.failure(handler.error.as_ref(), docs.errors);
    }

    fn fields(&mut self, docs: &Docs, fields: &[Member]) {
        let rows = fields.iter().map(|field| {
            let ty = print::flat(&field.ty);
            let name = Cell::Code(field.key.clone());
            vec![name, Cell::Code(ty), Cell::Text(said(docs, &field.key))]
        });
        self.table(&["Field", "Type", ""], rows.collect());
    }

    fn failure(&mut self, error: Option<&Type>, text: Vec<String>) {
        if error.is_some() || !text.is_empty() {
            self.entry("Errors", error.map(print::flat), text);
        }
    }

    fn deprecation(&mut self, docs: &Docs) {
        if let Some(reason) = &docs.deprecated {
            self.entry("Deprecated", None, vec![reason.clone()]);
        }
    }

    fn table(&mut self, head: &'static [&'static str], rows: Vec<Vec<Cell>>) {
        if !rows.is_empty() {
            self.blocks.push(Block::Table { head, rows });
        }
    }

    fn ty(&mut self, decl: &TypeDecl, names: &Names) {
        let name = &decl.name;
        self.heading(3, name, &format!("{name}{}", decl.parameters), "type");
        let docs = read(&decl.docs, names, name);
        self.deprecation(&docs);
        self.text(docs.text);
        let variants = decl.model.as_ref().filter(|model| !model.variants.is_empty());
        match (&decl.ty, variants) {
            (ty, Some(model)) => {
                let of_arms = variants::of_arms(ty, model);
                let rows = variants::arms(ty).iter().zip(of_arms).map(|(arm, variant)| {
                    let mut text =
                        variant.map_or_else(Vec::new, |variant| said_of(&variant.docs, names, name));
                    // Fields have no rows of their own here.
                    for field in variant.iter().flat_map(|variant| &variant.fields) {
                        let docs = said_of(&field.docs, names, name);
                        if !docs.is_empty() {
                            text.push(format!("`{}`: {}", field.name, docs.join(" ")));
                        }
                    }
                    vec![Cell::Code(print::flat(arm)), Cell::Text(text)]
                });
                self.table(&["One of", ""], rows.collect());
            }
            (Type::Object(members), None) if !members.is_empty() => {
                let rows = members.iter().map(|member| {
                    let mut text = said_of(&member.docs, names, name);
                    if member.optional {
                        text.insert(0, "Optional.".to_owned());
                    }
                    let ty = print::flat(&member.ty);
                    vec![Cell::Code(member.key.clone()), Cell::Code(ty), Cell::Text(text)]
                });
                self.table(&["Field", "Type", ""], rows.collect());
            }
            (Type::Union(arms), None) => {
                let rows = arms
                    .iter()
                    .map(|arm| vec![Cell::Code(print::flat(arm)), Cell::Text(Vec::new())]);
                self.table(&["One of", ""], rows.collect());
            }
            (ty, None) => self.blocks.push(Block::Code(print::flat(ty))),
        }
    }
}

fn read(docs: &[String], names: &Names, this: &str) -> Docs {
    let mut docs = Docs::read(docs, &|link| {
        let id = match names.find(link.path, this) {
            None => return link.plain(),
            Some(Target::Type(name) | Target::Channel(name)) => name.to_owned(),
            Some(Target::Method(class, method)) => format!("{class}.{method}"),
        };
        format!("[{}](#{id})", link.plain())
    });
    // The page has headings of its own, which these would break up.
    for line in &mut docs.text {
        let title = line.trim_start_matches('#');
        if title.len() < line.len() && title.starts_with(' ') {
            *line = format!("**{}**", title.trim());
        }
    }
    docs
}

/// What the docs of a method say of a parameter.
fn said(docs: &Docs, wire: &str) -> Vec<String> {
    let found = docs.params.iter().find(|(name, _)| name == wire);
    found.map_or_else(Vec::new, |(_, text)| text.clone())
}

/// What the docs of a field or a variant say.
fn said_of(lines: &[String], names: &Names, this: &str) -> Vec<String> {
    let docs = read(lines, names, this);
    let mut text = docs.text;
    if let Some(reason) = docs.deprecated {
        text.insert(0, format!("Deprecated. {reason}").trim_end().to_owned());
    }
    text
}

/// A piece of TypeScript: text, and whether it is the name of a type with a heading.
pub(super) fn pieces<'a>(code: &'a str, types: &BTreeSet<String>) -> Vec<(&'a str, bool)> {
    let is_word = |char: char| char.is_alphanumeric() || matches!(char, '_' | '$');
    let mut pieces = Vec::new();
    let mut rest = code;
    let mut plain = 0;
    let mut at = 0;
    while let Some(first) = rest[at..].chars().next() {
        if matches!(first, '"' | '`') {
            let end = rest[at + 1..].find(first).map_or(rest.len(), |end| at + end + 2);
            at = end;
            continue;
        }
        if !is_word(first) {
            at += first.len_utf8();
            continue;
        }
        let end = rest[at..]
            .find(|char| !is_word(char))
            .map_or(rest.len(), |end| at + end);
        let word = &rest[at..end];
        // A member of the same name is no type.
        let is_key = rest[end..].trim_start_matches('?').starts_with(':');
        if types.contains(word) && !is_key {
            if at > plain {
                pieces.push((&rest[plain..at], false));
            }
            pieces.push((word, true));
            rest = &rest[end..];
            at = 0;
            plain = 0;
        } else {
            at = end;
        }
    }
    if plain < rest.len() {
        pieces.push((&rest[plain..], false));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_found_in_typescript() {
        let types = ["A", "Ö"].map(str::to_owned).into();
        let linked = |code| -> Vec<_> {
            let pieces = pieces(code, &types);
            assert_eq!(pieces.iter().map(|(text, _)| *text).collect::<String>(), code);
            pieces
                .into_iter()
                .filter(|(_, is_type)| *is_type)
                .map(|(text, _)| text)
                .collect()
        };

        assert_eq!(linked("f(A: Array<A>, b?: Ö | AB): \"A\""), ["A", "Ö"]);
        assert!(linked("{ A?: string; B: `A-${number}` } \"A").is_empty());
    }
}
