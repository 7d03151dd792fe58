//! Rust doc comments as TSDoc.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    model::{ChannelDecl, MethodDecl, Model, ParamDecl, TypeDecl},
    rustdoc::{Docs, Link, Names, Target},
    syntax::{Member, Type},
    variants,
};

use super::types::flat;

/// Returns the comment for `lines`, without a final line break; none if all lines are empty.
///
/// Nothing in them ends the comment.
pub(super) fn comment(lines: &[String], columns: usize) -> Option<String> {
    let lines = escaped(lines);
    match lines.as_slice() {
        [] => None,
        [line] if "/**  */".len() + line.chars().count() <= columns => Some(format!("/** {line} */")),
        _ => {
            let body: String = lines
                .iter()
                .map(|line| format!(" * {line}").trim_end().to_owned() + "\n")
                .collect();
            Some(format!("/**\n{body} */"))
        }
    }
}

/// Whether there is anything to say.
pub(super) fn is_empty(lines: &[String]) -> bool {
    lines.iter().all(|line| line.trim().is_empty())
}

fn escaped(lines: &[String]) -> Vec<String> {
    let start = lines.iter().position(|line| !line.trim().is_empty());
    let end = lines.iter().rposition(|line| !line.trim().is_empty());
    let (Some(start), Some(end)) = (start, end) else {
        return Vec::new();
    };
    let lines = lines[start..=end].iter();
    lines.map(|line| line.trim_end().replace("*/", "*\\/")).collect()
}

/// Turns all docs of `model` from what Rust has into what is printed.
pub(crate) fn translate(model: &mut Model) {
    let names = Names::of(model);
    for channel in &mut model.channels {
        let scope = Scope::of(channel);
        let this = channel.class.clone();
        let read = |docs: &[String]| Docs::read(docs, &|link| scope.link(&names, &this, link));
        channel.docs = tags(read(&channel.docs), &BTreeMap::new(), None);
        for method in &mut channel.methods {
            let throws = method.error.as_ref().map(|error| scope.throws(error));
            method.docs = tags(read(&method.docs), &parameters(method), throws);
        }
        for event in &mut channel.events {
            event.docs = list(read(&event.docs), &event.fields);
        }
        for handler in &mut channel.handlers {
            handler.docs = list(read(&handler.docs), &handler.fields);
        }
    }
    let scope = Scope(model.types.iter().map(|decl| decl.name.clone()).collect());
    for decl in &mut model.types {
        translate_type(decl, &names, &scope);
    }
}

fn translate_type(decl: &mut TypeDecl, names: &Names, scope: &Scope) {
    let this = decl.name.clone();
    let read = |docs: &[String]| {
        let docs = Docs::read(docs, &|link| scope.link(names, &this, link));
        tags(docs, &BTreeMap::new(), None)
    };
    let read: &dyn Fn(&[String]) -> Vec<String> = &read;
    decl.docs = read(&decl.docs);
    decl.variants = of_variants(decl, read);
    members(&mut decl.ty, read);
}

/// The docs of each arm of an enum's type; nothing for other types.
fn of_variants(decl: &TypeDecl, read: &dyn Fn(&[String]) -> Vec<String>) -> Vec<Vec<String>> {
    let Some(model) = decl.model.as_ref().filter(|model| !model.variants.is_empty()) else {
        return Vec::new();
    };
    let docs = variants::of_arms(&decl.ty, model);
    docs.into_iter()
        .map(|variant| variant.map_or_else(Vec::new, |variant| read(&variant.docs)))
        .collect()
}

/// Translates the docs of all members in `ty`.
fn members(ty: &mut Type, read: &dyn Fn(&[String]) -> Vec<String>) {
    match ty {
        Type::Verbatim(_) => {}
        Type::Object(list) => {
            for Member { docs, ty, .. } in list {
                *docs = read(docs);
                members(ty, read);
            }
        }
        Type::Mapped { key, value, .. } => {
            members(key, read);
            members(value, read);
        }
        Type::Array(item) => members(item, read),
        Type::Name { args: types, .. }
        | Type::Tuple(types)
        | Type::Union(types)
        | Type::Intersection(types) => types.iter_mut().for_each(|ty| members(ty, read)),
    }
}

/// The names that `{@link}` can lead to from one file.
struct Scope(BTreeSet<String>);

impl Scope {
    fn of(channel: &ChannelDecl) -> Self {
        let own = [channel.class.clone()].into_iter().chain(channel.types());
        Self(own.chain(channel.imports.iter().cloned()).collect())
    }

    fn link(&self, names: &Names, this: &str, link: &Link<'_>) -> String {
        let (name, own) = match names.find(link.path, this) {
            Some(Target::Type(name) | Target::Channel(name)) => (name, name.to_owned()),
            Some(Target::Method(class, method)) => (class, format!("{class}.{method}")),
            None => return link.plain(),
        };
        if !self.0.contains(name) {
            return link.plain();
        }
        let text = link.text.map(|text| text.replace(['`', '{', '}', '|'], ""));
        // A field or a variant has no place of its own in TypeScript: it is shown, and leads to its type.
        let is_whole = own != name || link.path.rsplit("::").next() == Some(name);
        match text {
            Some(text) => format!("{{@link {own} | {text}}}"),
            None if is_whole || link.path == "Self" => format!("{{@link {own}}}"),
            None => format!("{{@link {own} | {}}}", link.path),
        }
    }

