//! Methods that block their thread: who goes on meanwhile, and what becomes of them when nobody waits any more. All of it in a
//! runtime with one thread for everything else.

use std::sync::{Arc, Mutex, mpsc};

use futures_util::FutureExt as _;
use glue::testing::{Network, connect};
use glue::{CallError, Code, Context, Limits, RpcChannel, Server};
use glue_tests::deadline::within;
use tokio::sync::watch;

/// Why something was not ground.
#[glue::model]
#[derive(Clone, Debug)]
enum Refused {
    Stones,
}

#[glue::channel]
trait Mill {
    /// Takes its time: until the test lets it go on.
    #[glue(blocking)]
    fn grind(&self, cx: &Context, grain: u32) -> Result<u32, Refused>;
    /// Breaks.
    #[glue(blocking)]
    fn jam(&self) -> u32;
    /// Takes its time, and nobody waits for it.
    #[notification]
    #[glue(blocking)]
    fn clean(&self);
    async fn ring(&self) -> String;
}

struct Miller {
    /// Computations that have begun.
    begun: watch::Sender<usize>,
    /// Whether those that have ended were still waited for.
    ended: watch::Sender<Vec<bool>>,
    /// What they wait for; once its other end is gone they all go on, so that no test that fails waits for them.
    gate: Mutex<mpsc::Receiver<()>>,
}

#[derive(Clone)]
struct Service(Arc<Miller>);

impl Service {
    fn compute(&self) {
        self.0.begun.send_modify(|begun| *begun += 1);
        let _ = self.0.gate.lock().unwrap().recv();
    }
}

impl Mill for Service {
    fn grind(&self, cx: &Context, grain: u32) -> Result<u32, Refused> {
        self.compute();
        self.0.ended.send_modify(|ended| ended.push(!cx.is_cancelled()));
        if grain == 0 {
            Err(Refused::Stones)
        } else {
            Ok(grain * 2)
        }
    }

    fn jam(&self) -> u32 {
        panic!("on purpose");
    }

    fn clean(&self) {
        self.compute();
        self.0.ended.send_modify(|ended| ended.push(true));
    }

    async fn ring(&self) -> String {
        "ding".to_owned()
    }
}

/// A mill, and a client of it.
struct World {
    miller: Arc<Miller>,
    gate: mpsc::Sender<()>,
    server: Server,
    mill: MillClient<RpcChannel>,
}

impl World {
    async fn new(in_flight: usize) -> Self {
        let (gate, receiver) = mpsc::channel();
        let miller = Arc::new(Miller {
            begun: watch::Sender::default(),
            ended: watch::Sender::default(),
            gate: Mutex::new(receiver),
        });
        let mut limits = Limits::default();
        limits.in_flight = in_flight;
        let service = Service(miller.clone()).into_channel();
        let server = Server::builder().limits(limits).channel(service).build().unwrap();
        let mill = open(&server).await;
        Self {
            miller,
            gate,
            server,
            mill,
        }
    }

    /// Makes a call, and waits until its computation is the one of this number to have begun.
    async fn grind(&self, grain: u32, number: usize) -> Grinding {
        let grinding = self.call(grain);
        let mut begun = self.miller.begun.subscribe();
        within("a computation", begun.wait_for(|begun| *begun == number))
            .await
            .unwrap();
        grinding
    }

    fn call(&self, grain: u32) -> Grinding {
        let mill = self.mill.clone();
        tokio::spawn(async move { mill.grind(grain).await })
    }

    /// Lets one computation go on.
    fn open_gate(&self) {
        self.gate.send(()).unwrap();
    }

    async fn ended(&self, count: usize) -> Vec<bool> {
        let mut ended = self.miller.ended.subscribe();
        let ended = within("ends", ended.wait_for(|ended| ended.len() == count)).await;
        ended.unwrap().clone()
    }
}

type Grinding = tokio::task::JoinHandle<Result<u32, CallError<Refused>>>;

