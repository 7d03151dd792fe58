//! What can be seen of a type without knowing what its names stand for.

use quote::ToTokens;
use syn::{
    GenericArgument, Path, PathArguments, PathSegment, ReturnType, Type, TypeImplTrait, TypeParamBound,
    TypePath,
};

use crate::ctxt::Ctxt;

/// Where a type stands, for the wording of what is wrong with it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// A parameter.
    Argument,
    /// A return type, or the item of a stream.
    Value,
}

impl Place {
    fn noun(self) -> &'static str {
        match self {
            Self::Argument => "argument",
            Self::Value => "value",
        }
    }
}

/// Strips parentheses, and the invisible ones around a type that came through a `macro_rules!` macro.
pub(crate) fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => bare(&group.elem),
        Type::Paren(paren) => bare(&paren.elem),
        _ => ty,
    }
}

/// Returns the last segment of a type that is a path.
pub(crate) fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match bare(ty) {
        Type::Path(TypePath {
            qself: None, path, ..
        }) => path.segments.last(),
        _ => None,
    }
}

/// Returns whether this is `Context` by value, or by any kind of reference.
pub(crate) fn mentions_context(ty: &Type) -> bool {
    let inner = match bare(ty) {
        Type::Reference(reference) => &reference.elem,
        _ => ty,
    };
    last_segment(inner).is_some_and(|segment| segment.ident == "Context" && segment.arguments.is_none())
}

/// Returns whether this is `&Context`.
pub(crate) fn is_context(ty: &Type) -> bool {
    matches!(bare(ty), Type::Reference(reference) if reference.mutability.is_none()) && mentions_context(ty)
}

/// Returns the type that stands after `->`.
pub(crate) fn returned(output: &ReturnType) -> Option<&Type> {
    match output {
        ReturnType::Default => None,
        ReturnType::Type(_, ty) => Some(ty),
    }
}

/// Returns the path of the `Stream` in `impl Stream<…>`.
pub(crate) fn stream(ty: &Type) -> Option<(&TypeImplTrait, &Path)> {
    let Type::ImplTrait(bounds) = bare(ty) else {
        return None;
    };
    bounds.bounds.iter().find_map(|bound| match bound {
        TypeParamBound::Trait(bound) if bound.path.segments.last()?.ident == "Stream" => {
            Some((bounds, &bound.path))
        }
        _ => None,
    })
}

/// Returns the `T` of `Stream<Item = T>`.
pub(crate) fn stream_item(stream: &Path) -> Option<&Type> {
    generic_arguments(stream.segments.last()?).find_map(|argument| match argument {
        GenericArgument::AssocType(item) if item.ident == "Item" => Some(&item.ty),
        _ => None,
    })
}

/// Returns whether the type is called `Incoming`, and `T` if it is written `Incoming<T>`.
pub(crate) fn incoming(ty: &Type) -> Option<Option<&Type>> {
    let segment = last_segment(ty).filter(|segment| segment.ident == "Incoming")?;
    let mut arguments = generic_arguments(segment);
    match (arguments.next(), arguments.next()) {
        (Some(GenericArgument::Type(item)), None) => Some(Some(item)),
        _ => Some(None),
    }
}

/// Returns whether the type is called `Result`, and `T` and `E` if it is written `Result<T, E>`.
pub(crate) fn result(ty: &Type) -> Option<Option<(&Type, &Type)>> {
    let segment = last_segment(ty).filter(|segment| segment.ident == "Result")?;
    let mut types = generic_arguments(segment).map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    match (types.next().flatten(), types.next().flatten(), types.next()) {
        (Some(ok), Some(err), None) => Some(Some((ok, err))),
        _ => Some(None),
    }
}

/// Returns whether the type may be an alias of `Result` under another name, which only the compiler can tell.
pub(crate) fn may_be_alias(ty: &Type) -> bool {
    last_segment(ty).is_some_and(|segment| !KNOWN.iter().any(|known| segment.ident == known))
}

