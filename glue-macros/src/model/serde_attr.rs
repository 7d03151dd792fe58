//! The serde attributes under which the JSON is not what ts-rs takes it for.
//!
//! ts-rs passes over them with a warning, or without one, and the TypeScript type is then wrong. Each is refused here, with what to
//! write instead; `#[ts(as = "…")]` or `#[ts(type = "…")]` beside it says that the author has seen to it.

use quote::quote;
use syn::punctuated::Punctuated;
use syn::{Attribute, Data, DeriveInput, Field, Fields, Path, Token};

use super::entries::{Conditional, Entries, Entry};
use super::{exact, field_type, ts_attr};
use crate::attr;
use crate::ctxt::Ctxt;
use crate::types;

/// Reports every attribute of `input` that TypeScript cannot follow.
pub(super) fn check(cx: &Ctxt, input: &mut DeriveInput) {
    for_each_attrs(input, &mut |attrs| check_conditional(cx, attrs));
    let container = Entries::of(&input.attrs);
    ts_attr::check_type(cx, &container);
    ts_attr::check_tag(cx, &container);
    if !container.states_type() {
        ts_attr::check(cx, &container, &ts_attr::CONTAINER);
        for entry in &container.serde {
            check_container(cx, entry, input);
        }
    }
    match &input.data {
        Data::Struct(data) => check_fields(cx, &data.fields, &Place::of_struct(&container)),
        Data::Enum(data) => {
            for variant in &data.variants {
                let entries = Entries::of(&variant.attrs);
                let place = Place::of_variant(&container, &entries);
                ts_attr::check_skip(cx, &entries);
                if !entries.states_type() {
                    ts_attr::check(cx, &entries, &ts_attr::MEMBER);
                    entries.serde.iter().for_each(|entry| check_variant(cx, entry));
                    check_tagging(cx, &variant.fields, &entries, &place);
                }
                if !entries.has("skip") {
                    check_fields(cx, &variant.fields, &place);
                }
            }
        }
        Data::Union(data) => cx.error(
            data.union_token,
            "a union has no JSON form: write a struct or an enum",
        ),
    }
}

