//! Writes the package: the models, random values of them, and channels that send and take these.

use std::fmt::Write as _;

use super::grow::Package;
use super::types::{Body, Field, Fields, Model, PARAMS, Ty, Variant};

/// How methods of one root are called, beside `values`, `check` and `echo`: each root has one of these ways more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extra {
    Event,
    Upload,
    ClientCall,
    Error,
}

/// Returns the way that a root has.
pub(crate) fn extra(root: usize) -> Extra {
    [Extra::Event, Extra::Upload, Extra::ClientCall, Extra::Error][root % 4]
}

/// Roots of one channel: with more the compiler takes longer for one of them than it saves.
pub(crate) const PER_CHANNEL: usize = 20;

/// Writes `main.rs`.
pub(crate) fn source(package: &Package) -> String {
    let names = names(package);
    let mut out = HEAD.to_owned();
    for model in &package.models {
        out.push_str(&declaration(model, &names));
        out.push_str(&fidelity(model, &names));
    }
    let roots: Vec<_> = package.roots.iter().enumerate().collect();
    let channels: Vec<_> = roots.chunks(PER_CHANNEL).collect();
    for (number, roots) in channels.iter().enumerate() {
        out.push_str(&channel(number, roots, &names));
    }
    out.push_str("#[tokio::main(flavor = \"current_thread\")]\nasync fn main() -> Result<(), Box<dyn std::error::Error>> {\n");
    out.push_str("    glue_fidelity::serve(glue::Server::builder()\n");
    for number in 0..channels.len() {
        let _ = writeln!(out, "        .channel(Served{number}.into_channel())");
    }
    out.push_str("        .build()).await\n}\n");
    out
}

/// The names of the models, by their numbers.
pub(crate) fn names(package: &Package) -> Vec<String> {
    package.models.iter().map(|model| model.name.clone()).collect()
}

/// A model as its source has it.
pub(crate) fn declaration(model: &Model, names: &[String]) -> String {
    let mut out = String::new();
    docs(&mut out, "", &model.docs);
    let _ = writeln!(out, "#[glue::model]\n#[derive({})]", model.derives.join(", "));
    serde(&mut out, "", &model.serde);
    let head = format!("{}{}", model.name, generics(model, ""));
    match &model.body {
        Body::Struct(body) => {
            let end = if matches!(body, Fields::Named(_)) { "" } else { ";" };
            let _ = writeln!(out, "pub struct {head}{}{end}", fields(body, "pub ", "", names));
        }
        Body::Enum(variants) => {
            let _ = writeln!(out, "pub enum {head} {{");
            for variant in variants {
                docs(&mut out, "    ", &variant.docs);
                serde(&mut out, "    ", &variant.serde);
                let _ = writeln!(
                    out,
                    "    {}{},",
                    variant.ident,
                    fields(&variant.fields, "", "    ", names)
                );
            }
            out.push_str("}\n");
        }
    }
    out
}

fn fields(fields: &Fields, visibility: &str, indent: &str, names: &[String]) -> String {
    let mut out = String::new();
    let inner = format!("{indent}    ");
    for field in fields.list() {
        out.push('\n');
        docs(&mut out, &inner, &field.docs);
        serde(&mut out, &inner, &field.serde);
        if field.is_exact {
            let _ = writeln!(out, "{inner}#[glue(exact)]");
        }
        let ty = field.ty.rust(names);
        let name = if field.ident.is_empty() {
            String::new()
        } else {
            format!("{}: ", field.ident)
        };
        let _ = write!(out, "{inner}{visibility}{name}{ty},");
    }
    let end = if out.is_empty() {
        String::new()
    } else {
        format!("\n{indent}")
    };
    match fields {
        Fields::Unit => out,
        Fields::Tuple(_) => format!("({out}{end})"),
        Fields::Named(_) => format!(" {{{out}{end}}}"),
    }
}

fn docs(out: &mut String, indent: &str, docs: &[String]) {
    for line in docs {
        let _ = writeln!(out, "{indent}///{line}");
    }
}

