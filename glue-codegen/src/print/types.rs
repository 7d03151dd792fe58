//! Types: their layout, and the module that declares them.

use super::{
    doc, header,
    out::{Out, WIDTH, indented},
};
use crate::{
    model::TypeDecl,
    name,
    syntax::{Member, Type},
};

/// Prints `types.ts`, which as `types.d.ts` is the same text.
pub(crate) fn declarations(types: &[TypeDecl]) -> String {
    let mut out = Out::new(&header(""));
    for decl in types {
        out.blank();
        out.doc(&decl.docs);
        out.line(&declaration(decl, out.columns()));
    }
    out.finish()
}

/// Prints one declaration without docs and without `export`: what can be seen of a type on the wire, for the lock.
pub(crate) fn bare_declaration(name: &str, parameters: &str, mut ty: Type) -> String {
    ty.forget_docs();
    let decl = TypeDecl {
        name: name.to_owned(),
        parameters: parameters.to_owned(),
        docs: Vec::new(),
        ty,
        path: String::new(),
        model: None,
        variants: Vec::new(),
    };
    let text = declaration(&decl, WIDTH);
    text.strip_prefix("export ").unwrap_or(&text).to_owned()
}

fn declaration(decl: &TypeDecl, columns: usize) -> String {
    let head = format!("export type {}{} =", decl.name, decl.parameters);
    // Fields and variants with fields stand one a line, as in Rust, even when they would fit on one.
    let documented = decl.variants.iter().any(|docs| !doc::is_empty(docs));
    let docs = if documented { &decl.variants[..] } else { &[] };
    let body = match &decl.ty {
        ty if docs.len() == 1 => {
            let comment = doc::comment(&docs[0], columns - 2).unwrap_or_default();
            format!(
                "\n{}",
                indented(&format!("{comment}\n{}", layout(ty, 2, columns - 2)))
            )
        }
        Type::Object(members) if !members.is_empty() => broken_object(members, columns),
        Type::Union(types) if types.iter().any(has_members) || !docs.is_empty() => {
            broken_union(types, docs, columns)
        }
        ty => layout(ty, head.len() + 1, columns),
    };
    let space = if body.starts_with('\n') { "" } else { " " };
    format!("{head}{space}{body};")
}

/// Returns `ty` on one line. Doc comments of members are lost, so only types without any are printed with it.
pub(crate) fn flat(ty: &Type) -> String {
    match ty {
        Type::Verbatim(text) => text.clone(),
        Type::Name { name, args } if args.is_empty() => name.clone(),
        Type::Name { name, args } => format!("{name}<{}>", join(args, ", ")),
        // `{}` would be every value but null.
        Type::Object(members) if members.is_empty() => "Record<string, never>".to_owned(),
        Type::Object(members) => {
            let members: Vec<_> = members
                .iter()
                .map(|member| format!("{}{}", key(member), flat(&member.ty)))
                .collect();
            format!("{{ {} }}", members.join("; "))
        }
        Type::Mapped { key, optional, value } => {
            format!("{{ {}{} }}", mapped_key(key, *optional), flat(value))
        }
        Type::Tuple(types) => format!("[{}]", join(types, ", ")),
        Type::Array(item) if is_simple(item) => format!("{}[]", flat(item)),
        Type::Array(item) => format!("Array<{}>", flat(item)),
        Type::Union(types) => join(types, " | "),
        Type::Intersection(types) => types.iter().map(intersected).collect::<Vec<_>>().join(" & "),
    }
}

/// Returns `ty` for a place at column `at`, on several lines if it must.
fn layout(ty: &Type, at: usize, columns: usize) -> String {
    let text = flat(ty);
    if !has_docs(ty) && at + text.chars().count() < columns {
        return text;
    }
    match ty {
        Type::Object(members) if !members.is_empty() => broken_object(members, columns),
        Type::Union(types) => broken_union(types, &[], columns),
        Type::Intersection(types) => {
            let part = |ty: &Type| match ty {
                Type::Union(_) => intersected(ty),
                ty => layout(ty, 0, columns),
            };
            types.iter().map(part).collect::<Vec<_>>().join(" & ")
        }
        Type::Array(item) => format!("Array<{}>", layout(item, 6, columns)),
        Type::Mapped { key, optional, value } => {
            let key = mapped_key(key, *optional);
            let value = layout(value, key.len() + 2, columns.saturating_sub(2));
            format!("{{\n{};\n}}", indented(&format!("{key}{value}")))
        }
        Type::Tuple(types) => {
            let items = types
                .iter()
                .map(|ty| format!("{},\n", indented(&layout(ty, 2, columns.saturating_sub(2)))));
            format!("[\n{}]", items.collect::<String>())
        }
        Type::Verbatim(_) | Type::Name { .. } | Type::Object(_) => text,
    }
}

/// `docs` holds those of each arm, or nothing.
fn broken_union(types: &[Type], docs: &[Vec<String>], columns: usize) -> String {
    let arm = |(index, ty): (usize, &Type)| {
        let text = layout(ty, 4, columns.saturating_sub(2));
        let text = if matches!(ty, Type::Intersection(_)) {
            format!("({text})")
        } else {
            text
        };
        let docs = docs.get(index).map_or(&[][..], Vec::as_slice);
        let comment = doc::comment(docs, columns.saturating_sub(2));
        let comment = comment.map(|comment| format!("\n{comment}")).unwrap_or_default();
        format!("{comment}\n| {}", hang(&text))
    };
    indented(&types.iter().enumerate().map(arm).collect::<String>())
}