async fn open(server: &Server) -> MillClient<RpcChannel> {
    MillClient::open(&connect(server).await.unwrap()).unwrap()
}

async fn flour(grinding: Grinding) -> u32 {
    within("flour", grinding).await.unwrap().unwrap()
}

async fn rings(mill: &MillClient<RpcChannel>) {
    assert_eq!(within("a ring", mill.ring()).await.unwrap(), "ding");
}

#[tokio::test]
async fn all_others_are_answered_while_a_method_computes() {
    let world = World::new(10).await;
    let other = open(&world.server).await;
    let [good, bad] = [world.grind(21, 1).await, world.grind(0, 2).await];

    rings(&world.mill).await;
    rings(&other).await;

    world.open_gate();
    world.open_gate();
    assert_eq!(flour(good).await, 42);
    let bad = within("a refusal", bad).await.unwrap();
    assert!(
        matches!(bad, Err(CallError::Application(Refused::Stones))),
        "{bad:?}"
    );
    assert_eq!(world.ended(2).await, [true, true]);
}

/// Otherwise who calls and cancels over and over would get all threads. [L-7]
#[tokio::test]
async fn a_computation_without_its_caller_keeps_its_place_until_it_ends() {
    let world = World::new(1).await;
    let grinding = world.grind(1, 1).await;
    grinding.abort();
    let _ = grinding.await;

    let refused = within("an answer", world.mill.ring()).await;

    assert_eq!(code(refused), Code::ResourceExhausted);
    world.open_gate();
    assert_eq!(world.ended(1).await, [false], "it can see that nobody waits");
    within("room", async {
        while let Err(CallError::Rpc(error)) = world.mill.ring().await {
            assert_eq!(error.code(), Code::ResourceExhausted);
        }
    })
    .await;
}

#[test]
fn a_call_that_is_cancelled_before_a_thread_is_free_is_not_begun() {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().max_blocking_threads(1).build().unwrap();
    runtime.block_on(async {
        let world = World::new(10).await;
        let first = world.grind(1, 1).await;
        let second = world.call(2);
        rings(&world.mill).await;
        second.abort();
        let _ = second.await;
        rings(&world.mill).await;

        world.open_gate();
        assert_eq!(flour(first).await, 2);
        let third = world.grind(3, 2).await;
        world.open_gate();

        assert_eq!(flour(third).await, 6);
        assert_eq!(*world.miller.begun.borrow(), 2);
    });
}

#[tokio::test]
async fn a_panic_ends_its_own_call_only() {
    let world = World::new(10).await;
    let grinding = world.grind(4, 1).await;

    assert_eq!(code(world.mill.jam().await), Code::Internal);

    world.open_gate();
    assert_eq!(flour(grinding).await, 8);
}

/// As there is no way to stop it.
#[tokio::test]
async fn a_server_that_ends_waits_for_what_computes() {
    let world = World::new(10).await;
    let network = Network::new(&world.server);
    let mill = MillClient::open(&network.connect().await.unwrap()).unwrap();
    mill.clean().await.unwrap();
    let mut begun = world.miller.begun.subscribe();
    within("a computation", begun.wait_for(|begun| *begun == 1))
        .await
        .unwrap();
    let server = world.server.clone();
    let mut shutdown = tokio::spawn(async move { server.shutdown().await });
    network.cut_all();
    within("the end", network.connections()[0].closed()).await;
    assert!((&mut shutdown).now_or_never().is_none());

    world.open_gate();

    within("the server's end", shutdown).await.unwrap();
    assert_eq!(world.ended(1).await, [true]);
}

fn code<T: std::fmt::Debug, E: std::fmt::Debug>(answer: Result<T, CallError<E>>) -> Code {
    match answer {
        Err(CallError::Rpc(error)) => error.code(),
        other => panic!("a failure was expected, not {other:?}"),
    }
}
