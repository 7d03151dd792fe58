//! `glue.lock.json`: the contract as it was when the client was generated last, checked in beside the code.
//!
//! It holds what is on the wire and nothing else: no docs, no places. It is sorted, one argument, field or variant a line, so that a
//! review shows what a change does to the contract. [`diff`](crate::diff) compares two of them.

mod file;
pub(crate) mod json;

use std::collections::BTreeMap;

use glue::schema::{ArgSchema, ChannelSchema, FieldSchema, MethodKind, MethodSchema, ModelSchema};
use serde::{Deserialize, Serialize};

pub(crate) use file::keys;
pub use file::{LockError, check, differences, read, write};

use crate::{
    print,
    syntax::{Type, parse_declaration},
};

/// Version of the file's form; another one is refused.
pub const FORMAT: u32 = 1;

/// Name of the file unless another is asked for.
pub const FILE_NAME: &str = "glue.lock.json";

/// The contract of all channels that were generated together.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Lock {
    /// [`FORMAT`]; also what tells a lock from another JSON file.
    pub lock: u32,
    /// By their names on the wire.
    #[serde(default)]
    pub channels: BTreeMap<String, ChannelLock>,
    /// The named types that channels reach, each once.
    #[serde(default)]
    pub types: BTreeMap<String, TypeLock>,
}

/// One channel.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ChannelLock {
    /// The hash that peers compare in their greeting.
    pub hash: String,
    /// What clients call, by name on the wire.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub methods: BTreeMap<String, MethodLock>,
    /// What the server tells its clients.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub events: BTreeMap<String, MethodLock>,
    /// What the server calls.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub client_methods: BTreeMap<String, MethodLock>,
}

/// One method, event or method of the client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MethodLock {
    /// The hash that peers compare where those of their channels differ.
    pub hash: String,
    /// What it does on the wire.
    pub kind: MethodKind,
    /// The arguments by name; their order isn't on the wire.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: BTreeMap<String, ValueLock>,
    /// What the caller streams beside the arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<ValueLock>,
    /// The value, or the item of a stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ret: Option<ValueLock>,
    /// The method's own error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub err: Option<ValueLock>,
    /// Whether clients send it again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub idempotent: bool,
    /// The argument by which clients take the stream up again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume_from: Option<String>,
}

/// A type at its place in a method.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueLock {
    /// The TypeScript type.
    #[serde(rename = "type")]
    pub ty: String,
    /// The Rust type, without paths; empty where it isn't known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub rust: String,
    /// Whether the argument may be left out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

/// A named type.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TypeLock {
    /// The lines of its TypeScript declaration, without docs.
    pub decl: Vec<String>,
    /// Whether unknown fields are an error.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deny_unknown_fields: bool,
    /// Fields of a struct, by name or position.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, FieldLock>,
    /// Variants of an enum.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variants: BTreeMap<String, VariantLock>,
}

/// What serde does with a field.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FieldLock {
    /// The Rust type, without paths.
    pub rust: String,
    /// Other names that are read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Whether it may be left out when it is read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub default: bool,
    /// Whether its own fields stand in its place.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub flatten: bool,
}

/// What serde does with a variant.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct VariantLock {
    /// Other names that are read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Its fields, by name or position.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, FieldLock>,
}

impl Lock {
    /// Returns the contract of `channels`, which [`generate`](crate::generate()) has taken: there, a name is one type.
    pub fn of(channels: &[ChannelSchema]) -> Self {
        let mut lock = Self {
            lock: FORMAT,
            ..Self::default()
        };
        for schema in channels {
            lock.channels.insert(schema.channel.clone(), channel(schema));
            for ty in &schema.types {
                let decl = declaration(&ty.decl, &ty.ident);
                let found = type_lock(decl, ty.model.as_ref());
                let known = lock.types.entry(ty.ident.clone()).or_default();
                // Of instances of a generic type the same facts are known; one of another crate's may have none.
                if known.decl.is_empty() || ty.model.is_some() {
                    *known = found;
                }
            }
        }
        lock
    }

    /// Returns the text of the file; equal contracts have equal texts.
    pub fn to_text(&self) -> String {
        let value = serde_json::to_value(self).expect("a lock is JSON");
        json::pretty(&value)
    }
}

fn channel(schema: &ChannelSchema) -> ChannelLock {
    let hashes = schema.method_hashes();
    let of = |accepts: fn(MethodKind) -> bool| {
        let methods = schema.methods.iter().filter(|method| accepts(method.kind));
        let lock = |method: &MethodSchema| {
            let hash = hashes.get(&method.name).cloned().unwrap_or_default();
            (method.name.clone(), method_lock(method, hash))
        };
        methods.map(lock).collect()
    };
    ChannelLock {
        hash: schema.hash(),
        methods: of(|kind| !matches!(kind, MethodKind::Event | MethodKind::ClientCall)),
        events: of(|kind| kind == MethodKind::Event),
        client_methods: of(|kind| kind == MethodKind::ClientCall),
    }
}

fn method_lock(method: &MethodSchema, hash: String) -> MethodLock {
    let arg = |arg: &ArgSchema| value(&arg.ty, Some(&arg.rust), arg.optional);
    let (items, args): (Vec<_>, Vec<_>) = method.args.iter().partition(|arg| arg.stream);
    let opt =
        |ty: &Option<String>, rust: &Option<String>| ty.as_ref().map(|ty| value(ty, rust.as_ref(), false));
    MethodLock {
        hash,
        kind: method.kind,
        args: args
            .iter()
            .map(|found| (found.name.clone(), arg(found)))
            .collect(),
        items: items.first().map(|found| arg(found)),
        ret: opt(&method.ret, &method.ret_rust),
        err: opt(&method.err, &method.err_rust),
        idempotent: method.idempotent,
        resume_from: method.resume_from.clone(),
    }
}

fn value(ty: &str, rust: Option<&String>, optional: bool) -> ValueLock {
    ValueLock {
        ty: print::flat(&Type::parse(ty)),
        rust: rust.cloned().unwrap_or_default(),
        optional,
    }
}

/// The lines of a declaration as `types.ts` has it, without docs. What isn't understood stays as it is.
fn declaration(decl: &str, ident: &str) -> Vec<String> {
    let text = match parse_declaration(decl, ident) {
        Some((parameters, ty)) => print::bare_declaration(ident, &parameters, ty),
        None => decl.to_owned(),
    };
    text.lines().map(str::to_owned).collect()
}

fn type_lock(decl: Vec<String>, model: Option<&ModelSchema>) -> TypeLock {
    let Some(model) = model else {
        return TypeLock {
            decl,
            ..TypeLock::default()
        };
    };
    let variants = model.variants.iter().map(|variant| {
        let lock = VariantLock {
            aliases: sorted(&variant.aliases),
            fields: fields(&variant.fields),
        };
        (variant.name.clone(), lock)
    });
    TypeLock {
        decl,
        deny_unknown_fields: model.deny_unknown_fields,
        fields: fields(&model.fields),
        variants: variants.collect(),
    }
}

fn fields(fields: &[FieldSchema]) -> BTreeMap<String, FieldLock> {
    let lock = |field: &FieldSchema| FieldLock {
        rust: field.rust.clone(),
        aliases: sorted(&field.aliases),
        default: field.default,
        flatten: field.flatten,
    };
    fields
        .iter()
        .map(|field| (field.name.clone(), lock(field)))
        .collect()
}

fn sorted(names: &[String]) -> Vec<String> {
    let mut names = names.to_vec();
    names.sort();
    names
}

#[cfg(test)]
mod tests;
