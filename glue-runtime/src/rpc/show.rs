//! `Debug` for messages whose fields may or may not have it.
//!
//! A derive on the message enums would demand `Debug` of every type that crosses a channel. Instead each field is shown by
//! `(&Show(field)).__glue_show()`: method lookup finds [`ShowDebug`] first, and where the type has no `Debug` goes on to
//! [`ShowOpaque`], which needs one reference more. Other traits in the user's scope take part in that lookup, hence the name.

use std::fmt::{self, Debug};

/// A field of any type.
#[derive(Clone, Copy)]
pub struct Show<'a, T>(pub &'a T);

impl<T> Debug for Show<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Opaque.fmt(f)
    }
}

/// Shows a field by its own `Debug`.
pub trait ShowDebug<'a> {
    /// Returns the field.
    fn __glue_show(&self) -> &'a dyn Debug;
}

impl<'a, T: Debug> ShowDebug<'a> for Show<'a, T> {
    fn __glue_show(&self) -> &'a dyn Debug {
        self.0
    }
}

/// Shows that there is a field.
pub trait ShowOpaque {
    /// Returns a stand-in for the field.
    fn __glue_show(&self) -> &'static dyn Debug {
        &Opaque
    }
}

impl<T> ShowOpaque for &Show<'_, T> {}

/// Writes a variant with named fields.
///
/// # Errors
/// Fails as the formatter does.
pub fn debug_fields(
    f: &mut fmt::Formatter<'_>,
    variant: &str,
    fields: &[(&'static str, &dyn Debug)],
) -> fmt::Result {
    let mut shown = f.debug_struct(variant);
    for (name, value) in fields {
        shown.field(name, value);
    }
    shown.finish()
}

/// Writes a variant with one field.
///
/// # Errors
/// Fails as the formatter does.
pub fn debug_value(f: &mut fmt::Formatter<'_>, variant: &str, value: &dyn Debug) -> fmt::Result {
    f.debug_tuple(variant).field(value).finish()
}

struct Opaque;

impl Debug for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Silent;

    #[test]
    fn a_field_is_shown_by_its_own_debug_if_it_has_one() {
        let (loud, silent) = (&Show(&Some(1)), &Show(&Some(Silent)));

        assert_eq!(format!("{:?}", loud.__glue_show()), "Some(1)");
        assert_eq!(format!("{:?}", silent.__glue_show()), "..");
    }
}
