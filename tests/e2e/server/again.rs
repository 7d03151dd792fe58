//! What goes on when a session ends: a call that may run twice, and a stream with cursors.

use std::collections::HashMap;

use futures_util::{StreamExt as _, stream};
use glue::{Stream, Tracked};
use tokio::sync::watch;

/// Calls and streams that are sent again, or not.
#[glue::channel]
pub(crate) trait Again {
    /// Counts its label and never answers.
    async fn once(&self, label: String) -> u32;
    /// Counts its label, and answers from the second time on.
    #[glue(idempotent)]
    async fn twice(&self, label: String) -> u32;
    /// Waits until a label was counted so often; returns how often it was.
    async fn reached(&self, label: String, count: u32) -> u32;
    /// Yields the numbers behind `after` up to the next that ends with 0, and then nothing more. What is behind 20 was forgotten, up to 25.
    #[glue(resume_from = after)]
    fn numbers(&self, after: Option<u32>) -> impl Stream<Item = Tracked<u32, String>>;
}

/// How often labels were counted.
pub(crate) struct Counts(watch::Sender<HashMap<String, u32>>);

impl Default for Counts {
    fn default() -> Self {
        Self(watch::Sender::new(HashMap::new()))
    }
}

impl Counts {
    fn count(&self, label: &str) -> u32 {
        let mut count = 0;
        self.0.send_modify(|counts| {
            let counted = counts.entry(label.to_owned()).or_default();
            *counted += 1;
            count = *counted;
        });
        count
    }
}

impl Again for Counts {
    async fn once(&self, label: String) -> u32 {
        self.count(&label);
        std::future::pending().await
    }

    async fn twice(&self, label: String) -> u32 {
        match self.count(&label) {
            1 => std::future::pending().await,
            count => count,
        }
    }

    async fn reached(&self, label: String, count: u32) -> u32 {
        let counted = |counts: &HashMap<String, u32>| counts.get(&label).copied().unwrap_or_default();
        let mut counts = self.0.subscribe();
        match counts.wait_for(|counts| counted(counts) >= count).await {
            Ok(counts) => counted(&counts),
            Err(_) => 0,
        }
    }

    fn numbers(&self, after: Option<u32>) -> impl Stream<Item = Tracked<u32, String>> {
        let (gap, first) = match after {
            Some(20) => (Some(Tracked::Gap), 25),
            after => (None, after.unwrap_or(0) + 1),
        };
        let items =
            (first..=first.next_multiple_of(10)).map(|number| Tracked::item(number, number.to_string()));
        stream::iter(gap.into_iter().chain(items)).chain(stream::pending())
    }
}