fn serde(out: &mut String, indent: &str, serde: &[String]) {
    if !serde.is_empty() {
        let _ = writeln!(out, "{indent}#[serde({})]", serde.join(", "));
    }
}

fn generics(model: &Model, bound: &str) -> String {
    if model.params.is_empty() {
        return String::new();
    }
    let params: Vec<_> = PARAMS[..model.params.len()]
        .iter()
        .map(|name| format!("{name}{bound}"))
        .collect();
    format!("<{}>", params.join(", "))
}

/// The impl of `Fidelity`.
fn fidelity(model: &Model, names: &[String]) -> String {
    let (random, same) = match &model.body {
        Body::Struct(fields) => {
            let same = compared(fields.list(), |field, index| {
                let name = if field.ident.is_empty() {
                    index.to_string()
                } else {
                    field.ident.clone()
                };
                format!("self.{name}.{}(&other.{name})", same_of(field))
            });
            (
                format!("random.spend();\n        {}", built("Self", fields, names)),
                same,
            )
        }
        Body::Enum(variants) => (random_variant(variants, names), same_variant(variants)),
    };
    format!(
        "impl{} Fidelity for {}{} {{\n    fn random(random: &mut Random) -> Self {{\n        {random}\n    }}\n    \
         fn same(&self, other: &Self) -> bool {{\n        {same}\n    }}\n}}\n\n",
        generics(model, ": Fidelity"),
        model.name,
        generics(model, ""),
    )
}

/// An expression with random fields.
fn built(path: &str, fields: &Fields, names: &[String]) -> String {
    let value = |field: &Field| {
        if field.is_skipped {
            return "Default::default()".to_owned();
        }
        let kind = if field.is_exact { "Exactly" } else { "Fidelity" };
        format!("<{} as {kind}>::random(random)", field.ty.rust(names))
    };
    match fields {
        Fields::Unit => path.to_owned(),
        Fields::Tuple(list) => {
            let values: Vec<_> = list.iter().map(value).collect();
            format!("{path}({})", values.join(", "))
        }
        Fields::Named(list) => {
            let values: Vec<_> = list
                .iter()
                .map(|field| format!("{}: {}", field.ident, value(field)))
                .collect();
            format!("{path} {{ {} }}", values.join(", "))
        }
    }
}

fn random_variant(variants: &[Variant], names: &[String]) -> String {
    let sent: Vec<_> = variants.iter().filter(|variant| !variant.is_skipped).collect();
    let mut out = format!(
        "random.spend();\n        match if random.is_tired() {{ 0 }} else {{ random.below({}) }} {{\n",
        sent.len()
    );
    for (index, variant) in sent.iter().enumerate() {
        let pattern = if index + 1 == sent.len() {
            "_".to_owned()
        } else {
            index.to_string()
        };
        let built = built(&format!("Self::{}", variant.ident), &variant.fields, names);
        let _ = writeln!(out, "            {pattern} => {built},");
    }
    out + "        }"
}

fn same_variant(variants: &[Variant]) -> String {
    let mut out = "match (self, other) {\n".to_owned();
    for variant in variants.iter().filter(|variant| !variant.is_skipped) {
        let bound = |side: &str| {
            let name = |(index, field): (usize, &Field)| {
                if field.ident.is_empty() {
                    format!("{side}{index}")
                } else {
                    format!("{}: {side}{index}", field.ident)
                }
            };
            let list: Vec<_> = variant.fields.list().iter().enumerate().map(name).collect();
            match &variant.fields {
                Fields::Unit => format!("Self::{}", variant.ident),
                Fields::Tuple(_) => format!("Self::{}({})", variant.ident, list.join(", ")),
                Fields::Named(_) => format!("Self::{} {{ {} }}", variant.ident, list.join(", ")),
            }
        };
        let same = compared(variant.fields.list(), |field, index| {
            format!("a{index}.{}(b{index})", same_of(field))
        });
        let _ = writeln!(out, "            ({}, {}) => {same},", bound("a"), bound("b"));
    }
    if variants.len() > 1 {
        out.push_str("            _ => false,\n");
    }
    out + "        }"
}

