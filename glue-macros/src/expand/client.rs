//! The channel as a Rust client calls it.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Path, Type, Visibility};

use super::messages;
use super::wire::{Value, Wires};
use super::{Direction, Names, Side};
use crate::ast::{Channel, Kind, Method, Param, doc_text};
use crate::attr;
use crate::types;

/// Writes the type that asks.
pub(super) fn declare(side: &Side<'_>, channel: &Channel<'_>, Names { glue, .. }: &Names) -> TokenStream {
    let (caller, trait_name) = (&side.caller, &channel.item.ident);
    let (vis, cfgs) = (&channel.item.vis, channel.cfgs());
    let doc = match side.direction {
        Direction::ToServer => format!(" Calls [`{trait_name}`] from Rust."),
        Direction::ToClient => format!(" Asks a client of [`{trait_name}`], from its server."),
    };
    quote! {
        #(#cfgs)*
        #[doc = #doc]
        #[allow(dead_code)]
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #vis struct #caller<__C> {
            caller: __C,
            options: #glue::CallOptions,
        }
    }
}

// impl<__C: ::glue::__private::Caller> ChatClient<__C> {
//     pub async fn post(&self, room: String) -> Result<u64, CallError<ChatError>> {
//         stub::call_result(&self.caller, self.options, ChatCall::Post { room }, None, __wire1(), __wire2()).await
//     }
// }
/// Writes the methods of the type that asks.
pub(super) fn implement(
    side: &Side<'_>,
    channel: &Channel<'_>,
    names: &Names,
    wires: &mut Wires<'_>,
) -> TokenStream {
    let Side { caller, callee, .. } = side;
    let (glue, vis) = (&names.glue, &channel.item.vis);
    let methods: Vec<_> = side
        .methods
        .iter()
        .map(|method| client_method(method, side, vis, glue, wires))
        .collect();
    let new_doc = format!(" Returns what calls [`{callee}`] through `caller`.");
    let (own, of_caller) = match side.direction {
        Direction::ToServer => (Some(client_only(channel, names)), None),
        Direction::ToClient => (None, Some(callback_only(side, vis, glue))),
    };
    quote! {
        #[allow(dead_code)]
        impl<__C: #glue::Caller> #caller<__C> {
            #[doc = #new_doc]
            #vis fn new(caller: __C) -> Self {
                Self {
                    caller,
                    options: ::core::default::Default::default(),
                }
            }

            /// Returns the same with other options: its calls are made with these.
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

            #own

            #(#methods)*
        }

        #of_caller
    }
}

/// Writes what clients have beside the methods.
fn client_only(
    channel: &Channel<'_>,
    Names {
        glue, event, call, ..
    }: &Names,
) -> TokenStream {
    let (vis, wire_name) = (&channel.item.vis, &channel.name);
    let handle = Side::to_client(channel).map(|Side { callee, serve, .. }| {
        quote! {
            /// Answers what the server asks with `handler`, from now on and in place of an earlier one.
            #vis fn handle<__H: #callee>(&self, handler: __H)
            where
                __C: #glue::ServeRpc,
            {
                #glue::ServeRpc::serve(&self.caller, #glue::client_handler(#serve(handler)))
            }
        }
    });
    quote! {
        /// Opens the channel on a socket.
        ///
        /// # Errors
        /// Fails when the socket has the channel open as a raw one.
        #vis fn open<__S: #glue::OpenRpc<Caller = __C>>(
            socket: &__S,
        ) -> ::core::result::Result<Self, #glue::Error> {
            let contract = #glue::Contract {
                channel: #wire_name,
                hashes: ::core::option::Option::Some(<#call as #glue::schema::Described>::hashes),
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

        #handle
    }
}

/// Writes what a server's handle has beside the methods.
fn callback_only(Side { caller, .. }: &Side<'_>, vis: &Visibility, glue: &Path) -> TokenStream {
    quote! {
        #[allow(dead_code)]
        impl #caller<#glue::RpcChannel> {
            /// Returns what asks the client that made this call.
            #vis fn of(cx: &#glue::Context) -> Self {
                Self::new(cx.caller())
            }
        }
    }
}

fn client_method(
    method: &Method<'_>,
    Side { callee, call, .. }: &Side<'_>,
    vis: &Visibility,
    glue: &Path,
    wires: &mut Wires<'_>,
) -> TokenStream {
    let (cfgs, ident, variant) = (method.cfgs(), method.ident(), &method.variant);
    let deprecated = attr::named(method.attrs.kept.iter().copied(), &["deprecated"]);
    let fields: Vec<_> = method.params.iter().map(|param| param.ident).collect();
    let types = method.params.iter().map(|param| param.ty);
    let docs = docs(method, callee);
    let signature = quote! {
        #(#cfgs)*
        #(#[doc = #docs])*
        #(#deprecated)*
        #vis
    };
    let message = quote!(#call::#variant { #(#fields),* });
    let (source, items) = match &method.items {
        None => (None, quote!(::core::option::Option::None)),
        Some(Param {
            ident,
            name: param,
            ty,
        }) => {
            let (name, codec) = (&method.name, wires.codec(ty, &cfgs));
            let source = quote!(#ident: impl #glue::Stream<Item = #ty> + ::core::marker::Send + 'static);
            (
                Some(source),
                quote!(#glue::stub::items(#name, #param, #ident, #codec)),
            )
        }
    };
    let inputs = quote!(&self, #(#fields: #types,)* #source);

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
                #glue::stub::#stream(&self.caller, self.options, &#message, #items, #codecs)
            }
        };
    }
    let function = quote::format_ident!("call{suffix}");
    quote! {
        #signature async fn #ident(#inputs) -> #result {
            #glue::stub::#function(&self.caller, self.options, #message, #items, #codecs).await
        }
    }
}

/// Returns the types of the value and of the method's own error.
pub(super) fn halves(answer: Option<&Type>, glue: &Path) -> (TokenStream, TokenStream) {
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
    if let Some(note) = messages::note_on_loss(method) {
        let place = lines
            .iter()
            .position(|line| line.to_string().contains("# Errors"))
            .unwrap_or(lines.len());
        let note = format!(" {note}");
        lines.splice(place..place, [quote!(""), quote!(#note), quote!("")]);
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