/// Refuses what cannot be sent: borrowed, generic and nameless types.
fn check_owned(cx: &Ctxt, ty: &Type, place: Place) {
    let noun = place.noun();
    match ty {
        Type::Group(group) => check_owned(cx, &group.elem, place),
        Type::Paren(paren) => check_owned(cx, &paren.elem, place),
        Type::Array(array) => check_owned(cx, &array.elem, place),
        Type::Tuple(tuple) => tuple.elems.iter().for_each(|elem| check_owned(cx, elem, place)),
        Type::Reference(_) | Type::Slice(_) => refuse_borrowed(cx, ty, place),
        Type::Path(path) => check_path(cx, ty, path, place),
        Type::ImplTrait(_) if stream(ty).is_some() => match place {
            Place::Argument => {
                let item = stream(ty).and_then(|(_, stream)| stream_item(stream));
                let item = item.map_or_else(|| "T".to_owned(), text);
                cx.error(
                    ty,
                    format!("what a caller streams has a type of its own: write `Incoming<{item}>`"),
                );
            }
            Place::Value => cx.error(
                ty,
                "a stream is the whole return type: its items may be `Result`s, whose first `Err` ends it",
            ),
        },
        Type::ImplTrait(_) => cx.error(ty, generic(noun)),
        Type::TraitObject(_) => cx.error(ty, DYN),
        Type::FnPtr(_) | Type::Ptr(_) => {
            cx.error(
                ty,
                format!("a pointer means nothing at the other end of a network: every {noun} is data"),
            );
        }
        _ => cx.error(
            ty,
            format!("write out the type: the TypeScript client needs one concrete type per {noun}"),
        ),
    }
}

/// What is said of trait objects.
pub(crate) const DYN: &str =
    "JSON doesn't say which type is behind `dyn`: write one type, such as an enum, or a `String`";

/// Refuses what cannot be sent, and of what can what JSON or TypeScript have no form for.
pub(crate) fn check_crossing(cx: &Ctxt, ty: &Type, place: Place) {
    let before = cx.count();
    check_owned(cx, ty, place);
    if cx.count() == before {
        crate::model::check_type(cx, ty);
    }
}

/// Returns whether the type is a boxed stream, and the type of its items if that can be seen.
pub(crate) fn boxed_stream(ty: &Type) -> Option<Option<&Type>> {
    let segment = last_segment(ty)?;
    let inner = generic_arguments(segment).find_map(|argument| match argument {
        GenericArgument::Type(inner) => Some(inner),
        _ => None,
    });
    match segment.ident.to_string().as_str() {
        "BoxStream" | "LocalBoxStream" => Some(inner),
        "Pin" | "Box" => match bare(inner?) {
            Type::TraitObject(object) => object.bounds.iter().find_map(|bound| match bound {
                TypeParamBound::Trait(bound) if bound.path.segments.last()?.ident == "Stream" => {
                    Some(stream_item(&bound.path))
                }
                _ => None,
            }),
            inner => boxed_stream(inner),
        },
        _ => None,
    }
}

/// Returns what is said of boxed streams.
pub(crate) fn unbox(item: Option<&Type>) -> String {
    let item = item.map_or_else(|| "…".to_owned(), text);
    format!(
        "write `fn …() -> impl Stream<Item = {item}>`, without `async`: a boxed stream is one, and can be returned so"
    )
}

/// Returns what is said of generics and of all that amounts to them.
pub(crate) fn generic(noun: &str) -> String {
    format!("channel methods cannot be generic: the TypeScript client needs one concrete type per {noun}")
}

