//! Shapes that `#[glue::model]` takes and that are wrong: bugs that this test has found and that aren't mended yet.
//!
//! The generator leaves them out, so that it goes on finding others. Whoever mends one removes it here; `--with-known` leaves
//! out none.

/// A shape that is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// 128-bit integers inside of untagged, internally tagged and flattened types, and of adjacently tagged ones whose content comes
    /// first: serde can't hold them there. Where a field has them itself they are refused, but not in another model or an argument.
    WideIntegersBuffered,
    /// Maps with integers or `bool` as keys inside of the same: serde reads their keys as texts.
    OtherKeysBuffered,
}

/// All of them.
pub(crate) const KNOWN: &[Known] = &[Known::WideIntegersBuffered, Known::OtherKeysBuffered];
