//! What the application is asked before a client is accepted.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::HeaderMap;
use http::request::Parts;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::socket::Socket;
use crate::error::{Error, ErrorKind};
use crate::proto::code::Code;
use crate::proto::init::Auth;
use crate::proto::refusal::Refusal;
use crate::rpc::args::read_named;
use crate::rpc::codec;
use crate::transport::TransportKind;

/// A client that asks for a socket: what [`ServerBuilder::authorize`](crate::ServerBuilder::authorize) decides on.
pub struct SocketRequest {
    /// The socket as it will be, for its values and its address.
    socket: Socket,
    auth: Option<Auth>,
    head: Box<Parts>,
    transport: TransportKind,
    former: Option<Socket>,
    choice: Choice,
}

impl SocketRequest {
    /// `former` is the socket to which the client has come back.
    pub(super) fn new(
        socket: Socket,
        auth: Option<Auth>,
        head: Box<Parts>,
        transport: TransportKind,
        former: Option<Socket>,
    ) -> Self {
        Self {
            socket,
            auth,
            head,
            transport,
            former,
            choice: Choice::default(),
        }
    }

    /// Returns what the application chooses, for whoever asks when it has.
    pub(super) fn choice(&self) -> Choice {
        self.choice.clone()
    }

    /// Reads what the client says of itself, its option `auth`: any JSON, at most as long as a message
    /// ([`Limits::message_bytes`](crate::Limits::message_bytes)). A client that says nothing, as original ones do, fits an
    /// `Option`.
    ///
    /// # Errors
    /// [`Code::Unauthenticated`] when the client says nothing and `T` is no `Option`. [`Code::InvalidArgument`], for good,
    /// when the JSON is no `T`; the message names the place in it.
    pub fn auth<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        let json = self.auth_json();
        read_named("auth", json.unwrap_or("null")).map_err(|what| match json {
            Some(_) => Refusal::new(Code::InvalidArgument, what).for_good(),
            None => Refusal::new(Code::Unauthenticated, "`auth` is missing"),
        })
    }

    /// Returns the same as it was sent; `None` for nothing and for `null`.
    pub fn auth_json(&self) -> Option<&str> {
        self.auth.as_ref().map(Auth::as_str)
    }

    /// Returns the headers of the HTTP request with which the client came: cookies, for one. On the Ajax transport it is
    /// the first of many.
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// Returns the whole head of that request, with the extensions that layers in front of the server have put there.
    pub fn head(&self) -> &Parts {
        &self.head
    }

    /// Returns the network address of the client; see [`Socket::remote_addr`].
    pub fn remote_addr(&self) -> Option<IpAddr> {
        self.socket.remote_addr()
    }

    /// Returns what will carry the socket.
    pub fn transport(&self) -> TransportKind {
        self.transport
    }

    /// Binds a value to the socket, which has it from its first moment if the client is accepted; see
    /// [`Socket::set_value`].
    ///
    /// Where the client [comes back to its socket](SocketRequest::resumes), the value takes the place of the one that the socket has; values
    /// of types that aren't set again stay.
    pub fn set_value<T: Clone + Send + Sync + 'static>(&self, value: T) -> Option<T> {
        self.socket.set_value(value)
    }

    /// Binds a value that says who the client is, as [`SocketRequest::set_value`] does. A client that comes back to its socket goes on
    /// with it only if the value of this type there is equal, and gets a fresh socket otherwise, as by
    /// [`SocketRequest::refuse_resume`]: what was said to one is not for another.
    ///
    /// ```
    /// # use glue::{Refusal, SocketRequest};
    /// # async fn name_of(token: String) -> Result<String, Refusal> { Ok(token) }
    /// #[derive(Clone, PartialEq)]
    /// struct User(String);
    ///
    /// async fn authorize(request: SocketRequest) -> Result<(), Refusal> {
    ///     let token: String = request.auth()?;
    ///     request.set_principal(User(name_of(token).await?));
    ///     Ok(())
    /// }
    /// ```
    pub fn set_principal<T: PartialEq + Clone + Send + Sync + 'static>(&self, value: T) -> Option<T> {
        if let Some(former) = self.resumes()
            && former.value::<T>().as_ref() != Some(&value)
        {
            self.refuse_resume();
        }
        self.socket.set_value(value)
    }

    /// Returns the socket with which the client wants to go on over this connection: it has lost the former one, and has proved that the
    /// socket is its own. Its values tell who it was. `None` for all other clients, and once the request has refused that.
    ///
    /// If the client is accepted, that socket goes on and nobody is told: [`ServerBuilder::on_socket`](crate::ServerBuilder::on_socket) isn't
    /// called. A refusal [for good](Refusal::for_good) ends that socket, any other leaves it as it is.
    pub fn resumes(&self) -> Option<Socket> {
        self.former.clone().filter(|_| !self.choice.is_fresh())
    }

    /// Has the client begin anew if it is accepted: it gets a fresh socket, and the one with which it wanted to go on ends, for
    /// [`CloseReason::Refused`](crate::CloseReason::Refused). For all other clients it does nothing.
    pub fn refuse_resume(&self) {
        self.choice.0.store(true, Ordering::Relaxed);
    }
}

