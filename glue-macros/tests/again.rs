//! What generated code says of methods that go on in the next session.

#![allow(missing_docs)] // the names say it

use glue::__private::CallMessage as _;
use glue::__private::schema::{Channel, Described as _, collect};
use glue::schema::{ChannelSchema, MethodSchema};
use glue::{Exact, OnLoss, Stream, Tracked};

/// What has happened.
#[glue::model]
#[derive(Debug)]
pub struct Happening {
    #[glue(exact)]
    pub at: u64,
    pub text: String,
}

/// What happens.
#[glue::channel]
pub trait Feed {
    /// Sets the topic.
    ///
    /// # Errors
    /// Fails on Sundays.
    #[glue(idempotent)]
    async fn set(&self, topic: String) -> Result<u32, String>;
    #[glue(idempotent)]
    async fn clear(&self);
    async fn post(&self, text: String) -> u32;
    /// All that happens.
    #[glue(resume_from = after_id)]
    fn happenings(
        &self,
        room: String,
        after_id: Option<Exact<u64>>,
    ) -> impl Stream<Item = Tracked<Exact<u64>, Happening>>;
    #[glue(resume_from = r#type)]
    fn words(&self, r#type: Option<String>) -> impl Stream<Item = Result<Tracked<String, String>, String>>;
}

mod plain {
    use super::*;

    #[glue::channel]
    pub(crate) trait Feed {
        async fn set(&self, topic: String) -> Result<u32, String>;
        async fn clear(&self);
        async fn post(&self, text: String) -> u32;
        fn happenings(
            &self,
            room: String,
            after_id: Option<Exact<u64>>,
        ) -> impl Stream<Item = Tracked<Exact<u64>, Happening>>;
        fn words(
            &self,
            r#type: Option<String>,
        ) -> impl Stream<Item = Result<Tracked<String, String>, String>>;
    }
}

fn schema() -> ChannelSchema {
    collect(&Channel {
        krate: "feeds",
        module: "feeds",
        name: "Feed",
        channel: "feed",
        docs: &[" What happens."],
        file: "src/lib.rs",
        line: 1,
        describe: FeedCall::describe,
    })
}

#[test]
fn each_call_says_what_becomes_of_it() {
    let room = String::new();
    let on_loss = [
        FeedCall::Set { topic: String::new() }.on_loss(),
        FeedCall::Clear {}.on_loss(),
        FeedCall::Post { text: String::new() }.on_loss(),
        FeedCall::Happenings { room, after_id: None }.on_loss(),
        FeedCall::Words { r#type: None }.on_loss(),
        plain::FeedCall::Clear {}.on_loss(),
    ];

    assert_eq!(
        on_loss,
        [
            OnLoss::Repeat,
            OnLoss::Repeat,
            OnLoss::Fail,
            OnLoss::ResumeFrom("after_id"),
            OnLoss::ResumeFrom("type"),
            OnLoss::Fail,
        ]
    );
}

#[test]
fn the_description_says_it_too_and_the_hash_does_not() {
    let schema = schema();
    let said = |method: &MethodSchema| (method.idempotent, method.resume_from.clone());

    assert_eq!(
        schema.methods.iter().map(said).collect::<Vec<_>>(),
        [
            (true, None),
            (true, None),
            (false, None),
            (false, Some("after_id".to_owned())),
            (false, Some("type".to_owned())),
        ]
    );
    assert_eq!(FeedCall::hashes().schema, plain::FeedCall::hashes().schema);
    assert_eq!(FeedCall::hashes().methods, plain::FeedCall::hashes().methods);
}

/// The channel of a golden case of glue-codegen.
#[test]
fn glue_codegen_is_tested_with_what_is_described_here() {
    let golden = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../glue-codegen/tests/golden/again-fakes/feed.json"
    );
    let mut schema = schema();
    for described in &mut schema.types {
        // Told to glue-codegen only, so it depends on the build; and nothing of it is shown here.
        described.model = None;
    }
    let json = schema.to_json();
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(std::path::Path::new(golden).parent().unwrap()).unwrap();
        std::fs::write(golden, &json).unwrap();
    }

    assert_eq!(std::fs::read_to_string(golden).unwrap(), json);
}
