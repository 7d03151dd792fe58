//! What is printed: channels and types with every TypeScript name decided, so that printers only lay out.

use std::collections::BTreeMap;

use glue::schema::ModelSchema;

use crate::{
    again::OnLoss,
    codec::{Codecs, Coded},
    syntax::{Member, Type},
};

/// Everything that one run prints.
#[derive(Debug)]
pub(crate) struct Model {
    /// Sorted by the name of their file.
    pub(crate) channels: Vec<ChannelDecl>,
    /// Sorted by name.
    pub(crate) types: Vec<TypeDecl>,
    pub(crate) codecs: Codecs,
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
    /// Hashes of all methods and events by their names on the wire; a greeting that finds another schema compares them.
    pub(crate) hashes: BTreeMap<String, String>,
    pub(crate) docs: Vec<String>,
    /// Names of `types.ts` that the stub uses, sorted.
    pub(crate) imports: Vec<String>,
    pub(crate) methods: Vec<MethodDecl>,
    pub(crate) events: Vec<EventDecl>,
    pub(crate) handlers: Vec<HandlerDecl>,
    /// What of it must be decoded and encoded, if anything.
    pub(crate) coded: Option<Coded>,
}

impl ChannelDecl {
    /// Name of the type of what is called on the class: the class without what is private to it.
    pub(crate) fn api_type(&self) -> String {
        format!("{}Api", self.class)
    }

    /// Name of the type that holds the methods' own errors, if there are any.
    pub(crate) fn errors_type(&self) -> Option<String> {
        let any = self.methods.iter().any(|method| method.error.is_some());
        any.then(|| format!("{}Errors", self.class))
    }

    /// Name of the type that holds the events, if there are any.
    pub(crate) fn events_type(&self) -> Option<String> {
        (!self.events.is_empty()).then(|| format!("{}Events", self.class))
    }

    /// Name of the type that holds what the client implements, if there is anything.
    pub(crate) fn handlers_type(&self) -> Option<String> {
        (!self.handlers.is_empty()).then(|| format!("{}Handlers", self.class))
    }

    /// Name of the class that stands in for this one in tests.
    pub(crate) fn fake_class(&self) -> String {
        format!("Fake{}", self.class)
    }

    /// Name of the class of option factories for TanStack Query.
    pub(crate) fn queries_class(&self) -> String {
        format!("{}Queries", self.class)
    }

    /// Names of the types beside the class, sorted.
    pub(crate) fn types(&self) -> Vec<String> {
        let optional = [self.errors_type(), self.events_type(), self.handlers_type()];
        [Some(self.api_type())]
            .into_iter()
            .chain(optional)
            .flatten()
            .collect()
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
    /// The parameter whose items are sent while the method runs; it stands behind the others.
    pub(crate) items: Option<ParamDecl>,
    /// Name of the last parameter, the call's options; `options` unless a parameter has that name.
    pub(crate) options: String,
    /// What becomes of a call when its session ends.
    pub(crate) on_loss: OnLoss,
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

/// A method that the client implements: a member of the channel's type of handlers.
#[derive(Debug)]
pub(crate) struct HandlerDecl {
    /// Name on the wire, and in TypeScript.
    pub(crate) name: String,
    pub(crate) docs: Vec<String>,
    pub(crate) fields: Vec<Member>,
    /// Type of what the client answers.
    pub(crate) value: Type,
    /// Type of the error that the client may answer with instead.
    pub(crate) error: Option<Type>,
}

/// A named type.
#[derive(Debug)]
pub(crate) struct TypeDecl {
    pub(crate) name: String,
    /// Type parameters with their brackets, or nothing.
    pub(crate) parameters: String,
    pub(crate) docs: Vec<String>,
    pub(crate) ty: Type,
    /// Path of the Rust type.
    pub(crate) path: String,
    /// What serde does with it, if that is known.
    pub(crate) model: Option<ModelSchema>,
    /// Docs of each arm of an enum's type; filled in for printing.
    pub(crate) variants: Vec<Vec<String>>,
}
