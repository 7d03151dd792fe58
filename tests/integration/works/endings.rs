//! How calls end before they are done, and those that don't.

use std::sync::Mutex;
use std::time::Duration;

use glue::testing::local;
use glue::{CallOptions, ErrorKind};

use super::*;

#[tokio::test]
async fn a_call_that_is_dropped_drops_its_method() {
    let world = World::new().await;
    let waiting = {
        let works = world.works.clone();
        tokio::spawn(async move { works.wait().await })
    };
    let uploading = {
        let works = world.works.clone();
        tokio::spawn(async move { works.sum(0, stream::pending()).await })
    };
    world.state.alive(2).await;

    waiting.abort();
    world.state.alive(1).await;
    uploading.abort();
    world.state.alive(0).await;

    assert_eq!(world.works.check(1).await.unwrap(), 1);
}

#[tokio::test]
async fn a_socket_that_ends_drops_its_methods_and_sources() {
    let world = World::new().await;
    let (numbers, source) = telling(stream::pending());
    let works = world.works.clone();
    let uploading = tokio::spawn(async move { works.sum(0, numbers).await });
    world.state.alive(1).await;

    world.client.close();

    world.state.alive(0).await;
    assert_eq!(
        code(within("the failure", uploading).await.unwrap()),
        Code::Unavailable
    );
    dropped(source).await;
}

/// [R-15]
#[tokio::test(start_paused = true)]
async fn time_that_runs_out_drops_the_method() {
    let factory = Factory::default();
    let state = factory.0.clone();
    let client = local(factory.into_channel()).start().unwrap();
    let works = WorksClient::open(&client).unwrap();
    let timed = works.with(CallOptions::default().timeout(Duration::from_secs(5)));
    let (numbers, source) = telling(stream::pending());

    let mut waiting = Box::pin(timed.wait());
    let early = tokio::time::timeout(Duration::from_millis(4_900), &mut waiting).await;
    assert!(early.is_err());
    assert_eq!(*state.alive.borrow(), 1);
    assert_eq!(code(waiting.await), Code::DeadlineExceeded);
    state.alive(0).await;

    assert_eq!(code(timed.sum(0, numbers).await), Code::DeadlineExceeded);
    dropped(source).await;
    state.alive(0).await;
    // Without the option there is no end to it.
    let day = Duration::from_secs(24 * 3600);
    assert!(tokio::time::timeout(day, works.wait()).await.is_err());
}

/// The server's policy holds for callers that name no time.
#[tokio::test(start_paused = true)]
async fn the_server_bounds_the_time_of_calls_and_streams() {
    let factory = Factory::default();
    let state = factory.0.clone();
    let service = factory.into_channel().max_timeout(Duration::from_secs(60));
    let client = local(service).start().unwrap();
    let works = WorksClient::open(&client).unwrap();

    assert_eq!(code(works.wait().await), Code::DeadlineExceeded);
    state.alive(0).await;
    let echoed = works.echo(stream::pending()).next().await;
    assert_eq!(code(echoed.unwrap()), Code::DeadlineExceeded);
}

