//! Middleware: who may call what, what it says of each call, and how long one may take. One call at a time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use glue::{ChannelService, Code, Context, Next, RpcError};

use crate::ledger::Ledger;

/// Things for some only.
#[glue::channel(sequential)]
pub(crate) trait Vault {
    /// Returns who calls.
    async fn name(&self, cx: &Context) -> Option<String>;
    /// Fails with an error of its own unless the number is right. Only for those who are signed in.
    async fn unlock(&self, number: u32) -> Result<String, WrongNumber>;
    /// Only for owners.
    async fn empty(&self, cx: &Context) -> String;
    /// Returns how the calls of this socket have ended.
    async fn log(&self, cx: &Context) -> Vec<String>;
    /// Returns how much time the call has left, in milliseconds.
    async fn remaining(&self, cx: &Context) -> Option<u32>;
    /// Answers once `go:<label>` was counted; counts `gone:<label>`.
    async fn wait(&self, label: String);
}

/// It doesn't open.
#[glue::model]
pub(crate) struct WrongNumber {
    tried: u32,
}

/// Who a socket belongs to, once it has said so.
#[derive(Clone)]
pub(crate) struct Principal {
    pub(crate) name: String,
    pub(crate) is_owner: bool,
}

/// How calls have ended.
type Log = Arc<Mutex<Vec<String>>>;

pub(crate) struct Cellar {
    pub(crate) ledger: Ledger,
}

impl Cellar {
    /// The channel with its middleware.
    pub(crate) fn service(self) -> ChannelService {
        self.into_channel()
            .layer(write_down)
            .layer_for(["unlock", "empty"], signed_in)
            .layer_for(["empty"], only_owners)
            .max_timeout(Duration::from_secs(60))
    }
}

impl Vault for Cellar {
    async fn name(&self, cx: &Context) -> Option<String> {
        cx.value::<Principal>().map(|principal| principal.name)
    }

    async fn unlock(&self, number: u32) -> Result<String, WrongNumber> {
        let right = (number == 42).then(|| "gold".to_owned());
        right.ok_or(WrongNumber { tried: number })
    }

    async fn empty(&self, cx: &Context) -> String {
        let name = self.name(cx).await.unwrap_or_default();
        format!("emptied by {name}")
    }

    async fn log(&self, cx: &Context) -> Vec<String> {
        let log = cx.value::<Log>().unwrap_or_default();
        log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn remaining(&self, cx: &Context) -> Option<u32> {
        let left = cx.remaining()?;
        Some(u32::try_from(left.as_millis()).unwrap_or(u32::MAX))
    }

    async fn wait(&self, label: String) {
        let _guard = self.ledger.guard(format!("gone:{label}"));
        self.ledger.reached(&format!("go:{label}"), 1).await;
    }
}

async fn write_down(cx: Context, next: Next) -> Result<glue::Completion, RpcError> {
    let result = next.run(cx.clone()).await;
    let end = match &result {
        Ok(completion) if completion.is_application_error() => "application",
        Ok(_) => "ok",
        Err(error) => error.code().as_str(),
    };
    let log = cx.value::<Log>().unwrap_or_default();
    log.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(format!("{} {end}", cx.method()));
    cx.set_value(log);
    result
}

async fn signed_in(cx: Context, next: Next) -> Result<glue::Completion, RpcError> {
    if cx.value::<Principal>().is_none() {
        return Err(RpcError::new(Code::Unauthenticated, "sign in first"));
    }
    next.run(cx).await
}

async fn only_owners(cx: Context, next: Next) -> Result<glue::Completion, RpcError> {
    if !cx
        .value::<Principal>()
        .is_some_and(|principal| principal.is_owner)
    {
        return Err(RpcError::new(Code::PermissionDenied, "only for owners"));
    }
    next.run(cx).await
}
