//! Much at once: two sides that talk at the same time, peers that read too little, and calls that come in heaps.

use std::time::Duration;

use futures_util::StreamExt as _;
use glue::{Client, Context, Emitter, KeepAlive, Limits, Server};
use glue_tests::bystander::Bystander;
use glue_tests::deadline::within;
use glue_tests::raw_ws::{FIN, PING, RawFrame, RawPeer, Received, TEXT};
use glue_tests::recorded_app;
use glue_tests::server::TestServer;
use serde_json::Value;
use tokio::sync::mpsc;

/// Calls and events in heaps.
#[glue::channel]
trait Heap {
    /// Adds one.
    async fn next(&self, number: u32) -> u32;
    /// Never ends.
    async fn wait(&self);
    /// Sends two events, the first with so many bytes, and then returns.
    async fn tell(&self, cx: &Context, call: u32, bytes: u32) -> u32;
    /// Sends so many events, and then returns.
    async fn flood(&self, cx: &Context, count: u32);
    /// Hands the way back to this caller to the test.
    async fn watch(&self, cx: &Context);
    /// An event.
    #[event]
    fn told(number: u32, text: String);
}

#[derive(Clone)]
struct Served {
    watching: mpsc::UnboundedSender<Emitter>,
}

impl Heap for Served {
    async fn next(&self, number: u32) -> u32 {
        number + 1
    }

    async fn wait(&self) {
        std::future::pending().await
    }

    async fn tell(&self, cx: &Context, call: u32, bytes: u32) -> u32 {
        for text in ["x".repeat(bytes as usize), String::new()] {
            cx.emit(&told(call, text)).await.unwrap();
        }
        call
    }

    async fn flood(&self, cx: &Context, count: u32) {
        for number in 0..count {
            cx.emit(&told(number, String::new())).await.unwrap();
        }
    }

    async fn watch(&self, cx: &Context) {
        self.watching.send(cx.emitter()).unwrap();
    }
}

fn told(number: u32, text: String) -> HeapEvent {
    HeapEvent::Told { number, text }
}

/// Starts a server with these calls; the emitters of those who `watch` come out of the receiver.
async fn serve(change: impl FnOnce(&mut Limits)) -> (TestServer, mpsc::UnboundedReceiver<Emitter>) {
    let (watching, watched) = mpsc::unbounded_channel();
    let builder = Server::builder()
        .limits(limits(change))
        .channel(Served { watching }.into_channel());
    (TestServer::start(recorded_app::serve(builder)).await, watched)
}

fn limits(change: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits::default();
    change(&mut limits);
    limits
}

async fn connect(server: &TestServer, change: impl FnOnce(&mut Limits)) -> Client {
    let builder = Client::builder(format!("http://{}", server.address())).limits(limits(change));
    within("the client", builder.connect()).await.unwrap()
}

/// Returns texts in one piece, so that a server gets all of them in one turn.
fn batch<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<u8> {
    let frames = texts.into_iter().map(|text| RawFrame {
        first: FIN | TEXT,
        masked: true,
        payload: text.as_bytes(),
    });
    frames.flat_map(|frame| frame.encode()).collect()
}

/// [L-6]
#[tokio::test]
async fn both_sides_may_send_much_while_one_of_them_reads_nothing() {
    let numbered = |number: usize| format!("{number:06}{}", "x".repeat(16 << 10));
    let number = |text: &str| text[..6].parse::<usize>().unwrap();
    let (heard, mut hears) = mpsc::unbounded_channel();
    let server = TestServer::start(Server::builder().on_socket(move |socket| {
        let (heard, sender) = (heard.clone(), socket.clone());
        tokio::spawn(async move {
            for n in 0..MESSAGES {
                sender.send(numbered(n)).await.unwrap();
            }
        });
        async move {
            while let Some(text) = socket.recv().await {
                heard.send(number(&text)).unwrap();
            }
        }
    }))
    .await;
    let client = connect(&server, |limits| limits.stall = Duration::from_secs(600)).await;

    for n in 0..MESSAGES {
        within("room to send", client.send(numbered(n))).await.unwrap();
    }

    for n in 0..MESSAGES {
        assert_eq!(within("the server", hears.recv()).await, Some(n));
    }
    for n in 0..MESSAGES {
        let text = within("the client", client.recv()).await.unwrap();
        assert_eq!(number(&text), n);
    }
}

