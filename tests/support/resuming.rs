//! A raw peer whose session outlives its links (docs/PROTOCOL.md, part 21).

use std::collections::VecDeque;
use std::net::SocketAddr;

use serde_json::Value;

use crate::peer::{Carrier, Peer};

/// One link of a session, with what its client remembers of both.
#[derive(Debug)]
pub struct ResumingPeer {
    /// The link.
    pub peer: Peer,
    /// What the server has offered on it.
    pub terms: Terms,
    carrier: Carrier,
    /// Channel messages that were sent in the session.
    sent: u64,
    /// Channel messages that have come in the session.
    received: u64,
    /// What the server has acknowledged.
    acked: u64,
    /// What has come in a container and was not taken.
    unread: VecDeque<String>,
}

/// What an answer to `in` says of the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The socket id.
    pub id: String,
    /// The secret to come back with.
    pub token: String,
    /// Set where the session goes on.
    pub received: Option<u64>,
}

impl Terms {
    /// Reads an answer to `in`.
    ///
    /// # Panics
    /// When it doesn't accept the client, or offers no session that outlives its link.
    pub fn read(answer: &str) -> Self {
        let json = answer.strip_prefix("in").expect("an answer to in");
        let json: Value = serde_json::from_str(json).expect("it is JSON");
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let resume = &json["resume"];
        let terms = Self {
            id: text(&json["socketID"]),
            token: text(&resume["token"]),
            received: resume["received"].as_u64(),
        };
        assert_eq!(json["batch"], true, "resume needs containers");
        assert!(
            resume["windowMs"].is_u64() && resume["bufferBytes"].is_u64(),
            "{answer}"
        );
        assert_eq!(terms.token.len(), 32, "[U-1]");
        assert!(
            terms.token.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            "[U-1]"
        );
        terms
    }

    /// Returns the `in` of a client that comes back.
    pub fn comeback(&self, received: u64) -> String {
        let Self { id, token, .. } = self;
        format!(
            r#"in{{"version":"1.9.1","batch":true,"errors":true,"resume":{{"socketID":"{id}","token":"{token}","received":{received}}}}}"#
        )
    }
}

impl ResumingPeer {
    /// Begins a session.
    pub async fn open(carrier: Carrier, address: SocketAddr) -> Self {
        let peer = Peer::connect(carrier, address).await;
        Self::open_on(carrier, peer, FIRST).await
    }

    /// Begins a session on a link, with this `in`.
    ///
    /// # Panics
    /// When it is none that begins.
    pub async fn open_on(carrier: Carrier, mut peer: Peer, init: &str) -> Self {
        peer.send(init).await;
        let terms = Terms::read(&peer.text().await);
        assert_eq!(terms.received, None, "a session that begins");
        Self {
            peer,
            terms,
            carrier,
            sent: 0,
            received: 0,
            acked: 0,
            unread: VecDeque::new(),
        }
    }

    /// Comes back over another link, while the former is still there or not.
    ///
    /// # Panics
    /// When the session doesn't go on.
    pub async fn come_back(&mut self, carrier: Carrier, address: SocketAddr) -> Peer {
        let peer = Peer::connect(carrier, address).await;
        let comeback = self.terms.comeback(self.received);
        self.come_back_on(carrier, peer, &comeback).await
    }

    /// Comes back over this link with this `in`; returns the former link.
    ///
    /// # Panics
    /// When the session doesn't go on, or the server tells another number than that of what was sent.
    pub async fn come_back_on(&mut self, carrier: Carrier, mut peer: Peer, init: &str) -> Peer {
        peer.send(init).await;
        let terms = Terms::read(&peer.text().await);
        assert_eq!(terms.id, self.terms.id, "the session goes on");
        assert_ne!(terms.token, self.terms.token, "the token is a new one");
        assert_eq!(terms.received, Some(self.sent), "what the server has taken in");
        self.terms = terms;
        self.carrier = carrier;
        self.unread.clear();
        std::mem::replace(&mut self.peer, peer)
    }

