//! What a field's type shows of JSON that it doesn't have, or that TypeScript can't name.
//!
//! Only what is written is seen: names may be aliases, and what stands behind them is glue-codegen's to check.

use syn::{Field, GenericArgument, PathArguments, PathSegment, Type};

use super::exact;
use crate::ctxt::Ctxt;
use crate::types;

/// Reports each part of a field's type that cannot be followed. `is_buffered` is whether serde reads the field through a buffer, as it
/// does for enums with `tag` or `untagged`.
pub(super) fn check(cx: &Ctxt, field: &Field, is_buffered: bool) {
    let walk = Walk {
        cx,
        is_field: true,
        is_buffered,
    };
    if exact::is_exact(&field.attrs) {
        walk.exact(&field.ty);
    } else if let Some(map) = types::last_segment(&field.ty).filter(|_| has_number_keys(&field.ty)) {
        // The keys are read by the runtime.
        type_arguments(map).skip(1).for_each(|value| walk.plain(value));
    } else {
        walk.plain(&field.ty);
    }
}

/// Reports each part of a type in a channel's signature that cannot be followed.
pub(crate) fn check_type(cx: &Ctxt, ty: &Type) {
    let walk = Walk {
        cx,
        is_field: false,
        is_buffered: false,
    };
    walk.plain(ty);
}

/// The type, or the one inside an `Option`, `Vec` or `Box`, if it is seen to have no exact form as JSON needs none.
pub(super) fn plain(ty: &Type) -> Option<String> {
    let last = types::last_segment(ty)?;
    if last.ident == "Vec" && type_arguments(last).next().and_then(types::last_segment)?.ident == "u8" {
        return None;
    }
    if ["Option", "Vec", "Box"].iter().any(|name| last.ident == name) {
        return type_arguments(last).next().and_then(plain);
    }
    PLAIN
        .iter()
        .find(|name| last.ident == **name)
        .map(|name| (*name).to_owned())
}

/// Whether the type is called as one of the maps.
pub(super) fn is_map(ty: &Type) -> bool {
    types::last_segment(ty).is_some_and(|last| MAPS.iter().any(|map| last.ident == map))
}

/// Whether the type's JSON is seen to be something else than an object.
pub(super) fn is_no_object(ty: &Type) -> bool {
    match types::bare(ty) {
        Type::Path(_) => {
            types::last_segment(ty).is_some_and(|last| NO_OBJECTS.iter().any(|name| last.ident == name))
        }
        Type::Tuple(_) | Type::Array(_) => true,
        _ => false,
    }
}

/// Whether serde needs help to read the field from a buffer: a map whose keys are numbers, but texts in JSON.
pub(super) fn has_number_keys(ty: &Type) -> bool {
    types::last_segment(ty).filter(|_| is_map(ty)).is_some_and(|map| {
        let key = type_arguments(map).next().and_then(types::last_segment);
        key.is_some_and(|key| NUMBERS.iter().any(|number| key.ident == number))
    })
}

struct Walk<'a> {
    cx: &'a Ctxt,
    /// Whether `#[glue(exact)]` can be put on it.
    is_field: bool,
    is_buffered: bool,
}

