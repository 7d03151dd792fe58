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
    /// What crosses the network: all but receiver and context.
    pub(crate) params: Vec<Param<'a>>,
}

/// What a method does on the wire.
pub(crate) enum Kind<'a> {
    /// Answered once; without a type, with `()`.
    Call(Option<&'a Type>),
    Notification,
    /// Answered with items of this type, if it was given.
    Stream(Option<&'a Type>),
    Event,
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

    /// Methods of the trait: all but the events.
    pub(crate) fn calls(&self) -> impl Iterator<Item = &Method<'a>> {
        self.methods.iter().filter(|method| !method.is_event())
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
        let params = inputs.filter_map(|input| match input {
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
        Self {
            item,
            attrs,
            name,
            variant,
            kind,
            context,
            params: params.collect(),
        }
    }

    pub(crate) fn ident(&self) -> &'a Ident {
        &self.item.sig.ident
    }

    pub(crate) fn is_event(&self) -> bool {
        matches!(self.kind, Kind::Event)
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
