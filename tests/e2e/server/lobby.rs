//! Groups, and who is there.

use glue::{Context, Delivery, Error, Groups, Presence, PresenceUpdate, Stream};

/// Rooms that sockets are in, and people in them.
#[glue::channel]
pub(crate) trait Lobby {
    /// Goes into a room; returns whether it was not in it.
    async fn enter(&self, cx: &Context, room: String) -> bool;
    async fn leave(&self, cx: &Context, room: String) -> bool;
    /// Says something to everyone in a room; returns how many get it, as all of these do.
    async fn say(&self, room: String, text: String) -> u32;
    /// Says something to everyone else in a room.
    async fn say_to_others(&self, cx: &Context, room: String, text: String) -> u32;
    /// Says something to one socket that is in any room.
    async fn whisper(&self, socket_id: String, text: String) -> u32;
    /// Says something to everyone who has opened this channel.
    async fn announce(&self, cx: &Context, text: String) -> u32;
    /// Answers once a socket is in a room no more.
    async fn left(&self, room: String, socket_id: String);
    /// Sits down in a room until the reader leaves, and yields who is there.
    fn sit(
        &self,
        cx: &Context,
        room: String,
        name: String,
    ) -> impl Stream<Item = PresenceUpdate<String, Mood>>;
    /// Changes the mood of who sits in a room; returns whether there is such a person.
    async fn cheer(&self, room: String, name: String, emoji: String) -> bool;

    /// Somebody said something.
    #[event]
    fn said(text: String);
}

/// What others see of a person.
#[glue::model]
#[derive(Clone)]
pub(crate) struct Mood {
    emoji: String,
}

#[derive(Clone, Default)]
pub(crate) struct House {
    groups: Groups<LobbyEvent>,
    people: Presence<String, String, Mood>,
}

impl Lobby for House {
    async fn enter(&self, cx: &Context, room: String) -> bool {
        self.groups.join(room, cx)
    }

    async fn leave(&self, cx: &Context, room: String) -> bool {
        self.groups.leave(&room, cx.socket_id())
    }

    async fn say(&self, room: String, text: String) -> u32 {
        queued(self.groups.emit(&room, &LobbyEvent::Said { text }).await)
    }

    async fn say_to_others(&self, cx: &Context, room: String, text: String) -> u32 {
        let event = LobbyEvent::Said { text };
        queued(self.groups.emit_except(&room, &event, cx.socket_id()).await)
    }

    async fn whisper(&self, socket_id: String, text: String) -> u32 {
        queued(self.groups.emit_to(&socket_id, &LobbyEvent::Said { text }).await)
    }

    async fn announce(&self, cx: &Context, text: String) -> u32 {
        queued(cx.everyone().emit(&LobbyEvent::Said { text }).await)
    }

    async fn left(&self, room: String, socket_id: String) {
        while self.groups.contains(&room, &socket_id) {
            tokio::task::yield_now().await;
        }
    }

    fn sit(
        &self,
        cx: &Context,
        room: String,
        name: String,
    ) -> impl Stream<Item = PresenceUpdate<String, Mood>> {
        let mood = Mood {
            emoji: "🙂".to_owned(),
        };
        self.people.join(room.clone(), name.clone(), mood, cx);
        let seat = Seat {
            people: self.people.clone(),
            room: room.clone(),
            name,
            socket_id: cx.socket_id().to_owned(),
        };
        let updates = self.people.watch(room);
        futures_util::StreamExt::inspect(updates, move |_| {
            let _ = &seat;
        })
    }

    async fn cheer(&self, room: String, name: String, emoji: String) -> bool {
        self.people.update(&room, &name, Mood { emoji })
    }
}

/// Ends with the stream that its reader leaves.
struct Seat {
    people: Presence<String, String, Mood>,
    room: String,
    name: String,
    socket_id: String,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.people
            .leave(self.room.as_str(), self.name.as_str(), &self.socket_id);
    }
}

fn queued(delivery: Result<Delivery, Error>) -> u32 {
    let queued = delivery.map_or(0, |delivery| delivery.queued);
    u32::try_from(queued).unwrap_or(u32::MAX)
}
