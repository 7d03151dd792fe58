//! Writes the code of a channel.

mod again;
mod client;
mod messages;
mod schema;
mod server;
mod wire;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{ItemTrait, Path};

use crate::ast::{Channel, Method};
use crate::attr::{self, ChannelAttr};
use crate::check;
use crate::ctxt::Ctxt;
use wire::Wires;

/// Expands `#[glue::channel]`.
pub(crate) fn channel(attr: TokenStream, item: TokenStream) -> TokenStream {
    let mut item: ItemTrait = match syn::parse2(item.clone()) {
        Ok(item) => item,
        Err(error) => return not_a_trait(&error, item),
    };
    let cx = Ctxt::new();
    attr::take_repeated(&cx, &mut item.attrs, "channel");
    let attr = ChannelAttr::parse(&cx, attr);
    let mut channel = Channel::from_trait(&cx, &attr, &item);
    let sound = check::check(&cx, &mut channel);

    let code = if sound {
        expand(&channel)
    } else {
        server::broken_trait(&channel)
    };
    let errors = cx.finish();
    quote!(#errors #code)
}

/// Writes the harness of glue-codegen alone, whatever our features are.
#[cfg(test)]
pub(crate) fn harness(attr: TokenStream, item: &ItemTrait) -> TokenStream {
    let cx = Ctxt::new();
    let attr = ChannelAttr::parse(&cx, attr);
    let channel = Channel::from_trait(&cx, &attr, item);
    let harness = schema::harness(&channel, &Names::new(&channel));
    let errors = cx.finish();
    quote!(#errors #harness)
}

fn not_a_trait(error: &syn::Error, item: TokenStream) -> TokenStream {
    // What is no trait stays as it is, so that only this is reported; what does not even parse is rustc's to report.
    let is_item = syn::parse2::<syn::Item>(item.clone()).is_ok();
    let error = if is_item {
        syn::Error::new_spanned(&item, "`#[glue::channel]` goes on a trait").to_compile_error()
    } else {
        error.to_compile_error()
    };
    let item = is_item.then_some(item);
    quote!(#error #item)
}

fn expand(channel: &Channel<'_>) -> TokenStream {
    let names = Names::new(channel);
    let mut wires = Wires::new(&names.glue);
    let sides = Side::of(channel);

    let mut items = vec![server::declare(channel, &names, &sides)];
    items.extend(sides.iter().map(|side| messages::declare(side, channel)));
    items.push(messages::declare_events(channel, &names));
    items.extend(sides.iter().map(|side| client::declare(side, channel, &names)));

    let mut code = Vec::new();
    for side in &sides {
        code.push(server::implement(side, channel, &names, &mut wires));
        code.push(messages::implement(side, &names, &mut wires));
        code.push(client::implement(side, channel, &names, &mut wires));
    }
    code.push(messages::implement_events(channel, &names, &mut wires));
    code.push(schema::implement(channel, &names, &mut wires));
    code.push(again::prove(channel, &names));

    let harness = schema::emit(channel, &names);
    let (cfgs, glue) = (channel.cfgs(), &names.glue);
    let witnesses = wires.functions();
    quote! {
        #(#items)*
        #(#cfgs)*
        // A channel without events, or with methods that never answer, has enums without variants.
        // A call of a deprecated method is the client's to be warned of.
        #[allow(deprecated, unreachable_code)]
        #[allow(clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
        const _: () = {
            #[allow(unused_imports)]
            use #glue::{ShowDebug as _, ShowOpaque as _};
            #witnesses
            #(#code)*
        };
        #harness
    }
}

/// Names of the channel as a whole, and the path that all others are found under.
struct Names {
    /// `::glue::__private`.
    glue: Path,
    /// The trait.
    channel: Ident,
    /// What clients ask of the server, which stands for the channel where a type has to.
    call: Ident,
    event: Ident,
}

impl Names {
    fn new(channel: &Channel<'_>) -> Self {
        let krate = channel.krate();
        let ident = &channel.item.ident;
        Self {
            glue: syn::parse_quote!(#krate::__private),
            channel: ident.clone(),
            call: format_ident!("{ident}Call"),
            event: format_ident!("{ident}Event"),
        }
    }
}

/// One direction of calls: what is asked there, and the names of what asks and answers.
struct Side<'a> {
    direction: Direction,
    methods: Vec<&'a Method<'a>>,
    /// The trait of those who answer.
    callee: Ident,
    /// The hidden type that serves an implementation of the trait.
    serve: Ident,
    call: Ident,
    reply: Ident,
    /// The type that asks.
    caller: Ident,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    ToServer,
    ToClient,
}

impl<'a> Side<'a> {
    /// Returns the sides that the channel has.
    fn of(channel: &'a Channel<'a>) -> Vec<Self> {
        let sides = [Some(Self::to_server(channel)), Self::to_client(channel)];
        sides.into_iter().flatten().collect()
    }

    fn to_server(channel: &'a Channel<'a>) -> Self {
        let ident = &channel.item.ident;
        Self {
            direction: Direction::ToServer,
            methods: channel.calls().collect(),
            callee: ident.clone(),
            serve: format_ident!("__Serve{ident}"),
            call: format_ident!("{ident}Call"),
            reply: format_ident!("{ident}Reply"),
            caller: format_ident!("{ident}Client"),
        }
    }

    /// Returns the side of the client, if the server asks anything of it.
    fn to_client(channel: &'a Channel<'a>) -> Option<Self> {
        let ident = &channel.item.ident;
        let methods: Vec<_> = channel.client_calls().collect();
        (!methods.is_empty()).then(|| Self {
            direction: Direction::ToClient,
            methods,
            callee: format_ident!("{ident}Handler"),
            serve: format_ident!("__Serve{ident}Handler"),
            call: format_ident!("{ident}HandlerCall"),
            reply: format_ident!("{ident}HandlerReply"),
            caller: format_ident!("{ident}Callback"),
        })
    }
}

/// Returns the name of the local variable that holds a parameter: the user's own could be a constant's name, too.
fn local(index: usize) -> Ident {
    format_ident!("__arg{index}")
}
