//! `codecs.ts`: the codecs of named types and of channels, in three forms as stubs are.

use std::collections::BTreeSet;

use super::{
    header,
    out::{Out, group, indented, sort_names},
    types::quoted_if_needed,
};
use crate::codec::{ChannelCodecs, Codecs, Expr, TypeCodec};

/// Prints the codecs as TypeScript.
pub(crate) fn codecs_source(codecs: &Codecs) -> String {
    let mut out = Out::new(&header(""));
    let mut names = runtime_names(codecs);
    names.push("type CodecTable".to_owned());
    let is_generic = |codec: &TypeCodec| !codec.params.is_empty();
    if !codecs.types.iter().all(is_generic) {
        names.push("type Codec".to_owned());
    }
    if codecs.types.iter().any(is_generic) {
        names.push("type CodecMaker".to_owned());
    }
    import(&mut out, "import ", names);
    print(&mut out, codecs, true);
    out.finish()
}

/// Prints the codecs as JavaScript.
pub(crate) fn codecs_script(codecs: &Codecs) -> String {
    let mut out = Out::new(&header(""));
    import(&mut out, "import ", runtime_names(codecs));
    print(&mut out, codecs, false);
    out.finish()
}

/// Prints the declaration file that goes with [`codecs_script`].
pub(crate) fn codecs_declaration(codecs: &Codecs) -> String {
    let mut out = Out::new(&header(""));
    let has_types = !codecs.types.is_empty();
    let names = [Some("CodecTable"), has_types.then_some("Codec")];
    import(
        &mut out,
        "import type ",
        names.into_iter().flatten().map(str::to_owned).collect(),
    );
    for codec in &codecs.types {
        out.blank();
        let ty = match params(codec, true) {
            params if params.is_empty() => "Codec".to_owned(),
            params => format!("({params}) => Codec"),
        };
        out.line(&format!("export declare const {}: {ty};", codec.name));
    }
    for channel in &codecs.channels {
        out.blank();
        out.line(&format!("export declare const {}: CodecTable;", channel.name));
    }
    out.finish()
}

fn print(out: &mut Out, codecs: &Codecs, is_typed: bool) {
    let ty = |name: &str| {
        if is_typed {
            format!(": {name}")
        } else {
            String::new()
        }
    };
    for codec in &codecs.types {
        out.blank();
        let body = expr(&codec.expr, out.columns() - "  ,".len());
        let (ty, make) = if codec.params.is_empty() {
            (ty("Codec"), "lazy(() =>".to_owned())
        } else {
            let make = format!("generic(({}) =>", params(codec, false));
            (ty("CodecMaker"), make)
        };
        let head = format!("export const {}{ty} = {PURE}{make}", codec.name);
        out.line(&thunk(&head, &body, out.columns()));
    }
    for channel in &codecs.channels {
        out.blank();
        let head = format!(
            "export const {}{} = {PURE}once(() => ({{",
            channel.name,
            ty("CodecTable")
        );
        out.line(&head);
        for line in members(channel, out.columns() - "  ,".len()) {
            out.line(&indented(&line));
        }
        out.line("}));");
    }
}

/// What is made when it is first used: on one line, or `body` below `head`.
fn thunk(head: &str, body: &str, columns: usize) -> String {
    let flat = format!("{head} {body});");
    if !flat.contains('\n') && flat.chars().count() <= columns {
        flat
    } else {
        format!("{head}\n{},\n);", indented(body))
    }
}

fn members(channel: &ChannelCodecs, columns: usize) -> Vec<String> {
    let members = channel.members.iter();
    members
        .map(|(name, slots)| {
            let object = Expr::Object(slots.clone());
            format!("{},", member(name, &object, columns))
        })
        .collect()
}

fn params(codec: &TypeCodec, is_typed: bool) -> String {
    let ty = if is_typed { ": Codec" } else { "" };
    let params: Vec<_> = codec.params.iter().map(|param| format!("{param}{ty}")).collect();
    params.join(", ")
}

/// Returns `expr` on one line, or on several if that takes more than `columns`.
fn expr(expr: &Expr, columns: usize) -> String {
    let text = flat(expr);
    if text.chars().count() <= columns {
        return text;
    }
    let inner = columns.saturating_sub("  ,".len());
    match expr {
        Expr::Name(name) => name.clone(),
        Expr::Object(members) => {
            let members: Vec<_> = members
                .iter()
                .map(|(key, value)| member(key, value, inner))
                .collect();
            group("", '{', &members, "", 0)
        }
        // One object is broken without giving it a line of its own.
        Expr::Call(name, args) => match args.as_slice() {
            [object @ Expr::Object(_)] => format!(
                "{name}({})",
                self::expr(object, columns.saturating_sub(name.len() + 2))
            ),
            args => {
                let args: Vec<_> = args.iter().map(|arg| self::expr(arg, inner)).collect();
                group(name, '(', &args, "", 0)
            }
        },
    }
}

fn member(key: &str, value: &Expr, columns: usize) -> String {
    let key = key_of(key);
    let value = expr(value, columns.saturating_sub(key.len() + 2));
    // A codec of the member's own name.
    if key == value {
        key
    } else {
        format!("{key}: {value}")
    }
}

/// Written as a name, `__proto__` would set the object's prototype.
fn key_of(key: &str) -> String {
    if key == "__proto__" {
        format!("[\"{key}\"]")
    } else {
        quoted_if_needed(key)
    }
}

fn flat(expr: &Expr) -> String {
    match expr {
        Expr::Name(name) => name.clone(),
        Expr::Call(name, args) => {
            let args: Vec<_> = args.iter().map(flat).collect();
            format!("{name}({})", args.join(", "))
        }
        Expr::Object(members) => {
            let members: Vec<_> = members
                .iter()
                .map(|(key, value)| member(key, value, usize::MAX))
                .collect();
            group("", '{', &members, "", usize::MAX)
        }
    }
}

/// Names of the runtime that the codecs use.
fn runtime_names(codecs: &Codecs) -> Vec<String> {
    let mut names = BTreeSet::from(["once".to_owned()]);
    let mut visit = |name: &str| {
        // Those of types all end like this, and none of the runtime does.
        if !name.ends_with("Codec") {
            names.insert(name.to_owned());
        }
    };
    for codec in &codecs.types {
        visit(if codec.params.is_empty() {
            "lazy"
        } else {
            "generic"
        });
        codec.expr.visit_names(&mut visit);
    }
    let members = codecs.channels.iter().flat_map(|channel| &channel.members);
    for (_, expr) in members.flat_map(|(_, slots)| slots) {
        expr.visit_names(&mut visit);
    }
    names.into_iter().collect()
}

fn import(out: &mut Out, keyword: &str, mut names: Vec<String>) {
    sort_names(&mut names);
    out.group(keyword, '{', &names, " from \"./runtime/codec/index.js\";");
}

/// Says to bundlers that what isn't used can be left out.
const PURE: &str = "/* @__PURE__ */ ";
