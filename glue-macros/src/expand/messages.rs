//! The channel's messages as enums: what middleware, logs, mocks and tests handle.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::Type;

use super::wire::{Value, Wires};
use super::{Direction, Names, Side, again, local};
use crate::ast::{Channel, Kind, Method};

/// Writes the enums of one side: what is asked and what is answered.
pub(super) fn declare(side: &Side<'_>, channel: &Channel<'_>) -> TokenStream {
    let (callee, trait_name) = (&side.callee, &channel.item.ident);
    let (asked, answered) = match side.direction {
        Direction::ToServer => (
            format!(" What clients ask of [`{trait_name}`]."),
            format!(" What [`{trait_name}`] answers."),
        ),
        Direction::ToClient => (
            format!(" What the server of [`{trait_name}`] asks of its clients."),
            format!(" What [`{callee}`] answers."),
        ),
    };
    let calls = side.methods.iter().map(|method| fields_variant(method, callee));
    let replies = side
        .methods
        .iter()
        .filter_map(|method| reply_variant(method, callee));
    let enums = [
        declare_enum(channel, &side.call, &asked, calls),
        declare_enum(channel, &side.reply, &answered, replies),
    ];
    quote!(#(#enums)*)
}

/// Writes the enum of the events.
pub(super) fn declare_events(channel: &Channel<'_>, Names { event, .. }: &Names) -> TokenStream {
    let trait_name = &channel.item.ident;
    let doc = format!(" What the server of [`{trait_name}`] tells its clients.");
    let events = channel.events().map(|method| fields_variant(method, trait_name));
    declare_enum(channel, event, &doc, events)
}

fn declare_enum(
    channel: &Channel<'_>,
    ident: &Ident,
    doc: &str,
    variants: impl Iterator<Item = TokenStream>,
) -> TokenStream {
    let (vis, cfgs) = (&channel.item.vis, channel.cfgs());
    quote! {
        #(#cfgs)*
        #[doc = #doc]
        #[allow(dead_code, non_snake_case, non_camel_case_types)]
        #[allow(clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
        #vis enum #ident {
            #(#variants)*
        }
    }
}