// #[ts(type = "unknown", bound = "")]
// struct Refused {
//     #[serde(skip, default = "::glue::__private::refused")]
//     field: Duration,
// }
/// Leaves of a refused type what derives without a word: the derives would report in their own way what has been said.
pub(super) fn disarm(krate: &Path, input: &mut DeriveInput) {
    let is_conditional = |attr: &Attribute| {
        let parts = attr.parse_args_with(Punctuated::<Conditional, Token![,]>::parse_terminated);
        parts.is_ok_and(|parts| parts.iter().any(|part| HELPERS.contains(&part.name.as_str())))
    };
    let is_helper = |attr: &Attribute| {
        let path = attr.path();
        HELPERS.iter().any(|name| path.is_ident(name)) || path.is_ident("cfg_attr") && is_conditional(attr)
    };
    for_each_attrs(input, &mut |attrs| attrs.retain(|attr| !is_helper(attr)));
    if matches!(input.data, Data::Union(_)) {
        return;
    }
    let ts = quote!(#krate::__private::ts_rs::TS).to_string().replace(' ', "");
    let bounds: Vec<_> = input
        .generics
        .type_params()
        .map(|param| format!("{}: {ts}", param.ident))
        .collect();
    let bounds = bounds.join(", ");
    input
        .attrs
        .push(syn::parse_quote!(#[ts(type = "unknown", bound = #bounds)]));
    let refused = quote!(#krate::__private::refused).to_string().replace(' ', "");
    let skip = |field: &mut Field| {
        field
            .attrs
            .push(syn::parse_quote!(#[serde(skip, default = #refused)]))
    };
    match &mut input.data {
        Data::Struct(data) => data.fields.iter_mut().for_each(skip),
        Data::Enum(data) => data
            .variants
            .iter_mut()
            .flat_map(|variant| &mut variant.fields)
            .for_each(skip),
        Data::Union(_) => {}
    }
}

/// The attributes that are ours or the derives'.
const HELPERS: [&str; 3] = ["serde", "ts", "glue"];

/// Says to ts-rs, which doesn't look there, that fields of a type with `default` may be left out.
pub(super) fn state_default(input: &mut DeriveInput) {
    let Data::Struct(data) = &mut input.data else {
        return;
    };
    if !Entries::of(&input.attrs).has("default") {
        return;
    }
    for field in &mut data.fields {
        let entries = Entries::of(&field.attrs);
        let is_omitted = entries.has("skip_serializing_if") || entries.has("skip_serializing");
        let is_stated = entries.has("default") || entries.ts.iter().any(|entry| entry.key == "optional");
        if is_omitted && !is_stated {
            field.attrs.push(syn::parse_quote!(#[ts(optional = nullable)]));
        }
    }
}

// #[serde(deserialize_with = "::glue::__private::keys::deserialize")]
/// Lets the runtime read maps whose keys are numbers: serde itself can't where it buffers.
pub(super) fn state_keys(krate: &Path, input: &mut DeriveInput) {
    let params: Vec<_> = input
        .generics
        .type_params()
        .map(|param| param.ident.clone())
        .collect();
    let path = quote!(#krate::__private::keys::deserialize)
        .to_string()
        .replace(' ', "");
    let state = |field: &mut Field| {
        let entries = Entries::of(&field.attrs);
        let is_stated = entries.states_type()
            || exact::is_exact(&field.attrs)
            || ["with", "deserialize_with", "flatten", "skip"]
                .iter()
                .any(|key| entries.has(key));
        // serde takes no bounds from a field that is read by a function.
        if !is_stated && field_type::has_number_keys(&field.ty) && !exact::mentions(&field.ty, &params) {
            field
                .attrs
                .push(syn::parse_quote!(#[serde(deserialize_with = #path)]));
        }
    };
    match &mut input.data {
        Data::Struct(data) => data.fields.iter_mut().for_each(state),
        Data::Enum(data) => data
            .variants
            .iter_mut()
            .flat_map(|variant| &mut variant.fields)
            .for_each(state),
        Data::Union(_) => {}
    }
}

/// Gives each entry an attribute of its own: ts-rs passes over all of an attribute in which it does not know one entry. `bound` is
/// given the form that ts-rs passes over: it would take it for its own, which needs another trait.
pub(super) fn split(input: &mut DeriveInput) {
    for_each_attrs(input, &mut |attrs| {
        let split = attrs.iter().flat_map(|attr| {
            let entries = attr.parse_args_with(Punctuated::<Entry, Token![,]>::parse_terminated);
            match entries {
                Ok(entries) if attr.path().is_ident("serde") => entries
                    .iter()
                    .map(|entry| match &entry.value {
                        Some(value) if entry.key == "bound" => {
                            syn::parse_quote!(#[serde(bound(serialize = #value, deserialize = #value))])
                        }
                        _ => syn::parse_quote!(#[serde(#entry)]),
                    })
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
        "field_identifier" | "variant_identifier" => {
            cx.error(entry, format!("TypeScript cannot follow `{key}`: remove it"));
        }
        "deny_unknown_fields"
            if matches!(input.data, Data::Struct(_)) && Entries::of(&input.attrs).has("tag") =>
        {
            cx.error(
                entry,
                "serde would refuse the tag that it writes itself: remove `deny_unknown_fields` or `tag`",
            );
        }
        "transparent" if matches!(&input.data, Data::Struct(data) if data.fields.len() > 1) => {
            cx.error(
                entry,
                format!(
                    "TypeScript follows `transparent` where there is one field: write `struct {}(…);`",
                    input.ident
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

fn check_fields(cx: &Ctxt, fields: &Fields, place: &Place) {
    check_skipped(cx, fields, place);
    for field in fields {
        let entries = Entries::of(&field.attrs);
        if entries.has("skip") {
            continue;
        }
        ts_attr::check_skip(cx, &entries);
        ts_attr::check_type(cx, &entries);
        if entries.states_type() {
            continue;
        }
        ts_attr::check(cx, &entries, &ts_attr::MEMBER);
        for entry in &entries.serde {
            check_field(cx, entry, &entries, field, fields, place);
        }
        let is_exact = exact::is_exact(&field.attrs);
        if is_exact
            || !["with", "serialize_with", "deserialize_with"]
                .iter()
                .any(|key| entries.has(key))
        {
            field_type::check(cx, field, place.is_buffered);
        }
        ts_attr::check_optional(cx, &entries);
    }
}

/// What serde does with skipped fields of tuples is not what ts-rs takes it for, where nothing is left.
fn check_skipped(cx: &Ctxt, fields: &Fields, place: &Place) {
    let Fields::Unnamed(unnamed) = fields else { return };
    let entries: Vec<_> = unnamed
        .unnamed
        .iter()
        .map(|field| Entries::of(&field.attrs))
        .collect();
    let Some(last) = entries
        .iter()
        .filter_map(|entries| entries.find("skip").next())
        .next_back()
    else {
        return;
    };
    if entries.iter().all(|entries| entries.has("skip")) && (entries.len() > 1 || place.keeps_skipped_newtype)
    {
        cx.error(
            last,
            "serde and TypeScript differ where all fields are skipped: remove the fields",
        );
    }
}

fn check_field(cx: &Ctxt, entry: &Entry, entries: &Entries, field: &Field, fields: &Fields, place: &Place) {
    let key = entry.key.to_string();
    match key.as_str() {
        "with" | "serialize_with" | "deserialize_with" if !exact::is_exact(&field.attrs) => refuse_functions(cx, entry),
        "skip_serializing_if" | "skip_serializing" if !entries.has("default") && !place.has_default => {
            cx.error(entry, format!("a field that may be left out needs `default`: write `default, {entry}`"));
        }
        "skip_deserializing" => {
            cx.error(entry, "TypeScript has one type for both ways: write `skip`, or remove `skip_deserializing`");
        }
        "rename" if entry.text().is_some_and(|name| name.is_empty()) => {
            cx.error(entry, "a field needs a name in TypeScript: write one");
        }
        "flatten" if place.is_strict => cx.error(
            entry,
            "with `deny_unknown_fields` serde refuses fields that it finds here: remove one of the two",
        ),
        "flatten" if field_type::is_map(&field.ty) && (fields.len() > 1 || place.has_tag) => cx.error(
            entry,
            "in TypeScript the map's values would have to include the other fields: remove `flatten`, so that the map is \
             a field of its own",
        ),
        "flatten" if types::last_segment(&field.ty).is_some_and(|last| last.ident == "Option") => cx.error(
            entry,
            "TypeScript cannot flatten an `Option`: remove `flatten`, or make the fields inside optional instead",
        ),
        _ => check_common(cx, entry),
    }
}

/// What an enum's representation can't hold, or what ts-rs gets wrong of it.
fn check_tagging(cx: &Ctxt, fields: &Fields, entries: &Entries, place: &Place) {
    match (place.representation, fields) {
        (Representation::Internal, Fields::Unnamed(unnamed)) => {
            let Some(field) = unnamed.unnamed.first().filter(|_| unnamed.unnamed.len() == 1) else {
                return;
            };
            let inner = Entries::of(&field.attrs);
            if inner.has("skip") || inner.states_type() {
                return;
            }
            if field_type::is_map(&field.ty) {
                cx.error(
                    &field.ty,
                    "in TypeScript the map's values would have to include the tag: write `{ map: … }`, so that the map is a field \
                     of its own, or give the enum `content = \"…\"`",
                );
            } else if exact::is_exact(&field.attrs) || field_type::is_no_object(&field.ty) {
                cx.error(
                    &field.ty,
                    "the tag stands among the fields of an object, and this is none: write `{ value: … }`, or give the enum \
                     `content = \"…\"`",
                );
            }
        }
        (Representation::UntaggedInInternal, Fields::Named(_)) => {
            if let Some(untagged) = entries.find("untagged").next() {
                cx.error(
                    untagged,
                    "TypeScript would have the tag here as well: write the fields as a struct, and the variant as `Variant(Struct)`",
                );
            }
        }
        _ => {}
    }
}

/// Where fields stand.
struct Place {
    /// `#[serde(default)]` on the type.
    has_default: bool,
    /// `#[serde(deny_unknown_fields)]` on the type.
    is_strict: bool,
    /// Whether the object has a tag besides the fields.
    has_tag: bool,
    /// Whether serde reads the fields through a buffer.
    is_buffered: bool,
    /// Whether a sole field that is skipped is nevertheless there, written or read.
    keeps_skipped_newtype: bool,
    representation: Representation,
}

#[derive(Clone, Copy)]
enum Representation {
    Internal,
    UntaggedInInternal,
    Other,
}

impl Place {
    fn of_struct(container: &Entries) -> Self {
        Self {
            has_default: container.has("default"),
            is_strict: container.has("deny_unknown_fields"),
            has_tag: container.has("tag"),
            is_buffered: false,
            keeps_skipped_newtype: true,
            representation: Representation::Other,
        }
    }

    fn of_variant(container: &Entries, variant: &Entries) -> Self {
        let is_untagged = container.has("untagged") || variant.has("untagged");
        let is_internal = container.has("tag") && !container.has("content");
        Self {
            has_default: false,
            is_strict: container.has("deny_unknown_fields"),
            has_tag: is_internal && !is_untagged,
            is_buffered: is_untagged || container.has("tag"),
            keeps_skipped_newtype: container.has("content") && !is_untagged,
            representation: match (is_internal, is_untagged) {
                (true, false) => Representation::Internal,
                (true, true) => Representation::UntaggedInInternal,
                (false, _) => Representation::Other,
            },
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
            if HELPERS.contains(&name.as_str()) {
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
    if ["rename", "tag", "content"].contains(&key.as_str()) {
        check_name(cx, entry);
    }
    if key == "crate" {
        cx.error(
            entry,
            "`#[glue::model]` sets this: write `#[glue::model(crate = ::path)]` if `glue` was renamed",
        );
    }
}

/// ts-rs puts names into its text as they are, and then takes some parts for its own.
fn check_name(cx: &Ctxt, entry: &Entry) {
    let name = entry.text().unwrap_or_default();
    if name.contains(|char: char| matches!(char, '"' | '\\') || char.is_control()) {
        cx.error(
            entry,
            "TypeScript would need escapes in this name: write it without `\"`, `\\` and control characters",
        );
    } else if name.contains(ts_attr::JOINED) {
        cx.error(
            entry,
            "the type would lose a part of this name: write it without ` } & { `",
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
