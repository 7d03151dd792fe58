//! A client of HTTP/2 that sees each stream.

use std::future::poll_fn;
use std::net::SocketAddr;

use bytes::Bytes;
use glue_tests::deadline::within;
use glue_tests::raw_ws::RawPeer;
use h2::client::{ResponseFuture, SendRequest};
use h2::ext::Protocol;
use h2::{RecvStream, SendStream};
use http::{Method, Request, Response};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::tls::HOST;

/// A client's connection of HTTP/2.
pub(crate) struct Http2 {
    requests: SendRequest<Bytes>,
    connection: JoinHandle<()>,
}

/// A WebSocket in a stream of HTTP/2.
pub(crate) struct Tunnel {
    pub(crate) peer: RawPeer,
    /// Ends with the server's end of the stream, which is clean or not.
    carrier: JoinHandle<Result<(), h2::Error>>,
}

impl Http2 {
    pub(crate) async fn over<S>(io: S) -> Self
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (requests, connection) = h2::client::handshake(io).await.unwrap();
        Self {
            requests,
            // An error is what the test sees in its streams.
            connection: tokio::spawn(async move { drop(connection.await) }),
        }
    }

    pub(crate) async fn dial(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).await.unwrap()).await
    }

    /// Returns whether the server offers WebSockets, as far as it has told yet.
    pub(crate) fn offers_tunnels(&self) -> bool {
        self.requests.is_extended_connect_protocol_enabled()
    }

    /// Ends the connection without a word.
    pub(crate) fn cut(self) {
        self.connection.abort();
    }

    async fn start(&self, request: Request<()>, is_whole: bool) -> (ResponseFuture, SendStream<Bytes>) {
        let requests = within("room for a stream", self.requests.clone().ready()).await;
        requests.unwrap().send_request(request, is_whole).unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> String {
        let request = Request::get(format!("https://{HOST}{path}")).body(()).unwrap();
        let (response, _) = self.start(request, true).await;
        text(within("the answer", response).await.unwrap()).await.1
    }

    /// Sends a request of the Ajax transport from a page of the same host, and returns what its answer will come by.
    pub(crate) async fn post(&self, body: String) -> ResponseFuture {
        let request = Request::post(format!("https://{HOST}/glue/ajax"))
            .header("origin", format!("https://{HOST}"))
            .body(())
            .unwrap();
        let (response, mut stream) = self.start(request, false).await;
        stream.send_data(body.into(), true).unwrap();
        response
    }

    pub(crate) async fn posted(&self, body: String) -> (u16, String) {
        let response = self.post(body).await;
        text(within("the answer", response).await.unwrap()).await
    }

    /// Asks for a stream of this protocol.
    pub(crate) async fn ask(
        &self,
        protocol: &'static str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> (Response<RecvStream>, SendStream<Bytes>) {
        let mut request = Request::builder()
            .method(Method::CONNECT)
            .uri(format!("https://{HOST}{path}"))
            .extension(Protocol::from_static(protocol));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (response, stream) = self.start(request.body(()).unwrap(), false).await;
        (within("the answer", response).await.unwrap(), stream)
    }

    /// Opens a WebSocket, without an `in`.
    pub(crate) async fn tunnel(&self) -> Tunnel {
        self.tunnel_with(&[VERSION]).await
    }

    /// Opens a WebSocket with these headers, without an `in`.
    pub(crate) async fn tunnel_with(&self, headers: &[(&str, &str)]) -> Tunnel {
        let (response, to_server) = self.ask("websocket", "/glue/ws", headers).await;
        assert_eq!(response.status(), 200);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (peer, near) = tokio::join!(RawPeer::dial(address), listener.accept());
        let (near, _) = near.unwrap();
        Tunnel {
            peer,
            carrier: tokio::spawn(carry(near, to_server, response.into_body())),
        }
    }

    /// Opens a session, and returns its socket id too.
    pub(crate) async fn open(&self) -> (Tunnel, String) {
        let mut tunnel = self.tunnel().await;
        let id = tunnel.peer.init().await;
        (tunnel, id)
    }
}

impl Tunnel {
    /// Resets the stream.
    pub(crate) fn reset(self) {
        self.carrier.abort();
    }

    /// Waits for the server's end of the stream, which must be a clean one.
    pub(crate) async fn ended(self) {
        drop(self.peer);
        let end = within("the end of the stream", self.carrier).await;
        end.unwrap().expect("the stream is ended, not reset");
    }
}

/// Carries a WebSocket's bytes between a peer that speaks TCP and a stream.
async fn carry(
    near: TcpStream,
    mut to_server: SendStream<Bytes>,
    mut from_server: RecvStream,
) -> Result<(), h2::Error> {
    near.set_nodelay(true).unwrap();
    let (mut from_peer, mut to_peer) = near.into_split();
    let there = async {
        let mut chunk = [0; 16 << 10];
        while let Ok(length @ 1..) = from_peer.read(&mut chunk).await {
            let mut bytes = Bytes::copy_from_slice(&chunk[..length]);
            while !bytes.is_empty() {
                to_server.reserve_capacity(bytes.len());
                let Some(Ok(room)) = poll_fn(|cx| to_server.poll_capacity(cx)).await else {
                    return;
                };
                let _ = to_server.send_data(bytes.split_to(room), false);
            }
        }
        let _ = to_server.send_data(Bytes::new(), true);
    };
    let back = async {
        while let Some(data) = from_server.data().await {
            let data = data?;
            let _ = to_peer.write_all(&data).await;
            from_server.flow_control().release_capacity(data.len())?;
        }
        let _ = to_peer.shutdown().await;
        Ok(())
    };
    tokio::join!(there, back).1
}

async fn text(response: Response<RecvStream>) -> (u16, String) {
    let (head, mut body) = response.into_parts();
    let mut bytes = Vec::new();
    while let Some(data) = within("the body", body.data()).await {
        bytes.extend(data.unwrap());
    }
    (head.status.as_u16(), String::from_utf8(bytes).unwrap())
}

/// The version of WebSockets, without which none is opened.
pub(crate) const VERSION: (&str, &str) = ("sec-websocket-version", "13");