impl Walk<'_> {
    fn plain(&self, ty: &Type) {
        match ty {
            Type::Group(group) => self.plain(&group.elem),
            Type::Paren(paren) => self.plain(&paren.elem),
            Type::Array(array) => self.plain(&array.elem),
            Type::Tuple(tuple) => tuple.elems.iter().for_each(|elem| self.plain(elem)),
            Type::Slice(slice) => self.plain(&slice.elem),
            Type::Reference(_) => {
                let hint = types::owned(ty).map(|owned| format!(": write `{owned}`"));
                let hint = hint.unwrap_or_default();
                self.cx.error(ty, format!("a model owns what it holds{hint}"));
            }
            Type::TraitObject(_) => self.cx.error(ty, types::DYN),
            Type::Path(path) => {
                if let Some(last) = path.path.segments.last() {
                    self.segment(ty, last);
                }
            }
            _ => {}
        }
    }

    /// A type that travels exactly.
    fn exact(&self, ty: &Type) {
        let Some(last) = types::last_segment(ty) else {
            return;
        };
        let passes = ["Option", "Vec", "Box", "Exact"];
        for argument in type_arguments(last) {
            if passes.iter().any(|name| last.ident == name) {
                self.exact(argument);
            } else {
                self.plain(argument);
            }
        }
    }

    fn segment(&self, ty: &Type, last: &PathSegment) {
        let name = last.ident.to_string();
        let mut arguments = type_arguments(last);
        let first = arguments.next();
        match name.as_str() {
            "Exact" => return self.exact(ty),
            "PhantomData" => {
                return self
                    .cx
                    .error(ty, "serde writes it as `null`: add `#[serde(skip)]`");
            }
            "Option" if first.is_some_and(is_null) => {
                return self.cx.error(
                    ty,
                    "JSON has one `null` for both `None` and what is inside: write an enum, or a `bool`",
                );
            }
            "SystemTime" | "OffsetDateTime" => {
                let exact = self.exact_of(ty);
                return self.cx.error(
                    ty,
                    format!("it has a form in TypeScript only where it is exact: {exact}"),
                );
            }
            "u128" | "i128" if self.is_buffered => {
                return self.cx.error(
                    ty,
                    format!(
                        "serde reads this enum through a buffer that has no `{name}`: write `glue::Exact<{name}>`"
                    ),
                );
            }
            _ => {}
        }
        if let Some(advice) = types::advice(&name) {
            return self.cx.error(ty, advice);
        }
        if let Some(key) = first.filter(|_| is_map(ty)) {
            self.key(key);
        }
        type_arguments(last).for_each(|argument| self.plain(argument));
    }

    /// How to make a type exact where it stands.
    fn exact_of(&self, ty: &Type) -> String {
        let attribute = if self.is_field {
            "add `#[glue(exact)]`, or "
        } else {
            ""
        };
        format!("{attribute}write `glue::Exact<{}>`", types::text(ty))
    }

    /// The key of a plain map: a member's name in JSON, a text.
    fn key(&self, key: &Type) {
        let name = types::last_segment(key).map(|last| last.ident.to_string());
        let is_of = |names: &[&str]| name.as_ref().is_some_and(|name| names.contains(&name.as_str()));
        if is_no_text(key) || is_of(NO_TEXTS) || is_map(key) {
            let exact = if self.is_field {
                "add `#[glue(exact)]`, or use `glue::Exact`"
            } else {
                "write `glue::Exact<…>` around the map"
            };
            self.cx.error(
                key,
                format!("names in a JSON object are texts: {exact}, which makes a `Map` in TypeScript"),
            );
        } else if self.is_buffered && is_of(NUMBERS) {
            self.cx.error(
                key,
                "serde reads this enum through a buffer in which keys are texts, not numbers: write the map as a field of its own, or \
                 use `glue::Exact`, which is a `Map` in TypeScript",
            );
        }
    }
}

fn type_arguments(segment: &PathSegment) -> impl Iterator<Item = &Type> {
    let arguments = match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => Some(arguments.args.iter()),
        PathArguments::None | PathArguments::Parenthesized(_) => None,
    };
    arguments
        .into_iter()
        .flatten()
        .filter_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        })
}

/// Whether the type has `null` in JSON.
fn is_null(ty: &Type) -> bool {
    match types::bare(ty) {
        Type::Tuple(tuple) => tuple.elems.is_empty(),
        _ => types::last_segment(ty).is_some_and(|last| {
            let is_wrapper = WRAPPERS.iter().any(|name| last.ident == name);
            last.ident == "Option" || is_wrapper && type_arguments(last).next().is_some_and(is_null)
        }),
    }
}

fn is_no_text(ty: &Type) -> bool {
    matches!(types::bare(ty), Type::Tuple(_) | Type::Array(_))
}

const MAPS: &[&str] = &["HashMap", "BTreeMap", "IndexMap"];

/// Types that serde writes as what they hold.
const WRAPPERS: &[&str] = &["Box", "Rc", "Arc", "Cow", "Cell", "RefCell", "Mutex", "RwLock"];

/// Types that are no names of members: serde_json refuses them, or TypeScript has no such key.
const NO_TEXTS: &[&str] = &[
    "Option",
    "Vec",
    "HashSet",
    "BTreeSet",
    "IndexSet",
    "f32",
    "f64",
    "OrderedFloat",
    "Exact",
];

/// Types whose keys are texts in JSON only.
const NUMBERS: &[&str] = &[
    "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "bool",
];

/// Types that JSON has as they are.
const PLAIN: &[&str] = &[
    "bool", "char", "u8", "u16", "u32", "i8", "i16", "i32", "f32", "f64", "String",
];

const NO_OBJECTS: &[&str] = &[
    "bool", "char", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize",
    "f32", "f64", "String", "Vec", "VecDeque", "HashSet", "BTreeSet", "IndexSet", "Option", "Exact",
];
