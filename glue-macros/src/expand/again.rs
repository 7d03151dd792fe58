//! What becomes of calls when their session ends.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Path;
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::{Names, client, messages};
use crate::ast::{Channel, Method};

// fn on_loss(&self) -> OnLoss {
//     match *self {
//         Self::Post { .. } => OnLoss::Repeat,
//         Self::Watch { .. } => OnLoss::ResumeFrom("after"),
//         _ => OnLoss::Fail,
//     }
// }
/// Writes what becomes of calls, if it is anything else than usual for one.
pub(super) fn on_loss<'a>(methods: impl Iterator<Item = &'a Method<'a>>, glue: &Path) -> Option<TokenStream> {
    let arms: Vec<_> = methods.filter_map(|method| on_loss_arm(method, glue)).collect();
    if arms.is_empty() {
        return None;
    }
    Some(quote! {
        fn on_loss(&self) -> #glue::OnLoss {
            match *self {
                #(#arms)*
                #[allow(unreachable_patterns)] // where every message has an arm
                _ => #glue::OnLoss::Fail,
            }
        }
    })
}

fn on_loss_arm(method: &Method<'_>, glue: &Path) -> Option<TokenStream> {
    let (cfgs, variant) = (method.cfgs(), &method.variant);
    let on_loss = match &method.attrs.resume_from {
        Some(argument) => {
            let name = argument.unraw().to_string();
            quote!(ResumeFrom(#name))
        }
        None if method.attrs.idempotent.is_some() => quote!(Repeat),
        None => return None,
    };
    Some(quote!(#(#cfgs)* Self::#variant { .. } => #glue::OnLoss::#on_loss,))
}

// const _: () = resumes::<Tracked<u32, Message>, Option<u32>>();
/// Writes what the compiler has to agree to: items have cursors, of the argument's type.
pub(super) fn prove(channel: &Channel<'_>, Names { glue, .. }: &Names) -> TokenStream {
    let proofs = channel.calls().filter_map(|method| {
        let argument = method.attrs.resume_from.as_ref()?.unraw().to_string();
        let param = method.params.iter().find(|param| param.name == argument)?;
        let (item, _) = client::halves(messages::answer(method)?, glue);
        let (cfgs, ty) = (method.cfgs(), param.ty);
        // At the user's type, so that this is where the compiler says what it lacks.
        let at = Span::call_site().located_at(item.span());
        let proof = quote_spanned!(at=> #glue::resumes::<#item, #ty>());
        Some(quote!(#(#cfgs)* const _: () = #proof;))
    });
    quote!(#(#proofs)*)
}
