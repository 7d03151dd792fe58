//! JSON Schema (draft 7) of what travels, from the TypeScript of a type and what is known of it in Rust.

use std::collections::BTreeMap;

use glue::schema::{FieldSchema, ModelSchema, TypeSchema, VariantSchema};
use serde_json::{Map, Value, json};

use super::rust::Rust;
use crate::{
    rustdoc::Docs,
    syntax::{Member, Type, parse_declaration},
    variants,
};

/// Schemas of named types, written as they are asked for.
pub(super) struct Payloads<'a> {
    types: BTreeMap<&'a str, &'a TypeSchema>,
    /// By key; null while it is being written, for types that hold themselves.
    schemas: BTreeMap<String, Value>,
    /// The type and the schemas of its arguments, to its key.
    keys: BTreeMap<String, String>,
}

/// The type parameters in scope, by name.
type Arguments = BTreeMap<String, Value>;

impl<'a> Payloads<'a> {
    /// Makes schemas of `types`; the names in `reserved` are somebody else's.
    pub(super) fn new(types: impl Iterator<Item = &'a TypeSchema>, reserved: &[&str]) -> Self {
        let reserved = reserved.iter().map(|name| ((*name).to_owned(), Value::Null));
        Self {
            types: types.map(|ty| (ty.ident.as_str(), ty)).collect(),
            schemas: reserved.collect(),
            keys: BTreeMap::new(),
        }
    }

    /// Every schema that was asked for, by key.
    pub(super) fn finish(self) -> BTreeMap<String, Value> {
        self.schemas
    }

    /// The schema of a type whose TypeScript and Rust are these texts; the latter may be empty.
    pub(super) fn of(&mut self, ty: &str, rust: &str) -> Value {
        self.schema(&Type::parse(ty), Rust::parse(rust).as_ref(), &Arguments::new())
    }

    fn schema(&mut self, ty: &Type, rust: Option<&Rust>, scope: &Arguments) -> Value {
        match ty {
            Type::Verbatim(text) => json!({ "description": format!("TypeScript: `{text}`") }),
            Type::Name { name, args } => self.name(name, args, rust, scope),
            Type::Object(members) => self.object(members, &[], false, scope),
            Type::Mapped { key, value, .. } => {
                let keys = self.keys_of(key, rust.and_then(|rust| rust.arg(0)), scope);
                let values = self.schema(value, rust.and_then(|rust| rust.arg(1)), scope);
                let mut schema = json!({ "type": "object", "additionalProperties": values });
                if let Some(keys) = keys {
                    schema["propertyNames"] = keys;
                }
                schema
            }
            Type::Tuple(types) => {
                let types = types.iter().enumerate();
                let items: Vec<_> = types
                    .map(|(at, ty)| self.schema(ty, rust.and_then(|rust| rust.part(at)), scope))
                    .collect();
                tuple(&items)
            }
            Type::Array(item) => {
                let bytes = Rust::Name("u8".to_owned(), Vec::new());
                let inner = match rust.and_then(Rust::name) {
                    Some("Bytes" | "BytesMut") => Some(&bytes),
                    _ => rust.and_then(Rust::item),
                };
                json!({ "type": "array", "items": self.schema(item, inner, scope) })
            }
            Type::Union(arms) => {
                let rust = rust.map(Rust::without_option);
                let arms: Vec<_> = arms.iter().map(|arm| self.schema(arm, rust, scope)).collect();
                union("anyOf", arms)
            }
            Type::Intersection(parts) => {
                let parts: Vec<_> = parts.iter().map(|part| self.schema(part, rust, scope)).collect();
                json!({ "allOf": parts })
            }
        }
    }

