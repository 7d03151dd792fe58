//! Plays the client's side of a recording, and compares what the server says.

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::SocketAddr;

use glue_tests::bystander::Witness;
use glue_tests::raw_http::{RawConnection, RawResponse};
use glue_tests::raw_ws::{BINARY, CONTINUATION, FIN, PING, PONG, RawFrame, RawPeer, Received, TEXT};

use super::answer::{self, Answer, END};
use super::script::{Action, Outgoing, Request, Script, Step};
use super::settings::Stage;

/// Plays a script against the server of its stage.
pub(super) async fn replay(stage: Stage, script: Script) {
    let mut player = Player::new(stage.server.address()).await;
    for Step {
        line,
        connection,
        action,
    } in script.steps
    {
        stage.cue(line);
        match action {
            Action::Request(request) => player.request(connection, &request).await,
            Action::Send(outgoing) => player.send(connection, &outgoing).await,
            Action::Leave => player.leave(connection).await,
            Action::Expect(expected) if !player.left.contains(&connection) => {
                let answer = player.next(connection).await;
                let file = &stage.file;
                assert_eq!(
                    answer.text, expected.text,
                    "{file}, line {line}, connection {connection}"
                );
                player.names.extend(expected.names.into_iter().zip(answer.names));
            }
            Action::Expect(_) => {}
        }
    }
    player.finish(&stage.file).await;
}

struct Player {
    address: SocketAddr,
    connections: HashMap<u64, Connection>,
    /// Connections that the client has left.
    left: HashSet<u64>,
    /// Recorded uids and tokens, and ours in their places.
    names: HashMap<String, String>,
    /// Keeps the server's order of events the recorded one.
    witness: Witness,
}

enum Connection {
    Http {
        connection: RawConnection,
        /// For each request whose answer is still to come: whether it is HEAD.
        awaited: VecDeque<bool>,
    },
    WebSocket(RawPeer),
}

impl Player {
    async fn new(address: SocketAddr) -> Self {
        Self {
            address,
            connections: HashMap::new(),
            left: HashSet::new(),
            names: HashMap::new(),
            witness: Witness::new(address).await,
        }
    }

    async fn request(&mut self, number: u64, request: &Request) {
        let bytes = self.encode(request);
        let connection = match self.connections.remove(&number) {
            Some(connection @ Connection::Http { .. }) => connection,
            Some(Connection::WebSocket(_)) => panic!("connection {number} is a WebSocket"),
            None => Connection::Http {
                connection: RawConnection::dial(self.address).await,
                awaited: VecDeque::new(),
            },
        };
        let Connection::Http {
            mut connection,
            mut awaited,
        } = connection
        else {
            unreachable!("it is HTTP");
        };
        connection.send(&bytes).await;
        awaited.push_back(request.is_head());
        self.connections
            .insert(number, Connection::Http { connection, awaited });
        self.witness.settle().await;
    }

    async fn send(&mut self, number: u64, outgoing: &Outgoing) {
        // Clients answer a Close frame even when the connection has ended meanwhile.
        if let Some(Connection::WebSocket(peer)) = self.connections.get_mut(&number) {
            send(peer, outgoing).await;
        }
    }

    async fn leave(&mut self, number: u64) {
        self.left.insert(number);
        if self.connections.remove(&number).is_some() {
            self.witness.settle().await;
        }
    }

    /// Waits for what comes next on a connection.
    async fn next(&mut self, number: u64) -> Answer {
        let Some(connection) = self.connections.get_mut(&number) else {
            return answer::end();
        };
        match connection {
            Connection::WebSocket(peer) => {
                let received = describe(&peer.next().await);
                if received.text == END {
                    self.connections.remove(&number);
                }
                received
            }
            Connection::Http { connection, awaited } => {
                let Some(is_head) = awaited.pop_front() else {
                    connection.ended().await;
                    self.connections.remove(&number);
                    return answer::end();
                };
                let response = if is_head {
                    connection.answer_to_head().await
                } else {
                    connection.answer().await
                };
                if response.status == 101 {
                    self.upgrade(number);
                }
                self.describe_http(&response)
            }
        }
    }

