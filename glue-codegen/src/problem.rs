//! What is wrong with schemas, in words for those who wrote the Rust.

use std::fmt;

/// Something in the schemas that has no TypeScript form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// A type of the channel has no TypeScript form; the runtime's collector found it.
    #[error("{0}")]
    Type(String),
    /// Two things want one name in TypeScript.
    #[error("`{name}` is both {first} and {second}; {hint}")]
    Clash {
        /// The name.
        name: String,
        /// Who had it first.
        first: String,
        /// Who wants it too.
        second: String,
        /// What to write instead.
        hint: &'static str,
    },
    /// A name that TypeScript doesn't let us use.
    #[error("{place} can't be named `{name}` in TypeScript; {hint}")]
    Reserved {
        /// The name.
        name: String,
        /// What has the name.
        place: String,
        /// What to write instead.
        hint: &'static str,
    },
    /// A map whose keys JSON can't write as names of members.
    #[error(
        "{place} holds a map whose keys are `{key}`, which can't be the names of an object's members; \
         write `Exact<HashMap<…>>` or #[glue(exact)], which makes it a `Map`"
    )]
    MapKey {
        /// What holds the map.
        place: String,
        /// The type of its keys, in TypeScript.
        key: String,
    },
    /// A name that neither a type of the channels nor TypeScript declares.
    #[error(
        "{place} names the type `{name}`, which nothing declares; \
         write `#[ts(as = \"…\")]` with a Rust type that has `#[glue::model]`, or a type of TypeScript itself"
    )]
    Undeclared {
        /// What names it.
        place: String,
        /// The name.
        name: String,
    },
    /// A type with other than its number of type arguments.
    #[error("{place} names the type `{name}` with {found} type arguments, and it has {wanted}")]
    TypeArguments {
        /// What names it.
        place: String,
        /// The name.
        name: String,
        /// How many it has.
        wanted: usize,
        /// How many stand there.
        found: usize,
    },
    /// A type that is itself with nothing in between.
    #[error(
        "{place} is itself with nothing in between, which TypeScript doesn't take; give it a field with a name"
    )]
    Circular {
        /// The type.
        place: String,
    },
    /// Something beside the members of an object that has none.
    #[error(
        "{place} has `{text}` beside the fields of an object (by `flatten`, or behind a tag), where serde writes something else; \
         write a struct, or an enum whose variants all have fields"
    )]
    NoObject {
        /// What has it.
        place: String,
        /// What stands there, in TypeScript.
        text: String,
    },
    /// A map beside the members of an object, which are none of its values.
    #[error(
        "{place} has the map `{text}` beside other fields (by `flatten`, or behind a tag), which its values would have to include in \
         TypeScript; make the map a field of its own"
    )]
    MapBeside {
        /// What has it.
        place: String,
        /// The map, in TypeScript.
        text: String,
    },
    /// Values that have to be decoded stand in TypeScript that we can't read.
    #[error(
        "{place} has the type `{text}`, in which glue-codegen can't find what has to be decoded; \
         write it with the names of types, `[]`, `{{…}}`, `|` and `&` alone"
    )]
    Opaque {
        /// What has the type.
        place: String,
        /// The type.
        text: String,
    },
}

/// Everything that is wrong with the schemas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
