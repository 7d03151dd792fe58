//! `#[glue(exact)]`: a field that keeps its Rust type and travels as `Exact` of it.

use quote::quote;
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, Data, DeriveInput, Field, Fields, GenericArgument, Ident, LitStr, Path, PathArguments, Type,
};

use super::entries::Entries;
use super::field_type;
use crate::attr;
use crate::ctxt::Ctxt;
use crate::types;

/// Reports each `#[glue(exact)]` that cannot be followed.
pub(super) fn check(cx: &Ctxt, input: &DeriveInput) {
    let params: Vec<_> = input
        .generics
        .type_params()
        .map(|param| param.ident.clone())
        .collect();
    misplaced(cx, &input.attrs);
    match &input.data {
        Data::Struct(data) => check_fields(cx, &data.fields, &params),
        Data::Enum(data) => {
            for variant in &data.variants {
                misplaced(cx, &variant.attrs);
                check_fields(cx, &variant.fields, &params);
            }
        }
        Data::Union(_) => {}
    }
}

// #[serde(with = "::glue::__private::exact")]
// #[serde(default)]                                 on an `Option`, which may be left out as any other
// #[ts(as = "::glue::Exact<_>")]
/// Writes out each `#[glue(exact)]`.
pub(super) fn expand(krate: &Path, input: &mut DeriveInput) {
    let has_default = Entries::of(&input.attrs).has("default");
    let expand_all = |fields: &mut Fields, has_default: bool| {
        let named = matches!(fields, Fields::Named(_));
        for field in fields {
            expand_field(krate, field, named && !has_default);
        }
    };
    match &mut input.data {
        Data::Struct(data) => expand_all(&mut data.fields, has_default),
        Data::Enum(data) => data
            .variants
            .iter_mut()
            .for_each(|variant| expand_all(&mut variant.fields, false)),
        Data::Union(_) => {}
    }
    strip(input);
}

/// Whether the attributes of a field hold `#[glue(exact)]`.
pub(super) fn is_exact(attrs: &[Attribute]) -> bool {
    !attr::named(attrs, &["glue"]).is_empty()
}

/// The type that an exact field travels as: `Option<Exact<u64>>` of `Option<u64>`.
pub(super) fn wire_type(ty: &Type) -> Type {
    let bare = types::bare(ty);
    if let (Some(segment), Type::Path(path)) = (types::last_segment(bare), bare)
        && let Some(inner) = sole_argument(segment)
        && (segment.ident == "Option"
            || segment.ident == "Box"
            || segment.ident == "Vec" && types::last_segment(inner).is_none_or(|inner| inner.ident != "u8"))
    {
        let inner = wire_type(inner);
        let mut path = path.clone();
        if let Some(last) = path.path.segments.last_mut() {
            last.arguments = PathArguments::AngleBracketed(syn::parse_quote!(<#inner>));
        }
        return Type::Path(path);
    }
    syn::parse_quote!(Exact<#bare>)
}

fn sole_argument(segment: &syn::PathSegment) -> Option<&Type> {
    match &segment.arguments {
        PathArguments::AngleBracketed(arguments) if arguments.args.len() == 1 => match arguments.args.first()
        {
            Some(GenericArgument::Type(ty)) => Some(ty),
            _ => None,
        },
        _ => None,
    }
}

fn misplaced(cx: &Ctxt, attrs: &[Attribute]) {
    for attr in attr::named(attrs, &["glue"]) {
        cx.error(attr, "`#[glue(exact)]` goes on a field");
    }
}

fn check_fields(cx: &Ctxt, fields: &Fields, params: &[Ident]) {
    for field in fields {
        let mut attrs = attr::named(&field.attrs, &["glue"]).into_iter();
        let Some(attr) = attrs.next() else { continue };
        if let Some(second) = attrs.next() {
            cx.error(second, "`#[glue(exact)]` is given twice");
        }
        if attr::is_exact(cx, attr) {
            check_field(cx, attr, field, params);
        }
    }
}

fn check_field(cx: &Ctxt, attr: &Attribute, field: &Field, params: &[Ident]) {
    let entries = Entries::of(&field.attrs);
    for key in ["with", "serialize_with", "deserialize_with", "flatten"] {
        if entries.has(key) {
            cx.error(
                attr,
                format!("`exact` says how the field is written, and so does `{key}`: remove one of them"),
            );
            return;
        }
    }
    if entries.states_type() {
        cx.error(
            attr,
            "`exact` says what the field is in TypeScript: remove the type in `#[ts(…)]`",
        );
    } else if types::last_segment(&field.ty).is_some_and(|last| last.ident == "Exact") {
        cx.error(attr, "the field is `Exact` already: remove `#[glue(exact)]`");
    } else if let Some(plain) = field_type::plain(&field.ty) {
        cx.error(
            &field.ty,
            format!("JSON has every `{plain}` as it is: remove `#[glue(exact)]`"),
        );
    } else if mentions(&field.ty, params) {
        let exact = types::text(&field.ty);
        cx.error(
            &field.ty,
            format!("serde takes the bounds of type parameters from the field's type: write `glue::Exact<{exact}>` instead of `#[glue(exact)]`"),
        );
    }
}

/// Whether one of these type parameters is in the type.
pub(super) fn mentions(ty: &Type, params: &[Ident]) -> bool {
    struct Find<'a>(&'a [Ident], bool);
    impl VisitMut for Find<'_> {
        fn visit_path_mut(&mut self, path: &mut Path) {
            self.1 |= path.get_ident().is_some_and(|ident| self.0.contains(ident));
            visit_mut::visit_path_mut(self, path);
        }
    }
    let mut find = Find(params, false);
    find.visit_type_mut(&mut ty.clone());
    find.1
}

fn expand_field(krate: &Path, field: &mut Field, may_default: bool) {
    if !is_exact(&field.attrs) {
        return;
    }
    let text = |tokens: proc_macro2::TokenStream| {
        // What is wrong with the type is reported at the type.
        LitStr::new(&tokens.to_string().replace(' ', ""), field.ty.span())
    };
    let (with, exact) = (
        text(quote!(#krate::__private::exact)),
        text(quote!(#krate::Exact<_>)),
    );
    let entries = Entries::of(&field.attrs);
    let is_option = types::last_segment(&field.ty).is_some_and(|last| last.ident == "Option");
    if may_default && is_option && !entries.has("default") {
        field.attrs.push(syn::parse_quote!(#[serde(default)]));
    }
    field.attrs.push(syn::parse_quote!(#[serde(with = #with)]));
    field.attrs.push(syn::parse_quote!(#[ts(as = #exact)]));
}

/// Takes our attributes off: no derive knows them.
fn strip(input: &mut DeriveInput) {
    super::serde_attr::for_each_attrs(input, &mut |attrs| {
        attrs.retain(|attr| !attr.path().is_ident("glue"))
    });
}
