//! The trait as servers implement it, and what serves it.

use std::collections::HashSet;

use proc_macro2::{Delimiter, Group, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{FnArg, Pat, ReturnType, TraitItem, TraitItemFn};

use super::{Names, local};
use crate::ast::{Channel, Kind, Method};
use crate::attr::{self, MethodAttrs};
use crate::ctxt::Ctxt;
use crate::types;

/// Writes the trait and the type that serves it.
pub(super) fn declare(channel: &Channel<'_>, names: &Names) -> TokenStream {
    let Names { glue, serve, .. } = names;
    let cfgs = channel.cfgs();
    let krate = channel.krate();
    let into_channel = quote! {
        /// Makes this value answer a channel of a server.
        #[allow(dead_code)]
        fn into_channel(self) -> #krate::ChannelService
        where
            Self: ::core::marker::Sized,
        {
            #glue::service(#serve(self))
        }
    };
    let item = trait_with(channel, &into_channel);
    quote! {
        #item

        #(#cfgs)*
        #[allow(dead_code)]
        struct #serve<__T>(__T);
    }
}

/// Writes a trait that cannot be a channel, so that `impl Chat for …` has one to name.
pub(crate) fn broken_trait(channel: &Channel<'_>) -> TokenStream {
    let krate = channel.krate();
    trait_with(
        channel,
        &quote! {
            #[allow(dead_code, missing_docs)]
            fn into_channel(self) -> #krate::ChannelService
            where
                Self: ::core::marker::Sized,
            {
                ::core::unreachable!()
            }
        },
    )
}

// impl<__T: Chat> ::glue::__private::Dispatch for __ServeChat<__T> {
//     const CHANNEL: &'static str = "chat";
//     type Call = ChatCall;
//     type Reply = ChatReply;
//     async fn dispatch(self: Arc<Self>, __cx: Context, __call: ChatCall, __items: Items) -> Outcome<ChatReply> {
//         match __call {
//             ChatCall::Post { room: __arg0 } => {
//                 Outcome::Reply(ChatReply::Post(<__T as Chat>::post(&self.0, &__cx, __arg0).await))
//             }
//             ChatCall::Typing { room: __arg0 } => {
//                 <__T as Chat>::typing(&self.0, __arg0).await;
//                 Outcome::Ended
//             }
//             ChatCall::Watch { room: __arg0 } => {
//                 __items.pump(<__T as Chat>::watch(&self.0, __arg0), ChatReply::Watch).await
//             }
//         }
//     }
// }
/// Writes the dispatcher.
pub(super) fn implement(channel: &Channel<'_>, names: &Names) -> TokenStream {
    let Names {
        glue,
        channel: trait_name,
        call,
        reply,
        serve,
        ..
    } = names;
    let wire_name = &channel.name;
    let arms = channel.calls().map(|method| dispatch_arm(method, names));
    quote! {
        impl<__T: #trait_name> #glue::Dispatch for #serve<__T> {
            const CHANNEL: &'static ::core::primitive::str = #wire_name;
            type Call = #call;
            type Reply = #reply;

            #[allow(unused_variables)]
            async fn dispatch(
                self: #glue::Arc<Self>,
                __cx: #glue::Context,
                __call: #call,
                __items: #glue::Items,
            ) -> #glue::Outcome<#reply> {
                match __call {
                    #(#arms)*
                }
            }
        }
    }
}

