//! Services that are called in memory, without a server of their own around them.

use std::fmt;

use super::network::Network;
use crate::client::Client;
use crate::error::Error;
use crate::proto::limits::Limits;
use crate::rpc::ChannelService;
use crate::server::{Server, ServerBuilder, SocketRequest};

/// Serves a channel to one client in memory: the shortest way from a test to a service.
///
/// ```
/// use glue::Context;
///
/// #[glue::channel]
/// trait Greeter {
///     async fn greet(&self, cx: &Context) -> String;
/// }
/// # struct Polite;
/// # impl Greeter for Polite {
/// #     async fn greet(&self, cx: &Context) -> String {
/// #         format!("Hello, {}!", cx.value::<User>().unwrap().0)
/// #     }
/// # }
/// #[derive(Clone)]
/// struct User(&'static str);
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let client = glue::testing::local(Polite.into_channel()).value(User("Ann")).start()?;
/// let greeter = GreeterClient::open(&client)?;
///
/// assert_eq!(greeter.greet().await?, "Hello, Ann!");
/// # Ok(())
/// # }
/// ```
pub fn local(service: ChannelService) -> Local {
    Local {
        server: Server::builder(),
        values: Vec::new(),
    }
    .channel(service)
}

/// A client to be, with the services that it calls; made by [`local`].
///
/// Nothing is left out: calls go through the real client, a [`Network`] of their own that never fails, and the real server
/// with its middleware, limits, deadlines and flow control. In a runtime whose clock is paused no deadline takes time, in
/// any other it takes what it says.
///
/// Clones of a [`ChannelService`] serve the same application. So two users of it are two of these, each with a clone and
/// with values of its own, and what one does reaches the other as an event.
#[must_use]
pub struct Local {
    server: ServerBuilder,
    values: Vec<Box<Bind>>,
}

/// Binds one value to a socket.
type Bind = dyn Fn(&SocketRequest) + Send + Sync;

impl Local {
    /// Serves another channel beside.
    pub fn channel(mut self, service: ChannelService) -> Self {
        self.server = self.server.channel(service);
        self
    }

    /// Binds a value to the client's socket before its first call, as
    /// [`ServerBuilder::authorize`](crate::ServerBuilder::authorize) would; methods find it by
    /// [`Context::value`](crate::Context::value). There is one per type.
    pub fn value<T: Clone + Send + Sync + 'static>(mut self, value: T) -> Self {
        self.values.push(Box::new(move |request| {
            request.set_value(value.clone());
        }));
        self
    }

    /// Sets the bounds of the socket on the server's side.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.server = self.server.limits(limits);
        self
    }

    /// Starts the client, and returns at once: its calls wait for the connection. All that it starts ends with the last
    /// handle: its clones, and the generated clients that were opened on it.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) as [`ServerBuilder::build`](crate::ServerBuilder::build).
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn start(self) -> Result<Client, Error> {
        let Self { server, values } = self;
        let server = server.authorize(move |request| {
            for bind in &values {
                bind(&request);
            }
            std::future::ready(Ok(()))
        });
        Network::new(&server.build()?).client().start()
    }
}

impl fmt::Debug for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Local")
            .field("server", &self.server)
            .field("values", &self.values.len())
            .finish()
    }
}