    fn name(&mut self, name: &str, args: &[Type], rust: Option<&Rust>, scope: &Arguments) -> Value {
        if let Some(schema) = scope.get(name) {
            return schema.clone();
        }
        if let Some(ty) = self.types.get(name).copied() {
            return self.reference(ty, args, rust, scope);
        }
        let mut argument = |at: usize| {
            let ty = args.get(at).cloned().unwrap_or_else(|| Type::name("unknown"));
            self.schema(&ty, rust.and_then(|rust| rust.arg(at)), scope)
        };
        match name {
            "string" => text(rust),
            "number" => number(rust),
            "boolean" => json!({ "type": "boolean" }),
            "null" | "void" | "undefined" => json!({ "type": "null" }),
            "bigint" => {
                let is_unsigned = rust.and_then(Rust::range).is_some_and(|(least, _)| least >= 0);
                let sign = if is_unsigned { "0|" } else { "0|-?" };
                // A pattern can't compare, but it can count.
                let most = rust
                    .and_then(Rust::digits)
                    .map_or_else(|| "*".to_owned(), |most| format!("{{0,{}}}", most - 1));
                json!({ "type": "string", "pattern": format!("^({sign}[1-9][0-9]{most})$") })
            }
            "Uint8Array" => json!({ "type": "string", "contentEncoding": "base64", "pattern": BASE64 }),
            "Date" => json!({ "type": "string", "format": "date-time" }),
            "Map" => {
                let pair = tuple(&[argument(0), argument(1)]);
                json!({ "type": "array", "items": pair })
            }
            "Set" => json!({ "type": "array", "items": argument(0), "uniqueItems": true }),
            "Record" => json!({ "type": "object", "additionalProperties": argument(1) }),
            "never" => json!({ "not": {} }),
            "object" => json!({ "type": "object" }),
            name if name.starts_with('`') => json!({ "type": "string" }),
            name => match literal(name) {
                Some(value) => json!({ "const": value }),
                // `unknown`, `any`, and what only TypeScript knows.
                None => json!({}),
            },
        }
    }

    fn reference(&mut self, ty: &TypeSchema, args: &[Type], rust: Option<&Rust>, scope: &Arguments) -> Value {
        let (parameters, body) =
            parse_declaration(&ty.decl, &ty.ident).unwrap_or_else(|| (String::new(), Type::name("unknown")));
        let parameters = parameters_of(&parameters);
        let mut arguments = Arguments::new();
        let mut key = ty.ident.clone();
        for (at, (parameter, default)) in parameters.iter().enumerate() {
            let default = default
                .as_deref()
                .map_or_else(|| Type::name("unknown"), Type::parse);
            let (arg, rust) = match args.get(at) {
                Some(arg) => (arg, rust.and_then(|rust| rust.arg(at))),
                None => (&default, None),
            };
            // A default may name the parameters before it.
            let scope = if at < args.len() { scope } else { &arguments };
            let schema = self.schema(arg, rust, scope);
            key.push('.');
            key.push_str(&label(&schema));
            arguments.insert(parameter.clone(), schema);
        }
        let identity = format!("{} {}", ty.ident, json!(arguments));
        let key = match self.keys.get(&identity) {
            Some(key) => key.clone(),
            None => {
                let mut count = 1;
                let mut free = key.clone();
                while self.schemas.contains_key(&free) {
                    count += 1;
                    free = format!("{key}-{count}");
                }
                self.keys.insert(identity, free.clone());
                self.schemas.insert(free.clone(), Value::Null);
                // A generic type that holds itself with ever larger arguments has no end.
                let schema = if count > MOST_INSTANCES {
                    json!({})
                } else {
                    self.declared(ty, &body, &arguments)
                };
                self.schemas.insert(free.clone(), schema);
                free
            }
        };
        json!({ "$ref": format!("#/components/schemas/{key}") })
    }

    /// The schema of a named type's body.
    fn declared(&mut self, ty: &TypeSchema, body: &Type, scope: &Arguments) -> Value {
        let none = ModelSchema::default();
        let model = ty.model.as_ref().unwrap_or(&none);
        let mut schema = if model.variants.is_empty() {
            self.content(body, &model.fields, model.deny_unknown_fields, scope)
        } else {
            let of_arms = variants::of_arms(body, model);
            let arms = variants::arms(body).iter().zip(of_arms);
            let mut is_tagged = true;
            let arms: Vec<_> = arms
                .map(|(arm, variant)| {
                    let (schema, tagged) = self.arm(arm, variant, scope);
                    is_tagged &= tagged;
                    schema
                })
                .collect();
            union(if is_tagged { "oneOf" } else { "anyOf" }, arms)
        };
        describe(&mut schema, &ty.docs);
        schema
    }

    /// The schema of what a struct or a variant holds.
    fn content(&mut self, ty: &Type, fields: &[FieldSchema], strict: bool, scope: &Arguments) -> Value {
        let rust = |field: &FieldSchema| Rust::parse(&field.rust);
        match ty {
            Type::Object(members) => self.object(members, fields, strict, scope),
            // Flattened fields stand in parts of their own.
            Type::Intersection(parts) => {
                let parts: Vec<_> = parts
                    .iter()
                    .map(|part| self.content(part, fields, false, scope))
                    .collect();
                json!({ "allOf": parts })
            }
            Type::Tuple(types) if types.len() == fields.len() && types.len() != 1 => {
                let parts: Vec<_> = types
                    .iter()
                    .zip(fields)
                    .map(|(ty, field)| self.schema(ty, rust(field).as_ref(), scope))
                    .collect();
                tuple(&parts)
            }
            ty => match fields {
                [field] if !field.flatten => self.schema(ty, rust(field).as_ref(), scope),
                _ => self.schema(ty, None, scope),
            },
        }
    }

