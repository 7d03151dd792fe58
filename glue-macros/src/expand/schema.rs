//! The harness that glue-codegen runs.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::{Names, messages};
use crate::ast::{Channel, Kind, Method, doc_text};
use crate::attr;
use crate::types;

/// Writes the harness, if glue-codegen is what builds us: a user's own `cargo test` has no test that isn't the user's.
pub(super) fn emit(channel: &Channel<'_>, names: &Names) -> TokenStream {
    // Not in our own tests: their snapshots are the same under all features, and the harness has one of its own.
    if cfg!(all(feature = "codegen", not(test))) {
        harness(channel, names)
    } else {
        TokenStream::new()
    }
}

// #[cfg(test)]
// #[test]
// fn __glue_codegen_Chat() {
//     fn describe(__c: &mut Collector) {
//         let __args = vec![__c.arg::<String>("room")];
//         let __ret = Some(__c.ty::<u64>());
//         let __err = Some(__c.ty::<ChatError>());
//         __c.method("post", &[" Says something."], Kind::Call, __args, __ret, __err);
//     }
//     emit(&Channel { krate: env!("CARGO_PKG_NAME"), …, describe });
// }
/// Writes a test that describes the channel.
pub(super) fn harness(channel: &Channel<'_>, names: &Names) -> TokenStream {
    let Names {
        glue,
        channel: trait_name,
        ..
    } = names;
    let test = format_ident!("__glue_codegen_{trait_name}");
    let (cfgs, docs) = (
        channel.cfgs(),
        doc_text(&attr::named(&channel.item.attrs, &["doc"])),
    );
    let (name, wire_name) = (syn::ext::IdentExt::unraw(trait_name).to_string(), &channel.name);
    let methods = channel.methods.iter().map(|method| describe(method, names));
    quote! {
        #(#cfgs)*
        #[cfg(test)]
        #[test]
        #[allow(non_snake_case)]
        #[allow(clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
        fn #test() {
            fn describe(__c: &mut #glue::schema::Collector) {
                #(#methods)*
            }
            #glue::schema::emit(&#glue::schema::Channel {
                krate: ::core::env!("CARGO_PKG_NAME"),
                module: ::core::module_path!(),
                name: #name,
                channel: #wire_name,
                docs: &[#(#docs),*],
                file: ::core::file!(),
                line: ::core::line!(),
                describe,
            });
        }
    }
}

fn describe(method: &Method<'_>, Names { glue, .. }: &Names) -> TokenStream {
    let (cfgs, name, docs) = (method.cfgs(), &method.name, doc_text(&method.docs()));
    let kind = match method.kind {
        Kind::Call(_) => quote!(Call),
        Kind::Notification => quote!(Notification),
        Kind::Stream(_) => quote!(Stream),
        Kind::Event => quote!(Event),
    };
    let args = method.params.iter().map(|param| {
        let (name, ty) = (&param.name, param.ty);
        quote!(__c.arg::<#ty>(#name))
    });
    let none = quote!(::core::option::Option::None);
    let some = |ty: TokenStream| quote!(::core::option::Option::Some(__c.ty::<#ty>()));
    let (ret, err) = match messages::answer(method).map(|ty| ty.map(|ty| (ty, types::result(ty)))) {
        None => (none.clone(), none),
        Some(None) => (some(quote!(())), none),
        Some(Some((ty, None))) => (some(quote!(#ty)), none),
        Some(Some((_, Some(Some((ok, err)))))) => (some(quote!(#ok)), some(quote!(#err))),
        Some(Some((ty, Some(None)))) => (
            some(quote!(<#ty as #glue::IsResult>::Ok)),
            some(quote!(<#ty as #glue::IsResult>::Err)),
        ),
    };
    quote! {
        #(#cfgs)*
        {
            let __args = #glue::Vec::from([#(#args),*]);
            let __ret = #ret;
            let __err = #err;
            __c.method(#name, &[#(#docs),*], #glue::schema::Kind::#kind, __args, __ret, __err);
        }
    }
}
