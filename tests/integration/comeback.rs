//! Clients under load whose server dies and comes back, over real sockets.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use glue::{CallError, Client, Code, Server, Socket};
use glue_tests::deadline::within;
use glue_tests::proxy::{Direction, Proxy};
use tokio::runtime::Runtime;
use tokio::sync::watch;

#[glue::channel]
trait Till {
    async fn book(&self, number: u32) -> u32;
}

/// What has been booked and said, over all lives of the server.
#[derive(Clone, Default)]
struct Books {
    booked: Arc<Mutex<BTreeMap<u32, u32>>>,
    /// The numbers that each client has sent as texts, in the order of their arrival.
    said: Arc<Mutex<BTreeMap<u32, Vec<u32>>>>,
    count: Arc<watch::Sender<usize>>,
}

impl Till for Books {
    async fn book(&self, number: u32) -> u32 {
        *self.booked.lock().unwrap().entry(number).or_default() += 1;
        self.count.send_modify(|count| *count += 1);
        tokio::task::yield_now().await;
        number
    }
}

impl Books {
    async fn listen(self, socket: Socket) {
        while let Some(text) = socket.recv().await {
            let (client, number) = text.split_once(' ').unwrap();
            let mut said = self.said.lock().unwrap();
            let numbers = said.entry(client.parse().unwrap()).or_default();
            numbers.push(number.parse().unwrap());
        }
    }

    /// Waits until so many more were booked.
    async fn grow(&self, more: usize) {
        let mut count = self.count.subscribe();
        let enough = *count.borrow() + more;
        within("the bookings", count.wait_for(|count| *count >= enough))
            .await
            .unwrap();
    }

    fn times(&self, number: u32) -> u32 {
        self.booked
            .lock()
            .unwrap()
            .get(&number)
            .copied()
            .unwrap_or_default()
    }
}

/// A server that can be killed: it has a runtime of its own.
struct Life(Option<Runtime>);

impl Life {
    /// Begins one on this port; 0 for any.
    async fn begin(port: u16, books: &Books) -> (Self, SocketAddr) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let books = books.clone();
        let started = runtime.spawn(async move {
            let server = Server::builder().channel(books.clone().into_channel());
            let server = server.on_socket(move |socket| books.clone().listen(socket));
            let listener = server.build().unwrap().bind(&format!("127.0.0.1:{port}")).await;
            let listener = listener.unwrap();
            let address = listener.local_addr().unwrap();
            tokio::spawn(listener.serve());
            address
        });
        (Self(Some(runtime)), started.await.unwrap())
    }
}

impl Life {
    /// Ends it: whatever it was doing stays undone.
    async fn kill(mut self) {
        let runtime = self.0.take().unwrap();
        // Behind that all of its sockets are closed, and the port is free.
        let killed = tokio::task::spawn_blocking(move || runtime.shutdown_timeout(Duration::from_secs(60)));
        within("the end of the server", killed).await.unwrap();
    }
}

impl Drop for Life {
    /// A runtime can't be dropped inside of another.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Lets one client book and talk until the end is told.
async fn work(client: Client, number: u32, books: Books, end: watch::Receiver<bool>) -> u32 {
    let till = TillClient::open(&client).unwrap();
    let mut answered = 0;
    for step in 0.. {
        if *end.borrow() {
            break;
        }
        client.send(format!("{number} {step}")).await.unwrap();
        let booking = step * CLIENTS + number;
        match within("a call", till.book(booking)).await {
            Ok(answer) => {
                assert_eq!((answer, books.times(booking)), (booking, 1));
                answered += 1;
            }
            Err(CallError::Rpc(error)) => {
                assert_eq!(error.code(), Code::Unavailable, "{error}");
                assert!(books.times(booking) <= 1, "{booking} was booked twice");
            }
            Err(CallError::Application(never)) => match never {},
        }
    }
    answered
}

async fn connect(address: SocketAddr) -> Client {
    let builder = Client::builder(format!("http://{address}"))
        .reconnect_delay(Duration::from_millis(20))
        .reconnect_delay_max(Duration::from_millis(100))
        .reconnect_attempts(0);
    within("a client", builder.connect()).await.unwrap()
}

/// Lets clients work over `address` while `trouble` goes on, and then for a while with the server that it leaves; looks at what
/// arrived.
async fn under_load(address: SocketAddr, books: &Books, trouble: impl Future<Output = Life>) {
    let (end, ended) = watch::channel(false);
    let clients = join_all((0..CLIENTS).map(|_| connect(address))).await;
    let workers: Vec<_> = (0..)
        .zip(&clients)
        .map(|(number, client)| tokio::spawn(work(client.clone(), number, books.clone(), ended.clone())))
        .collect();

    let _life = trouble.await;
    books.grow(500).await;
    end.send(true).unwrap();

    for worker in workers {
        assert!(within("a worker", worker).await.unwrap() > 0);
    }
    for client in clients {
        client.close();
        within("the end of a client", client.closed()).await;
    }
    let said = books.said.lock().unwrap();
    for number in 0..CLIENTS {
        let numbers = &said[&number];
        assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
    }
}

const CLIENTS: u32 = 8;

/// [R-11] [R-12] [T-5]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_come_back_to_a_server_that_was_killed_under_load() {
    let books = Books::default();
    let (mut life, address) = Life::begin(0, &books).await;

    let trouble = async {
        for _ in 0..3 {
            books.grow(500).await;
            life.kill().await;
            (life, _) = Life::begin(address.port(), &books).await;
        }
        life
    };
    under_load(address, &books, trouble).await;
}

/// [R-11] [R-12] [T-5]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_come_back_when_a_proxy_cuts_their_connections() {
    let books = Books::default();
    let (life, address) = Life::begin(0, &books).await;
    let proxy = Proxy::start(address).await;

    let trouble = async {
        for cut in 1..=30 {
            let direction = [Direction::ToServer, Direction::ToClient][cut % 2];
            proxy.cut_any(direction, proxy.forwarded(direction) + 777);
            within("the cut", proxy.cut_done(cut)).await;
        }
        life
    };
    under_load(proxy.address(), &books, trouble).await;
}
