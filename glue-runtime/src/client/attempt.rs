//! One attempt to get a link: credentials, connection, TLS and WebSocket handshake.

use futures_util::future::BoxFuture;
use http::Uri;

use super::connector::Io;
use super::link_error::LinkError;
use super::options::Options;
use crate::proto::init::Auth;
use crate::transport::{ClientWebSocket, Metered, websocket_config};

/// A link on which a session can begin, and how the client introduces itself there.
pub(super) struct Link {
    pub(super) transport: ClientWebSocket<Box<dyn Io>>,
    pub(super) auth: Option<Auth>,
}

/// Gets a link; there is no limit to the time that it takes.
pub(super) async fn attempt(options: &Options) -> Result<Link, LinkError> {
    let auth = match &options.auth {
        Some(auth) => auth().await.map_err(LinkError::Auth)?,
        None => None,
    };
    let io = options.connector.connect(&options.url).await;
    let io = secure(options, io.map_err(LinkError::Unreachable)?).await?;
    let url = websocket_url(&options.url);
    let config = Some(websocket_config(&options.limits));
    let (stream, _) = tokio_tungstenite::client_async_with_config(url, Metered::new(io), config)
        .await
        .map_err(handshake_error)?;
    Ok(Link {
        transport: ClientWebSocket::new(stream),
        auth,
    })
}

/// Returns what says who the client is, anew for each attempt.
pub(super) type Credentials =
    Box<dyn Fn() -> BoxFuture<'static, Result<Option<Auth>, BoxError>> + Send + Sync>;

pub(super) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Speaks TLS where the URL asks for it.
#[cfg(feature = "tls")]
async fn secure(options: &Options, io: Box<dyn Io>) -> Result<Box<dyn Io>, LinkError> {
    match &options.tls {
        Some(tls) => tls.connect(io).await.map_err(LinkError::Tls),
        None => Ok(io),
    }
}

#[cfg(not(feature = "tls"))]
async fn secure(_options: &Options, io: Box<dyn Io>) -> Result<Box<dyn Io>, LinkError> {
    Ok(io)
}

/// Returns the URL with the scheme that a WebSocket handshake asks for: `http` becomes `ws`, `https` `wss`.
fn websocket_url(url: &Uri) -> String {
    format!("ws{}", url.to_string().trim_start_matches("http"))
}

fn handshake_error(error: tungstenite::Error) -> LinkError {
    match error {
        tungstenite::Error::Http(response) => LinkError::Status(response.status()),
        error => LinkError::Handshake(error.into()),
    }
}
