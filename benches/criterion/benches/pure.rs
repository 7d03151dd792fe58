//! The pure parts, one by one: what a change of one of them does, before it is seen in a whole call.
//!
//! `cargo bench --manifest-path benches/Cargo.toml --package glue-criterion [-- NAME]`

#![allow(missing_docs)] // of what criterion's macros write

use std::hint::black_box;
use std::time::Instant;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use glue::__bench::{Calls, Codec, Outgoing, Window, read_head, write_head};

/// What is called.
#[glue::channel]
trait Desk {
    /// Adds two numbers.
    async fn add(&self, a: u32, b: u32) -> u32;
    /// Sends a text back.
    async fn echo(&self, text: String) -> String;
}

struct Clerk;

impl Desk for Clerk {
    async fn add(&self, a: u32, b: u32) -> u32 {
        a.wrapping_add(b)
    }

    async fn echo(&self, text: String) -> String {
        text
    }
}

/// Frames of WebSocket.
fn frame(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("frame");
    for bytes in [100, 16 << 10] {
        let message = "x".repeat(bytes);
        let input = masked(&message);
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function(format!("decode {bytes} bytes"), |bencher| {
            let mut codec = Codec::new(1 << 20);
            // Decoding takes the mask off, so each time needs its own.
            bencher.iter_batched_ref(
                || input.clone(),
                |input| codec.decode(input),
                BatchSize::SmallInput,
            );
        });
        group.bench_function(format!("encode {bytes} bytes"), |bencher| {
            let mut out = Vec::new();
            bencher.iter(|| {
                out.clear();
                Codec::encode(&mut out, black_box(&message));
                out.len()
            });
        });
    }
}

/// What stands in front of the JSON.
fn head(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("head");
    for (name, message) in [
        ("read", r#"cd4&deskrq12345&add&{"a":1,"b":2}"#),
        (
            "read with terms",
            r#"cd4&deskrq12345;c=8;t=30000&items&{"count":1}"#,
        ),
    ] {
        group.bench_function(name, |bencher| bencher.iter(|| read_head(black_box(message))));
    }
    group.bench_function("write", |bencher| {
        let mut out = String::new();
        bencher.iter(|| {
            out.clear();
            write_head(&mut out, black_box(12_345));
            out.len()
        });
    });
}

/// Calls that are answered at once, from their envelope to that of the answer.
fn dispatch(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("dispatch");
    let text = "x".repeat(100);
    for (method, args) in [
        ("add", r#"{"a":1,"b":2}"#.to_owned()),
        ("echo", format!(r#"{{"text":"{text}"}}"#)),
    ] {
        group.bench_function(method, |bencher| {
            let mut calls = Calls::new(&Clerk.into_channel());
            let mut id = 1;
            bencher.iter_batched_ref(
                || {
                    // Ids rise.
                    id += 2;
                    format!("rq{id}&{method}&{args}")
                },
                |envelope| calls.receive(envelope),
                BatchSize::SmallInput,
            );
        });
    }
}

/// Flow control of a stream's receiver.
fn credit(criterion: &mut Criterion) {
    let mut window = Window::default();
    criterion.bench_function("credit", |bencher| bencher.iter(|| window.pass(black_box(10))));
}

/// What waits to be sent, with what is kept until it is acknowledged and without.
fn outbox(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("outbox");
    let answer = format!(r#"cd4&deskok12345&"{}""#, "x".repeat(100));
    for (name, resume) in [("16 answers", false), ("16 answers, kept", true)] {
        group.bench_function(name, |bencher| {
            let mut outgoing = Outgoing::new(resume, Instant::now());
            bencher.iter(|| outgoing.pass(black_box(&[answer.as_str(); 16])));
        });
    }
}

/// Returns the frame of a client that holds this message.
fn masked(message: &str) -> Vec<u8> {
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    let mut frame = Vec::new();
    Codec::encode(&mut frame, message);
    let header = frame.len() - message.len();
    frame[1] |= 0x80;
    let payload = message
        .bytes()
        .zip(mask.iter().cycle())
        .map(|(byte, mask)| byte ^ mask);
    let payload: Vec<_> = payload.collect();
    frame.truncate(header);
    frame.extend(mask);
    frame.extend(payload);
    frame
}

criterion_group!(pure, frame, head, dispatch, credit, outbox);
criterion_main!(pure);
