//! The Rust client and the server, each seen from its application.

use std::future::Future;
use std::io;
use std::net::SocketAddr;

use futures_util::future::BoxFuture;
use glue::{Client, CloseReason, Connect, ErrorKind, Io, OpenRpc as _, Server, Socket};
use glue_tests::deadline::within;
use glue_tests::raw_ws::RawPeer;
use glue_tests::server::TestServer;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

async fn echo(socket: Socket) {
    while let Some(text) = socket.recv().await {
        if socket.send(text).await.is_err() {
            return;
        }
    }
}

async fn soon<T>(event: impl Future<Output = T>) -> T {
    within("the other side", event).await
}

async fn connect(server: &TestServer) -> Client {
    soon(Client::connect(format!("http://{}", server.address())))
        .await
        .unwrap()
}

/// Returns a client for which the first loss is the end.
async fn connect_once(server: &TestServer) -> Client {
    let client = Client::builder(format!("http://{}", server.address())).reconnect(false);
    soon(client.connect()).await.unwrap()
}

#[tokio::test]
async fn the_rust_client_and_the_server_talk_on_all_channels() {
    let server = TestServer::start(Server::builder().on_socket(|socket| {
        socket.channel("golang").on_message({
            let golang = socket.channel("golang");
            move |text| {
                let golang = golang.clone();
                async move { golang.send(text).await.unwrap_or_default() }
            }
        });
        echo(socket)
    }))
    .await;
    let client = connect(&server).await;

    for text in ["hello", "", "äöü 😀 \u{0} & cd1&m"] {
        client.send(text).await.unwrap();
        client.channel("golang").send(text).await.unwrap();

        assert_eq!(soon(client.recv()).await.as_deref(), Some(text));
        assert_eq!(soon(client.channel("golang").recv()).await.as_deref(), Some(text));
    }
    let id = client.socket_id().unwrap();
    assert_eq!(server.server().socket(&id).unwrap().id(), id);
}

/// [C-11]
#[tokio::test]
async fn ten_thousand_messages_keep_their_order_both_ways() {
    let server = TestServer::start(Server::builder().on_socket(echo)).await;
    let client = connect(&server).await;

    let sender = tokio::spawn({
        let client = client.clone();
        async move {
            for n in 0..10_000 {
                client.send(n.to_string()).await.unwrap();
            }
        }
    });
    for n in 0..10_000 {
        assert_eq!(soon(client.recv()).await, Some(n.to_string()));
    }
    sender.await.unwrap();
}

/// the original threw away what was written before.
#[tokio::test]
async fn what_the_server_sent_before_closing_arrives() {
    let server = TestServer::start(Server::builder().on_socket(|socket| async move {
        for n in 0..100 {
            socket.send(n.to_string()).await.unwrap();
        }
        socket.close();
    }))
    .await;
    let client = connect_once(&server).await;

    for n in 0..100 {
        assert_eq!(soon(client.recv()).await, Some(n.to_string()));
    }
    assert_eq!(soon(client.recv()).await, None);
    assert_eq!(soon(client.closed()).await, CloseReason::Peer);
}

///
#[tokio::test]
async fn both_sides_learn_of_the_end_once_and_why() {
    let (ended, mut ends) = mpsc::unbounded_channel();
    let server = TestServer::start(Server::builder().on_socket(move |socket| {
        let ended = ended.clone();
        tokio::spawn(async move { ended.send(socket.closed().await).unwrap() });
        async {}
    }))
    .await;
    let client = connect(&server).await;

    client.close();

    assert_eq!(soon(client.closed()).await, CloseReason::Local);
    assert_eq!(soon(ends.recv()).await, Some(CloseReason::Peer));
    assert_eq!(client.send("late").await.unwrap_err().kind(), ErrorKind::Closed);
    assert!(server.server().sockets().is_empty());
}

#[tokio::test]
async fn dropping_the_last_handle_of_a_client_ends_its_socket() {
    let (ended, mut ends) = mpsc::unbounded_channel();
    let server = TestServer::start(Server::builder().on_socket(move |socket| {
        let ended = ended.clone();
        tokio::spawn(async move { ended.send(socket.closed().await).unwrap() });
        async {}
    }))
    .await;

    let channel = connect(&server).await.channel("x");
    channel.send("the channel is a handle, too").await.unwrap();
    drop(channel);

    assert_eq!(soon(ends.recv()).await, Some(CloseReason::Peer));
}

