//! The task of one socket on the server's side, whatever carries it.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tracing::Instrument as _;

use super::admission::Admission;
use super::counters::SocketCounter;
use super::handle::Server;
use super::id::socket_id;
use super::shutdown::LiveGuard;
use super::socket::Socket;
use crate::channel::{Channels, Inbound, Lane};
use crate::driver::{Driver, Hooks, Traffic, now};
use crate::mailbox::{Mailbox, Peer};
use crate::proto::MAIN_CHANNEL;
use crate::session::{CloseReason, Role, Session};
use crate::transport::Transport;

/// Runs a socket from its first byte to its last; then its place among the server's sockets is free again.
pub(super) async fn run<T: Transport>(
    server: Server,
    transport: T,
    peer: Peer,
    mut admission: Admission,
    _live: LiveGuard,
) {
    let socket_id = match socket_id() {
        Ok(socket_id) => socket_id,
        Err(error) => return tracing::error!(%error, "no randomness for a socket id"),
    };
    // At the highest level, so that no filter takes it from the events that it explains.
    let span = tracing::error_span!("socket", id = %socket_id, transport = transport.kind().name());
    let options = &server.shared.options;
    let limits = options.limits.clone();
    let keep_alive = options.keep_alive;
    let mailbox = Arc::new(Mailbox::new(peer, &limits));
    let hooks = ServerHooks {
        server: server.clone(),
        socket_id: socket_id.clone(),
        mailbox: mailbox.clone(),
        counter: server.shared.counters.socket(transport.kind()),
    };
    server.shared.registry.enter(socket_id.clone(), mailbox.clone());
    if admission.enter() || server.shared.shutdown.is_stopping() {
        // Too late for the list that release and shutdown go through.
        mailbox.request_close(CloseReason::Shutdown);
    }
    let session = Session::new(
        Role::Server {
            socket_id,
            decides: false,
        },
        keep_alive,
        limits,
        now(),
    );
    Driver::new(session, transport, mailbox, hooks)
        .run()
        .instrument(span)
        .await;
}

/// What a server does at the turns of a socket's life.
struct ServerHooks {
    server: Server,
    socket_id: String,
    mailbox: Arc<Mailbox>,
    counter: SocketCounter,
}

impl Hooks for ServerHooks {
    fn opened(&mut self, socket_id: String) -> Option<BoxFuture<'static, ()>> {
        let shared = &self.server.shared;
        let channels = Channels::new(self.mailbox.clone(), shared.options.limits.clone());
        let socket = Socket::new(channels);
        // A session opens once, so the id was not set before.
        let _ = self.mailbox.peer().socket_id.set(socket_id);
        shared.registry.open(socket.clone());
        self.counter.open();

        let on_socket = shared.options.on_socket.as_ref()?;
        // The main channel is there from the first moment; without a handler it is opened at its first use.
        socket.channel(MAIN_CHANNEL);
        Some(on_socket.0(socket))
    }

    fn serves(&self, name: &str) -> bool {
        self.server.shared.services.contains_key(name)
    }

    fn service(&mut self, name: &str) -> Option<Box<dyn Inbound>> {
        let shared = &self.server.shared;
        let service = shared.services.get(name)?;
        let lane = Arc::new(Lane::new(name, self.mailbox.clone()));
        Some(service.open(lane, &shared.options.limits))
    }

    fn moved(&mut self, traffic: Traffic) {
        self.counter.move_traffic(traffic);
    }

    fn closed(&mut self, reason: CloseReason) {
        self.server.shared.registry.leave(&self.socket_id);
        self.counter.close(reason);
    }
}

impl Drop for ServerHooks {
    fn drop(&mut self) {
        // Only a panic of the driver itself, or a runtime that ends, comes here without `closed`.
        self.server.shared.registry.leave(&self.socket_id);
        self.mailbox.refuse();
        self.mailbox.end(CloseReason::Panicked);
    }
}