    /// The schema of an enum's arm, and whether it says which variant it is of.
    fn arm(&mut self, arm: &Type, variant: Option<&VariantSchema>, scope: &Arguments) -> (Value, bool) {
        let Some(variant) = variant else {
            return (self.schema(arm, None, scope), false);
        };
        let (mut schema, tagged) = self.variant(arm, variant, scope);
        describe(&mut schema, &variant.docs);
        (schema, tagged)
    }

    fn variant(&mut self, arm: &Type, variant: &VariantSchema, scope: &Arguments) -> (Value, bool) {
        let named = |ty: &Type| variants::literal(ty) == Some(&variant.name);
        let fields = &variant.fields;
        match arm {
            Type::Name { .. } if named(arm) => (json!({ "const": variant.name }), true),
            Type::Object(members) if members.first().is_some_and(|tag| named(&tag.ty)) => {
                let is_field = |member: &Member| fields.iter().any(|field| field.name == member.key);
                match &members[1..] {
                    // Tagged from beside: what it holds has a member of its own.
                    [content] if !is_field(content) => {
                        let mut tag = self.object(&members[..1], &[], false, scope);
                        tag["properties"][&content.key] = self.content(&content.ty, fields, false, scope);
                        if !content.optional {
                            tag["required"] = json!([members[0].key, content.key]);
                        }
                        (tag, true)
                    }
                    _ => (self.object(members, fields, false, scope), true),
                }
            }
            Type::Object(members) if members.len() == 1 && members[0].key == variant.name => {
                let content = self.content(&members[0].ty, fields, false, scope);
                let schema = json!({
                    "type": "object",
                    "properties": { members[0].key.as_str(): content },
                    "required": [members[0].key],
                });
                (schema, true)
            }
            Type::Intersection(parts) => {
                let is_tagged = matches!(&parts[0], Type::Object(members)
                    if members.first().is_some_and(|tag| named(&tag.ty)));
                let parts = parts.iter();
                let parts: Vec<_> = parts
                    .map(|part| self.content(part, fields, false, scope))
                    .collect();
                (json!({ "allOf": parts }), is_tagged)
            }
            arm => (self.content(arm, fields, false, scope), false),
        }
    }

    fn object(
        &mut self,
        members: &[Member],
        fields: &[FieldSchema],
        strict: bool,
        scope: &Arguments,
    ) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for member in members {
            let field = fields.iter().find(|field| field.name == member.key);
            let rust = field.and_then(|field| Rust::parse(&field.rust));
            let mut schema = self.schema(&member.ty, rust.as_ref(), scope);
            describe(&mut schema, &member.docs);
            properties.insert(member.key.clone(), schema);
            if !member.optional {
                required.push(member.key.clone());
            }
        }
        let mut schema = json!({ "type": "object" });
        if !properties.is_empty() {
            schema["properties"] = properties.into();
        }
        if !required.is_empty() {
            schema["required"] = required.into();
        }
        if strict {
            schema["additionalProperties"] = false.into();
        }
        schema
    }

    /// The schema of an object's keys; none where any text is one.
    fn keys_of(&mut self, key: &Type, rust: Option<&Rust>, scope: &Arguments) -> Option<Value> {
        match key {
            Type::Name { name, .. } if name == "string" => None,
            Type::Name { name, .. } if name == "number" => {
                let is_unsigned = rust.and_then(Rust::range).is_some_and(|(least, _)| least >= 0);
                Some(json!({ "pattern": if is_unsigned { "^[0-9]+$" } else { "^-?[0-9]+$" } }))
            }
            Type::Name { name, .. } if name == "boolean" => Some(json!({ "enum": ["true", "false"] })),
            key => Some(self.schema(key, rust, scope)),
        }
    }
}