/// [L-6] [L-1]
#[tokio::test]
async fn huge_messages_pass_each_other() {
    let huge = |limits: &mut Limits| limits.message_bytes = 16 << 20;
    let (heard, mut hears) = mpsc::unbounded_channel();
    let server = TestServer::start(Server::builder().limits(limits(huge)).on_socket(move |socket| {
        let (heard, sender) = (heard.clone(), socket.clone());
        tokio::spawn(async move {
            for _ in 0..3 {
                sender.send("x".repeat(HUGE)).await.unwrap();
            }
        });
        async move {
            while let Some(text) = socket.recv().await {
                heard.send(text.len()).unwrap();
            }
        }
    }))
    .await;
    let client = connect(&server, huge).await;

    let sender = client.clone();
    tokio::spawn(async move {
        for _ in 0..3 {
            sender.send("y".repeat(HUGE)).await.unwrap();
        }
    });

    for _ in 0..3 {
        let text = within("the client", client.recv()).await.unwrap();
        assert_eq!(text.len(), HUGE);
        assert_eq!(within("the server", hears.recv()).await, Some(HUGE));
    }
}

/// [F-10] [L-6]: what waits for a peer that reads nothing is bounded, so it can't be read for ever.
#[tokio::test]
async fn pings_whose_answers_are_not_read_are_not_read_either() {
    // Pings are no sign of life, so a slow machine would end the session in between.
    let server = TestServer::start(recorded_app::serve(Server::builder()).keep_alive(PATIENT)).await;
    let mut bystander = Bystander::open(server.address()).await;
    let (mut peer, _) = RawPeer::open(server.address()).await;
    let ping = RawFrame {
        first: FIN | PING,
        masked: true,
        payload: &[7; 125],
    }
    .encode();

    let sent = bystander.fill(&peer, &ping.repeat(500)).await;

    for _ in 0..sent / ping.len() {
        assert_eq!(peer.next().await, Received::Pong(vec![7; 125]));
    }
    peer.send_bytes(&ping[sent % ping.len()..]).await;
    assert_eq!(peer.next().await, Received::Pong(vec![7; 125]));
    peer.assert_echo("the server reads again").await;
    bystander.assert_undisturbed(server.address()).await;
}

