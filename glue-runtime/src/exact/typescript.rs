//! The TypeScript types of exact values.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::SystemTime;

use ts_rs::{Config, IsOption, TS, TypeVisitor};

use super::{Exact, TypeScript};

impl<T: TypeScript> TS for Exact<T> {
    type WithoutGenerics = Self;
    type OptionInnerType = Self;
    const IS_OPTION: bool = T::IS_OPTION;

    fn name(config: &Config) -> String {
        T::name(config)
    }

    fn inline(config: &Config) -> String {
        T::name(config)
    }

    fn visit_dependencies(visitor: &mut impl TypeVisitor)
    where
        Self: 'static,
    {
        T::visit_generics(visitor);
    }

    fn visit_generics(visitor: &mut impl TypeVisitor)
    where
        Self: 'static,
    {
        T::visit_generics(visitor);
    }
}

/// For `#[ts(optional)]`.
impl<T> IsOption for Exact<Option<T>> {
    type Inner = Exact<T>;
}

macro_rules! plain {
    ($($name:literal: $($type:ty)*;)*) => {
        $($(impl TypeScript for $type {
            fn name(_: &Config) -> String {
                $name.to_owned()
            }
        })*)*
    };
}

plain! {
    "bigint": u64 i64 u128 i128 usize isize;
    "Uint8Array": Vec<u8>;
    "Date": SystemTime;
}

#[cfg(feature = "bytes")]
plain! { "Uint8Array": bytes::Bytes; }
#[cfg(feature = "jiff")]
plain! { "Date": jiff::Timestamp; }
#[cfg(feature = "time")]
plain! { "Date": time::OffsetDateTime; }
#[cfg(feature = "rust_decimal")]
plain! { "string": rust_decimal::Decimal; }

#[cfg(feature = "chrono")]
impl<Z: chrono::TimeZone> TypeScript for chrono::DateTime<Z> {
    fn name(_: &Config) -> String {
        "Date".to_owned()
    }
}

impl<const N: usize> TypeScript for [u8; N] {
    fn name(_: &Config) -> String {
        "Uint8Array".to_owned()
    }
}

/// A type around others: what its text is, and which they are.
macro_rules! around {
    ($($type:ty [$($generics:tt)*] $bound:ident $($inner:ident)*: $text:literal;)*) => {
        $(impl<$($generics)*> TypeScript for $type {
            fn name(config: &Config) -> String {
                format!($text, $($inner::name(config)),*)
            }

            fn visit_generics(visitor: &mut impl TypeVisitor)
            where
                Self: 'static,
            {
                $(around!($bound visitor $inner);)*
            }
        })*
    };
    (plain $visitor:ident $inner:ident) => {
        $visitor.visit::<$inner>();
        $inner::visit_generics($visitor);
    };
    (exact $visitor:ident $inner:ident) => {
        $inner::visit_generics($visitor);
    };
}

around! {
    HashMap<K, V, H> [K: TS, V: TS, H] plain K V: "Map<{}, {}>";
    BTreeMap<K, V> [K: TS, V: TS] plain K V: "Map<{}, {}>";
    HashSet<T, H> [T: TS, H] plain T: "Set<{}>";
    BTreeSet<T> [T: TS] plain T: "Set<{}>";
    Vec<T> [T: TypeScript] exact T: "Array<{}>";
    Box<T> [T: TypeScript] exact T: "{}";
}

#[cfg(feature = "indexmap")]
around! {
    indexmap::IndexMap<K, V, H> [K: TS, V: TS, H] plain K V: "Map<{}, {}>";
    indexmap::IndexSet<T, H> [T: TS, H] plain T: "Set<{}>";
}

impl<T: TypeScript> TypeScript for Option<T> {
    const IS_OPTION: bool = true;

    fn name(config: &Config) -> String {
        format!("{} | null", T::name(config))
    }

    fn visit_generics(visitor: &mut impl TypeVisitor)
    where
        Self: 'static,
    {
        T::visit_generics(visitor);
    }
}
