//! The trait as servers implement it, and what serves it.

use std::collections::HashSet;

use proc_macro2::{Delimiter, Group, Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{FnArg, Pat, Path, ReturnType, TraitItem, TraitItemFn};

use super::wire::Wires;
use super::{Direction, Names, Side, local};
use crate::ast::{Channel, Kind, Method};
use crate::attr::{self, MethodAttrs};
use crate::ctxt::Ctxt;
use crate::types;

/// Writes the trait and the type that serves it, and the same for the client's methods if there are any.
pub(super) fn declare(channel: &Channel<'_>, names: &Names, sides: &[Side<'_>]) -> TokenStream {
    let cfgs = channel.cfgs();
    let items = sides.iter().map(|side| {
        let serve = &side.serve;
        let item = match side.direction {
            Direction::ToServer => server_trait(channel, names, serve),
            Direction::ToClient => handler_trait(channel, side),
        };
        quote! {
            #item

            #(#cfgs)*
            #[allow(dead_code)]
            struct #serve<__T>(__T);
        }
    });
    items.collect()
}

fn server_trait(channel: &Channel<'_>, Names { glue, .. }: &Names, serve: &Ident) -> TokenStream {
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
    trait_with(channel, &into_channel)
}

// pub trait ChatHandler: Send + Sync + 'static {
//     fn confirm(&self, question: String) -> impl Future<Output = Result<bool, Declined>> + Send;
// }
/// Writes the trait that clients implement.
fn handler_trait(channel: &Channel<'_>, Side { callee, methods, .. }: &Side<'_>) -> TokenStream {
    let (vis, cfgs) = (&channel.item.vis, channel.cfgs());
    let doc = format!(" What clients answer the server of [`{}`].", channel.item.ident);
    let methods = methods.iter().map(|method| {
        let (kept, ident) = (&method.attrs.kept, method.ident());
        let own_doc = format!(" Answers the server's `{}`.", method.name);
        let own_doc = method.docs().is_empty().then(|| quote!(#[doc = #own_doc]));
        let params = method.params.iter().map(|param| {
            let (ident, ty) = (param.ident, param.ty);
            quote!(#ident: #ty)
        });
        let output =
            types::returned(&method.item.sig.output).map_or_else(|| quote!(()), ToTokens::to_token_stream);
        // With the user's span, so that futures that are not `Send` are shown at the method's name.
        quote_spanned! {ident.span()=>
            #own_doc
            #(#kept)*
            fn #ident(&self, #(#params),*)
                -> impl ::core::future::Future<Output = #output> + ::core::marker::Send;
        }
    });
    quote! {
        #(#cfgs)*
        #[doc = #doc]
        #[allow(dead_code)]
        #vis trait #callee: ::core::marker::Send + ::core::marker::Sync + 'static {
            #(#methods)*
        }
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
pub(super) fn implement(
    side: &Side<'_>,
    channel: &Channel<'_>,
    names: &Names,
    wires: &mut Wires<'_>,
) -> TokenStream {
    let glue = &names.glue;
    let Side {
        callee,
        call,
        reply,
        serve,
        ..
    } = side;
    let wire_name = &channel.name;
    let arms: Vec<_> = side
        .methods
        .iter()
        .map(|method| dispatch_arm(method, side, glue, wires))
        .collect();
    let served = (side.direction == Direction::ToServer).then(|| served(channel, names));
    quote! {
        impl<__T: #callee> #glue::Dispatch for #serve<__T> {
            const CHANNEL: &'static ::core::primitive::str = #wire_name;
            type Call = #call;
            type Reply = #reply;
            #served

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

/// Writes what a server knows of its channel besides the methods.
fn served(channel: &Channel<'_>, Names { glue, call, .. }: &Names) -> TokenStream {
    let is_sequential = channel.attr.sequential.then(|| {
        quote!(
            const IS_SEQUENTIAL: ::core::primitive::bool = true;
        )
    });
    quote! {
        #is_sequential

        fn hashes() -> ::core::option::Option<&'static #glue::Hashes> {
            ::core::option::Option::Some(<#call as #glue::schema::Described>::hashes())
        }
    }
}

// ChatCall::Thumbnail { image: __arg0 } => {
//     __glue::blocking(__cx, move |__cx| Outcome::Reply(ChatReply::Thumbnail(<__T as Chat>::thumbnail(&self.0, __cx, __arg0)))).await
// }
// ChatCall::Upload { name: __arg0 } => {
//     let __incoming = __items.incoming("upload", "chunks", __wire0());
//     Outcome::Reply(ChatReply::Upload(<__T as Chat>::upload(&self.0, __arg0, __incoming).await))
// }
fn dispatch_arm(method: &Method<'_>, side: &Side<'_>, glue: &Path, wires: &mut Wires<'_>) -> TokenStream {
    let Side {
        callee, call, reply, ..
    } = side;
    let (cfgs, ident, variant) = (method.cfgs(), method.ident(), &method.variant);
    let fields = method.params.iter().map(|param| param.ident);
    let locals: Vec<_> = (0..method.params.len()).map(local).collect();
    let blocks = method.attrs.blocking.is_some();
    let context = method
        .context
        .then(|| if blocks { quote!(__cx,) } else { quote!(&__cx,) });
    let (begin, incoming) = match &method.items {
        None => (None, None),
        Some(items) => {
            let (name, param, codec) = (&method.name, &items.name, wires.codec(items.ty, &cfgs));
            // Before the method is called, which may take `__items` for its answer.
            let begin = quote!(let __incoming = __items.incoming(#name, #param, #codec););
            (Some(begin), Some(quote!(__incoming)))
        }
    };
    let called = quote!(<__T as #callee>::#ident(&self.0, #context #(#locals,)* #incoming));
    let wait = (!blocks).then(|| quote!(.await));
    let outcome = match method.kind {
        Kind::Call(_) | Kind::ClientCall(_) => quote!(#glue::Outcome::Reply(#reply::#variant(#called #wait))),
        Kind::Stream(_) => quote!(__items.pump(#called, #reply::#variant).await),
        Kind::Notification | Kind::Event => quote!({
            #called #wait;
            #glue::Outcome::Ended
        }),
    };
    let outcome = if blocks {
        quote!(#glue::blocking(__cx, move |__cx| #outcome).await)
    } else {
        outcome
    };
    let outcome = match begin {
        None => outcome,
        Some(begin) => quote!({ #begin #outcome }),
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
    // One that is said to be both is a notification, as in `ast`.
    let of_clients = attrs.event.is_some() || attrs.client.is_some() && attrs.notification.is_none();
    if of_clients || repeated && attr::named(attrs.kept.iter().copied(), &["cfg"]).is_empty() {
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
