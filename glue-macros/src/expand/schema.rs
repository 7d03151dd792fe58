//! What describes the channel: to the peer as hashes, and to glue-codegen in full.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::Attribute;

use super::wire::{Value, Wires};
use super::{Names, messages};
use crate::ast::{Channel, Kind, Method, doc_text};
use crate::attr;

// impl Described for ChatCall {
//     fn describe(__c: &mut Collector) {
//         let __args = vec![Codec::shape(__wire0(), __c).arg("room")];
//         let __ret = Some(Codec::shape(__wire1(), __c));
//         let __err = Some(Codec::shape(__wire2(), __c));
//         __c.method("post", &[" Says something."], Kind::Call, __args, __ret, __err);
//     }
//     fn hashes() -> &'static Hashes { … }
// }
/// Writes the description.
pub(super) fn implement(channel: &Channel<'_>, names: &Names, wires: &mut Wires<'_>) -> TokenStream {
    let Names { glue, call, .. } = names;
    let wire_name = &channel.name;
    let methods: Vec<_> = channel
        .methods
        .iter()
        .map(|method| describe(method, names, wires))
        .collect();
    quote! {
        impl #glue::schema::Described for #call {
            fn describe(__c: &mut #glue::schema::Collector) {
                #(#methods)*
            }

            fn hashes() -> &'static #glue::Hashes {
                static HASHES: #glue::OnceLock<#glue::Hashes> = #glue::OnceLock::new();
                HASHES.get_or_init(|| #glue::schema::hashes(#wire_name, <Self as #glue::schema::Described>::describe))
            }
        }
    }
}

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
//     emit(&Channel { krate: env!("CARGO_PKG_NAME"), …, describe: <ChatCall as Described>::describe });
// }
/// Writes a test that describes the channel.
pub(super) fn harness(channel: &Channel<'_>, names: &Names) -> TokenStream {
    let Names {
        glue,
        channel: trait_name,
        call,
        ..
    } = names;
    let test = format_ident!("__glue_codegen_{trait_name}");
    let (cfgs, docs) = (channel.cfgs(), docs(channel.item.attrs.iter()));
    let (name, wire_name) = (syn::ext::IdentExt::unraw(trait_name).to_string(), &channel.name);
    quote! {
        #(#cfgs)*
        #[cfg(test)]
        #[test]
        #[allow(non_snake_case)]
        #[allow(clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
        fn #test() {
            #glue::schema::emit(&#glue::schema::Channel {
                krate: ::core::env!("CARGO_PKG_NAME"),
                module: ::core::module_path!(),
                name: #name,
                channel: #wire_name,
                docs: &[#(#docs),*],
                file: ::core::file!(),
                line: ::core::line!(),
                describe: <#call as #glue::schema::Described>::describe,
            });
        }
    }
}

/// The doc comment among `attrs`, and a line for `#[deprecated]`.
fn docs<'a>(attrs: impl Iterator<Item = &'a Attribute> + Clone) -> Vec<TokenStream> {
    let mut lines = doc_text(&attr::named(attrs.clone(), &["doc"]));
    lines.extend(attr::deprecation(attrs).map(ToTokens::into_token_stream));
    lines
}

fn describe(method: &Method<'_>, Names { glue, .. }: &Names, wires: &mut Wires<'_>) -> TokenStream {
    let (cfgs, name, docs) = (
        method.cfgs(),
        &method.name,
        docs(method.attrs.kept.iter().copied()),
    );
    let kind = match method.kind {
        Kind::Call(_) => quote!(Call),
        Kind::Notification => quote!(Notification),
        Kind::Stream(_) => quote!(Stream),
        Kind::Event => quote!(Event),
        Kind::ClientCall(_) => quote!(ClientCall),
    };
    let shape = |codec: TokenStream| quote!(#glue::Codec::shape(#codec, __c));
    let mut args = Vec::new();
    for param in &method.params {
        let (name, shape) = (&param.name, shape(wires.codec(param.ty, &cfgs)));
        args.push(quote!(#shape.arg(#name)));
    }
    if let Some(items) = &method.items {
        let (name, shape) = (&items.name, shape(wires.codec(items.ty, &cfgs)));
        args.push(quote!(#shape.items(#name)));
    }
    let none = quote!(::core::option::Option::None);
    let some = |codec| {
        let shape = shape(codec);
        quote!(::core::option::Option::Some(#shape))
    };
    let (ret, err) = match messages::answer(method).map(|ty| wires.value(ty, &cfgs)) {
        None => (none.clone(), none),
        Some(Value::Plain(codec)) => (some(codec), none),
        Some(Value::Result { ok, err }) => (some(ok), some(err)),
    };
    let on_loss = match &method.attrs.resume_from {
        Some(argument) => {
            let argument = syn::ext::IdentExt::unraw(argument).to_string();
            Some(quote!(__c.resumes_from(#argument);))
        }
        None if method.attrs.idempotent.is_some() => Some(quote!(__c.is_idempotent();)),
        None => None,
    };
    quote! {
        #(#cfgs)*
        {
            let __args = #glue::Vec::from([#(#args),*]);
            let __ret = #ret;
            let __err = #err;
            __c.method(#name, &[#(#docs),*], #glue::schema::Kind::#kind, __args, __ret, __err);
            #on_loss
        }
    }
}
