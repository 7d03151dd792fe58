//! The serde attributes under which the JSON is not what ts-rs takes it for.
//!
//! ts-rs passes over them with a warning, or without one, and the TypeScript type is then wrong. Each is refused here, with what to
//! write instead; `#[ts(as = "…")]` or `#[ts(type = "…")]` beside it says that the author has seen to it.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Data, DeriveInput, Field, Fields, Token, Type};

use crate::attr;
use crate::ctxt::Ctxt;
use crate::types;

/// Reports every attribute of `input` that TypeScript cannot follow, and if there is one takes them off, all but those of skipped fields,
/// so that the derives do not report it as well.
pub(super) fn check(cx: &Ctxt, input: &mut DeriveInput) {
    let before = cx.count();
    for_each_attrs(input, &mut |attrs| check_conditional(cx, attrs));
    let container = Entries::of(&input.attrs);
    if !container.states_type() {
        check_ts(cx, &container, &CONTAINER_TS);
        for entry in &container.serde {
            check_container(cx, entry, input);
        }
    }
    match &input.data {
        Data::Struct(data) => check_fields(cx, &data.fields),
        Data::Enum(data) => {
            for variant in &data.variants {
                let entries = Entries::of(&variant.attrs);
                if !entries.states_type() {
                    check_ts(cx, &entries, &MEMBER_TS);
                    entries.serde.iter().for_each(|entry| check_variant(cx, entry));
                }
                check_fields(cx, &variant.fields);
            }
        }
        Data::Union(data) => cx.error(
            data.union_token,
            "a union has no JSON form: write a struct or an enum",
        ),
    }
    if cx.count() > before {
        let ours = |attr: &Attribute| attr.path().is_ident("serde") || attr.path().is_ident("ts");
        for_each_attrs(input, &mut |attrs| {
            if !Entries::of(attrs).has("skip") {
                attrs.retain(|attr| !ours(attr));
            }
        });
    }
}

