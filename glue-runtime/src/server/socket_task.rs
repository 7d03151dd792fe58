//! The task of one socket on the server's side, whatever carries it.

use std::io;
use std::sync::Arc;

use futures_util::future::{BoxFuture, ready};
use futures_util::stream::StreamExt as _;
use http::request::Parts;
use tracing::Instrument as _;

use super::counters::SocketCounter;
use super::detached::DetachedPlace;
use super::handle::Server;
use super::id::{Random, resume_token, socket_id};
use super::refusal::RefusalReason;
use super::resume::Claimed;
use super::socket::Socket;
use super::socket_request::{Choice, SocketRequest};
use super::visitor::Guest;
use crate::channel::{Channels, Inbound, Lane};
use crate::clock::now;
use crate::driver::{Claim, Decision, Driver, Hooks, Outdated, Traffic, nobody_decides};
use crate::mailbox::Mailbox;
use crate::proto::MAIN_CHANNEL;
use crate::proto::init::Auth;
use crate::proto::limits::Resume;
use crate::proto::refusal::Refusal;
use crate::proto::resume::ResumeTerms;
use crate::session::{CloseReason, Former, Role, Session, Verdict};
use crate::transport::{Transport, TransportKind};

/// Enters a socket, and returns what runs it: from its first byte to its last; then its place among the server's sockets is free
/// again. `None` where there is no randomness.
pub(super) fn start<T: Transport + 'static>(
    server: &Server,
    transport: T,
    guest: Guest,
) -> Option<impl Future<Output = ()> + Send + 'static> {
    let Guest {
        visitor,
        admission,
        live,
    } = guest;
    let mut random = Random::default();
    let socket_id = socket_id(&mut random)
        .inspect_err(|error| tracing::error!(%error, "no randomness for a socket id"))
        .ok()?;
    // At the highest level, so that no filter takes it from the events that it explains.
    let span = tracing::error_span!("socket", id = %socket_id, transport = transport.kind().name());
    let options = &server.shared.options;
    let limits = options.limits.clone();
    let keep_alive = options.keep_alive;
    let mailbox = Arc::new(Mailbox::new(visitor.peer, &limits));
    let resume = options
        .resume
        .map(|resume| resume_terms(resume, &mut random))
        .transpose()
        .inspect_err(|error| tracing::error!(%error, "no randomness for a token"))
        .ok()?;
    let hooks = ServerHooks {
        server: server.clone(),
        socket_id: socket_id.clone(),
        resume: resume.clone(),
        mailbox: mailbox.clone(),
        transport: transport.kind(),
        head: visitor.head,
        socket: None,
        asked: Asked::No,
        detached: None,
        counter: server.shared.counters.socket(transport.kind()),
    };
    server.shared.registry.enter(socket_id.clone(), mailbox.clone());
    let entered = admission.enter();
    if entered.is_late() || server.shared.shutdown.is_stopping() {
        // Too late for the list that release and shutdown go through.
        mailbox.request_close(CloseReason::Shutdown);
    }
    let session = Session::new(
        Role::Server {
            socket_id,
            decides: options.authorize.is_some(),
            resume,
        },
        keep_alive,
        limits,
        now(),
    );
    let mut driver = Driver::new(session, transport, mailbox, hooks).with_place(Box::new(admission));
    let socket = async move {
        let _live = live;
        // By reference: a future that takes its arguments in has them twice.
        let unfinished = driver.run().await;
        drop(driver);
        drop(entered);
        // The server's shutdown waits for these as well.
        unfinished.for_each(|()| ready(())).await;
    };
    Some(socket.instrument(span))
}

/// Returns what a client is offered whose session is to outlive its link.
fn resume_terms(resume: Resume, random: &mut Random) -> io::Result<Box<ResumeTerms>> {
    Ok(Box::new(ResumeTerms {
        token: resume_token(random)?,
        window: resume.window,
        buffer_bytes: resume.buffer_bytes,
        received: None,
    }))
}

/// What a server does at the turns of a socket's life.
struct ServerHooks {
    server: Server,
    socket_id: Arc<str>,
    /// What is offered to the client.
    resume: Option<Box<ResumeTerms>>,
    mailbox: Arc<Mailbox>,
    transport: TransportKind,
    /// Head of the request with which the client came, until the application decides.
    head: Option<Box<Parts>>,
    /// What the application may set values on while it decides.
    socket: Option<Socket>,
    /// Whether the client wants to go on with a session.
    asked: Asked,
    /// Its place among the sessions without a link, while it is one.
    detached: Option<DetachedPlace>,
    counter: SocketCounter,
}

