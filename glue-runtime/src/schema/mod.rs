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
    /// TypeScript type of the method's own error, if it has one.
    #[serde(default)]
    pub err: Option<String>,
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
}
