//! What is printed: channels and types with every TypeScript name decided, so that printers only lay out.

use crate::syntax::{Member, Type};

/// Everything that one run prints.
#[derive(Debug)]
pub(crate) struct Model {
    /// Sorted by the name of their file.
    pub(crate) channels: Vec<ChannelDecl>,
    /// Sorted by name.
    pub(crate) types: Vec<TypeDecl>,
}

/// A channel: one class in one file.
#[derive(Debug)]
pub(crate) struct ChannelDecl {
    /// Name of the class, which is the trait's.
    pub(crate) class: String,
    /// Name of the file without its ending.
    pub(crate) stem: String,
    /// Name of the channel on the wire.
    pub(crate) wire: String,
    /// Package that holds the trait.
    pub(crate) krate: String,
    /// Hash of the schema, sent in the greeting.
    pub(crate) hash: String,
    pub(crate) docs: Vec<String>,
    /// Names of `types.ts` that the stub uses, sorted.
    pub(crate) imports: Vec<String>,
    pub(crate) methods: Vec<MethodDecl>,
    pub(crate) events: Vec<EventDecl>,
}

impl ChannelDecl {
    /// Name of the type that holds the events, if there are any.
    pub(crate) fn events_type(&self) -> Option<String> {
        (!self.events.is_empty()).then(|| format!("{}Events", self.class))
    }
}

/// A method of a class.
#[derive(Debug)]
pub(crate) struct MethodDecl {
    /// Name in TypeScript.
    pub(crate) name: String,
    /// Name on the wire.
    pub(crate) wire: String,
    pub(crate) verb: Verb,
    pub(crate) params: Vec<ParamDecl>,
    /// Name of the last parameter, the call's options; `options` unless a parameter has that name.
    pub(crate) options: String,
    pub(crate) docs: Vec<String>,
    /// Type of the error that the method itself returns.
    pub(crate) error: Option<Type>,
}

/// What a method does.
#[derive(Debug)]
pub(crate) enum Verb {
    /// Promises a value of this type.
    Call(Type),
    /// Iterates over items of this type.
    Stream(Type),
    /// Returns nothing at once.
    Notify,
}

/// A parameter of a method.
#[derive(Debug)]
pub(crate) struct ParamDecl {
    /// Name in TypeScript.
    pub(crate) name: String,
    /// Name on the wire.
    pub(crate) wire: String,
    /// Whether a call may leave it out; only true where no parameter behind it is required.
    pub(crate) optional: bool,
    pub(crate) ty: Type,
}

/// An event: a member of the channel's type of events.
#[derive(Debug)]
pub(crate) struct EventDecl {
    /// Name on the wire, and in TypeScript.
    pub(crate) name: String,
    pub(crate) docs: Vec<String>,
    pub(crate) fields: Vec<Member>,
}

/// A named type.
#[derive(Debug)]
pub(crate) struct TypeDecl {
    pub(crate) name: String,
    /// Type parameters with their brackets, or nothing.
    pub(crate) parameters: String,
    pub(crate) docs: Vec<String>,
    pub(crate) ty: Type,
}