/// [R-4]
#[tokio::test]
async fn a_method_that_must_finish_survives_its_caller_and_its_socket() {
    let world = World::new().await;
    let paying = {
        let works = world.works.clone();
        tokio::spawn(async move { works.pay(5).await })
    };
    world.state.alive(1).await;
    paying.abort();
    let works = world.works.clone();
    let other = tokio::spawn(async move { works.pay(7).await });
    world.state.alive(2).await;

    world.client.close();
    assert_eq!(
        code(within("the failure", other).await.unwrap()),
        Code::Unavailable
    );
    within("the socket's end", async {
        while world.server.server().stats().websocket.open > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!((*world.state.alive.borrow(), *world.state.paid.borrow()), (2, 0));
    world.state.gate.send_replace(true);

    world.state.alive(0).await;
    assert_eq!(*world.state.paid.borrow(), 12);
}

#[tokio::test]
async fn the_servers_shutdown_waits_for_methods_that_must_finish() {
    let world = World::new().await;
    let works = world.works.clone();
    let paying = tokio::spawn(async move { works.pay(5).await });
    world.state.alive(1).await;
    let server = world.server.server().clone();

    let shutdown = tokio::spawn(async move { server.shutdown().await });
    assert_eq!(
        code(within("the failure", paying).await.unwrap()),
        Code::Unavailable
    );
    assert!(!shutdown.is_finished());
    world.state.gate.send_replace(true);

    within("the shutdown", shutdown).await.unwrap();
    assert_eq!(*world.state.paid.borrow(), 5);
}

/// One call at a time on a socket, in order, whatever the others do.
#[glue::channel(sequential)]
pub(super) trait Line {
    /// Waits for its number, if it has one to wait for.
    async fn step(&self, number: u32) -> u32;
    async fn total(&self, numbers: Incoming<u32>) -> u32;
    async fn steps(&self) -> Vec<String>;
}

#[derive(Clone, Default)]
pub(super) struct Queue(Arc<Steps>);

#[derive(Default)]
struct Steps {
    log: Mutex<Vec<String>>,
    begun: watch::Sender<usize>,
    gate: watch::Sender<bool>,
}

impl Steps {
    fn note(&self, what: String) {
        self.log.lock().unwrap().push(what);
    }
}

impl Line for Queue {
    async fn step(&self, number: u32) -> u32 {
        self.0.note(format!("begin {number}"));
        self.0.begun.send_modify(|begun| *begun += 1);
        if number == 0 {
            let _ = self.0.gate.subscribe().wait_for(|is_open| *is_open).await;
        }
        tokio::task::yield_now().await;
        self.0.note(format!("end {number}"));
        number
    }

    async fn total(&self, numbers: Incoming<u32>) -> u32 {
        let total = numbers.fold(0, async |total, number| total + number).await;
        self.0.note(format!("total {total}"));
        total
    }

    async fn steps(&self) -> Vec<String> {
        self.0.log.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn a_sequential_channel_runs_one_call_at_a_time_on_each_socket() {
    let queue = Queue::default();
    let server = TestServer::start(Server::builder().channel(queue.clone().into_channel())).await;
    let connect = || Client::connect(format!("http://{}", server.address()));
    let (ann, bob) = (connect().await.unwrap(), connect().await.unwrap());
    let [ann, bob] = [&ann, &bob].map(|client| LineClient::open(client).unwrap());

    let all = {
        let ann = ann.clone();
        tokio::spawn(async move {
            let (zero, one, total) = tokio::join!(ann.step(0), ann.step(1), ann.total(stream::iter([1, 2])),);
            (zero.unwrap(), one.unwrap(), total.unwrap())
        })
    };
    let mut begun = queue.0.begun.subscribe();
    within("the first", begun.wait_for(|&begun| begun == 1))
        .await
        .unwrap();
    // Another socket's calls don't wait.
    assert_eq!(within("bob's call", bob.step(7)).await.unwrap(), 7);
    queue.0.gate.send_replace(true);

    assert_eq!(within("all", all).await.unwrap(), (0, 1, 3));
    assert_eq!(
        ann.steps().await.unwrap(),
        [
            "begin 0", "begin 7", "end 7", "end 0", "begin 1", "end 1", "total 3"
        ]
    );
}

#[tokio::test]
async fn calls_of_a_closed_client_are_never_sent() {
    let world = World::new().await;
    world.client.close();
    within("the end", world.client.closed()).await;

    let error = failure(world.works.check(1).await);

    assert_eq!(error.code(), Code::Unavailable);
    assert_eq!(error.data(), Some(r#"{"outcome":"not_sent"}"#));
    assert_eq!(
        world.client.send("x").await.unwrap_err().kind(),
        ErrorKind::Closed
    );
}
