//! The helper attributes of a type, a variant or a field, taken apart.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Token};

use crate::attr;

/// What the helper attributes of one item say.
pub(super) struct Entries {
    pub(super) serde: Vec<Entry>,
    pub(super) ts: Vec<Entry>,
}

/// `key`, `key = value` or `key(…)`.
pub(super) struct Entry {
    pub(super) key: Ident,
    pub(super) value: Option<TokenStream>,
    tokens: TokenStream,
}

/// A part of `cfg_attr(…)`: the condition, or an attribute.
pub(super) struct Conditional {
    pub(super) name: String,
}

impl Entries {
    pub(super) fn of(attrs: &[Attribute]) -> Self {
        let of = |name: &str| {
            let lists = attr::named(attrs, &[name]).into_iter().filter_map(|attr| {
                // What doesn't parse is the derive's to report.
                attr.parse_args_with(Punctuated::<Entry, Token![,]>::parse_terminated)
                    .ok()
            });
            lists.flatten().collect()
        };
        Self {
            serde: of("serde"),
            ts: of("ts"),
        }
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.serde.iter().any(|entry| entry.key == key)
    }

    /// The values of all entries with this key that are strings.
    pub(super) fn values(&self, key: &str) -> Vec<String> {
        let entries = self.serde.iter().filter(|entry| entry.key == key);
        entries.filter_map(Entry::text).collect()
    }

    pub(super) fn find(&self, key: &str) -> impl Iterator<Item = &Entry> {
        self.serde.iter().filter(move |entry| entry.key == key)
    }

    pub(super) fn states_type(&self) -> bool {
        self.ts
            .iter()
            .any(|entry| entry.key == "as" || entry.key == "type" || entry.key == "skip")
    }
}

impl Entry {
    /// The value, if it is a string.
    pub(super) fn text(&self) -> Option<String> {
        let literal = syn::parse2::<syn::LitStr>(self.value.clone()?).ok()?;
        Some(literal.value())
    }
}

impl Parse for Conditional {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let path = input.call(syn::Path::parse_mod_style)?;
        while !input.is_empty() && !input.peek(Token![,]) {
            let _: TokenTree = input.parse()?;
        }
        let last = path.segments.last();
        Ok(Self {
            name: last.map(|last| last.ident.to_string()).unwrap_or_default(),
        })
    }
}

impl Parse for Entry {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let key = input.call(Ident::parse_any)?;
        let mut tokens = key.to_token_stream();
        let mut value = None;
        if let Some(equals) = input.parse::<Option<Token![=]>>()? {
            equals.to_tokens(&mut tokens);
            value = Some(TokenStream::new());
        }
        while !input.is_empty() && !input.peek(Token![,]) {
            let token: TokenTree = input.parse()?;
            tokens.extend([token.clone()]);
            if let Some(value) = &mut value {
                value.extend([token]);
            }
        }
        Ok(Self { key, value, tokens })
    }
}

impl ToTokens for Entry {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.tokens.to_tokens(tokens);
    }
}

impl std::fmt::Display for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.tokens.fmt(f)
    }
}