fn dispatch_arm(method: &Method<'_>, names: &Names) -> TokenStream {
    let Names {
        glue,
        channel,
        call,
        reply,
        ..
    } = names;
    let (cfgs, ident, variant) = (method.cfgs(), method.ident(), &method.variant);
    let fields = method.params.iter().map(|param| param.ident);
    let locals: Vec<_> = (0..method.params.len()).map(local).collect();
    let context = method.context.then(|| quote!(&__cx,));
    let called = quote!(<__T as #channel>::#ident(&self.0, #context #(#locals),*));
    let outcome = match method.kind {
        Kind::Call(_) => quote!(#glue::Outcome::Reply(#reply::#variant(#called.await))),
        Kind::Stream(_) => quote!(__items.pump(#called, #reply::#variant).await),
        Kind::Notification | Kind::Event => quote!({
            #called.await;
            #glue::Outcome::Ended
        }),
    };
    quote! {
        #(#cfgs)*
        #call::#variant { #(#fields: #locals),* } => #outcome,
    }
}

/// Writes the trait with its methods as they are implemented, and one more.
fn trait_with(channel: &Channel<'_>, more: &TokenStream) -> TokenStream {
    let item = channel.item;
    let (attrs, vis, ident) = (&item.attrs, &item.vis, &item.ident);
    let (unsafety, (generics, _, clause)) = (&item.unsafety, item.generics.split_for_impl());
    // With the user's span, as all that begins or ends the trait's head: a lint about the trait is shown at its name.
    let at = ident.span();
    let bounds = item.supertraits.iter().map(ToTokens::to_token_stream).chain([
        quote_spanned!(at=> ::core::marker::Send),
        quote_spanned!(at=> ::core::marker::Sync),
        quote_spanned!(at=> 'static),
    ]);
    let trait_token = &item.trait_token;
    // Refused when it is the user's own, but there can only be one.
    let more = (!item
        .items
        .iter()
        .any(|item| matches!(item, TraitItem::Fn(f) if f.sig.ident == "into_channel")))
    .then_some(more);
    let mut seen = HashSet::new();
    let items = item.items.iter().filter_map(|item| match item {
        TraitItem::Fn(function) => trait_method(channel, function, &mut seen),
        item => Some(item.to_token_stream()),
    });
    let mut body = Group::new(Delimiter::Brace, quote!(#(#items)* #more));
    body.set_span(item.brace_token.span.join());
    quote! {
        #(#attrs)*
        #vis #unsafety #trait_token #ident #generics: #(#bounds)+* #clause #body
    }
}

fn trait_method(
    channel: &Channel<'_>,
    function: &TraitItemFn,
    seen: &mut HashSet<String>,
) -> Option<TokenStream> {
    // Its errors were reported when the channel was read.
    let cx = Ctxt::new();
    let attrs = MethodAttrs::parse(&cx, &function.attrs);
    drop(cx.finish());
    let repeated = !seen.insert(function.sig.ident.to_string());
    if attrs.event.is_some() || repeated && attr::named(attrs.kept.iter().copied(), &["cfg"]).is_empty() {
        return None;
    }

    let kept = &attrs.kept;
    let mut sig = function.sig.clone();
    for input in &mut sig.inputs {
        if let FnArg::Typed(typed) = input {
            typed.attrs.clear();
            plain_pattern(&mut typed.pat);
        }
    }
    // With the user's span, so that lints about the method, and futures that are not `Send`, are shown at its name.
    let at = sig.ident.span();
    let found = channel
        .methods
        .iter()
        .find(|method| std::ptr::eq(method.item, function));
    match (&function.sig.output, sig.asyncness.take()) {
        // `async fn f() -> T;` as `fn f() -> impl Future<Output = T> + Send;`: that is what the dispatcher needs.
        (output, Some(_)) => {
            let output = types::returned(output).map_or_else(|| quote!(()), ToTokens::to_token_stream);
            sig.output = syn::parse2(quote_spanned! {at=>
                -> impl ::core::future::Future<Output = #output> + ::core::marker::Send
            })
            .expect("a return type is one with any type in it");
        }
        (ReturnType::Type(_, ty), None) if found.is_some() => {
            if let Some((stream, _)) = types::stream(ty) {
                sig.output = syn::parse2(quote_spanned!(at=> -> #stream + ::core::marker::Send))
                    .expect("a stream with one bound more is a return type");
            }
        }
        _ => {}
    }
    let body = match &function.default {
        Some(_) if function.sig.asyncness.is_some() => quote!({ async { ::core::unreachable!() } }),
        Some(_) => quote!({ ::core::unreachable!() }),
        None => quote_spanned!(at=> ;),
    };
    let unused = function
        .default
        .is_some()
        .then(|| quote!(#[allow(unused_variables)]));
    Some(quote!(#(#kept)* #unused #sig #body))
}

/// Patterns are refused, but rustc would refuse them as well in a function without a body.
fn plain_pattern(pat: &mut Pat) {
    match pat {
        Pat::Ident(pat) if pat.subpat.is_none() => {
            pat.by_ref = None;
            pat.mutability = None;
        }
        _ => *pat = syn::parse_quote!(_),
    }
}
