//! Expands `#[glue::model]`.

mod entries;
mod exact;
mod facts;
mod field_type;
mod rename;
mod serde_attr;
mod ts_attr;

use proc_macro2::TokenStream;
use quote::quote;
use syn::punctuated::Punctuated;
use syn::{Attribute, Data, DeriveInput, Generics, Path, Token};

use crate::attr::{self, ModelAttr};
use crate::ctxt::Ctxt;

pub(crate) use field_type::check_type;

// #[derive(::glue::__private::serde::Serialize, ::glue::__private::serde::Deserialize, ::glue::__private::ts_rs::TS)]
// #[serde(crate = "::glue::__private::serde")]
// #[ts(crate = "::glue::__private::ts_rs")]
// pub struct Message { … }
/// Adds the three derives, by way of the runtime.
pub(crate) fn model(attr: TokenStream, item: TokenStream) -> TokenStream {
    let mut input: DeriveInput = match syn::parse2(item.clone()) {
        Ok(input) => input,
        Err(error) => return not_a_type(&error, item),
    };
    let cx = Ctxt::new();
    attr::take_repeated(&cx, &mut input.attrs, "model");
    let ModelAttr { krate } = ModelAttr::parse(&cx, attr);
    repeated_derives(&cx, &mut input.attrs);
    let before = cx.count();
    exact::check(&cx, &input);
    serde_attr::check(&cx, &mut input);
    if cx.count() > before {
        serde_attr::disarm(&krate, &mut input);
    } else {
        write_out(&krate, &mut input);
    }
    // Without its derives each use of the type would be reported as well; where they cannot work, they would say so again.
    let derivable = owned(&cx, &input.generics) && !matches!(input.data, Data::Union(_));

    let (serde, ts) = (quote!(#krate::__private::serde), quote!(#krate::__private::ts_rs));
    let [serde_path, ts_path] = [&serde, &ts].map(|path| path.to_string().replace(' ', ""));
    let derives = derivable.then(|| {
        quote! {
            #[derive(#serde::Serialize, #serde::Deserialize, #ts::TS)]
            #[serde(crate = #serde_path)]
            #[ts(crate = #ts_path)]
        }
    });
    let errors = cx.finish();
    quote!(#errors #derives #input)
}

/// Makes of our attributes, and of what serde and ts-rs understand differently, what both understand.
fn write_out(krate: &Path, input: &mut DeriveInput) {
    rename::state(input);
    facts::state(input);
    serde_attr::state_keys(krate, input);
    exact::expand(krate, input);
    serde_attr::state_default(input);
    serde_attr::split(input);
}

fn not_a_type(error: &syn::Error, item: TokenStream) -> TokenStream {
    let is_item = syn::parse2::<syn::Item>(item.clone()).is_ok();
    let error = if is_item {
        syn::Error::new_spanned(&item, "`#[glue::model]` goes on a struct or enum").to_compile_error()
    } else {
        error.to_compile_error()
    };
    let item = is_item.then_some(item);
    quote!(#error #item)
}

/// What arrives over the network belongs to nobody else.
fn owned(cx: &Ctxt, generics: &Generics) -> bool {
    for lifetime in generics.lifetimes() {
        cx.error(
            lifetime,
            "a model owns what it holds: write `String` instead of `&str`, `Vec<T>` instead of `&[T]`",
        );
    }
    generics.lifetimes().next().is_none()
}

/// Takes our traits out of the user's derives: a trait that is derived twice is two errors of rustc's, neither of which names us.
fn repeated_derives(cx: &Ctxt, attrs: &mut [Attribute]) {
    for attr in attrs.iter_mut().filter(|attr| attr.path().is_ident("derive")) {
        let Ok(paths) = attr.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated) else {
            continue;
        };
        let (ours, others): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| {
            let last = path.segments.last();
            last.is_some_and(|last| {
                ["Serialize", "Deserialize", "TS"]
                    .iter()
                    .any(|name| last.ident == name)
            })
        });
        for path in &ours {
            let name = path
                .segments
                .last()
                .map(|last| last.ident.to_string())
                .unwrap_or_default();
            cx.error(
                path,
                format!("`#[glue::model]` derives `{name}` already: remove it here"),
            );
        }
        if !ours.is_empty() {
            *attr = syn::parse_quote!(#[derive(#(#others),*)]);
        }
    }
}
