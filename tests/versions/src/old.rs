//! The shop as it was.

use glue::{ChannelService, Context};

#[glue::model]
pub(crate) struct Item {
    name: String,
}

#[glue::model]
pub(crate) struct Order {
    name: String,
}

#[glue::model]
pub(crate) struct Note {
    text: String,
}

#[glue::model]
pub(crate) enum State {
    Open,
    Closed,
}

#[glue::model]
pub(crate) enum Mark {
    Good,
    Bad,
}

#[glue::channel]
pub(crate) trait Shop {
    /// Compatible: an argument that may be left out comes.
    async fn list(&self, query: String) -> Vec<String>;
    /// Compatible for clients: a field comes.
    async fn item(&self, name: String) -> Item;
    /// Breaks clients: a field comes that must be there.
    async fn order(&self, order: Order) -> String;
    /// Breaks clients: the number is smaller, which no hash sees.
    async fn count(&self, pieces: u32) -> u32;
    /// Breaks clients: a variant comes.
    async fn state(&self) -> State;
    /// Breaks servers: a variant comes that clients may send.
    async fn mark(&self, mark: Mark) -> String;
    /// Breaks clients: a field goes.
    async fn note(&self) -> Note;
    /// Breaks clients: it goes.
    async fn gone(&self) -> String;
    /// Compatible: it stays.
    async fn same(&self, cx: &Context) -> String;
    /// Compatible for clients: a field comes.
    #[event]
    fn sold(item: Item);
}

struct Old;

pub(crate) fn shop() -> ChannelService {
    Old.into_channel()
}

impl Shop for Old {
    async fn list(&self, query: String) -> Vec<String> {
        vec![query]
    }

    async fn item(&self, name: String) -> Item {
        Item { name }
    }

    async fn order(&self, order: Order) -> String {
        order.name
    }

    async fn count(&self, pieces: u32) -> u32 {
        pieces
    }

    async fn state(&self) -> State {
        State::Open
    }

    async fn mark(&self, mark: Mark) -> String {
        match mark {
            Mark::Good => "good".to_owned(),
            Mark::Bad => "bad".to_owned(),
        }
    }

    async fn note(&self) -> Note {
        Note {
            text: "a note".to_owned(),
        }
    }

    async fn gone(&self) -> String {
        "here".to_owned()
    }

    async fn same(&self, cx: &Context) -> String {
        let name = "cup".to_owned();
        // It waits in the socket's mailbox, so nothing can go wrong.
        let _ = cx.emit(&ShopEvent::Sold { item: Item { name } }).await;
        "same".to_owned()
    }
}
