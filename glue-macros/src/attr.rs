//! The keys that our attributes take.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Meta, Path, Token, parse_quote};

use crate::ctxt::Ctxt;

/// What `#[glue::channel(…)]` says.
pub(crate) struct ChannelAttr {
    /// The channel's name on the wire, if it isn't the trait's.
    pub(crate) name: Option<LitStr>,
    /// Whether a socket's calls run one after the other.
    pub(crate) sequential: bool,
    /// Where the crate `glue` is found.
    pub(crate) krate: Path,
}

impl ChannelAttr {
    pub(crate) fn parse(cx: &Ctxt, tokens: TokenStream) -> Self {
        let mut keys = Keys::parse(cx, tokens, "glue::channel", &["name", "sequential", "crate"]);
        Self {
            name: keys.take(cx, "name", "name = \"chat\""),
            sequential: keys.take_bare(cx, "sequential").is_some(),
            krate: keys.take_crate(cx),
        }
    }
}

/// What `#[glue::model(…)]` says.
pub(crate) struct ModelAttr {
    /// Where the crate `glue` is found.
    pub(crate) krate: Path,
}

impl ModelAttr {
    pub(crate) fn parse(cx: &Ctxt, tokens: TokenStream) -> Self {
        Self {
            krate: Keys::parse(cx, tokens, "glue::model", &["crate"]).take_crate(cx),
        }
    }
}

/// The attributes of one of a channel's methods.
#[derive(Default)]
pub(crate) struct MethodAttrs<'a> {
    /// Our own, `#[event]`, `#[notification]` and `#[client]`: at most one of them.
    pub(crate) event: Option<&'a Attribute>,
    pub(crate) notification: Option<&'a Attribute>,
    pub(crate) client: Option<&'a Attribute>,
    /// The key of `#[glue(no_cancel)]`.
    pub(crate) no_cancel: Option<Ident>,
    /// The key of `#[glue(blocking)]`.
    pub(crate) blocking: Option<Ident>,
    /// The key of `#[glue(idempotent)]`.
    pub(crate) idempotent: Option<Ident>,
    /// The argument that `#[glue(resume_from = argument)]` names.
    pub(crate) resume_from: Option<Ident>,
    /// All others, as they stand.
    pub(crate) kept: Vec<&'a Attribute>,
}

impl<'a> MethodAttrs<'a> {
    pub(crate) fn parse(cx: &Ctxt, attrs: &'a [Attribute]) -> Self {
        let mut parsed = Self::default();
        for attr in attrs {
            let (name, place) = if attr.path().is_ident("event") {
                ("event", &mut parsed.event)
            } else if attr.path().is_ident("notification") {
                ("notification", &mut parsed.notification)
            } else if attr.path().is_ident("client") {
                ("client", &mut parsed.client)
            } else if attr.path().is_ident("glue") {
                parsed.keys(cx, attr);
                continue;
            } else {
                parsed.kept.push(attr);
                continue;
            };
            if !matches!(attr.meta, Meta::Path(_)) {
                cx.error(&attr.meta, format!("`#[{name}]` takes no arguments"));
            }
            if place.replace(attr).is_some() {
                cx.error(attr, format!("`#[{name}]` is given twice"));
            }
        }
        if let (Some(_), Some(notification)) = (parsed.event, parsed.notification) {
            cx.error(
                notification,
                "events go from server to client, notifications the other way: a method is one or the other",
            );
        }
        if let (Some(_), Some(client)) = (parsed.event.or(parsed.notification), parsed.client) {
            cx.error(
                client,
                "a client method is answered, events and notifications are not: a method is one or the other",
            );
        }
        parsed
    }

    /// Reads `#[glue(…)]`.
    fn keys(&mut self, cx: &Ctxt, attr: &Attribute) {
        let Meta::List(list) = &attr.meta else {
            return cx.error(
                attr,
                "write `#[glue(no_cancel)]`, `#[glue(blocking)]`, `#[glue(idempotent)]` or `#[glue(resume_from = argument)]`",
            );
        };
        let allowed = ["no_cancel", "blocking", "idempotent", "resume_from"];
        let mut keys = Keys::parse(cx, list.tokens.clone(), "glue(…)", &allowed);
        let resume_from = keys.take(cx, "resume_from", "resume_from = argument");
        let found = [
            ("no_cancel", keys.take_bare(cx, "no_cancel"), &mut self.no_cancel),
            ("blocking", keys.take_bare(cx, "blocking"), &mut self.blocking),
            (
                "idempotent",
                keys.take_bare(cx, "idempotent"),
                &mut self.idempotent,
            ),
            ("resume_from", resume_from, &mut self.resume_from),
        ];
        for (name, value, place) in found {
            if value.is_some() && std::mem::replace(place, value).is_some() {
                cx.error(attr, format!("`{name}` is given twice"));
            }
        }
    }
}

/// Reads `#[glue(…)]` of a model's field; returns whether it says `exact`.
pub(crate) fn is_exact(cx: &Ctxt, attr: &Attribute) -> bool {
    let Meta::List(list) = &attr.meta else {
        cx.error(attr, "write `#[glue(exact)]`");
        return false;
    };
    let before = cx.count();
    let mut keys = Keys::parse(cx, list.tokens.clone(), "glue(…)", &["exact"]);
    let is_exact = keys.take_bare(cx, "exact").is_some();
    if !is_exact && cx.count() == before {
        cx.error(attr, "write `#[glue(exact)]`");
    }
    is_exact
}