    fn throws(&self, error: &Type) -> String {
        let text = flat(error);
        let text = if self.0.contains(&text) {
            format!("{{@link {text}}}")
        } else {
            format!("`{text}`")
        };
        format!("`GlueError` with the code `application` and a {text} as its `data`.")
    }
}

/// Names of a method's parameters in Rust, to those in TypeScript.
fn parameters(method: &MethodDecl) -> BTreeMap<&str, &str> {
    let params = method.params.iter().chain(&method.items);
    let names = params.map(|ParamDecl { wire, name, .. }| (wire.as_str(), name.as_str()));
    names.collect()
}

/// The lines of a comment: the text, then the parts as tags. Parameters that TypeScript doesn't have are left out.
fn tags(docs: Docs, params: &BTreeMap<&str, &str>, throws: Option<String>) -> Vec<String> {
    let mut tags = Vec::new();
    for (name, text) in docs.params {
        if let Some(name) = params.get(name.as_str())
            && !is_empty(&text)
        {
            tag(&mut tags, &format!("@param {name} -"), &text);
        }
    }
    if !docs.returns.is_empty() {
        tag(&mut tags, "@returns", &docs.returns);
    }
    match throws {
        Some(throws) => {
            let lines: Vec<_> = [throws].into_iter().chain(docs.errors).collect();
            tag(&mut tags, "@throws", &lines);
        }
        None if docs.errors.is_empty() => {}
        None => tag(&mut tags, "@throws", &docs.errors),
    }
    if let Some(reason) = docs.deprecated {
        tag(&mut tags, "@deprecated", &[reason]);
    }
    for example in docs.examples {
        tags.push("@example".to_owned());
        tags.extend(example);
    }
    let mut lines = untagged(docs.text);
    if !lines.is_empty() && !tags.is_empty() {
        lines.push(String::new());
    }
    lines.extend(tags);
    lines
}

fn tag(tags: &mut Vec<String>, name: &str, text: &[String]) {
    let mut text = untagged(text.to_vec()).into_iter().peekable();
    // A list begins a line.
    let first = text.next_if(|line| !["- ", "* ", "+ "].iter().any(|mark| line.starts_with(mark)));
    tags.push(
        format!("{name} {}", first.unwrap_or_default())
            .trim_end()
            .to_owned(),
    );
    tags.extend(text);
}

/// Keeps lines of Markdown from being taken for tags.
fn untagged(lines: Vec<String>) -> Vec<String> {
    let line = |line: String| {
        if line.trim_start().starts_with('@') {
            line.replacen('@', "\\@", 1)
        } else {
            line
        }
    };
    lines.into_iter().map(line).collect()
}

/// As [`tags`], for what has fields in place of parameters.
fn list(mut docs: Docs, fields: &[Member]) -> Vec<String> {
    let mut entries = Vec::new();
    for (name, text) in std::mem::take(&mut docs.params) {
        if fields.iter().any(|field| field.key == name) && !is_empty(&text) {
            let text = text.join("\n  ");
            let entry = format!("- `{name}`: {text}");
            entries.extend(entry.lines().map(ToOwned::to_owned));
        }
    }
    if !entries.is_empty() && !docs.text.is_empty() {
        docs.text.push(String::new());
    }
    docs.text.extend(entries);
    tags(docs, &BTreeMap::new(), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doc(lines: &[&str]) -> Option<String> {
        let lines: Vec<_> = lines.iter().map(|&line| line.to_owned()).collect();
        comment(
            &tags(Docs::read(&lines, &|link| link.plain()), &BTreeMap::new(), None),
            40,
        )
    }

    #[test]
    fn short_docs_stay_on_one_line() {
        assert_eq!(doc(&[" Says something."]).unwrap(), "/** Says something. */");
    }

    #[test]
    fn paragraphs_and_code_keep_their_shape() {
        let text = doc(&["", " One.", "", "     code();", ""]).unwrap();

        assert_eq!(text, "/**\n * One.\n *\n *     code();\n */");
    }

    #[test]
    fn a_doc_comment_cannot_end_the_comment() {
        assert_eq!(doc(&[" glob a*/b"]).unwrap(), "/** glob a*\\/b */");
        assert_eq!(doc(&["@deprecated */ x"]).unwrap(), "/** @deprecated *\\/ x */");
    }

    #[test]
    fn a_line_of_text_is_no_tag() {
        assert_eq!(
            doc(&[" @ts-ignore is", " @ home"]).unwrap(),
            "/**\n * \\@ts-ignore is\n * \\@ home\n */"
        );
    }

    #[test]
    fn block_comments_arrive_in_one_piece() {
        assert_eq!(
            doc(&["\n Two\n lines.\n"]).unwrap(),
            "/**\n * Two\n * lines.\n */"
        );
    }

    #[test]
    fn no_text_is_no_comment() {
        assert_eq!(doc(&[]), None);
        assert_eq!(doc(&["", " "]), None);
    }

    #[test]
    fn parts_become_tags() {
        let lines = [
            " Does.",
            " # Arguments",
            " * `a` - one",
            " * `cx` - ours",
            " # Errors",
            " Never.",
        ]
        .map(str::to_owned);

        let lines = tags(
            Docs::read(&lines, &|link| link.plain()),
            &[("a", "renamed")].into(),
            Some("E.".to_owned()),
        );

        assert_eq!(
            lines,
            ["Does.", "", "@param renamed - one", "@throws E.", "Never."]
        );
    }
}