/// [E-6]: told apart one by one, so many parameters would keep the server busy for seconds.
#[tokio::test]
async fn a_head_of_thousands_of_parameters_is_refused_as_a_fault() {
    let (server, _) = serve(|_| {}).await;
    let (strict, _) = serve(|limits| limits.faults = 0).await;
    let letters = || 'a'..='z';
    let params: String = letters()
        .flat_map(|a| letters().flat_map(move |b| letters().map(move |c| format!(";{a}{b}{c}="))))
        .collect();
    let request = format!(r#"cd4&heaprq1{params}&next&{{"number":1}}"#);

    let (mut peer, _) = RawPeer::open(server.address()).await;
    peer.send(&request).await;
    peer.assert_echo("no answer").await;

    let (mut peer, _) = RawPeer::open(strict.address()).await;
    peer.send(&request).await;
    assert_eq!(peer.closed().await, None);
}

/// [L-7] [R-4]
#[tokio::test]
async fn a_call_that_is_cancelled_in_the_same_batch_leaves_its_place() {
    let (server, _) = serve(|limits| limits.in_flight = 1).await;
    let (mut peer, _) = RawPeer::open(server.address()).await;

    let texts = [
        "cd4&heaprq1&wait&{}",
        "cd4&heapca1&",
        r#"cd4&heaprq3&next&{"number":1}"#,
    ];
    peer.send_bytes(&batch(texts)).await;

    assert_eq!(peer.text().await, "cd4&heapok3&2");
}

/// [C-9] [I-7]
#[tokio::test]
async fn a_channel_that_is_opened_behind_a_big_message_gets_its_first_texts() {
    let big = "x".repeat(200 << 10);
    let sent = format!("cd1&m{big}");
    let server = TestServer::start(Server::builder().on_socket(move |socket| {
        socket.channel("m").try_send(&big).unwrap();
        let side = socket.channel("side");
        async move {
            while let Some(text) = side.recv().await {
                side.send(text).await.unwrap();
            }
        }
    }))
    .await;
    let mut peer = RawPeer::connect(server.address()).await;

    let texts = [r#"in{"version":"1.9.1"}"#, "cd4&sideone", "cd4&sidetwo"];
    peer.send_bytes(&batch(texts)).await;

    assert!(peer.text().await.starts_with("in{"));
    assert_eq!(peer.text().await, sent);
    peer.send("cd4&sidethree").await;
    for text in ["cd4&sideone", "cd4&sidetwo", "cd4&sidethree"] {
        assert_eq!(peer.text().await, text);
    }
}

#[tokio::test]
async fn events_of_a_call_come_before_its_answer_however_big() {
    let (server, _) = serve(|_| {}).await;

    for bytes in [10, 30_000, 100_000] {
        let (mut peer, _) = RawPeer::open(server.address()).await;
        let calls: Vec<_> = (0..CALLS)
            .map(|call| {
                let id = 2 * call + 1;
                format!(r#"cd4&heaprq{id}&tell&{{"call":{call},"bytes":{bytes}}}"#)
            })
            .collect();
        peer.send_bytes(&batch(calls.iter().map(String::as_str))).await;

        let mut events = [0; CALLS];
        let mut answers = 0;
        while answers < CALLS {
            let text = peer.text().await;
            if let Some(event) = text.strip_prefix("cd4&heapev&told&") {
                let event: Value = serde_json::from_str(event).unwrap();
                events[event["number"].as_u64().unwrap() as usize] += 1;
            } else {
                let (head, call) = text.rsplit_once('&').unwrap();
                assert!(head.starts_with("cd4&heapok"), "{text}");
                assert_eq!(events[call.parse::<usize>().unwrap()], 2, "{bytes} bytes");
                answers += 1;
            }
        }
    }
}

/// [L-5]
#[tokio::test]
async fn a_full_reader_of_events_that_is_dropped_lets_the_socket_go_on() {
    let (server, mut watched) = serve(|_| {}).await;
    let client = connect(&server, |limits| limits.channel_messages = 64).await;
    let heap = HeapClient::open(&client).unwrap();
    heap.watch().await.unwrap();
    let emitter = within("the emitter", watched.recv()).await.unwrap();
    let main = server
        .server()
        .socket(&client.socket_id().unwrap())
        .unwrap()
        .channel("m");

    let events = heap.events();
    for number in 0..64 {
        emitter.try_emit(&told(number, String::new())).unwrap();
    }
    main.try_send("full").unwrap();
    // All this leaves in one write, so the next event is already waiting for room when the text is there.
    emitter.try_emit(&told(64, String::new())).unwrap();
    main.try_send("behind").unwrap();
    assert_eq!(within("the text", client.recv()).await.as_deref(), Some("full"));
    drop(events);

    let behind = within("what is behind the event", client.recv()).await;
    assert_eq!(behind.as_deref(), Some("behind"));
    assert_eq!(heap.next(1).await.unwrap(), 2);
}

/// [L-5] [C-11]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_gets_all_events_in_order() {
    let (server, _) = serve(|_| {}).await;
    // No timer may wake a socket that has missed that its reader has room again.
    let limits = limits(|limits| {
        limits.channel_messages = 16;
        limits.stall = Duration::from_secs(600);
    });
    let client = Client::builder(format!("http://{}", server.address()))
        .limits(limits)
        .keep_alive(PATIENT);
    let client = within("the client", client.connect()).await.unwrap();
    let heap = HeapClient::open(&client).unwrap();
    let mut events = Box::pin(heap.events());

    let flood = tokio::spawn(async move { heap.flood(EVENTS).await });

    for n in 0..EVENTS {
        let HeapEvent::Told { number, .. } = within("an event", events.next()).await.unwrap().unwrap();
        assert_eq!(number, n);
        // Now a bit faster than the events come, now a bit slower: the queue is full and has room again at every moment.
        for _ in 0..n % 97 {
            std::hint::spin_loop();
        }
    }
    within("the end", flood).await.unwrap().unwrap();
}

/// A keep-alive that no test lives to see.
const PATIENT: KeepAlive = KeepAlive {
    interval: Duration::from_secs(24 * 60 * 60),
    ..KeepAlive::SERVER
};

/// Messages of 16 KiB; 64 MiB are far more than the system's own buffers take.
const MESSAGES: usize = 4096;

/// Bytes of one message that no buffer takes whole.
const HUGE: usize = 15 << 20;

/// Enough for the reader and the socket to meet in every state; a fifth of it seldom makes a careless socket miss its reader.
const EVENTS: u32 = 100_000;

/// Calls that are sent together.
const CALLS: usize = 5;