#[tokio::test]
async fn the_future_of_a_socket_is_dropped_with_it() {
    struct Guard(mpsc::UnboundedSender<()>);
    impl Drop for Guard {
        fn drop(&mut self) {
            self.0.send(()).unwrap();
        }
    }
    let (dropped, mut drops) = mpsc::unbounded_channel();
    let server = TestServer::start(Server::builder().on_socket(move |_socket| {
        let guard = Guard(dropped.clone());
        async move {
            let _guard = guard;
            std::future::pending::<()>().await;
        }
    }))
    .await;

    connect(&server).await.close();

    assert_eq!(soon(drops.recv()).await, Some(()));
}

#[tokio::test]
async fn shutdown_delivers_what_was_sent_and_then_ends_every_socket() {
    let server = TestServer::start(Server::builder().on_socket(|socket| async move {
        socket.send("last words").await.unwrap();
    }))
    .await;
    let clients = [
        connect_once(&server).await,
        connect_once(&server).await,
        connect_once(&server).await,
    ];
    let mut silent = RawPeer::connect(server.address()).await;

    soon(server.server().shutdown()).await;

    for client in clients {
        assert_eq!(soon(client.recv()).await.as_deref(), Some("last words"));
        assert_eq!(soon(client.recv()).await, None);
    }
    // A peer that has not even said `in` is let go as well.
    silent.closed().await;
    let refused = Client::connect(format!("http://{}", server.address())).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Connect);
}

#[tokio::test]
async fn a_channel_is_either_raw_or_for_calls() {
    let server = TestServer::start(Server::builder()).await;
    let client = connect(&server).await;

    client.channel("raw");
    assert_eq!(
        client.open_rpc("raw").unwrap_err().kind(),
        ErrorKind::ChannelInUse
    );
    client.open_rpc("calls").unwrap();
    assert_eq!(client.channel("calls").recv().await, None);
    assert!(client.open_rpc("calls").is_ok());
}

#[tokio::test]
async fn connecting_fails_with_a_reason() {
    let nobody = Client::connect("http://127.0.0.1:1").await.unwrap_err();
    assert_eq!(nobody.kind(), ErrorKind::Connect);
    let nonsense = Client::connect("localhost").await.unwrap_err();
    assert_eq!(nonsense.kind(), ErrorKind::Config);
}

/// Connects to `address` whatever it is asked for, and tells what that was.
struct Detour {
    address: SocketAddr,
    asked: mpsc::UnboundedSender<String>,
}

impl Connect for Detour {
    fn connect(&self, uri: &http::Uri) -> BoxFuture<'static, io::Result<Box<dyn Io>>> {
        self.asked.send(uri.to_string()).unwrap();
        let address = self.address;
        Box::pin(async move { Ok(Box::new(TcpStream::connect(address).await?) as Box<dyn Io>) })
    }
}

#[tokio::test]
async fn a_client_connects_by_what_it_is_given() {
    let server = TestServer::start(Server::builder().on_socket(echo)).await;
    let (asked, mut asks) = mpsc::unbounded_channel();
    let detour = Detour {
        address: server.address(),
        asked,
    };
    let client = Client::builder(format!("http://nowhere.invalid:{}/", server.address().port()))
        .connector(detour)
        .connect();

    let client = soon(client).await.unwrap();
    client.send("hello").await.unwrap();

    assert_eq!(soon(client.recv()).await.as_deref(), Some("hello"));
    let asked = soon(asks.recv()).await.unwrap();
    assert_eq!(
        asked,
        format!("http://nowhere.invalid:{}/glue/ws", server.address().port())
    );
}

/// [C-8]: a server may speak on channels that a client doesn't open.
#[tokio::test]
async fn a_client_takes_no_offence_at_channels_that_it_has_not_opened() {
    let server = TestServer::start(Server::builder().on_socket(|socket| async move {
        let other = socket.channel("other");
        for _ in 0..1000 {
            other.send("news").await.unwrap();
        }
        socket.send("done").await.unwrap();
    }))
    .await;
    let client = connect(&server).await;

    assert_eq!(soon(client.recv()).await.as_deref(), Some("done"));
}
