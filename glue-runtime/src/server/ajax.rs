//! The requests of the Ajax transport: init, poll and push (docs/PROTOCOL.md, Ajax).

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;

use super::body::{Incoming, RequestBody};
use super::handle::Server;
use super::id::{ajax_token, ajax_uid};
use super::refusal::Refusal;
use super::socket_task;
use super::visitor::{Guest, Visitor};
use crate::proto::ajax::{HEAD_BYTES, Head, TOKEN_LENGTH, init_answer};
use crate::transport::TransportError;
use crate::transport::ajax::{AjaxLink, AjaxSettings, AjaxTransport, Polled, Refused};

/// Answers a request: with a text, with nothing to a push, or not at all.
///
/// `parts` are the request's head; `address` is from where it comes, as far as can be believed.
pub(super) async fn answer<B: RequestBody>(
    server: &Server,
    parts: Parts,
    address: Option<IpAddr>,
    body: B,
) -> Result<Bytes, Refusal> {
    let mut body = Incoming::new(body, &server.shared.options.server_limits);
    let start = body
        .read_until(|bytes| bytes.len() > HEAD_BYTES || bytes.contains(&b'&'))
        .await?;
    let end = start.iter().position(|&byte| byte == b'&');
    let head = &start[..end.unwrap_or(start.len())];
    // Whoever is not known is refused before the rest is read.
    match Head::decode(head).map_err(|_| Refusal::BAD_REQUEST)? {
        Head::Init => {
            let left = INIT_BYTES.checked_sub(start.len()).ok_or(Refusal::TOO_LARGE)?;
            body.skip(left).await?;
            init(server, Visitor::new(server, parts, address))
        }
        Head::Poll { uid } => {
            let link = find(server, uid)?;
            let token = read_token(&mut body, &start[head.len()..]).await?;
            poll(&link, &token).await
        }
        Head::Push { uid } => {
            let link = find(server, uid)?;
            // The uid has been read: this is the request's turn among the others.
            push(server, &link, start.slice(head.len()..), body).await
        }
    }
}

fn find(server: &Server, uid: &str) -> Result<Arc<AjaxLink>, Refusal> {
    server.shared.ajax.get(uid).ok_or(Refusal::UNKNOWN_SESSION)
}

/// Starts a session.
fn init(server: &Server, visitor: Visitor) -> Result<Bytes, Refusal> {
    let (admission, live) = server.shared.admit(visitor.peer.remote_addr())?;
    let secrets = ajax_uid().and_then(|uid| Ok((uid, ajax_token()?)));
    let (uid, token) = secrets.map_err(|error| {
        tracing::error!(%error, "no randomness for a socket");
        Refusal::INTERNAL
    })?;
    let settings = AjaxSettings {
        limits: server.shared.options.server_limits.clone(),
        new_token: ajax_token,
    };
    let answer = init_answer(&uid, &token);
    let link = Arc::new(AjaxLink::new(token, settings));
    let entry = server.shared.ajax.enter(uid, link.clone());
    let transport = AjaxTransport::new(link, entry);
    let guest = Guest {
        visitor,
        admission,
        live,
    };
    if let Some(socket) = socket_task::start(server, transport, guest) {
        // Ends with its socket, which the session's deadlines bound; shutdown waits for it.
        tokio::spawn(socket);
    }
    Ok(answer.into())
}

async fn poll(link: &Arc<AjaxLink>, token: &str) -> Result<Bytes, Refusal> {
    match link.poll(token)? {
        Polled::Answer(answer) => Ok(answer),
        Polled::Waiting(waiting) => Ok(waiting.answer().await?),
    }
}

/// Takes a message, which begins behind the `&` of `start`.
async fn push<B: RequestBody>(
    server: &Server,
    link: &Arc<AjaxLink>,
    start: Bytes,
    mut body: Incoming<B>,
) -> Result<Bytes, Refusal> {
    let most = server.shared.options.limits.message_bytes;
    let mut slot = link.begin_push()?;
    // A copy, as a message that waits must not keep all of the buffer that it came in.
    let mut message = Vec::new();
    let mut next = Some(start.slice(start.len().min(1)..));
    while let Some(bytes) = next {
        if message
            .len()
            .saturating_add(bytes.len())
            .saturating_add(body.announced())
            > most
        {
            slot.fail(TransportError::TooLarge);
            return Err(Refusal::TOO_LARGE);
        }
        slot.grow(bytes.len())?;
        message.extend_from_slice(&bytes);
        // A body that can't be read drops the slot, and so ends the session.
        next = body.next().await?;
    }

    message.shrink_to_fit();
    if message.is_empty() {
        slot.withdraw();
        return Err(Refusal::BAD_REQUEST);
    }
    match String::from_utf8(message) {
        Ok(text) => slot.finish(text.into())?,
        Err(_) => {
            slot.fail(TransportError::NotText);
            return Err(Refusal::BAD_REQUEST);
        }
    }
    Ok(Bytes::new())
}

/// Reads the token of a poll behind its `&`; more than a token is none.
async fn read_token<B: RequestBody>(body: &mut Incoming<B>, start: &[u8]) -> Result<String, Refusal> {
    let mut token = start.to_vec();
    while token.len() <= TOKEN_LENGTH + 1
        && let Some(bytes) = body.next().await?
    {
        token.extend_from_slice(&bytes);
    }
    let token = token.strip_prefix(b"&").ok_or(Refusal::BAD_REQUEST)?;
    let token = std::str::from_utf8(token).map_err(|_| Refusal::BAD_REQUEST)?;
    Ok(token.to_owned())
}

impl From<Refused> for Refusal {
    fn from(Refused: Refused) -> Self {
        Self::UNKNOWN_SESSION
    }
}

/// Bytes behind the `i` of an init that are read and ignored; original clients send none.
const INIT_BYTES: usize = 1024;

#[cfg(test)]
mod tests;