/// The type parameters of a declaration, with the text of their defaults: `<T, E = Array<T>>`.
fn parameters_of(text: &str) -> Vec<(String, Option<String>)> {
    let Some(inner) = text.strip_prefix('<').and_then(|text| text.strip_suffix('>')) else {
        return Vec::new();
    };
    let mut depth = 0_usize;
    let mut parts = vec![String::new()];
    for char in inner.chars() {
        match char {
            '<' | '(' | '[' | '{' => depth += 1,
            '>' | ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if char == ',' && depth == 0 {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(char);
        }
    }
    let parts = parts.iter().map(|part| match part.split_once('=') {
        Some((name, default)) => (name.trim().to_owned(), Some(default.trim().to_owned())),
        None => (part.trim().to_owned(), None),
    });
    parts.filter(|(name, _)| !name.is_empty()).collect()
}

fn text(rust: Option<&Rust>) -> Value {
    match rust.map(Rust::without_option).and_then(Rust::name) {
        Some("char") => json!({ "type": "string", "minLength": 1, "maxLength": 1 }),
        Some("DateTime" | "OffsetDateTime" | "Timestamp") => {
            json!({ "type": "string", "format": "date-time" })
        }
        Some("Uuid") => json!({ "type": "string", "format": "uuid" }),
        _ => json!({ "type": "string" }),
    }
}

fn number(rust: Option<&Rust>) -> Value {
    match rust.and_then(|rust| rust.without_option().range()) {
        Some((least, greatest)) => json!({ "type": "integer", "minimum": least, "maximum": greatest }),
        None => json!({ "type": "number" }),
    }
}

fn tuple(items: &[Value]) -> Value {
    let count = items.len();
    if count == 0 {
        return json!({ "type": "array", "maxItems": 0 });
    }
    json!({ "type": "array", "items": items, "minItems": count, "maxItems": count })
}

/// `keyword` of `arms`, or something shorter that says the same.
fn union(keyword: &str, mut arms: Vec<Value>) -> Value {
    let mut seen = Vec::new();
    arms.retain(|arm| {
        let is_new = !seen.contains(arm);
        seen.push(arm.clone());
        is_new
    });
    if arms.len() == 1 {
        return arms.remove(0);
    }
    let is_const = |arm: &Value| {
        arm.as_object()
            .is_some_and(|arm| arm.len() == 1 && arm.contains_key("const"))
    };
    if arms.iter().all(is_const) {
        let values: Vec<_> = arms.into_iter().map(|mut arm| arm["const"].take()).collect();
        return json!({ "enum": values });
    }
    json!({ keyword: arms })
}

/// The value of a literal of TypeScript.
fn literal(text: &str) -> Option<Value> {
    if let Some(inner) = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
        return Some(inner.into());
    }
    serde_json::from_str(text)
        .ok()
        .filter(|value: &Value| !value.is_array() && !value.is_object() && !value.is_null())
}

/// A name for a schema that is an argument of another.
fn label(schema: &Value) -> String {
    let known = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next());
    if let Some(name) = known {
        return name.to_owned();
    }
    match (schema["type"].as_str(), schema["maximum"].as_i64()) {
        (Some("integer"), Some(greatest)) => {
            let sign = if schema["minimum"].as_i64().is_some_and(|least| least < 0) {
                'i'
            } else {
                'u'
            };
            let bits = match greatest {
                0..=0xff => 8,
                0x100..=0xffff => 16,
                0x1_0000..=0xffff_ffff => 32,
                _ => 64,
            };
            format!("{sign}{bits}")
        }
        (Some("array"), _) if schema["items"].is_object() => format!("{}.list", label(&schema["items"])),
        (Some(name), _) => name.to_owned(),
        (None, _) => match schema["anyOf"].as_array().map(Vec::as_slice) {
            Some([one, null]) if null["type"] == "null" => format!("{}.option", label(one)),
            _ => "any".to_owned(),
        },
    }
}

/// Adds the text of a doc comment.
pub(super) fn describe(schema: &mut Value, docs: &[String]) {
    let docs = Docs::read(docs, &|link| link.plain());
    let is_deprecated = docs.deprecated.is_some();
    if docs.text.is_empty() && !is_deprecated {
        return;
    }
    // What stands beside a reference is ignored.
    if schema.get("$ref").is_some() {
        *schema = json!({ "allOf": [schema.take()] });
    }
    if !docs.text.is_empty() {
        schema["description"] = docs.text.join("\n").into();
    }
    if is_deprecated {
        schema["deprecated"] = true.into();
    }
}

/// RFC 4648, section 4, with padding.
const BASE64: &str = "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$";

/// Of one generic type with arguments of one label; no program of a person has as many.
const MOST_INSTANCES: usize = 64;
