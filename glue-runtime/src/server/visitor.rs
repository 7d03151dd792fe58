//! Who asks for a socket, until it is there.

use std::net::IpAddr;

use http::header::USER_AGENT;
use http::request::Parts;

use super::admission::Admission;
use super::handle::Server;
use super::shutdown::LiveGuard;
use crate::mailbox::Peer;

/// A client that has come by an HTTP request.
#[derive(Debug)]
pub(super) struct Visitor {
    pub(super) peer: Peer,
    /// Head of the request, kept only where the application will ask for it.
    pub(super) head: Option<Box<Parts>>,
}

impl Visitor {
    /// `address` is from where the request comes, as far as can be believed.
    pub(super) fn new(server: &Server, head: Parts, address: Option<IpAddr>) -> Self {
        let user_agent = head.headers.get(USER_AGENT);
        let user_agent = user_agent
            .and_then(|agent| agent.to_str().ok())
            .map(str::to_owned);
        let is_asked = server.shared.options.authorize.is_some();
        Self {
            peer: Peer::new(address, user_agent),
            head: is_asked.then(|| Box::new(head)),
        }
    }
}

/// A visitor who may have a socket, and has the place for it.
#[derive(Debug)]
pub(super) struct Guest {
    pub(super) visitor: Visitor,
    pub(super) admission: Admission,
    /// Keeps the server's shutdown waiting.
    pub(super) live: LiveGuard,
}
