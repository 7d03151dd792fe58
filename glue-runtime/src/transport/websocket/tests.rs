//! Our end against tungstenite's: what either makes of the same bytes, and of what the other writes.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use futures_util::StreamExt as _;
use futures_util::future::poll_fn;
use proptest::collection::vec;
use proptest::prelude::*;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf, duplex};
use tokio_tungstenite::WebSocketStream;
use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Message, WebSocket};

use super::ServerWebSocket;
use super::client::transport_error;
use crate::proto::limits::Limits;
use crate::proto::messages::Piece;
use crate::transport::{Transport, TransportError};

/// A connection whose peer has written all that it will, and takes everything.
#[derive(Debug, Default)]
struct Script {
    reads: VecDeque<Vec<u8>>,
    written: Vec<u8>,
}

impl Script {
    /// Cuts what the peer has written into what each read brings.
    fn new(mut bytes: &[u8], cuts: &[usize]) -> Self {
        let mut reads = VecDeque::new();
        for cut in cuts.iter().cycle() {
            if bytes.is_empty() {
                break;
            }
            let (read, rest) = bytes.split_at((*cut).min(bytes.len()));
            reads.push_back(read.to_vec());
            bytes = rest;
        }
        Self {
            reads,
            written: Vec::new(),
        }
    }
}

impl Read for Script {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(mut read) = self.reads.pop_front() else {
            return Ok(0);
        };
        let bytes = read.len().min(buffer.len());
        buffer[..bytes].copy_from_slice(&read[..bytes]);
        if bytes < read.len() {
            self.reads.push_front(read.split_off(bytes));
        }
        Ok(bytes)
    }
}