fn check_path(cx: &Ctxt, ty: &Type, path: &TypePath, place: Place) {
    let first = path.path.segments.first().map(|segment| &segment.ident);
    if let (Place::Value, Some(item)) = (place, boxed_stream(ty)) {
        return cx.error(ty, unbox(item));
    }
    if path.qself.is_some() || first.is_some_and(|first| first == "Self") {
        return cx.error(ty, generic(place.noun()));
    }
    if incoming(ty).is_some() {
        return cx.error(
            ty,
            match place {
                Place::Argument => {
                    "`Incoming` is a parameter as it stands, not a part of one: write `Incoming<…>` alone"
                }
                Place::Value => "`Incoming` is what a method takes: it answers with `impl Stream<Item = …>`",
            },
        );
    }
    for segment in &path.path.segments {
        for argument in generic_arguments(segment) {
            match argument {
                GenericArgument::Lifetime(_) => return refuse_borrowed(cx, ty, place),
                // The reference would be reported as well, in words that fit less.
                GenericArgument::Type(inner) => check_owned(cx, inner, place),
                _ => {}
            }
        }
    }
}

fn refuse_borrowed(cx: &Ctxt, ty: &Type, place: Place) {
    let reason = match place {
        Place::Argument => "arguments arrive over the network",
        Place::Value => "values leave over the network",
    };
    let hint = owned(ty)
        .map(|owned| format!(": use `{owned}`"))
        .unwrap_or_default();
    cx.error(ty, format!("{reason}, so they must be owned{hint}"));
}

/// Returns the owned type to write instead of a borrowed one.
pub(crate) fn owned(ty: &Type) -> Option<String> {
    match bare(ty) {
        Type::Reference(reference) => owned(&reference.elem),
        Type::Slice(slice) => Some(format!("Vec<{}>", owned(&slice.elem)?)),
        Type::Path(path) => {
            let segment = path.path.segments.last()?;
            let mut arguments = generic_arguments(segment);
            match segment.ident.to_string().as_str() {
                "str" => Some("String".to_owned()),
                "Path" => Some("PathBuf".to_owned()),
                "Cow" => arguments.find_map(|argument| match argument {
                    GenericArgument::Type(inner) => owned(inner),
                    _ => None,
                }),
                // What such a type is called without its lifetime, only its author knows.
                _ if arguments.any(|argument| matches!(argument, GenericArgument::Lifetime(_))) => None,
                _ => Some(text(ty)),
            }
        }
        _ => Some(text(ty)),
    }
}

/// Returns a type as one would write it.
pub(crate) fn text(ty: &Type) -> String {
    let spaced = ty.to_token_stream().to_string();
    [
        (" <", "<"),
        ("< ", "<"),
        (" >", ">"),
        (" ::", "::"),
        (":: ", "::"),
        (" ,", ","),
        ("& ", "&"),
        (" ;", ";"),
    ]
    .iter()
    .fold(spaced, |text, (from, to)| text.replace(from, to))
}

fn generic_arguments(segment: &PathSegment) -> impl Iterator<Item = &GenericArgument> {
    match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => Some(arguments.args.iter()),
        PathArguments::None | PathArguments::Parenthesized(_) => None,
    }
    .into_iter()
    .flatten()
}

/// Returns what to write instead of a type of std that TypeScript has no form for.
pub(crate) fn advice(name: &str) -> Option<&'static str> {
    Some(match name {
        "Duration" => {
            "a duration has no one form in JSON: write a number whose name says the unit, such as `timeout_ms: u32`"
        }
        "Instant" => {
            "an `Instant` means nothing at the other end of a network: write `SystemTime` and make it exact"
        }
        "SystemTime" => "JSON has no dates: add `#[glue(exact)]`, or write `glue::Exact<SystemTime>`",
        "OffsetDateTime" => {
            "TypeScript has a form for it where it is exact: add `#[glue(exact)]`, or use `glue::Exact`"
        }
        "VecDeque" | "LinkedList" | "BinaryHeap" => {
            "TypeScript has no form for it: write a `Vec`, which is the same JSON"
        }
        "OsString" | "OsStr" | "CString" | "CStr" => "JSON has texts only: write a `String`",
        _ => return None,
    })
}

/// Names of `core` and `std` that nobody gives to an alias of `Result`; they save the compiler a question per type.
const KNOWN: &[&str] = &[
    "Result", "String", "Vec", "Option", "Box", "HashMap", "BTreeMap", "HashSet", "BTreeSet", "bool", "char",
    "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f32", "f64",
];
