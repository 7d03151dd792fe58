//! What serde does with a type, for glue-codegen: the `ModelSchema` of the runtime as JSON.
//!
//! ts-rs gives a text in which all numbers are one type and defaults can't be seen. It hands doc comments through, though, from
//! every crate, so in builds of glue-codegen the facts travel as the last line of the type's.

use std::fmt::Write;

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, Data, DeriveInput, Expr, ExprLit, Field, Fields, Lit, Meta, Type};

use super::entries::Entries;
use super::exact::{is_exact, wire_type};
use super::rename::{self, by_serde_for_field, by_serde_for_variant};
use crate::attr;
use crate::types;

/// Adds the line, if glue-codegen is what builds us.
pub(super) fn state(input: &mut DeriveInput) {
    // Not in our own tests: their snapshots are the same under all features.
    if cfg!(all(feature = "codegen", not(test))) {
        say_deprecated(input);
        let line = format!("glue::model {}", describe(input));
        input.attrs.push(syn::parse_quote!(#[doc = #line]));
    }
}

/// Says in doc comments what is deprecated.
fn say_deprecated(input: &mut DeriveInput) {
    let say = |attrs: &mut Vec<Attribute>| {
        if let Some(line) = attr::deprecation(&*attrs) {
            attrs.push(syn::parse_quote!(#[doc = #line]));
        }
    };
    say(&mut input.attrs);
    match &mut input.data {
        Data::Struct(data) => data.fields.iter_mut().for_each(|field| say(&mut field.attrs)),
        Data::Enum(data) => {
            for variant in &mut data.variants {
                say(&mut variant.attrs);
                variant.fields.iter_mut().for_each(|field| say(&mut field.attrs));
            }
        }
        Data::Union(_) => {}
    }
}

/// Returns the facts as JSON.
fn describe(input: &DeriveInput) -> String {
    let container = Entries::of(&input.attrs);
    let rename_all = rename::rule(&container, "rename_all");
    let mut json = Json::default();
    json.object(|json| {
        json.flag("deny_unknown_fields", container.has("deny_unknown_fields"));
        match &input.data {
            Data::Struct(data) => {
                fields(
                    json,
                    &data.fields,
                    rename_all.as_deref(),
                    container.has("default"),
                );
            }
            Data::Enum(data) => {
                let of_fields = rename::rule(&container, "rename_all_fields");
                json.list("variants", data.variants.iter(), |json, variant| {
                    let entries = Entries::of(&variant.attrs);
                    if entries.has("skip") {
                        return false;
                    }
                    let ident = variant.ident.unraw().to_string();
                    let by_rule = rename_all
                        .as_deref()
                        .and_then(|rule| by_serde_for_variant(rule, &ident));
                    json.object(|json| {
                        common(json, &variant.attrs, &entries, by_rule.unwrap_or(ident));
                        let own = rename::rule(&entries, "rename_all");
                        fields(
                            json,
                            &variant.fields,
                            own.as_deref().or(of_fields.as_deref()),
                            false,
                        );
                    });
                    true
                });
            }
            Data::Union(_) => {}
        }
    });
    json.0
}

/// The member `fields`.
fn fields(json: &mut Json, fields: &Fields, rule: Option<&str>, default: bool) {
    json.list("fields", fields.iter().enumerate(), |json, (index, field)| {
        let entries = Entries::of(&field.attrs);
        if entries.has("skip") {
            return false;
        }
        let name = match &field.ident {
            None => index.to_string(),
            Some(ident) => {
                let ident = ident.unraw().to_string();
                rule.and_then(|rule| by_serde_for_field(rule, &ident))
                    .unwrap_or(ident)
            }
        };
        json.object(|json| {
            common(json, &field.attrs, &entries, name);
            let ty = if is_exact(&field.attrs) {
                rust(&wire_type(&field.ty))
            } else {
                rust(&field.ty)
            };
            json.text("rust", &ty);
            json.flag(
                "default",
                default || entries.has("default") || absent(field, &entries),
            );
            json.flag("flatten", entries.has("flatten"));
        });
        true
    });
}

/// What fields and variants have in common.
fn common(json: &mut Json, attrs: &[Attribute], entries: &Entries, name: String) {
    json.text("name", &rename::rule(entries, "rename").unwrap_or(name));
    let aliases: Vec<_> = entries.values("alias");
    json.list("aliases", aliases.iter(), |json, alias| {
        json.string(alias);
        true
    });
    json.list("docs", docs(attrs).iter(), |json, line| {
        json.string(line);
        true
    });
}

/// Whether serde reads a field that is left out as `None`.
fn absent(field: &Field, entries: &Entries) -> bool {
    let is_option = types::last_segment(&field.ty).is_some_and(|last| last.ident == "Option");
    is_option && !entries.has("with") && !entries.has("deserialize_with")
}

/// The lines of a doc comment that are written out; a text that is included isn't here to be read.
fn docs(attrs: &[Attribute]) -> Vec<String> {
    let text = |attr: &Attribute| match &attr.meta {
        Meta::NameValue(doc) => match &doc.value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text), ..
            }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    };
    attr::named(attrs, &["doc"])
        .into_iter()
        .filter_map(text)
        .collect()
}

/// A type as its text, without the paths of its names.
fn rust(ty: &Type) -> String {
    struct Last;
    impl VisitMut for Last {
        fn visit_path_mut(&mut self, path: &mut syn::Path) {
            path.leading_colon = None;
            if let Some(last) = path.segments.pop() {
                path.segments = [last].into_iter().collect();
            }
            visit_mut::visit_path_mut(self, path);
        }
    }
    let mut ty = types::bare(ty).clone();
    Last.visit_type_mut(&mut ty);
    let text = ty.to_token_stream().to_string();
    text.replace(" < ", "<")
        .replace(" >", ">")
        .replace("< ", "<")
        .replace(" ,", ",")
        .replace(" ;", ";")
}

/// JSON under construction; what is empty or false is left out.
#[derive(Default)]
struct Json(String);

impl Json {
    fn object(&mut self, body: impl FnOnce(&mut Self)) {
        self.0.push('{');
        body(self);
        self.0.push('}');
    }

    fn key(&mut self, key: &str) {
        self.comma();
        self.string(key);
        self.0.push(':');
    }

    fn comma(&mut self) {
        if !self.0.ends_with(['{', '[']) {
            self.0.push(',');
        }
    }

    fn flag(&mut self, key: &str, value: bool) {
        if value {
            self.key(key);
            self.0.push_str("true");
        }
    }

    fn text(&mut self, key: &str, value: &str) {
        self.key(key);
        self.string(value);
    }

    /// `item` returns whether it has written one.
    fn list<T>(
        &mut self,
        key: &str,
        items: impl Iterator<Item = T>,
        mut item: impl FnMut(&mut Self, T) -> bool,
    ) {
        let before = self.0.len();
        self.key(key);
        self.0.push('[');
        let mut any = false;
        for value in items {
            let at = self.0.len();
            self.comma();
            if item(self, value) {
                any = true;
            } else {
                self.0.truncate(at);
            }
        }
        self.0.push(']');
        if !any {
            self.0.truncate(before);
        }
    }

    fn string(&mut self, text: &str) {
        self.0.push('"');
        for char in text.chars() {
            match char {
                '"' | '\\' => self.0.extend(['\\', char]),
                '\0'..='\u{1f}' => {
                    let _ = write!(self.0, "\\u{:04x}", u32::from(char));
                }
                _ => self.0.push(char),
            }
        }
        self.0.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_struct_tells_names_types_and_what_may_be_left_out() {
        let json = describe(&syn::parse_quote! {
            /// A "person".
            #[serde(rename_all = "camelCase", deny_unknown_fields)]
            struct Person {
                /// Called \so.
                #[serde(alias = "nick", alias = "handle")]
                user_name: std::string::String,
                ages: Option<std::vec::Vec<u8>>,
                #[serde(default, rename = "x")]
                y: [u16; 3],
                #[serde(skip)]
                secret: u8,
                #[glue(exact)]
                id: Option<Vec<u64>>,
                #[serde(flatten)]
                more: More,
            }
        });

        assert_eq!(
            json,
            r#"{"deny_unknown_fields":true,"fields":[{"name":"userName","aliases":["nick","handle"],"docs":[" Called \\so."],"rust":"String"},{"name":"ages","rust":"Option<Vec<u8>>","default":true},{"name":"x","rust":"[u16; 3]","default":true},{"name":"id","rust":"Option<Vec<Exact<u64>>>","default":true},{"name":"more","rust":"More","flatten":true}]}"#
        );
    }

    #[test]
    fn an_enum_tells_its_variants() {
        let json = describe(&syn::parse_quote! {
            #[serde(rename_all = "snake_case", rename_all_fields = "camelCase")]
            enum Shape {
                NoShape,
                /// Round.
                Circle { the_radius: f32 },
                #[serde(rename = "sq")]
                Square(u8, u8),
                #[serde(skip)]
                Hidden,
            }
        });

        assert_eq!(
            json,
            r#"{"variants":[{"name":"no_shape"},{"name":"circle","docs":[" Round."],"fields":[{"name":"theRadius","rust":"f32"}]},{"name":"sq","fields":[{"name":"0","rust":"u8"},{"name":"1","rust":"u8"}]}]}"#
        );
    }
}
