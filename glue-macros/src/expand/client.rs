//! The channel as a Rust client calls it.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Type;

use super::Names;
use super::messages;
use super::wire::{Value, Wires};
use crate::ast::{Channel, Kind, Method, doc_text};
use crate::attr;
use crate::types;

/// Writes the client's type.
pub(super) fn declare(channel: &Channel<'_>, names: &Names) -> TokenStream {
    let Names {
        glue,
        client,
        channel: trait_name,
        ..
    } = names;
    let (vis, cfgs) = (&channel.item.vis, channel.cfgs());
    let doc = format!(" Calls [`{trait_name}`] from Rust.");
    quote! {
        #(#cfgs)*
        #[doc = #doc]
        #[allow(dead_code)]
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #vis struct #client<__C> {
            caller: __C,
            options: #glue::CallOptions,
        }
    }
}

// impl<__C: ::glue::__private::Caller> ChatClient<__C> {
//     pub async fn post(&self, room: String) -> Result<u64, CallError<ChatError>> {
//         stub::call_result(&self.caller, ChatCall::Post { room }, __wire1(), __wire2()).await
//     }
// }
/// Writes the client's methods.
pub(super) fn implement(channel: &Channel<'_>, names: &Names, wires: &mut Wires<'_>) -> TokenStream {
    let Names {
        glue,
        client,
        event,
        channel: trait_name,
        ..
    } = names;
    let (vis, wire_name) = (&channel.item.vis, &channel.name);
    let methods: Vec<_> = channel
        .calls()
        .map(|method| client_method(method, channel, names, wires))
        .collect();
    let new_doc = format!(" Returns a client of [`{trait_name}`] whose calls go through `caller`.");
    quote! {
        #[allow(dead_code)]
        impl<__C: #glue::Caller> #client<__C> {
            #[doc = #new_doc]
            #vis fn new(caller: __C) -> Self {
                Self {
                    caller,
                    options: ::core::default::Default::default(),
                }
            }

            /// Returns a client of the same channel whose calls are made with these options.
            #[must_use]
            #vis fn with(&self, options: #glue::CallOptions) -> Self
            where
                __C: ::core::clone::Clone,
            {
                Self {
                    caller: ::core::clone::Clone::clone(&self.caller),
                    options,
                }
            }

            /// Opens the channel on a socket.
            ///
            /// # Errors
            /// Fails when the socket has the channel open as a raw one.
            #vis fn open<__S: #glue::OpenRpc<Caller = __C>>(
                socket: &__S,
            ) -> ::core::result::Result<Self, #glue::Error> {
                let contract = #glue::Contract {
                    channel: #wire_name,
                    hashes: ::core::option::Option::None,
                };
                ::core::result::Result::Ok(Self::new(#glue::OpenRpc::open_rpc(socket, contract)?))
            }

            /// Returns the events that the server sends from now on.
            #vis fn events(
                &self,
            ) -> impl #glue::Stream<Item = ::core::result::Result<#event, #glue::RpcError>>
                   + ::core::marker::Send + ::core::marker::Unpin + 'static
            {
                #glue::stub::events::<#event>(&self.caller)
            }

            #(#methods)*
        }
    }
}

fn client_method(
    method: &Method<'_>,
    channel: &Channel<'_>,
    Names {
        glue,
        call,
        channel: trait_name,
        ..
    }: &Names,
    wires: &mut Wires<'_>,
) -> TokenStream {
    let (vis, cfgs, ident, variant) = (&channel.item.vis, method.cfgs(), method.ident(), &method.variant);
    let deprecated = attr::named(method.attrs.kept.iter().copied(), &["deprecated"]);
    let fields: Vec<_> = method.params.iter().map(|param| param.ident).collect();
    let types = method.params.iter().map(|param| param.ty);
    let docs = docs(method, trait_name);
    let signature = quote! {
        #(#cfgs)*
        #(#[doc = #docs])*
        #(#deprecated)*
        #vis
    };
    let message = quote!(#call::#variant { #(#fields),* });
    let inputs = quote!(&self, #(#fields: #types),*);

    let Some(answer) = messages::answer(method) else {
        return quote! {
            #signature async fn #ident(#inputs) -> ::core::result::Result<(), #glue::RpcError> {
                #glue::stub::notify(&self.caller, self.options, #message).await
            }
        };
    };
    let (ok, err) = halves(answer, glue);
    let (suffix, codecs) = match wires.value(answer, &cfgs) {
        Value::Plain(codec) => ("", codec),
        Value::Result { ok, err } => ("_result", quote!(#ok, #err)),
    };
    let result = quote!(::core::result::Result<#ok, #glue::CallError<#err>>);
    if let Kind::Stream(_) = method.kind {
        let stream = quote::format_ident!("stream{suffix}");
        return quote! {
            #signature fn #ident(#inputs) -> impl #glue::Stream<Item = #result>
                + ::core::marker::Send + ::core::marker::Unpin + 'static
            {
                #glue::stub::#stream(&self.caller, self.options, &#message, ::core::option::Option::None, #codecs)
            }
        };
    }
    let function = quote::format_ident!("call{suffix}");
    quote! {
        #signature async fn #ident(#inputs) -> #result {
            #glue::stub::#function(&self.caller, self.options, #message, ::core::option::Option::None, #codecs).await
        }
    }
}

/// Returns the types of the value and of the method's own error.
fn halves(answer: Option<&Type>, glue: &syn::Path) -> (TokenStream, TokenStream) {
    let infallible = quote!(::core::convert::Infallible);
    match answer.map(|ty| (ty, types::result(ty))) {
        None => (quote!(()), infallible),
        Some((ty, None)) => (ty.to_token_stream(), infallible),
        Some((_, Some(Some((ok, err))))) => (ok.to_token_stream(), err.to_token_stream()),
        Some((ty, Some(None))) => (
            quote!(<#ty as #glue::IsResult>::Ok),
            quote!(<#ty as #glue::IsResult>::Err),
        ),
    }
}

/// Returns the lines of the method's documentation, with a section on errors if it has none of its own.
fn docs(method: &Method<'_>, trait_name: &proc_macro2::Ident) -> Vec<TokenStream> {
    let mut lines = doc_text(&method.docs());
    if lines.is_empty() {
        let line = format!(" Calls [`{trait_name}::{}`].", method.name);
        lines.push(quote!(#line));
    }
    if !lines.iter().any(|line| line.to_string().contains("# Errors")) {
        let error = match messages::answer(method) {
            None => " Fails if it cannot be sent.",
            Some(Some(ty)) if types::result(ty).is_some() => {
                " Fails with the method's own error, or if the call does not get through."
            }
            Some(_) => " Fails if the call does not get through.",
        };
        lines.extend([quote!(""), quote!(" # Errors"), quote!(#error)]);
    }
    lines
}
