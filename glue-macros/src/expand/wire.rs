//! The evidence that a type can cross the channel, made once per type.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Attribute, Path, Type};

use crate::types;

/// The types that a channel's methods name. Each gets a function that returns its codec as an opaque type:
///
/// ```text
/// fn __wire0() -> impl ::glue::__private::Codec<Message> { ::glue::__private::json::<Message>() }
/// ```
///
/// The function stands at the type in the user's signature, so that is where the compiler says what the type lacks, and it says it
/// once: all other code takes the opaque type's word for it.
pub(super) struct Wires<'a> {
    glue: &'a Path,
    functions: Vec<Function>,
    /// With the keys that [`Function`]s have.
    questions: Vec<(String, TokenStream)>,
}

struct Function {
    ident: Ident,
    key: String,
    code: TokenStream,
}

/// How a method's value is written: as it is, or as either half of a `Result`.
pub(super) enum Value {
    Plain(TokenStream),
    Result { ok: TokenStream, err: TokenStream },
}

impl<'a> Wires<'a> {
    pub(super) fn new(glue: &'a Path) -> Self {
        Self {
            glue,
            functions: Vec::new(),
            questions: Vec::new(),
        }
    }

    /// Returns a call of the function for `ty`.
    pub(super) fn codec(&mut self, ty: &Type, cfgs: &[&Attribute]) -> TokenStream {
        self.function(&ty.to_token_stream(), cfgs)
    }

    /// Returns the codecs of a return type or stream item; without a type it is `()`.
    pub(super) fn value(&mut self, ty: Option<&Type>, cfgs: &[&Attribute]) -> Value {
        let Some(ty) = ty else {
            return Value::Plain(self.function(&quote!(()), cfgs));
        };
        let glue = self.glue;
        match types::result(ty) {
            Some(Some((ok, err))) => Value::Result {
                ok: self.codec(ok, cfgs),
                err: self.codec(err, cfgs),
            },
            Some(None) => {
                let ends = Ends::of(ty.to_token_stream());
                let half = |half| ends.wrap(quote!(<), &quote!(#ty), quote!(as #glue::IsResult>::#half));
                let [ok, err] = [half(quote!(Ok)), half(quote!(Err))];
                Value::Result {
                    ok: self.function(&ok, cfgs),
                    err: self.function(&err, cfgs),
                }
            }
            None => {
                if types::may_be_alias(ty) {
                    self.ask_if_result(ty, cfgs);
                }
                Value::Plain(self.codec(ty, cfgs))
            }
        }
    }

    /// Returns the functions.
    pub(super) fn functions(self) -> TokenStream {
        let functions = self.functions.iter().map(|function| &function.code);
        let questions = self.questions.iter().map(|(_, code)| code);
        quote!(#(#functions)* #(#questions)*)
    }

    fn function(&mut self, ty: &TokenStream, cfgs: &[&Attribute]) -> TokenStream {
        let key = key(ty, cfgs);
        let known = self.functions.iter().find(|function| function.key == key);
        let ident = known.map_or_else(
            || format_ident!("__wire{}", self.functions.len()),
            |known| known.ident.clone(),
        );
        if known.is_none() {
            let glue = self.glue;
            let returned = Ends::of(ty.clone()).wrap(quote!(impl #glue::Codec<), ty, quote!(>));
            let code = quote! {
                #(#cfgs)*
                fn #ident() -> #returned {
                    #glue::json::<#ty>()
                }
            };
            self.functions.push(Function {
                ident: ident.clone(),
                key,
                code,
            });
        }
        quote!(#ident())
    }

    /// A `Result` under another name would be sent as `{"Ok": …}`, untyped error and all. Only the compiler sees through a name: the
    /// constant of [`Probe`] itself hides the one of its trait if the type is a `Result`.
    fn ask_if_result(&mut self, ty: &Type, cfgs: &[&Attribute]) {
        let key = key(&ty.to_token_stream(), cfgs);
        if self.questions.iter().any(|(known, _)| *known == key) {
            return;
        }
        let glue = self.glue;
        let span = Span::call_site().located_at(Ends::of(ty.to_token_stream()).first);
        let message = format!(
            "`{}` is a `Result` under another name: write `Result`, so that clients get the error typed",
            types::text(ty)
        );
        let code = quote_spanned! {span=>
            #(#cfgs)*
            const _: () = {
                use #glue::MayBeResult as _;
                ::core::assert!(!<#glue::Probe<#ty>>::IS_RESULT, #message);
            };
        };
        self.questions.push((key, code));
    }
}

/// Returns type and conditions as text: equal texts in one module are equal types, and a type may exist under its `#[cfg]` only.
fn key(ty: &TokenStream, cfgs: &[&Attribute]) -> String {
    quote!(#(#cfgs)* #ty).to_string()
}

/// First and last place of a type: a span over several tokens cannot be made on stable, but rustc joins the two ends.
struct Ends {
    first: Span,
    last: Span,
}

impl Ends {
    fn of(tokens: TokenStream) -> Self {
        let mut spans = tokens.into_iter().map(|token| token.span());
        let first = spans.next().unwrap_or_else(Span::call_site);
        Self {
            first,
            last: spans.last().unwrap_or(first),
        }
    }

    fn wrap(&self, before: TokenStream, inner: &TokenStream, after: TokenStream) -> TokenStream {
        let at = |tokens: TokenStream, place: Span| -> TokenStream {
            let span = Span::call_site().located_at(place);
            let moved = tokens.into_iter().map(|mut token| {
                token.set_span(span);
                token
            });
            moved.collect()
        };
        let (before, after) = (at(before, self.first), at(after, self.last));
        quote!(#before #inner #after)
    }
}
