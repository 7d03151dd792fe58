//! The shop as it is now: see `old.rs` for what has changed where.

use glue::{ChannelService, Context};

#[glue::model]
pub(crate) struct Item {
    name: String,
    stock: u32,
}

#[glue::model]
pub(crate) struct Order {
    name: String,
    pieces: u8,
}

#[glue::model]
pub(crate) struct Note {
    lines: Vec<String>,
}

#[glue::model]
pub(crate) enum State {
    Open,
    Closed,
    Moving,
}

#[glue::model]
pub(crate) enum Mark {
    Good,
    Bad,
    Mixed,
}

#[glue::channel]
pub(crate) trait Shop {
    async fn list(&self, query: String, limit: Option<u32>) -> Vec<String>;
    async fn item(&self, name: String) -> Item;
    async fn order(&self, order: Order) -> String;
    async fn count(&self, pieces: u8) -> u32;
    async fn state(&self) -> State;
    async fn mark(&self, mark: Mark) -> String;
    async fn note(&self) -> Note;
    /// Breaks servers: it comes.
    async fn fresh(&self) -> String;
    async fn same(&self, cx: &Context) -> String;
    #[event]
    fn sold(item: Item);
}

struct New;

pub(crate) fn shop() -> ChannelService {
    New.into_channel()
}

impl Shop for New {
    async fn list(&self, query: String, limit: Option<u32>) -> Vec<String> {
        vec![query; limit.map_or(1, |limit| limit as usize)]
    }

    async fn item(&self, name: String) -> Item {
        Item { name, stock: 7 }
    }

    async fn order(&self, order: Order) -> String {
        format!("{} {}", order.pieces, order.name)
    }

    async fn count(&self, pieces: u8) -> u32 {
        pieces.into()
    }

    async fn state(&self) -> State {
        State::Moving
    }

    async fn mark(&self, mark: Mark) -> String {
        match mark {
            Mark::Good => "good".to_owned(),
            Mark::Bad => "bad".to_owned(),
            Mark::Mixed => "mixed".to_owned(),
        }
    }

    async fn note(&self) -> Note {
        Note {
            lines: vec!["a note".to_owned()],
        }
    }

    async fn fresh(&self) -> String {
        "fresh".to_owned()
    }

    async fn same(&self, cx: &Context) -> String {
        let (name, stock) = ("cup".to_owned(), 6);
        let item = Item { name, stock };
        // It waits in the socket's mailbox, so nothing can go wrong.
        let _ = cx.emit(&ShopEvent::Sold { item }).await;
        "same".to_owned()
    }
}
