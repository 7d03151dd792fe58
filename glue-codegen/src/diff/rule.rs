//! The rules by which changes are judged. docs/CONTRACTS.md has a paragraph for each.

/// A kind of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "docs/CONTRACTS.md describes each by its id")]
#[non_exhaustive]
pub enum Rule {
    ChannelAdded,
    ChannelRemoved,
    MethodAdded,
    MethodRemoved,
    MethodKind,
    EventAdded,
    EventRemoved,
    ClientMethodAdded,
    ClientMethodRemoved,
    ArgumentAdded,
    ArgumentRemoved,
    ArgumentRequired,
    ArgumentOptional,
    Upload,
    IdempotentAdded,
    IdempotentRemoved,
    ResumeAdded,
    ResumeRemoved,
    ValueAdded,
    ValueRemoved,
    ErrorAdded,
    ErrorRemoved,
    FieldAdded,
    FieldRemoved,
    FieldRenamed,
    FieldRequired,
    FieldOptional,
    FieldDefault,
    UnknownFields,
    VariantAdded,
    VariantRemoved,
    VariantRenamed,
    Tagging,
    NullAdded,
    NullRemoved,
    NumberWidened,
    NumberNarrowed,
    StringForm,
    TypeWidened,
    TypeNarrowed,
    TypeChanged,
    ArrayTuple,
    TupleLength,
    MapKey,
    Exact,
    Unreadable,
}

impl Rule {
    /// All rules, in the order of the docs.
    pub const ALL: &[Self] = &[
        Self::ChannelAdded,
        Self::ChannelRemoved,
        Self::MethodAdded,
        Self::MethodRemoved,
        Self::MethodKind,
        Self::EventAdded,
        Self::EventRemoved,
        Self::ClientMethodAdded,
        Self::ClientMethodRemoved,
        Self::ArgumentAdded,
        Self::ArgumentRemoved,
        Self::ArgumentRequired,
        Self::ArgumentOptional,
        Self::Upload,
        Self::IdempotentAdded,
        Self::IdempotentRemoved,
        Self::ResumeAdded,
        Self::ResumeRemoved,
        Self::ValueAdded,
        Self::ValueRemoved,
        Self::ErrorAdded,
        Self::ErrorRemoved,
        Self::FieldAdded,
        Self::FieldRemoved,
        Self::FieldRenamed,
        Self::FieldRequired,
        Self::FieldOptional,
        Self::FieldDefault,
        Self::UnknownFields,
        Self::VariantAdded,
        Self::VariantRemoved,
        Self::VariantRenamed,
        Self::Tagging,
        Self::NullAdded,
        Self::NullRemoved,
        Self::NumberWidened,
        Self::NumberNarrowed,
        Self::StringForm,
        Self::TypeWidened,
        Self::TypeNarrowed,
        Self::TypeChanged,
        Self::ArrayTuple,
        Self::TupleLength,
        Self::MapKey,
        Self::Exact,
        Self::Unreadable,
    ];

    /// Returns the id under which the docs have it.
    pub const fn id(self) -> &'static str {
        match self {
            Self::ChannelAdded => "channel-added",
            Self::ChannelRemoved => "channel-removed",
            Self::MethodAdded => "method-added",
            Self::MethodRemoved => "method-removed",
            Self::MethodKind => "method-kind",
            Self::EventAdded => "event-added",
            Self::EventRemoved => "event-removed",
            Self::ClientMethodAdded => "client-method-added",
            Self::ClientMethodRemoved => "client-method-removed",
            Self::ArgumentAdded => "argument-added",
            Self::ArgumentRemoved => "argument-removed",
            Self::ArgumentRequired => "argument-required",
            Self::ArgumentOptional => "argument-optional",
            Self::Upload => "upload",
            Self::IdempotentAdded => "idempotent-added",
            Self::IdempotentRemoved => "idempotent-removed",
            Self::ResumeAdded => "resume-added",
            Self::ResumeRemoved => "resume-removed",
            Self::ValueAdded => "value-added",
            Self::ValueRemoved => "value-removed",
            Self::ErrorAdded => "error-added",
            Self::ErrorRemoved => "error-removed",
            Self::FieldAdded => "field-added",
            Self::FieldRemoved => "field-removed",
            Self::FieldRenamed => "field-renamed",
            Self::FieldRequired => "field-required",
            Self::FieldOptional => "field-optional",
            Self::FieldDefault => "field-default",
            Self::UnknownFields => "unknown-fields",
            Self::VariantAdded => "variant-added",
            Self::VariantRemoved => "variant-removed",
            Self::VariantRenamed => "variant-renamed",
            Self::Tagging => "tagging",
            Self::NullAdded => "null-added",
            Self::NullRemoved => "null-removed",
            Self::NumberWidened => "number-widened",
            Self::NumberNarrowed => "number-narrowed",
            Self::StringForm => "string-form",
            Self::TypeWidened => "type-widened",
            Self::TypeNarrowed => "type-narrowed",
            Self::TypeChanged => "type-changed",
            Self::ArrayTuple => "array-tuple",
            Self::TupleLength => "tuple-length",
            Self::MapKey => "map-key",
            Self::Exact => "exact",
            Self::Unreadable => "unreadable",
        }
    }
}

/// Whom a change breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Breaks {
    /// Nobody.
    #[default]
    Nobody,
    /// Clients in Rust only, which read numbers, texts and fields more strictly than those in TypeScript.
    Rust,
    /// All.
    All,
}

impl Breaks {
    /// All if `broken`.
    pub(super) const fn all_if(broken: bool) -> Self {
        if broken { Self::All } else { Self::Nobody }
    }

    /// Clients in Rust if `broken`.
    pub(super) const fn rust_if(broken: bool) -> Self {
        if broken { Self::Rust } else { Self::Nobody }
    }
}

/// Which way a value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Way {
    /// From client to server, which checks it.
    Up,
    /// From server to client; one in TypeScript takes it as it comes.
    Down,
}

impl Way {
    /// Whom it breaks if the new side takes or sends more than the old one did: clients first.
    pub(super) const fn widened(self) -> (Breaks, Breaks) {
        match self {
            Self::Up => (Breaks::Nobody, Breaks::All),
            Self::Down => (Breaks::All, Breaks::Nobody),
        }
    }

    /// Whom it breaks if the new side takes or sends less than the old one did.
    pub(super) const fn narrowed(self) -> (Breaks, Breaks) {
        let (clients, servers) = self.widened();
        (servers, clients)
    }

    /// What TypeScript doesn't look at breaks only clients in Rust, where clients read.
    pub(super) const fn unless_read_by_typescript(
        self,
        (clients, servers): (Breaks, Breaks),
    ) -> (Breaks, Breaks) {
        match self {
            Self::Up => (clients, servers),
            Self::Down => (
                Breaks::rust_if(!matches!(clients, Breaks::Nobody)),
                Breaks::rust_if(!matches!(servers, Breaks::Nobody)),
            ),
        }
    }
}