/// Gives each entry an attribute of its own: ts-rs passes over all of an attribute in which it does not know one entry.
pub(super) fn split(input: &mut DeriveInput) {
    for_each_attrs(input, &mut |attrs| {
        let split = attrs.iter().flat_map(|attr| {
            let entries = attr.parse_args_with(Punctuated::<Entry, Token![,]>::parse_terminated);
            match entries {
                Ok(entries) if attr.path().is_ident("serde") && entries.len() > 1 => entries
                    .iter()
                    .map(|entry| syn::parse_quote!(#[serde(#entry)]))
                    .collect(),
                _ => vec![attr.clone()],
            }
        });
        *attrs = split.collect();
    });
}

pub(super) fn for_each_attrs(input: &mut DeriveInput, change: &mut dyn FnMut(&mut Vec<Attribute>)) {
    change(&mut input.attrs);
    match &mut input.data {
        Data::Struct(data) => data.fields.iter_mut().for_each(|field| change(&mut field.attrs)),
        Data::Enum(data) => {
            for variant in &mut data.variants {
                change(&mut variant.attrs);
                variant
                    .fields
                    .iter_mut()
                    .for_each(|field| change(&mut field.attrs));
            }
        }
        Data::Union(_) => {}
    }
}

fn check_container(cx: &Ctxt, entry: &Entry, input: &DeriveInput) {
    let key = entry.key.to_string();
    match key.as_str() {
        "from" | "into" | "try_from" | "remote" => {
            cx.error(
                entry,
                format!(
                    "TypeScript cannot follow `{key}`: add `#[ts(as = \"…\")]` with the type that is sent"
                ),
            );
        }
        "transparent" if matches!(&input.data, Data::Struct(data) if matches!(data.fields, Fields::Named(_))) =>
        {
            cx.error(
                entry,
                format!(
                    "TypeScript cannot follow `transparent` here: write `struct {}(…);`",
                    input.ident
                ),
            );
        }
        _ => check_common(cx, entry),
    }
}

fn check_variant(cx: &Ctxt, entry: &Entry) {
    let key = entry.key.to_string();
    match key.as_str() {
        "with" | "serialize_with" | "deserialize_with" => refuse_functions(cx, entry),
        "skip_serializing" | "skip_deserializing" => {
            cx.error(
                entry,
                format!("TypeScript has one type for both ways: write `skip` instead of `{key}`"),
            );
        }
        "other" => cx.error(
            entry,
            "TypeScript cannot say \"any other\": remove `other`, and let new variants be errors",
        ),
        _ => check_common(cx, entry),
    }
}

fn check_fields(cx: &Ctxt, fields: &Fields) {
    for field in fields {
        let entries = Entries::of(&field.attrs);
        if entries.states_type() || entries.has("skip") {
            continue;
        }
        check_ts(cx, &entries, &MEMBER_TS);
        for entry in &entries.serde {
            check_field(cx, entry, &entries, field, fields);
        }
        let omitted = entries.has("skip_serializing_if") || entries.has("skip_serializing");
        for entry in entries
            .ts
            .iter()
            .filter(|entry| entry.key == "optional" && entry.value.is_none() && !omitted)
        {
            cx.error(
                entry,
                "the field is sent as `null`, not left out: add \
                 `#[serde(default, skip_serializing_if = \"Option::is_none\")]`",
            );
        }
    }
}

fn check_field(cx: &Ctxt, entry: &Entry, entries: &Entries, field: &Field, fields: &Fields) {
    let key = entry.key.to_string();
    match key.as_str() {
        "with" | "serialize_with" | "deserialize_with" => refuse_functions(cx, entry),
        "skip_serializing_if" | "skip_serializing" if !entries.has("default") => {
            cx.error(entry, format!("a field that may be left out needs `default`: write `default, {entry}`"));
        }
        "skip_deserializing" => {
            cx.error(entry, "TypeScript has one type for both ways: write `skip`, or remove `skip_deserializing`");
        }
        "flatten" if is_map(&field.ty) && fields.len() > 1 => cx.error(
            entry,
            "in TypeScript the map's values would have to include the other fields: remove `flatten`, so that the map is \
             a field of its own",
        ),
        _ => check_common(cx, entry),
    }
}

/// What changes the type without changing the JSON. The name of the type itself is TypeScript's alone.
const CONTAINER_TS: [&str; 6] = [
    "rename_all",
    "rename_all_fields",
    "tag",
    "content",
    "untagged",
    "optional_fields",
];
const MEMBER_TS: [&str; 5] = ["rename", "rename_all", "flatten", "untagged", "optional_fields"];

fn check_ts(cx: &Ctxt, entries: &Entries, refused: &[&str]) {
    for entry in &entries.ts {
        let key = entry.key.to_string();
        if !refused.contains(&key.as_str()) {
            continue;
        }
        if key == "optional_fields" {
            cx.error(
                entry,
                "the fields are sent as `null`, not left out: write \
                 `#[serde(default, skip_serializing_if = \"Option::is_none\")]` on each",
            );
        } else {
            cx.error(
                entry,
                format!(
                    "the JSON would not change with it: write `#[serde({entry})]`, which TypeScript follows"
                ),
            );
        }
    }
}

/// What `cfg_attr` holds is not there yet when we look.
fn check_conditional(cx: &Ctxt, attrs: &[Attribute]) {
    for attr in attr::named(attrs, &["cfg_attr"]) {
        let Ok(parts) = attr.parse_args_with(Punctuated::<Conditional, Token![,]>::parse_terminated) else {
            continue;
        };
        for Conditional { name, .. } in parts.iter().skip(1) {
            if name == "serde" || name == "ts" || name == "glue" {
                cx.error(
                    attr,
                    format!("`#[glue::model]` cannot look into `cfg_attr`: write `#[{name}(…)]` without a condition"),
                );
            }
        }
    }
}

/// Names that differ by direction would need two TypeScript types.
fn check_common(cx: &Ctxt, entry: &Entry) {
    let key = entry.key.to_string();
    if matches!(key.as_str(), "rename" | "rename_all" | "rename_all_fields") && entry.value.is_none() {
        cx.error(
            entry,
            format!("TypeScript has one name for both ways: write `{key} = \"…\"`"),
        );
    }
    if key == "crate" {
        cx.error(
            entry,
            "`#[glue::model]` sets this: write `#[glue::model(crate = ::path)]` if `glue` was renamed",
        );
    }
}

fn refuse_functions(cx: &Ctxt, entry: &Entry) {
    let key = &entry.key;
    cx.error(
        entry,
        format!("only you know the form that `{key}` gives: add `#[ts(as = \"…\")]` or `#[ts(type = \"…\")]` with it"),
    );
}

fn is_map(ty: &Type) -> bool {
    types::last_segment(ty).is_some_and(|last| last.ident == "HashMap" || last.ident == "BTreeMap")
}

/// What the helper attributes of one item say.
pub(super) struct Entries {
    pub(super) serde: Vec<Entry>,
    ts: Vec<Entry>,
}

/// `key`, `key = value` or `key(…)`.
pub(super) struct Entry {
    pub(super) key: Ident,
    pub(super) value: Option<TokenStream>,
    tokens: TokenStream,
}

/// A part of `cfg_attr(…)`: the condition, or an attribute.
struct Conditional {
    name: String,
}

impl Entries {
    pub(super) fn of(attrs: &[Attribute]) -> Self {
        let of = |name: &str| {
            let lists = attr::named(attrs, &[name]).into_iter().filter_map(|attr| {
                // What doesn't parse is the derive's to report.
                attr.parse_args_with(Punctuated::<Entry, Token![,]>::parse_terminated)
                    .ok()
            });
            lists.flatten().collect()
        };
        Self {
            serde: of("serde"),
            ts: of("ts"),
        }
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.serde.iter().any(|entry| entry.key == key)
    }

    /// The values of all entries with this key that are strings.
    pub(super) fn values(&self, key: &str) -> Vec<String> {
        let entries = self.serde.iter().filter(|entry| entry.key == key);
        let value = |entry: &Entry| syn::parse2::<syn::LitStr>(entry.value.clone()?).ok();
        entries.filter_map(value).map(|literal| literal.value()).collect()
    }

    pub(super) fn states_type(&self) -> bool {
        self.ts
            .iter()
            .any(|entry| entry.key == "as" || entry.key == "type" || entry.key == "skip")
    }
}

impl Parse for Conditional {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let path = input.call(syn::Path::parse_mod_style)?;
        while !input.is_empty() && !input.peek(Token![,]) {
            let _: TokenTree = input.parse()?;
        }
        let last = path.segments.last();
        Ok(Self {
            name: last.map(|last| last.ident.to_string()).unwrap_or_default(),
        })
    }
}

impl Parse for Entry {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let key = input.call(Ident::parse_any)?;
        let mut tokens = key.to_token_stream();
        let mut value = None;
        if let Some(equals) = input.parse::<Option<Token![=]>>()? {
            equals.to_tokens(&mut tokens);
            value = Some(TokenStream::new());
        }
        while !input.is_empty() && !input.peek(Token![,]) {
            let token: TokenTree = input.parse()?;
            tokens.extend([token.clone()]);
            if let Some(value) = &mut value {
                value.extend([token]);
            }
        }
        Ok(Self { key, value, tokens })
    }
}

impl ToTokens for Entry {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.tokens.to_tokens(tokens);
    }
}

impl std::fmt::Display for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.tokens.fmt(f)
    }
}