/// Writes how the enums of one side are read, written and shown.
pub(super) fn implement(side: &Side<'_>, names: &Names, wires: &mut Wires<'_>) -> TokenStream {
    let calls: Vec<_> = side
        .methods
        .iter()
        .map(|method| Coded::new(method, wires))
        .collect();
    let parts = [
        call_message(&calls, side, names),
        reply_message(side, names, wires),
        debug(&side.call, calls.iter().map(|coded| coded.debug_arm(names))),
        debug(
            &side.reply,
            side.methods
                .iter()
                .filter_map(|method| reply_debug_arm(method, names)),
        ),
    ];
    quote!(#(#parts)*)
}

/// Writes how events are read, written and shown.
pub(super) fn implement_events(channel: &Channel<'_>, names: &Names, wires: &mut Wires<'_>) -> TokenStream {
    let events: Vec<_> = channel.events().map(|method| Coded::new(method, wires)).collect();
    let parts = [
        event_message(&events, names, &channel.name),
        debug(&names.event, events.iter().map(|coded| coded.debug_arm(names))),
    ];
    quote!(#(#parts)*)
}

/// A method whose arguments are the fields of a variant.
struct Coded<'a> {
    method: &'a Method<'a>,
    /// One codec per parameter.
    codecs: Vec<TokenStream>,
    locals: Vec<Ident>,
}

impl<'a> Coded<'a> {
    fn new(method: &'a Method<'a>, wires: &mut Wires<'_>) -> Self {
        let cfgs = method.cfgs();
        let codecs = method
            .params
            .iter()
            .map(|param| wires.codec(param.ty, &cfgs))
            .collect();
        Self {
            method,
            codecs,
            locals: (0..method.params.len()).map(local).collect(),
        }
    }

    fn names(&self) -> Vec<&str> {
        self.method
            .params
            .iter()
            .map(|param| param.name.as_str())
            .collect()
    }

    /// The variant as a pattern that borrows its fields.
    fn pattern(&self) -> TokenStream {
        let (variant, locals) = (&self.method.variant, &self.locals);
        let fields = self.method.params.iter().map(|param| param.ident);
        quote!(Self::#variant { #(#fields: ref #locals),* })
    }

    // "post" => {
    //     let mut __arg0 = Slot::new(__wire0());
    //     args::read("post", __args, &mut [("room", &mut __arg0)])?;
    //     Self::Post { room: __arg0.take() }
    // }
    /// An arm that reads the variant inside a function that returns a `Result`.
    fn read_arm(&self, Names { glue, .. }: &Names) -> TokenStream {
        let Self {
            method,
            codecs,
            locals,
        } = self;
        let (cfgs, name, variant, names) = (method.cfgs(), &method.name, &method.variant, self.names());
        let fields = method.params.iter().map(|param| param.ident);
        quote! {
            #(#cfgs)*
            #name => {
                #(let mut #locals = #glue::Slot::new(#codecs);)*
                #glue::args::read(#name, __args, &mut [#((#names, &mut #locals)),*])?;
                Self::#variant { #(#fields: #locals.take()),* }
            }
        }
    }

    fn write_arm(&self, Names { glue, .. }: &Names) -> TokenStream {
        let Self {
            method,
            codecs,
            locals,
        } = self;
        let (cfgs, name, names, pattern) = (method.cfgs(), &method.name, self.names(), self.pattern());
        quote! {
            #(#cfgs)*
            #pattern => #glue::args::write(#name, __out, &[#((#names, &#glue::Arg(#codecs, #locals))),*]),
        }
    }

    fn debug_arm(&self, Names { glue, .. }: &Names) -> TokenStream {
        let Self { method, locals, .. } = self;
        let (cfgs, variant, names, pattern) = (
            method.cfgs(),
            method.variant.to_string(),
            self.names(),
            self.pattern(),
        );
        quote! {
            #(#cfgs)*
            #pattern => #glue::debug_fields(__f, #variant, &[#((#names, (&#glue::Show(#locals)).__glue_show())),*]),
        }
    }
}

fn call_message(calls: &[Coded<'_>], Side { call, .. }: &Side<'_>, names: &Names) -> TokenStream {
    let glue = &names.glue;
    let read = calls.iter().map(|coded| coded.read_arm(names));
    let write = calls.iter().map(|coded| coded.write_arm(names));
    let method = name_arms(calls.iter().map(|coded| coded.method));
    let kind = calls.iter().map(|Coded { method, .. }| {
        let (cfgs, variant) = (method.cfgs(), &method.variant);
        let kind = match (&method.kind, &method.items) {
            (Kind::Call(_) | Kind::ClientCall(_), None) => quote!(Call),
            (Kind::Call(_) | Kind::ClientCall(_), Some(_)) => quote!(ClientStream),
            (Kind::Stream(_), None) => quote!(Stream),
            (Kind::Stream(_), Some(_)) => quote!(TwoWayStream),
            (Kind::Notification | Kind::Event, _) => quote!(Notification),
        };
        quote!(#(#cfgs)* Self::#variant { .. } => #glue::CallKind::#kind,)
    });
    let runs_to_end = runs_to_end(calls);
    let on_loss = again::on_loss(calls.iter().map(|coded| coded.method), glue);
    quote! {
        impl #glue::CallMessage for #call {
            fn decode(
                __method: &::core::primitive::str,
                __args: &::core::primitive::str,
            ) -> ::core::result::Result<Self, #glue::CallDecodeError> {
                ::core::result::Result::Ok(match __method {
                    #(#read)*
                    _ => return ::core::result::Result::Err(#glue::CallDecodeError::UnknownMethod),
                })
            }

            fn method(&self) -> &'static ::core::primitive::str {
                match *self { #method }
            }

            fn kind(&self) -> #glue::CallKind {
                match *self { #(#kind)* }
            }

            #runs_to_end

            #on_loss

            fn encode_args(&self, __out: &mut #glue::String) -> ::core::result::Result<(), #glue::EncodeError> {
                match *self { #(#write)* }
            }
        }
    }
}

/// Says what becomes of a call when its session ends, if that is anything else than usual.
pub(super) fn note_on_loss(method: &Method<'_>) -> Option<&'static str> {
    if method.attrs.resume_from.is_some() {
        Some("Where its session ends it goes on in the next, behind the last item that came.")
    } else if method.attrs.idempotent.is_some() {
        Some("Where its session ends before the answer it is sent again in the next.")
    } else {
        None
    }
}

/// Writes which calls outlive their caller, if one does.
fn runs_to_end(calls: &[Coded<'_>]) -> Option<TokenStream> {
    // What blocks a thread goes on in any case, and has its place among what the socket may have under way until it ends.
    let runs_to_end =
        |method: &Method<'_>| method.attrs.no_cancel.is_some() || method.attrs.blocking.is_some();
    if !calls.iter().any(|coded| runs_to_end(coded.method)) {
        return None;
    }
    let arms = calls.iter().map(|Coded { method, .. }| {
        let (cfgs, variant, value) = (method.cfgs(), &method.variant, runs_to_end(method));
        quote!(#(#cfgs)* Self::#variant { .. } => #value,)
    });
    Some(quote! {
        fn runs_to_end(&self) -> ::core::primitive::bool {
            match *self { #(#arms)* }
        }
    })
}

fn event_message(events: &[Coded<'_>], names: &Names, channel: &str) -> TokenStream {
    let Names { glue, event, .. } = names;
    let read = events.iter().map(|coded| coded.read_arm(names));
    let write = events.iter().map(|coded| coded.write_arm(names));
    let name = name_arms(events.iter().map(|coded| coded.method));
    quote! {
        impl #glue::EventMessage for #event {
            const CHANNEL: &'static ::core::primitive::str = #channel;

            fn name(&self) -> &'static ::core::primitive::str {
                match *self { #name }
            }

            fn encode(&self, __out: &mut #glue::String) -> ::core::result::Result<(), #glue::EncodeError> {
                match *self { #(#write)* }
            }

            fn decode(
                __name: &::core::primitive::str,
                __args: &::core::primitive::str,
            ) -> ::core::result::Result<::core::option::Option<Self>, #glue::ArgsError> {
                ::core::result::Result::Ok(::core::option::Option::Some(match __name {
                    #(#read)*
                    _ => return ::core::result::Result::Ok(::core::option::Option::None),
                }))
            }
        }
    }
}

fn reply_message(
    Side { reply, methods, .. }: &Side<'_>,
    Names { glue, .. }: &Names,
    wires: &mut Wires<'_>,
) -> TokenStream {
    let answered = || {
        methods
            .iter()
            .filter_map(|method| Some((*method, answer(method)?)))
    };
    let method = name_arms(answered().map(|(method, _)| method));
    let encode: TokenStream = answered()
        .map(|(method, ty)| {
            let (cfgs, variant, name) = (method.cfgs(), &method.variant, &method.name);
            let code = match wires.value(ty, &cfgs) {
                Value::Plain(codec) => quote!(#glue::encode_value(#name, #codec, __value, __out)),
                Value::Result { ok, err } => quote!(#glue::encode_result(#name, #ok, #err, __value, __out)),
            };
            quote!(#(#cfgs)* Self::#variant(ref __value) => #code,)
        })
        .collect();
    quote! {
        impl #glue::ReplyMessage for #reply {
            fn method(&self) -> &'static ::core::primitive::str {
                match *self { #method }
            }

            fn encode(
                &self,
                __out: &mut #glue::String,
            ) -> ::core::result::Result<#glue::ReplyKind, #glue::EncodeError> {
                match *self { #encode }
            }
        }
    }
}

/// Shows fields whose types implement `Debug`, and the others as `..`: a derive would demand it of all.
fn debug(ident: &Ident, arms: impl Iterator<Item = TokenStream>) -> TokenStream {
    quote! {
        impl ::core::fmt::Debug for #ident {
            #[allow(unused_variables)]
            fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                match *self { #(#arms)* }
            }
        }
    }
}

fn reply_debug_arm(method: &Method<'_>, Names { glue, .. }: &Names) -> Option<TokenStream> {
    answer(method)?;
    let (cfgs, variant) = (method.cfgs(), &method.variant);
    let name = variant.to_string();
    Some(quote! {
        #(#cfgs)*
        Self::#variant(ref __value) => #glue::debug_value(__f, #name, (&#glue::Show(__value)).__glue_show()),
    })
}

fn name_arms<'a>(methods: impl Iterator<Item = &'a Method<'a>>) -> TokenStream {
    let arms = methods.map(|method| {
        let (cfgs, variant, name) = (method.cfgs(), &method.variant, &method.name);
        quote!(#(#cfgs)* Self::#variant { .. } => #name,)
    });
    arms.collect()
}

fn fields_variant(method: &Method<'_>, trait_name: &Ident) -> TokenStream {
    let (cfgs, docs, variant) = (method.cfgs(), method.docs(), &method.variant);
    let doc = documented(method, trait_name);
    let fields = method.params.iter().map(|param| {
        let (ident, ty, doc) = (param.ident, param.ty, format!(" The argument `{}`.", param.name));
        quote!(#[doc = #doc] #ident: #ty)
    });
    let doc = docs.is_empty().then(|| quote!(#[doc = #doc]));
    quote!(#(#cfgs)* #doc #(#docs)* #variant { #(#fields),* },)
}

fn reply_variant(method: &Method<'_>, trait_name: &Ident) -> Option<TokenStream> {
    let ty = answer(method)?.map_or_else(|| quote!(()), |ty| quote!(#ty));
    let (cfgs, variant) = (method.cfgs(), &method.variant);
    let what = if matches!(method.kind, Kind::Stream(_)) {
        "An item"
    } else {
        "The answer"
    };
    let doc = format!(" {what} of [`{trait_name}::{}`].", method.name);
    Some(quote!(#(#cfgs)* #[doc = #doc] #variant(#ty),))
}

fn documented(method: &Method<'_>, trait_name: &Ident) -> String {
    if method.is_event() {
        format!(" The event `{}`.", method.name)
    } else {
        format!(" A call of [`{trait_name}::{}`].", method.name)
    }
}

/// Returns the type that a method is answered with, if it is: `Some(None)` is `()`.
pub(super) fn answer<'a>(method: &Method<'a>) -> Option<Option<&'a Type>> {
    match method.kind {
        Kind::Call(ty) | Kind::ClientCall(ty) | Kind::Stream(ty) => Some(ty),
        Kind::Notification | Kind::Event => None,
    }
}
