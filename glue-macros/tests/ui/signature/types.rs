//! Types of std that look as if they could be sent.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::time::{Duration, SystemTime};

pub type BoxStream<'a, T> = Pin<Box<dyn glue::Stream<Item = T> + Send + 'a>>;

#[glue::channel]
pub trait Times {
    async fn wait(&self, time: Duration) -> Option<SystemTime>;
    async fn queue(&self, jobs: VecDeque<u8>);
    async fn pairs(&self, pairs: HashMap<(u8, u8), u8>) -> Vec<Option<Option<u8>>>;
    async fn fail(&self) -> Result<u8, Box<dyn std::error::Error>>;
    fn watch(&self) -> BoxStream<'static, u8>;
    async fn watch_too(&self) -> Result<BoxStream<'static, u8>, u8>;
    fn watch_all(&self) -> Pin<Box<dyn glue::Stream<Item = Vec<u8>> + Send>>;
}

#[glue::channel]
pub trait Shared {
    async fn shared(&self, text: std::sync::Arc<str>);
}

fn main() {}
