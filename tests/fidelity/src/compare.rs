//! What a type must offer so that its values can be sent there and back.

use crate::Random;

/// A type with random values that can be compared to the bit.
pub trait Fidelity: Sized {
    /// Returns a random value. Only what travels: no NaN, no integer beyond 2^53-1 in a plain field.
    fn random(random: &mut Random) -> Self;

    /// Whether two values are the same: as `==`, but floats by their bits.
    fn same(&self, other: &Self) -> bool;
}
