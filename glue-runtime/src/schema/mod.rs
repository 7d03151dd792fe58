//! Data that describes channels: what `glue-codegen` turns into TypeScript.
//!
//! `#[glue::channel]` describes a trait to the [`Collector`](collect::Collector), which asks ts-rs for the text of every type
//! it reaches; the result is written as JSON, one document per channel. Nothing here depends on the
//! rest of the runtime, so that `glue-codegen` builds without it.

#[cfg(feature = "macros")]
pub(crate) mod collect;
mod hash;
mod json;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use json::{FORMAT, SchemaError};

/// One channel: a trait with `#[glue::channel]`, and every type that its methods reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelSchema {
    /// Package that holds the trait.
    #[serde(rename = "crate")]
    pub krate: String,
    /// Rust path of the module that holds the trait.
    pub module: String,
    /// Name of the trait.
    pub name: String,
    /// Name of the channel on the wire.
    pub channel: String,
    /// Doc comment of the trait, one entry per line as `#[doc]` has it.
    #[serde(default)]
    pub docs: Vec<String>,
    /// Source file of the trait.
    pub file: String,
    /// Line of the trait in [`file`](Self::file).
    pub line: u32,
    /// Why the channel has no TypeScript form; empty if it has one.
    #[serde(default)]
    pub errors: Vec<String>,
    /// The methods, in the order of the trait.
    pub methods: Vec<MethodSchema>,
    /// The named types that the methods reach, sorted by name.
    #[serde(default)]
    pub types: Vec<TypeSchema>,
}

/// One method of a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MethodSchema {
    /// Name on the wire, which is the Rust identifier.
    pub name: String,
    /// Doc comment.
    #[serde(default)]
    pub docs: Vec<String>,
    /// What the method does on the wire.
    pub kind: MethodKind,
    /// Parameters in the order of the method, without the receiver and the context.
    #[serde(default)]
    pub args: Vec<ArgSchema>,
    /// TypeScript type of the value (of the item, for a stream); none where nothing is answered.
    #[serde(default)]
    pub ret: Option<String>,
    /// Rust type of the value, as [`ArgSchema::rust`] has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ret_rust: Option<String>,
    /// TypeScript type of the method's own error, if it has one.
    #[serde(default)]
    pub err: Option<String>,
    /// Rust type of the error, as [`ArgSchema::rust`] has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub err_rust: Option<String>,
    /// Whether to run it twice is as good as to run it once: `#[glue(idempotent)]`. What clients do with it is nothing that the
    /// server sees on the wire, so hashes don't have it, nor what follows.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub idempotent: bool,
    /// The argument that says where the stream begins, whose items are tracked: `#[glue(resume_from = …)]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume_from: Option<String>,
}

/// What a method does on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MethodKind {
    /// A question with one answer.
    Call,
    /// A message from client to server that is never answered.
    Notification,
    /// A question with any number of answers, paced by the client.
    Stream,
    /// A message from server to client.
    Event,
    /// A question from server to client with one answer.
    ClientCall,
}

/// One parameter of a method.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArgSchema {
    /// Name on the wire, which is the Rust identifier.
    pub name: String,
    /// TypeScript type.
    #[serde(rename = "type")]
    pub ty: String,
    /// Rust type, without the paths of its names: `Option<Vec<u32>>`. TypeScript has one type for all numbers.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub rust: String,
    /// Whether the parameter is an `Option`, which may be left out.
    #[serde(default)]
    pub optional: bool,
    /// Whether the caller streams any number of items of the type, beside the arguments; always the last parameter.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stream: bool,
}

/// One named TypeScript type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeSchema {
    /// Name in TypeScript, without type parameters.
    pub ident: String,
    /// Path of the Rust type, without type arguments.
    pub path: String,
    /// Declaration by ts-rs: `type Name<T> = …;`, with the doc comments of fields.
    pub decl: String,
    /// Doc comment of the type.
    #[serde(default)]
    pub docs: Vec<String>,
    /// What serde does with it; none for a type that `#[glue::model]` didn't see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelSchema>,
}

/// What `#[glue::model]` knows of a type and ts-rs doesn't say.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ModelSchema {
    /// Whether a field that the type doesn't have is an error: `#[serde(deny_unknown_fields)]`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deny_unknown_fields: bool,
    /// Fields of a struct.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldSchema>,
    /// Variants of an enum.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<VariantSchema>,
}

/// A field of a struct or of a variant, unless serde skips it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldSchema {
    /// Name on the wire; the position, for a field without a name.
    pub name: String,
    /// Rust type as the source has it, without the paths of its names.
    pub rust: String,
    /// Other names that are read: `#[serde(alias = "…")]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Whether it may be left out when it is read: an `Option`, or `#[serde(default)]` on it or its type.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub default: bool,
    /// Whether its own fields stand in its place: `#[serde(flatten)]`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub flatten: bool,
    /// Doc comment, one entry per line as `#[doc]` has it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub docs: Vec<String>,
}

/// A variant of an enum, unless serde skips it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VariantSchema {
    /// Name on the wire.
    pub name: String,
    /// Other names that are read: `#[serde(alias = "…")]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Its fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldSchema>,
    /// Doc comment, one entry per line as `#[doc]` has it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub docs: Vec<String>,
}
