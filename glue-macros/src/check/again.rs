//! The rules of what goes on in the next session.

use quote::ToTokens;
use syn::ext::IdentExt;

use crate::ast::{Kind, Method};
use crate::ctxt::Ctxt;
use crate::types;

/// What is sent again must be all that was said, and somebody must know that it is missing.
pub(super) fn idempotent(cx: &Ctxt, method: &Method<'_>) {
    let Some(key) = &method.attrs.idempotent else {
        return;
    };
    let message = match method.kind {
        Kind::Call(_) if method.items.is_some() => {
            "what was streamed is gone when its session ends: take a `Vec`, or remove `idempotent`"
        }
        Kind::Call(_) => return,
        Kind::Stream(_) => {
            "a stream is not begun anew but taken up where it broke off: write `resume_from = …`, or remove `idempotent`"
        }
        Kind::Notification => {
            "a notification is not answered, so nobody can know that it was lost: make it a call, or remove `idempotent`"
        }
        Kind::Event | Kind::ClientCall(_) => "`idempotent` is for what clients call: remove it",
    };
    cx.error(key, message);
}

/// A stream is taken up again by one of its arguments, and where all of it comes from the server.
pub(super) fn resume_from(cx: &Ctxt, method: &Method<'_>) {
    let Some(argument) = &method.attrs.resume_from else {
        return;
    };
    let message = match method.kind {
        Kind::Stream(_) if method.items.is_some() => {
            "what was streamed is gone when its session ends: take a `Vec`, or remove `resume_from`"
        }
        Kind::Stream(_) => return argument_of_cursor(cx, method),
        Kind::Call(_) | Kind::Notification | Kind::Event | Kind::ClientCall(_) => {
            "`resume_from` is for streams from the server: remove it"
        }
    };
    cx.error(argument, message);
}

/// The argument is `None` at the first time.
fn argument_of_cursor(cx: &Ctxt, method: &Method<'_>) {
    let Some(argument) = &method.attrs.resume_from else {
        return;
    };
    let name = argument.unraw().to_string();
    let Some(param) = method.params.iter().find(|param| param.name == name) else {
        let item = match method.kind {
            Kind::Stream(Some(item)) => cursor(item),
            _ => None,
        };
        let cursor = item.unwrap_or_else(|| "…".to_owned());
        return cx.error(
            argument,
            format!("there is no argument `{name}`: add `{name}: Option<{cursor}>`, behind which the stream goes on"),
        );
    };
    let is_option = types::last_segment(param.ty).is_some_and(|segment| segment.ident == "Option");
    if !is_option {
        let ty = types::text(param.ty);
        cx.error(
            param.ty,
            format!("at first there is nothing to resume from: write `Option<{ty}>`"),
        );
    }
}

/// Returns `C` of an item that is written `Tracked<C, T>`.
fn cursor(item: &syn::Type) -> Option<String> {
    let item = match types::result(item) {
        Some(Some((ok, _))) => ok,
        _ => item,
    };
    let segment = types::last_segment(item).filter(|segment| segment.ident == "Tracked")?;
    let syn::PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return None;
    };
    match arguments.args.first()? {
        syn::GenericArgument::Type(cursor) => Some(types::text(cursor)),
        other => Some(other.to_token_stream().to_string()),
    }
}
