//! Expansions as they would read in a file. `INSTA_UPDATE=always cargo test -p glue-macros` blesses them.

use proc_macro2::TokenStream;
use quote::quote;

use crate::ctxt::Ctxt;
use crate::{case, expand, model};

macro_rules! assert_expansion {
    ($expansion:expr) => {
        // The expression would repeat the whole trait in a line.
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!($expansion) })
    };
}

#[track_caller]
fn pretty(tokens: &TokenStream) -> String {
    let file = syn::parse2(tokens.clone()).unwrap_or_else(|error| panic!("{error}: {tokens}"));
    prettyplease::unparse(&file)
}

fn channel(attr: TokenStream, item: TokenStream) -> String {
    pretty(&expand::channel(attr, item))
}

#[test]
fn every_kind_of_method() {
    assert_expansion!(channel(
        quote!(),
        quote! {
            /// Rooms to talk in.
            pub trait Chat {
                /// Says something.
                async fn post(&self, cx: &Context, room: String, text: String) -> Result<u64, ChatError>;
                async fn ping(&self);
                #[notification]
                async fn typing(&self, room: String);
                fn watch(&self, room: String) -> impl Stream<Item = Message>;
                /// Somebody came.
                #[event]
                fn joined(room: String, user: String);
            }
        }
    ));
}

#[test]
fn streams_of_callers_and_methods_of_clients() {
    assert_expansion!(channel(
        quote!(sequential),
        quote! {
            pub trait Chat {
                async fn upload(&self, name: String, chunks: Incoming<Chunk>) -> Result<u64, ChatError>;
                fn translate(&self, cx: &Context, lines: Incoming<String>) -> impl Stream<Item = String>;
                #[glue(no_cancel)]
                async fn pay(&self, cents: u32);
                /// Asks the user.
                #[client]
                async fn confirm(question: String) -> Result<bool, Declined>;
            }
        }
    ));
}

#[test]
fn methods_that_block() {
    assert_expansion!(channel(
        quote!(),
        quote! {
            pub trait Press {
                /// Takes its time.
                #[glue(blocking)]
                fn render(&self, cx: &Context, page: Page) -> Result<Image, PressError>;
                #[notification]
                #[glue(blocking)]
                fn clean(&self);
                async fn ping(&self);
            }
        }
    ));
}

#[test]
fn keys_cfgs_and_raw_identifiers() {
    assert_expansion!(channel(
        quote!(name = "odd.names", crate = crate::rt),
        quote! {
            #[cfg(feature = "odd")]
            pub(crate) trait Odd: Send {
                #[cfg(unix)]
                #[deprecated]
                async fn r#type(&self, r#match: u8, args: Option<u8>) -> io::Result<()>;
                #[cfg(unix)]
                #[event]
                fn r#loop();
            }
        }
    ));
}

#[test]
fn a_refused_method_stays_in_the_trait_but_not_in_the_messages() {
    assert_expansion!(channel(
        quote!(),
        quote! {
            trait Chat {
                fn post(&self, (a, b): (u8, u8)) -> u64;
                async fn ping(&mut self) {}
            }
        }
    ));
}

#[test]
fn the_harness_of_glue_codegen() {
    let item = syn::parse_quote! {
        /// Rooms to talk in.
        pub trait Chat {
            /// Says something.
            async fn post(&self, room: String) -> Result<u64, ChatError>;
            #[cfg(unix)]
            #[notification]
            async fn typing(&self, room: String);
            fn watch(&self) -> impl Stream<Item = Message>;
            #[event]
            fn joined(room: String);
        }
    };

    assert_expansion!(pretty(&expand::harness(quote!(), &item)));
}

#[test]
fn a_model() {
    let item = quote! {
        /// What was said.
        #[derive(Clone)]
        pub struct Message<T> {
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub text: Option<T>,
        }
    };

    assert_expansion!(pretty(&model::model(quote!(crate = ::rt), item)));
}

/// Where serde and ts-rs have rules of their own, the name that serde gives is written down.
#[test]
fn names_by_the_rules_of_serde() {
    let item = quote! {
        #[serde(rename_all = "PascalCase", rename_all_fields = "snake_case")]
        enum Event {
            A_B { cD: u8, plain: u8 },
            _X,
            #[serde(rename = "other")]
            Y_Z,
            #[serde(rename_all = "SCREAMING-KEBAB-CASE")]
            Plain { eF: u8, #[serde(flatten)] gH: Rest, #[serde(skip)] iJ: u8 },
        }
    };

    assert_expansion!(pretty(&model::model(quote!(), item)));
}

#[test]
fn names_change_their_style() {
    for (name, snake) in [
        ("Chat", "chat"),
        ("ChatRoom", "chat_room"),
        ("HTTPLog", "http_log"),
        ("V2Beta", "v2_beta"),
    ] {
        assert_eq!(case::snake(name), snake);
    }
    for (name, pascal) in [
        ("send_all", "SendAll"),
        ("self_", "Self_"),
        ("_1", "_1"),
        ("_٣", "_٣"),
        ("a_1b", "A1b"),
        ("x", "X"),
    ] {
        assert_eq!(case::pascal(name), pascal);
    }
    for (name, camel) in [
        ("send_all", "sendAll"),
        ("_room_id", "_roomId"),
        ("type_", "type_"),
        ("a__b", "aB"),
    ] {
        assert_eq!(case::camel(name), camel);
    }
}

#[test]
#[should_panic(expected = "the errors of an expansion were dropped")]
fn errors_cannot_be_forgotten() {
    drop(Ctxt::new());
}