/// Returns the attributes of the given names.
pub(crate) fn named<'a>(
    attrs: impl IntoIterator<Item = &'a Attribute>,
    names: &[&str],
) -> Vec<&'a Attribute> {
    attrs
        .into_iter()
        .filter(|attr| names.iter().any(|name| attr.path().is_ident(name)))
        .collect()
}

/// The line of a doc comment, for glue-codegen, that says that something is deprecated: `@deprecated use this`.
pub(crate) fn deprecation<'a>(attrs: impl IntoIterator<Item = &'a Attribute>) -> Option<String> {
    let attr = named(attrs, &["deprecated"]).into_iter().next()?;
    let text = |value: &Expr| match value {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text), ..
        }) => Some(text.value()),
        _ => None,
    };
    let mut note = None;
    match &attr.meta {
        Meta::Path(_) => {}
        Meta::NameValue(meta) => note = text(&meta.value),
        // What is malformed is for rustc to refuse.
        Meta::List(list) => {
            let _ = list.parse_nested_meta(|meta| {
                let value = meta.value()?.parse::<Expr>()?;
                if meta.path.is_ident("note") {
                    note = text(&value);
                }
                Ok(())
            });
        }
    }
    let note = note.unwrap_or_default();
    Some(format!("@deprecated {note}").trim_end().to_owned())
}

/// Takes further attributes of ours off an item: a second `#[glue::channel]` would expand the first one's output.
pub(crate) fn take_repeated(cx: &Ctxt, attrs: &mut Vec<Attribute>, name: &str) {
    attrs.retain(|attr| {
        let segments: Vec<_> = attr
            .path()
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect();
        let repeated = matches!(segments.as_slice(), [krate, last] if krate == "glue" && last == name);
        if repeated {
            cx.error(attr, format!("`#[glue::{name}]` is given twice"));
        }
        !repeated
    });
}

/// The keys of one attribute, known ones only and each once.
struct Keys {
    entries: Vec<Entry>,
}

struct Entry {
    key: Ident,
    value: Option<TokenStream>,
}

impl Keys {
    fn parse(cx: &Ctxt, tokens: TokenStream, attribute: &str, allowed: &[&str]) -> Self {
        let quoted: Vec<_> = allowed.iter().map(|key| format!("`{key}`")).collect();
        let list = match quoted.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, others)) => format!("{} and {last}", others.join(", ")),
            None => String::new(),
        };
        let parsed = Punctuated::<Entry, Token![,]>::parse_terminated.parse2(tokens);
        let parsed = parsed.unwrap_or_else(|error| {
            cx.error_at(
                error.span(),
                format!("`#[{attribute}]` takes {list}, separated by commas"),
            );
            Punctuated::new()
        });
        let mut entries: Vec<Entry> = Vec::new();
        for entry in parsed {
            let name = entry.key.unraw().to_string();
            if !allowed.contains(&name.as_str()) {
                let hint = if attribute == "glue(…)" && name == "exact" {
                    "; for a value that travels exactly, write `glue::Exact<…>` as the type"
                } else {
                    ""
                };
                cx.error(
                    &entry.key,
                    format!("unknown key `{name}`: `#[{attribute}]` takes {list}{hint}"),
                );
            } else if entries.iter().any(|other| other.key == entry.key) {
                cx.error(&entry.key, format!("`{name}` is given twice"));
            } else {
                entries.push(entry);
            }
        }
        Self { entries }
    }

    /// Takes the value of `key`; `example` is what a right one looks like.
    fn take<T: Parse>(&mut self, cx: &Ctxt, key: &str, example: &str) -> Option<T> {
        let index = self.entries.iter().position(|entry| entry.key == key)?;
        let entry = self.entries.swap_remove(index);
        let span = entry
            .value
            .as_ref()
            .map_or_else(|| entry.key.span(), Spanned::span);
        let parsed = entry.value.and_then(|value| syn::parse2(value).ok());
        if parsed.is_none() {
            cx.error_at(span, format!("write `{example}`"));
        }
        parsed
    }

    /// Takes a key that has no value.
    fn take_bare(&mut self, cx: &Ctxt, key: &str) -> Option<Ident> {
        let index = self.entries.iter().position(|entry| entry.key == key)?;
        let entry = self.entries.swap_remove(index);
        if let Some(value) = entry.value {
            cx.error_at(value.span(), format!("`{key}` takes no value: write it alone"));
        }
        Some(entry.key)
    }

    fn take_crate(&mut self, cx: &Ctxt) -> Path {
        self.take(cx, "crate", "crate = ::path::to::glue")
            .unwrap_or_else(|| parse_quote!(::glue))
    }
}

impl Parse for Entry {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let key = input.call(Ident::parse_any)?;
        if input.parse::<Option<Token![=]>>()?.is_none() {
            return Ok(Self { key, value: None });
        }
        let mut value = TokenStream::new();
        while !input.is_empty() && !input.peek(Token![,]) {
            value.extend([input.parse::<TokenTree>()?]);
        }
        Ok(Self {
            key,
            value: Some(value),
        })
    }
}