fn same_of(field: &Field) -> &'static str {
    if field.is_exact { "same_exactly" } else { "same" }
}

fn compared(fields: &[Field], compare: impl Fn(&Field, usize) -> String) -> String {
    let sent = fields.iter().enumerate().filter(|(_, field)| !field.is_skipped);
    let all: Vec<_> = sent.map(|(index, field)| compare(field, index)).collect();
    if all.is_empty() {
        "true".to_owned()
    } else {
        all.join(" && ")
    }
}

/// A channel with the methods of some roots, and what serves it.
fn channel(number: usize, roots: &[(usize, &Ty)], names: &[String]) -> String {
    let (mut declared, mut served) = (String::new(), String::new());
    for &(root, ty) in roots {
        let ty = ty.rust(names);
        let mut method = |signature: String, body: String| {
            let _ = writeln!(declared, "    {signature};");
            let _ = writeln!(served, "    {signature} {{ {body} }}");
        };
        method(
            format!("fn values_{root}(&self, seed: u32, count: u32) -> impl Stream<Item = {ty}>"),
            format!("glue_fidelity::values(seed, {root}, count)"),
        );
        method(
            format!("async fn check_{root}(&self, seed: u32, index: u32, value: {ty}) -> Option<Difference>"),
            format!("glue_fidelity::check(seed, {root}, index, &value)"),
        );
        method(
            format!("async fn echo_{root}(&self, value: {ty}) -> {ty}"),
            "value".to_owned(),
        );
        match extra(root) {
            Extra::Event => {
                method(
                    format!("async fn emit_{root}(&self, cx: &Context, seed: u32, count: u32)"),
                    format!(
                        "for index in 0..count {{ let value = glue_fidelity::value(seed, {root}, index); \
                         let _ = cx.emit(&Types{number}Event::Event{root} {{ index, value }}).await; }}"
                    ),
                );
                let _ = writeln!(declared, "    #[event] fn event_{root}(index: u32, value: {ty});");
            }
            Extra::Upload => method(
                format!("async fn upload_{root}(&self, seed: u32, values: Incoming<{ty}>) -> Tally"),
                format!("glue_fidelity::upload(seed, {root}, values).await"),
            ),
            Extra::ClientCall => {
                method(
                    format!("async fn ask_all_{root}(&self, cx: &Context, seed: u32, count: u32) -> Tally"),
                    format!(
                        "let client = Types{number}Callback::of(cx); let mut tally = Tally::default(); for index in 0..count {{ \
                         let back = client.ask_{root}(glue_fidelity::value(seed, {root}, index)).await; \
                         tally.answer(seed, {root}, index, back.map_err(|error| format!(\"{{error:?}}\"))); }} tally"
                    ),
                );
                let _ = writeln!(
                    declared,
                    "    #[client] async fn ask_{root}(value: {ty}) -> {ty};"
                );
            }
            Extra::Error => method(
                format!("async fn fail_{root}(&self, seed: u32, index: u32) -> Result<(), {ty}>"),
                format!("Err(glue_fidelity::value(seed, {root}, index))"),
            ),
        }
    }
    format!(
        "#[glue::channel]\npub trait Types{number} {{\n{declared}}}\n\nstruct Served{number};\n\nimpl Types{number} for Served{number} {{\n{served}}}\n\n"
    )
}

const HEAD: &str = "\
// Written by `cargo xtask fidelity`.
#![allow(warnings)]
#![recursion_limit = \"512\"]

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::marker::PhantomData;
use std::num::{NonZeroI16, NonZeroU8, NonZeroU32};
use std::ops::Range;
use std::time::SystemTime;

use glue::{Context, Exact, Incoming, Stream};
use glue_fidelity::{Difference, Exactly, Fidelity, Random, Tally};

";
