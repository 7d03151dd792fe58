//! What a type needs to travel exactly.

use serde::{Deserializer, Serializer};

/// Types that have an exact form, to be written.
///
/// Implemented by the types of the [table](crate::exact), and not meant for others: TypeScript clients know these forms only.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no exact form",
    label = "this type can't travel exactly",
    note = "exact are 64-bit and 128-bit integers, bytes, instants, maps, sets and decimals, and `Option`, `Vec` and `Box` of them; \
            everything else travels as it is, without `Exact` and `#[glue(exact)]`",
    note = "types of other crates need a feature of `glue` with the crate's name, such as `chrono`"
)]
pub trait Write {
    /// Writes the value in its exact form.
    ///
    /// # Errors
    /// Fails if the form can't hold the value: an instant outside the years 0000 to 9999.
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

/// Types that have an exact form, to be read.
///
/// Implemented by the types of the [table](crate::exact), and not meant for others.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no exact form",
    label = "this type can't travel exactly",
    note = "exact are 64-bit and 128-bit integers, bytes, instants, maps, sets and decimals, and `Option`, `Vec` and `Box` of them; \
            everything else travels as it is, without `Exact` and `#[glue(exact)]`",
    note = "types of other crates need a feature of `glue` with the crate's name, such as `chrono`"
)]
pub trait Read<'de>: Sized {
    /// Reads a value from its exact form.
    ///
    /// # Errors
    /// Fails if what is there isn't of this form to the letter.
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

/// The TypeScript type of an exact form.
///
/// Implemented by the types of the [table](crate::exact), and not meant for others.
#[cfg(feature = "macros")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no exact form",
    label = "this type can't travel exactly",
    note = "exact are 64-bit and 128-bit integers, bytes, instants, maps, sets and decimals, and `Option`, `Vec` and `Box` of them; \
            everything else travels as it is, without `Exact` and `#[glue(exact)]`",
    note = "types of other crates need a feature of `glue` with the crate's name, such as `chrono`"
)]
pub trait TypeScript {
    /// Whether the value may be left out as an argument.
    const IS_OPTION: bool = false;

    /// Returns the text of the type.
    fn name(config: &ts_rs::Config) -> String;

    /// Shows `visitor` the types inside.
    fn visit_generics(visitor: &mut impl ts_rs::TypeVisitor)
    where
        Self: 'static,
    {
        let _ = visitor;
    }
}