/// Whether a client that comes back begins anew.
#[derive(Clone, Debug, Default)]
pub(super) struct Choice(Arc<AtomicBool>);

impl Choice {
    pub(super) fn is_fresh(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl std::fmt::Debug for SocketRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Neither what the client says of itself nor its headers, both of which hold secrets.
        f.debug_struct("SocketRequest")
            .field("remote_addr", &self.remote_addr())
            .field("transport", &self.transport)
            .finish_non_exhaustive()
    }
}

impl Refusal {
    /// Adds a value for the client's program, which gets it as JSON.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when JSON can't hold the value, or JavaScript could not read it as it is: integers beyond
    /// ±(2^53-1).
    pub fn with_data<T: Serialize>(self, data: &T) -> Result<Self, Error> {
        let json = codec::write(data).map_err(|error| Error::new(ErrorKind::Config, error))?;
        Ok(self.with_json(Some(json).filter(|json| json != "null")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::Channels;
    use crate::mailbox::{Mailbox, Peer};
    use crate::proto::limits::Limits;

    fn request(auth: Option<&str>) -> SocketRequest {
        let limits = Limits::default();
        let mailbox = Arc::new(Mailbox::new(Peer::default(), &limits));
        let socket = Socket::new(Channels::new(mailbox, limits));
        let head = http::Request::new(()).into_parts().0;
        let auth = auth.and_then(|json| Auth::new(json.to_owned()));
        SocketRequest::new(socket, auth, Box::new(head), TransportKind::WebSocket, None)
    }

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Token {
        token: String,
    }

    #[test]
    fn what_a_client_says_is_read_by_type() {
        let spoken = request(Some(r#"{"token":"t"}"#));
        let silent = request(None);

        let token = || "t".to_owned();
        assert_eq!(spoken.auth(), Ok(Token { token: token() }));
        assert_eq!(spoken.auth(), Ok(Some(Token { token: token() })));
        assert_eq!(silent.auth(), Ok(None::<Token>));
        assert_eq!(silent.auth_json(), None);
    }

    #[test]
    fn saying_nothing_is_told_from_saying_what_makes_no_sense() {
        let silent = request(None).auth::<Token>().unwrap_err();
        let wrong = request(Some(r#"{"token":[1]}"#)).auth::<Token>().unwrap_err();
        let large = request(Some(r#"{"id":9007199254740992}"#))
            .auth::<std::collections::HashMap<String, u64>>()
            .unwrap_err();

        assert_eq!((silent.code(), silent.is_final()), (Code::Unauthenticated, false));
        assert_eq!((wrong.code(), wrong.is_final()), (Code::InvalidArgument, true));
        assert!(wrong.message().ends_with("at `auth.token`"), "{wrong}");
        assert_eq!(large.code(), Code::InvalidArgument, "[Q-6]");
    }

    #[test]
    fn data_is_what_json_and_javascript_can_hold() {
        let refusal = || Refusal::new(Code::ResourceExhausted, "full");

        assert_eq!(refusal().with_data(&[1, 2]).unwrap().data(), Some("[1,2]"));
        assert_eq!(refusal().with_data(&()).unwrap().data(), None);
        let error = refusal().with_data(&u64::MAX).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "[Q-6]");
    }

    #[test]
    fn secrets_are_not_shown() {
        let shown = format!("{:?}", request(Some(r#""hunter2""#)));

        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