    fn upgrade(&mut self, number: u64) {
        let connection = self.connections.remove(&number);
        if let Some(Connection::Http { connection, .. }) = connection {
            let peer = RawPeer::upgraded(connection);
            self.connections.insert(number, Connection::WebSocket(peer));
        }
    }

    /// Shows that nothing else has come on the WebSockets that are still open.
    async fn finish(mut self, file: &str) {
        for (number, connection) in self.connections.drain() {
            if let Connection::WebSocket(mut peer) = connection {
                peer.send("pi").await;
                let last = describe(&peer.next().await);
                assert_eq!(last.text, "po", "{file}, at the end of connection {number}");
            }
        }
    }

    /// Returns the bytes of a request as they were recorded, but with our host, uids and tokens.
    fn encode(&self, request: &Request) -> Vec<u8> {
        let recorded = request.header("host").unwrap_or_default();
        let host = self.address.to_string();
        let body = self.rename(&request.body);
        let mut head = format!("{}\r\n", request.line);
        let mut is_chunked = false;
        for (name, value) in &request.headers {
            let value = match name.to_lowercase().as_str() {
                "content-length" => body.len().to_string(),
                "host" | "origin" | "referer" => value.replace(recorded, &host),
                "transfer-encoding" => {
                    is_chunked = true;
                    value.clone()
                }
                _ => value.clone(),
            };
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let body = if is_chunked {
            format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len())
        } else {
            body
        };
        format!("{head}\r\n{body}").into_bytes()
    }

    /// Puts our names in the places of recorded ones: a uid behind the key, a token behind the first `&` of a poll.
    fn rename(&self, body: &str) -> String {
        let Some(key @ ("o" | "u")) = body.get(..1) else {
            return body.to_owned();
        };
        let (uid, data) = body[1..]
            .split_once('&')
            .map_or((&body[1..], None), |(uid, data)| (uid, Some(data)));
        let data = data.map_or_else(String::new, |data| {
            let data = if key == "o" {
                self.ours(data)
            } else {
                data.to_owned()
            };
            format!("&{data}")
        });
        format!("{key}{}{data}", self.ours(uid))
    }

    /// Returns a text whose beginning, if it is a recorded name, is ours instead.
    fn ours(&self, text: &str) -> String {
        let found = self
            .names
            .iter()
            .find_map(|(recorded, ours)| text.strip_prefix(recorded.as_str()).map(|rest| (ours, rest)));
        found.map_or_else(|| text.to_owned(), |(ours, rest)| format!("{ours}{rest}"))
    }

    fn describe_http(&self, response: &RawResponse) -> Answer {
        let host = self.address.to_string();
        answer::http(response.status, &response.headers, &response.body, &host)
    }
}

async fn send(peer: &mut RawPeer, outgoing: &Outgoing) {
    let frame = |first, payload| RawFrame {
        first,
        masked: true,
        payload,
    };
    match outgoing {
        Outgoing::Text { bytes, frames } => {
            let chunks: Vec<&[u8]> = if bytes.is_empty() {
                vec![&[]]
            } else {
                bytes.chunks(bytes.len().div_ceil(*frames)).collect()
            };
            let last = chunks.len() - 1;
            for (index, payload) in chunks.into_iter().enumerate() {
                let opcode = if index == 0 { TEXT } else { CONTINUATION };
                let fin = if index == last { FIN } else { 0 };
                peer.send_frame(frame(fin | opcode, payload)).await;
            }
        }
        Outgoing::Binary(payload) => peer.send_frame(frame(FIN | BINARY, payload)).await,
        Outgoing::Ping(text) => peer.send_frame(frame(FIN | PING, text.as_bytes())).await,
        Outgoing::Pong(text) => peer.send_frame(frame(FIN | PONG, text.as_bytes())).await,
        Outgoing::Close { code, reason } => peer.send_close(*code, reason).await,
    }
}

fn describe(received: &Received) -> Answer {
    match received {
        Received::Text(text) => answer::text(text),
        Received::Binary(bytes) => Answer::plain(format!("[binary {bytes:?}]")),
        Received::Ping(payload) => Answer::plain(format!("[ping {}]", String::from_utf8_lossy(payload))),
        Received::Pong(payload) => answer::pong(payload),
        Received::Close(code) => answer::close(*code),
        Received::End => answer::end(),
    }
}