impl Write for Script {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsyncRead for Script {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut bytes = vec![0; buffer.remaining()];
        let read = Read::read(&mut *self, &mut bytes)?;
        buffer.put_slice(&bytes[..read]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Script {
    fn poll_write(mut self: Pin<&mut Self>, _cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Write::write(&mut *self, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// How a connection has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Broken(TransportError),
    /// By a Close frame with this code.
    Closed(Option<u16>),
}

/// What a server makes of a connection: messages, its end, and what was written.
type Seen = (Vec<String>, End, Vec<u8>);

fn limits(message_bytes: usize) -> Limits {
    Limits {
        message_bytes,
        ..Limits::default()
    }
}

fn seen_by_us(bytes: &[u8], cuts: &[usize], limit: usize) -> Seen {
    let script = Script::new(bytes, cuts);
    let mut socket = ServerWebSocket::new(script, Vec::new(), &limits(limit));
    let mut cx = Context::from_waker(Waker::noop());
    let mut texts = Vec::new();
    let end = loop {
        match socket.poll_receive(&mut cx) {
            Poll::Ready(Some(Ok(text))) => texts.push(text.to_string()),
            Poll::Ready(Some(Err(error))) => break End::Broken(error),
            Poll::Ready(None) => break End::Closed(socket.close_code()),
            // Others' turn.
            Poll::Pending => {}
        }
    };
    (texts, end, socket.into_io().written)
}

fn seen_by_tungstenite(bytes: &[u8], limit: usize) -> Seen {
    let config = WebSocketConfig::default()
        .max_message_size(Some(limit))
        .max_frame_size(Some(limit));
    let mut socket = WebSocket::from_raw_socket(Script::new(bytes, &[4096]), Role::Server, Some(config));
    let mut texts = Vec::new();
    let end = loop {
        match socket.read() {
            Ok(Message::Text(text)) => texts.push(text.to_string()),
            Ok(Message::Binary(bytes)) => match String::from_utf8(bytes.to_vec()) {
                Ok(text) => texts.push(text),
                Err(_) => break End::Broken(TransportError::NotText),
            },
            Ok(Message::Close(frame)) => {
                let _ = socket.flush();
                break End::Closed(frame.map(|frame| frame.code.into()));
            }
            Ok(_) => {}
            Err(error) => break End::Broken(transport_error(&error)),
        }
    };
    (texts, end, socket.get_ref().written.clone())
}

/// One frame of a client, right or wrong.
#[derive(Clone, Debug)]
struct Frame {
    first: u8,
    is_masked: bool,
    /// Which form of length it has, if that is long enough.
    form: usize,
    payload: Vec<u8>,
}

impl Frame {
    fn new(opcode: u8, payload: Vec<u8>) -> Self {
        Self {
            first: 0x80 | opcode,
            is_masked: true,
            form: 0,
            payload,
        }
    }

    fn encode(&self, out: &mut Vec<u8>) {
        const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
        let masked = if self.is_masked { 0x80 } else { 0 };
        let length = self.payload.len();
        out.push(self.first);
        match length {
            0..126 if self.form == 0 => out.push(masked | length as u8),
            0..0x1_0000 if self.form < 2 => {
                out.push(masked | 126);
                out.extend((length as u16).to_be_bytes());
            }
            _ => {
                out.push(masked | 127);
                out.extend((length as u64).to_be_bytes());
            }
        }
        if self.is_masked {
            out.extend(MASK);
        }
        let mask = MASK.iter().cycle();
        let bytes = self.payload.iter().zip(mask);
        out.extend(bytes.map(|(byte, mask)| if self.is_masked { byte ^ mask } else { *byte }));
    }
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => "[a-zé€🦀]{0,40}".prop_map(String::into_bytes),
        2 => (0_usize..700).prop_map(|length| "€x".repeat(length / 4).into_bytes()),
        1 => vec(any::<u8>(), 0..6),
        1 => prop_oneof![Just(40_000_usize), Just(70_000)].prop_map(|length| vec![b'x'; length]),
    ]
}

fn control() -> impl Strategy<Value = Frame> {
    let opcode = prop_oneof![4 => Just(9), 2 => Just(10)];
    prop_oneof![
        12 => (opcode, vec(any::<u8>(), 0..126)).prop_map(|(opcode, payload)| Frame::new(opcode, payload)),
        1 => (900_u16..5100, "[a-zé]{0,9}").prop_map(|(code, reason)| {
            Frame::new(8, [&code.to_be_bytes(), reason.as_bytes()].concat())
        }),
        1 => vec(any::<u8>(), 0..4).prop_map(|payload| Frame::new(8, payload)),
    ]
}

/// A message in fragments, between which there may be others.
fn message() -> impl Strategy<Value = Vec<Frame>> {
    let cuts = vec(
        (
            any::<prop::sample::Index>(),
            prop::option::weighted(0.3, control()),
        ),
        0..4,
    );
    (text(), 1_u8..=2, cuts).prop_map(|(mut payload, opcode, cuts)| {
        let mut frames = Vec::new();
        let mut opcode = opcode;
        for (index, control) in cuts {
            let rest = payload.split_off(index.index(payload.len() + 1));
            let mut frame = Frame::new(opcode, payload);
            frame.first &= 0x7f;
            frames.push(frame);
            frames.extend(control);
            opcode = 0;
            payload = rest;
        }
        frames.push(Frame::new(opcode, payload));
        frames
    })
}

/// What a client writes: mostly by the rules.
fn stream() -> impl Strategy<Value = Vec<Frame>> {
    let unit = prop_oneof![4 => message(), 1 => control().prop_map(|frame| vec![frame])];
    let fault = (any::<prop::sample::Index>(), 0..9_u8, any::<u8>());
    let form = 0..3_usize;
    (vec((unit, form), 0..12), prop::option::weighted(0.4, fault)).prop_map(|(units, fault)| {
        let mut frames = Vec::new();
        for (mut unit, form) in units {
            unit.iter_mut().for_each(|frame| frame.form = form);
            frames.extend(unit);
        }
        if let Some((index, kind, byte)) = fault
            && !frames.is_empty()
        {
            let frame = index.get_mut(&mut frames);
            match kind {
                0 => frame.is_masked = false,
                1 => frame.first |= byte & 0x70,
                2 => frame.first ^= byte & 0x0f,
                3 => frame.first &= 0x7f,
                4 => frame.first |= 0x80,
                5 => frame.payload.push(0xff),
                6 => frame.payload.extend([b'x'; 130]),
                _ => frame.payload.truncate(usize::from(byte)),
            }
        }
        frames
    })
}

fn cuts() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        Just(vec![usize::MAX]),
        vec(1_usize..20, 1..5),
        vec(prop_oneof![1_usize..4, 100_usize..90_000], 1..5),
    ]
}

proptest! {
    #[test]
    fn the_same_bytes_are_the_same_messages(frames in stream(), cuts in cuts(), limit in prop_oneof![Just(100), Just(1 << 20)]) {
        let mut bytes = Vec::new();
        frames.iter().for_each(|frame| frame.encode(&mut bytes));

        let ours = seen_by_us(&bytes, &cuts, limit);

        prop_assert_eq!(ours, seen_by_tungstenite(&bytes, limit));
    }

    /// A frame that is refused by its header is refused before the rest of it has come.
    #[test]
    fn noise_is_the_same_noise(bytes in vec(any::<u8>(), 0..200), cuts in cuts()) {
        let (texts, end, written) = seen_by_us(&bytes, &cuts, 1000);

        let theirs = seen_by_tungstenite(&bytes, 1000);
        prop_assert_eq!((texts, written), (theirs.0, theirs.2));
        prop_assert!(theirs.1 == end || theirs.1 == End::Broken(TransportError::Lost), "{:?} {:?}", end, theirs.1);
    }

    #[test]
    fn a_client_reads_what_we_write(texts in vec("[a-zé]{0,300}", 0..40), room in 1_usize..5000, size in 0_usize..200_000) {
        let mut texts = texts;
        texts.push("x".repeat(size));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let read = runtime.block_on(async {
            let (io, peer) = duplex(room);
            let mut socket = ServerWebSocket::new(io, Vec::new(), &Limits::default());
            let write = async {
                for text in &texts {
                    poll_fn(|cx| socket.poll_ready(cx)).await.unwrap();
                    socket.send(Piece::Short(text.as_str())).unwrap();
                }
                poll_fn(|cx| socket.poll_close(cx, None)).await;
            };
            let client = WebSocketStream::from_raw_socket(peer, Role::Client, None).await;
            tokio::join!(write, client.collect::<Vec<_>>()).1
        });

        let mut read: Vec<_> = read.into_iter().map(Result::unwrap).collect();
        prop_assert_eq!(read.pop(), Some(Message::Close(None)));
        let expected: Vec<_> = texts.iter().map(|text| Message::text(text.as_str())).collect();
        prop_assert!(read == expected);
    }
}

#[test]
fn bytes_that_came_with_the_request_are_read_first() {
    let mut bytes = Vec::new();
    for text in ["one", "two", "three"] {
        Frame::new(1, text.into()).encode(&mut bytes);
    }
    for cut in 0..=bytes.len() {
        let (early, rest) = bytes.split_at(cut);
        let script = Script::new(rest, &[3]);
        let mut socket = ServerWebSocket::new(script, early.to_vec(), &Limits::default());
        for text in ["one", "two", "three"] {
            assert_eq!(next_text(&mut socket), text, "cut at {cut}");
        }
    }
}

fn next_text(socket: &mut ServerWebSocket<Script>) -> String {
    match socket.poll_receive(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Some(Ok(text))) => text.to_string(),
        other => panic!("a message was expected, not {other:?}"),
    }
}

/// All sockets of a thread read into the same buffers.
#[test]
fn sockets_that_take_turns_share_no_bytes() {
    let mut sockets: Vec<_> = ["a", "b", "c"]
        .map(|name| {
            let mut bytes = Vec::new();
            for number in 0..100 {
                Frame::new(1, format!("{name}{number}").into()).encode(&mut bytes);
            }
            let socket = ServerWebSocket::new(Script::new(&bytes, &[250]), Vec::new(), &Limits::default());
            (name, socket)
        })
        .into();

    for number in 0..100 {
        for (name, socket) in &mut sockets {
            assert_eq!(next_text(socket), format!("{name}{number}"));
            if number % 3 == 0 {
                socket.rest();
            }
        }
    }
}

/// A driver that is held up keeps what was read, and not the buffer in which it was.
#[test]
fn between_turns_only_what_is_unread_is_kept() {
    let mut bytes = Vec::new();
    for number in 0..100 {
        Frame::new(1, number.to_string().into()).encode(&mut bytes);
    }
    let mut socket = ServerWebSocket::new(
        Script::new(&bytes, &[bytes.len()]),
        Vec::new(),
        &Limits::default(),
    );

    assert_eq!(next_text(&mut socket), "0");
    socket.rest();

    assert!(socket.kept() < bytes.len(), "{} bytes are kept", socket.kept());
    for number in 1..100 {
        assert_eq!(next_text(&mut socket), number.to_string());
    }
}

/// What is kept for a peer that sends pings and takes no pongs is bounded.
#[tokio::test]
async fn a_peer_that_takes_no_pongs_is_not_read() {
    let (io, mut peer) = duplex(1 << 10);
    let mut socket = ServerWebSocket::new(io, Vec::new(), &Limits::default());
    let mut ping = Vec::new();
    Frame::new(9, vec![b'x'; 125]).encode(&mut ping);
    let send = async {
        loop {
            peer.write_all(&ping).await.unwrap();
        }
    };
    let receive = poll_fn(|cx| socket.poll_receive(cx));

    let both = async { tokio::join!(send, receive) };
    assert!(futures_util::future::FutureExt::now_or_never(tokio::task::unconstrained(both)).is_none());

    assert!(socket.kept() < 36 << 10, "{} bytes are kept", socket.kept());
}

/// Neither what is read nor what is written leaves memory behind.
#[tokio::test]
async fn an_idle_connection_holds_no_buffer() {
    let (io, mut peer) = duplex(1 << 20);
    let mut socket = ServerWebSocket::new(io, Vec::new(), &Limits::default());
    let mut cx = Context::from_waker(Waker::noop());
    let text = "x".repeat(100_000);
    let mut bytes = Vec::new();
    Frame::new(1, text.clone().into()).encode(&mut bytes);

    // The first half of it arrives alone.
    peer.write_all(&bytes[..50_000]).await.unwrap();
    assert!(socket.poll_receive(&mut cx).is_pending());
    assert!(socket.kept() >= 50_000 && socket.kept() < 150_000);
    peer.write_all(&bytes[50_000..]).await.unwrap();
    let Poll::Ready(Some(Ok(received))) = socket.poll_receive(&mut cx) else {
        panic!("no message");
    };
    socket.send(Piece::Long(received)).unwrap();
    assert!(socket.poll_flush(&mut cx).is_ready());

    assert!(socket.poll_receive(&mut cx).is_pending());
    assert_eq!(socket.kept(), 0);
}