    /// Comes back over another link and is given a fresh session.
    ///
    /// # Panics
    /// When the former goes on.
    pub async fn begin_anew(&self, carrier: Carrier, address: SocketAddr) -> Self {
        let peer = Peer::connect(carrier, address).await;
        let fresh = Self::open_on(carrier, peer, &self.terms.comeback(self.received)).await;
        assert_ne!(fresh.terms.id, self.terms.id);
        fresh
    }

    /// Sends a channel message, numbered where that is due [U-8].
    pub async fn say(&mut self, message: &str) {
        let message = format!("cd1&m{message}");
        self.sent += 1;
        match self.carrier {
            Carrier::WebSocket => self.peer.send(&message).await,
            Carrier::Ajax => self.peer.send(&numbered(self.sent, &[&message])).await,
        }
    }

    /// Waits for the next message that isn't about acknowledgements.
    pub async fn next(&mut self) -> String {
        loop {
            let text = match self.unread.pop_front() {
                Some(text) => text,
                None => self.peer.text().await,
            };
            if let Some(container) = text.strip_prefix("ba") {
                self.unread.extend(split(container));
            } else if let Some(number) = text.strip_prefix("ak") {
                self.acked = number.parse().expect("a number");
            } else {
                if text.starts_with("cd") {
                    self.received += 1;
                }
                return text;
            }
        }
    }

    /// Waits until the server has acknowledged all that was sent.
    ///
    /// # Panics
    /// When something else comes.
    pub async fn acknowledged(&mut self) {
        while self.acked < self.sent {
            let text = self.peer.text().await;
            let number = text
                .strip_prefix("ak")
                .expect("an acknowledgement and nothing else");
            self.acked = number.parse().expect("a number");
        }
    }

    /// Acknowledges all that has come.
    pub async fn acknowledge(&mut self) {
        self.peer.send(&format!("ak{}", self.received)).await;
    }

    /// Shows that the session goes on, and that nothing else has come.
    ///
    /// # Panics
    /// When something else comes.
    pub async fn assert_echo(&mut self, text: &str) {
        self.say(text).await;
        assert_eq!(self.next().await, format!("cd1&m{text}"));
    }

    /// Waits until the server has read all that was sent. What comes meanwhile counts as lost.
    pub async fn is_read(&mut self) {
        self.peer.send("pi").await;
        let received = self.received;
        while self.next().await != "po" {}
        self.received = received;
    }

    /// Comes with another client's socket id and a token that isn't its own.
    pub async fn begin_anew_as_a_stranger(&self, carrier: Carrier, address: SocketAddr) {
        let stranger = Terms {
            token: "0".repeat(32),
            ..self.terms.clone()
        };
        let link = Peer::connect(carrier, address).await;
        Self::open_on(carrier, link, &stranger.comeback(0)).await;
    }

    /// Returns how many channel messages have come.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Waits for the end that the server makes on purpose: `cl`, and then the link's.
    ///
    /// # Panics
    /// When anything else comes.
    pub async fn closed(&mut self) {
        assert_eq!(self.next().await, "cl");
        self.peer.closed().await;
    }
}

/// Returns a container in which the first of these channel messages has this number.
pub fn numbered(number: u64, messages: &[&str]) -> String {
    let number = format!("nu{number}");
    let messages = [&number]
        .into_iter()
        .map(String::as_str)
        .chain(messages.iter().copied());
    let units = |text: &str| text.encode_utf16().count();
    messages.fold("ba".to_owned(), |container, message| {
        format!("{container}{}&{message}", units(message))
    })
}

/// Takes the messages out of a container of ASCII.
fn split(mut container: &str) -> Vec<String> {
    let mut messages = Vec::new();
    while let Some((length, rest)) = container.split_once('&') {
        let (message, rest) = rest.split_at(length.parse().expect("a length"));
        messages.push(message.to_owned());
        container = rest;
    }
    messages
}

/// The first `in` of a client whose sessions outlive their links.
pub const FIRST: &str = r#"in{"version":"1.9.1","batch":true,"errors":true,"resume":{}}"#;