/// What a client has asked for.
#[derive(Debug)]
enum Asked {
    /// A session.
    No,
    /// One that it has not had, or not any more.
    Unknown,
    /// One that is its own, and the application decides on that.
    Known(Choice),
}

impl ServerHooks {
    fn new_socket(&self) -> Socket {
        let limits = self.server.shared.options.limits.clone();
        Socket::new(Channels::new(self.mailbox.clone(), limits))
    }
}

impl Hooks for ServerHooks {
    fn authorize(&mut self, auth: Option<Auth>, claim: Option<&Claim>) -> Decision {
        let (Some(authorize), Some(head)) = (&self.server.shared.options.authorize, self.head.take()) else {
            // The session asks once, and only where there is a handler; were it otherwise, nobody gets in.
            return nobody_decides();
        };
        let socket = self.new_socket();
        self.socket = Some(socket.clone());
        let former = claim.and_then(|claim| self.server.shared.registry.get(claim.mailbox.socket_id()));
        let request = SocketRequest::new(socket, auth, head, self.transport, former);
        let choice = request.choice();
        if claim.is_some() {
            self.asked = Asked::Known(choice.clone());
        }
        let decision = authorize.0(request);
        Box::pin(async move {
            decision.await?;
            Ok(if choice.is_fresh() {
                Verdict::Fresh
            } else {
                Verdict::Resume
            })
        })
    }

    fn claim(&mut self, former: Former) -> Result<Option<Claim>, Outdated> {
        let Some(terms) = self.resume.as_deref() else {
            return Ok(None);
        };
        match self.server.shared.sessions.claim(&former, terms) {
            Claimed::Session(claim) => {
                self.asked = Asked::Unknown;
                Ok(Some(claim))
            }
            Claimed::Unknown => {
                self.asked = Asked::Unknown;
                Ok(None)
            }
            Claimed::Outdated => Err(Outdated),
        }
    }

    fn is_outdated(&self, claim: &Claim) -> bool {
        self.server.shared.sessions.is_outdated(claim)
    }

    fn keeps(&mut self, weight: usize) -> bool {
        if self.detached.is_none() {
            self.detached = self
                .server
                .shared
                .detached
                .enter(self.mailbox.peer().remote_addr());
            if self.detached.is_some() {
                self.counter.detach();
            }
        }
        let has_room = self.detached.as_mut().is_some_and(|place| place.weigh(weight));
        if !has_room {
            self.detached = None;
            self.server.shared.counters.overflow();
        }
        has_room
    }

    fn resumed(&mut self, transport: TransportKind) {
        self.detached = None;
        self.counter.resume(transport);
        // The span says what carries the socket.
        tracing::Span::current().record("transport", transport.name());
    }

    fn handed_over(&mut self) {
        tracing::debug!("link left to the socket that its client has had");
        self.counter.hand_over();
    }

    fn refused(&mut self, refusal: Refusal) {
        // What the application has to say is for the client only.
        tracing::debug!(code = %refusal.code(), is_final = refusal.is_final(), "client refused by the application");
        self.server.shared.counters.refuse(RefusalReason::Unauthorized);
        if let Asked::Known(_) = self.asked {
            self.server.shared.counters.refuse_resume();
        }
    }

    fn opened(&mut self, socket_id: Arc<str>) -> Option<BoxFuture<'static, ()>> {
        let socket = self.socket.take().unwrap_or_else(|| self.new_socket());
        let shared = &self.server.shared;
        // A session opens once, so the id was not set before.
        let _ = self.mailbox.peer().socket_id.set(socket_id.clone());
        // Only who opens a session asks for one that it has had.
        if let Some(terms) = self.resume.take() {
            let mailbox = self.mailbox.clone();
            shared.sessions.enter(socket_id.clone(), terms.token, mailbox);
        }
        shared.registry.open(socket_id, socket.clone());
        self.counter.open();
        match &self.asked {
            Asked::No => {}
            Asked::Known(choice) if choice.is_fresh() => shared.counters.refuse_resume(),
            Asked::Unknown | Asked::Known(_) => shared.counters.begin_fresh(),
        }

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
        self.server.shared.sessions.leave(&self.socket_id);
        self.detached = None;
        if self.socket.take().is_some() {
            // The client was not accepted, so nobody has a handle; what is left of its socket may take a while to end.
            self.mailbox.values().clear();
        }
        self.counter.close(reason);
    }
}

impl Drop for ServerHooks {
    fn drop(&mut self) {
        // Only a panic of the driver itself, or a runtime that ends, comes here without `closed`.
        self.server.shared.registry.leave(&self.socket_id);
        self.server.shared.sessions.leave(&self.socket_id);
        self.mailbox.refuse();
        self.mailbox.end(CloseReason::of_dropped(CloseReason::Shutdown));
    }
}