fn broken_object(members: &[Member], columns: usize) -> String {
    let inner = columns.saturating_sub(2);
    let mut text = String::from("{\n");
    for member in members {
        let key = key(member);
        let ty = layout(&member.ty, key.len(), inner);
        let key = if ty.starts_with('\n') {
            key.trim_end()
        } else {
            &key
        };
        let comment = doc::comment(&member.docs, inner)
            .map(|comment| comment + "\n")
            .unwrap_or_default();
        text.push_str(&indented(&format!("{comment}{key}{ty};")));
        text.push('\n');
    }
    text.push('}');
    text
}

/// Moves the lines behind the first one to the right, below what stands behind `| `.
fn hang(text: &str) -> String {
    text.replace('\n', "\n  ")
}

/// The key of a member with all that stands before its type.
pub(super) fn key(member: &Member) -> String {
    let readonly = if member.readonly { "readonly " } else { "" };
    let optional = if member.optional { "?" } else { "" };
    format!("{readonly}{}{optional}: ", quoted_if_needed(&member.key))
}

pub(super) fn quoted_if_needed(key: &str) -> String {
    if name::is_plain_key(key) {
        key.to_owned()
    } else {
        format!("\"{key}\"")
    }
}

fn mapped_key(key: &Type, optional: bool) -> String {
    let text = flat(key);
    match (text.as_str(), optional) {
        // `boolean` is no type of keys, and not every map has both.
        ("boolean", _) => "[key in \"true\" | \"false\"]?: ".to_owned(),
        ("string" | "number", false) => format!("[key: {text}]: "),
        (_, false) => format!("[key in {text}]: "),
        (_, true) => format!("[key in {text}]?: "),
    }
}

fn intersected(ty: &Type) -> String {
    match ty {
        Type::Union(_) => format!("({})", flat(ty)),
        // Here it says "and nothing else"; `Record<string, never>` would forbid the keys of the other parts.
        Type::Object(members) if members.is_empty() => "object".to_owned(),
        ty => flat(ty),
    }
}

fn has_members(ty: &Type) -> bool {
    match ty {
        Type::Object(members) => !members.is_empty(),
        Type::Intersection(types) => types.iter().any(has_members),
        _ => false,
    }
}

fn is_simple(ty: &Type) -> bool {
    match ty {
        Type::Name { args, .. } => args.is_empty(),
        Type::Array(item) => is_simple(item),
        _ => false,
    }
}

fn join(types: &[Type], mark: &str) -> String {
    types.iter().map(flat).collect::<Vec<_>>().join(mark)
}

fn has_docs(ty: &Type) -> bool {
    match ty {
        Type::Verbatim(_) => false,
        Type::Object(members) => members
            .iter()
            .any(|member| !doc::is_empty(&member.docs) || has_docs(&member.ty)),
        Type::Mapped { value, .. } => has_docs(value),
        Type::Array(item) => has_docs(item),
        Type::Name { args: types, .. }
        | Type::Tuple(types)
        | Type::Union(types)
        | Type::Intersection(types) => types.iter().any(has_docs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(text: &str) -> String {
        layout(&Type::parse(text), 0, 60)
    }

    #[test]
    fn short_types_stay_on_one_line() {
        let cases = [
            ("Array<string>", "string[]"),
            ("Array<Page<string>>", "Array<Page<string>>"),
            ("Array<A | null>", "Array<A | null>"),
            (
                "{ \"kind\": \"a\", \"x-y\"?: [A, B], }",
                "{ kind: \"a\"; \"x-y\"?: [A, B] }",
            ),
            ("{ [key in string]: number }", "{ [key: string]: number }"),
            ("{ [key in Tag]?: number }", "{ [key in Tag]?: number }"),
            (
                "{ [key in boolean]: number }",
                "{ [key in \"true\" | \"false\"]?: number }",
            ),
            ("{ \"m²\": number }", "{ \"m²\": number }"),
            ("{  }", "Record<string, never>"),
            ("(A | B) & {  }", "(A | B) & object"),
            ("keyof  A", "keyof  A"),
        ];
        for (text, printed) in cases {
            assert_eq!(print(text), printed);
        }
    }

    #[test]
    fn long_unions_and_objects_break() {
        let text = print(
            "{ \"kind\": \"first\", value: number, } | { \"kind\": \"second\", another_value: string, text: string }",
        );

        let arms = [
            "",
            "  | { kind: \"first\"; value: number }",
            "  | {",
            "      kind: \"second\";",
        ];
        assert_eq!(text.lines().take(4).collect::<Vec<_>>(), arms);
        assert!(text.ends_with("      text: string;\n    }"), "{text}");
    }

    #[test]
    fn documented_members_break_their_object() {
        assert_eq!(
            print("{ \n/**\n *Doc.\n */\na: A, b: B, }"),
            "{\n  /** Doc. */\n  a: A;\n  b: B;\n}"
        );
    }
}
