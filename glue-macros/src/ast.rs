//! A channel's trait as we see it: methods with their kinds.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Attribute, FnArg, ItemTrait, Meta, Pat, Path, TraitItem, TraitItemFn, Type};

use crate::attr::{self, ChannelAttr, MethodAttrs};
use crate::case;
use crate::ctxt::Ctxt;
use crate::types;

/// A trait with `#[glue::channel]`.
pub(crate) struct Channel<'a> {
    pub(crate) item: &'a ItemTrait,
    pub(crate) attr: &'a ChannelAttr,
    /// Name on the wire.
    pub(crate) name: String,
    pub(crate) methods: Vec<Method<'a>>,
}

/// One function of the trait.
pub(crate) struct Method<'a> {
    pub(crate) item: &'a TraitItemFn,
    pub(crate) attrs: MethodAttrs<'a>,
    /// Name on the wire.
    pub(crate) name: String,
    /// Name in the message enums.
    pub(crate) variant: Ident,
    pub(crate) kind: Kind<'a>,
    /// Whether it takes a `&Context`.
    pub(crate) context: bool,
    /// The arguments: all but receiver, context and stream.
    pub(crate) params: Vec<Param<'a>>,
    /// What the caller streams, an `Incoming` of this type: the last parameter.
    pub(crate) items: Option<Param<'a>>,
}

/// What a method does on the wire.
pub(crate) enum Kind<'a> {
    /// Answered once; without a type, with `()`.
    Call(Option<&'a Type>),
    Notification,
    /// Answered with items of this type, if it was given.
    Stream(Option<&'a Type>),
    Event,
    /// Asked by the server, answered once by the client.
    ClientCall(Option<&'a Type>),
}

/// One named argument.
pub(crate) struct Param<'a> {
    pub(crate) ident: &'a Ident,
    /// Name on the wire.
    pub(crate) name: String,
    pub(crate) ty: &'a Type,
}

impl<'a> Channel<'a> {
    pub(crate) fn from_trait(cx: &Ctxt, attr: &'a ChannelAttr, item: &'a ItemTrait) -> Self {
        let name = attr.name.as_ref().map_or_else(
            || case::snake(&item.ident.unraw().to_string()),
            syn::LitStr::value,
        );
        let methods = item.items.iter().filter_map(|item| match item {
            TraitItem::Fn(function) => Some(Method::from_fn(cx, function)),
            _ => None,
        });
        Self {
            item,
            attr,
            name,
            methods: methods.collect(),
        }
    }

    /// Where the crate `glue` is found.
    pub(crate) fn krate(&self) -> &'a Path {
        &self.attr.krate
    }

    /// What clients ask of the server: all but events and client methods.
    pub(crate) fn calls(&self) -> impl Iterator<Item = &Method<'a>> {
        self.methods
            .iter()
            .filter(|method| !matches!(method.kind, Kind::Event | Kind::ClientCall(_)))
    }

    /// What the server asks of clients.
    pub(crate) fn client_calls(&self) -> impl Iterator<Item = &Method<'a>> {
        self.methods
            .iter()
            .filter(|method| matches!(method.kind, Kind::ClientCall(_)))
    }

    pub(crate) fn events(&self) -> impl Iterator<Item = &Method<'a>> {
        self.methods.iter().filter(|method| method.is_event())
    }

    /// `#[cfg]`s of the trait, which all generated items need.
    pub(crate) fn cfgs(&self) -> Vec<&'a Attribute> {
        attr::named(&self.item.attrs, &["cfg"])
    }
}

impl<'a> Method<'a> {
    fn from_fn(cx: &Ctxt, item: &'a TraitItemFn) -> Self {
        let attrs = MethodAttrs::parse(cx, &item.attrs);
        let name = item.sig.ident.unraw().to_string();
        let variant = Ident::new(&case::pascal(&name), item.sig.ident.span());
        let returned = types::returned(&item.sig.output);
        let kind = if attrs.event.is_some() {
            Kind::Event
        } else if attrs.notification.is_some() {
            Kind::Notification
        } else if attrs.client.is_some() {
            Kind::ClientCall(returned)
        } else if let Some((_, stream)) = returned.and_then(types::stream) {
            Kind::Stream(types::stream_item(stream))
        } else {
            Kind::Call(returned)
        };

        let mut inputs = item.sig.inputs.iter().peekable();
        inputs.next_if(|input| matches!(input, FnArg::Receiver(_)));
        let context = inputs
            .next_if(|input| matches!(input, FnArg::Typed(typed) if types::is_context(&typed.ty)))
            .is_some();
        let named = inputs.filter_map(|input| match input {
            FnArg::Typed(typed) => match &*typed.pat {
                Pat::Ident(pat) => Some(Param {
                    ident: &pat.ident,
                    name: pat.ident.unraw().to_string(),
                    ty: &typed.ty,
                }),
                _ => None,
            },
            FnArg::Receiver(_) => None,
        });
        let (mut params, mut items) = (Vec::new(), None);
        for param in named {
            match types::incoming(param.ty) {
                None => params.push(param),
                Some(item) => {
                    items = Some(Param {
                        ty: item.unwrap_or(param.ty),
                        ..param
                    });
                }
            }
        }
        Self {
            item,
            attrs,
            name,
            variant,
            kind,
            context,
            params,
            items,
        }
    }

    pub(crate) fn ident(&self) -> &'a Ident {
        &self.item.sig.ident
    }

    pub(crate) fn is_event(&self) -> bool {
        matches!(self.kind, Kind::Event)
    }

    /// Whether the server does not implement it.
    pub(crate) fn is_of_clients(&self) -> bool {
        matches!(self.kind, Kind::Event | Kind::ClientCall(_))
    }

    /// `#[cfg]`s, which all that is generated for this method needs.
    pub(crate) fn cfgs(&self) -> Vec<&'a Attribute> {
        attr::named(self.attrs.kept.iter().copied(), &["cfg"])
    }

    pub(crate) fn docs(&self) -> Vec<&'a Attribute> {
        attr::named(self.attrs.kept.iter().copied(), &["doc"])
    }
}

/// Returns the text of doc comments, one entry per attribute, as tokens: `#[doc = include_str!(…)]` is no literal.
pub(crate) fn doc_text(docs: &[&Attribute]) -> Vec<proc_macro2::TokenStream> {
    let texts = docs.iter().filter_map(|attr| match &attr.meta {
        Meta::NameValue(doc) => Some(doc.value.to_token_stream()),
        _ => None,
    });
    texts.collect()
}
