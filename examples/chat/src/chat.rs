//! What the page and the server say to each other. From this, glue-codegen writes the page's client.

use glue::{Context, Stream};

/// Rooms in which people talk.
#[glue::channel]
pub(crate) trait Chat {
    /// Takes a name, for as long as the stream is followed, and yields the rooms: now, and whenever they change.
    ///
    /// Whoever knows the `key` of a name may use that in several tabs.
    fn enter(
        &self,
        cx: &Context,
        name: String,
        key: String,
    ) -> impl Stream<Item = Result<Vec<Room>, ChatError>>;

    /// Goes into a room, for as long as the stream is followed, and yields what happens there. A room that isn't
    /// there yet is made.
    fn watch(&self, cx: &Context, room: String) -> impl Stream<Item = Result<Update, ChatError>>;

    /// Says something in a room, and returns the number of the message.
    async fn say(&self, cx: &Context, room: String, text: String) -> Result<u32, ChatError>;

    /// Tells the others in a room that one is writing.
    #[notification]
    async fn typing(&self, cx: &Context, room: String);

    /// Somebody is writing in a room.
    #[event]
    fn typing(room: String, name: String);
}

/// A room as the list of rooms shows it.
#[glue::model]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    /// Its name.
    pub name: String,
    /// How many people are in it.
    pub people: u32,
    /// Number of its last message; zero before the first.
    pub last: u32,
}

/// Something that was said.
#[glue::model]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// Rises by one with each message of the room.
    pub id: u32,
    /// Who said it.
    pub name: String,
    /// What was said.
    pub text: String,
    /// When, in milliseconds since 1970.
    pub at: u64,
}

/// What happens in a room.
#[glue::model]
#[derive(Clone, Debug, PartialEq, Eq)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Update {
    /// How things stand. It comes first, and again to a reader too slow for all that happened since.
    Snapshot {
        /// The room's name as all others see it.
        room: String,
        /// The last messages, the newest last.
        messages: Vec<Message>,
        /// Who is here.
        people: Vec<String>,
    },
    /// Something was said.
    Said {
        /// What.
        message: Message,
    },
    /// Somebody came.
    Joined {
        /// Who.
        name: String,
    },
    /// Somebody went.
    Left {
        /// Who.
        name: String,
    },
}

/// Why something can't be done.
#[glue::model]
#[derive(Clone, Debug, PartialEq, Eq)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub(crate) enum ChatError {
    /// There is nothing in it but white space.
    Empty,
    /// It is too long.
    TooLong {
        /// The most characters that it may have.
        limit: u32,
    },
    /// Somebody else has this name.
    NameTaken,
    /// One needs a name first.
    NoName,
    /// There are too many people, or rooms in use.
    Full,
}
