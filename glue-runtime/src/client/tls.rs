//! TLS, for hosts that begin with `https`.

use std::io;
use std::sync::Arc;

use http::Uri;
use http::uri::Scheme;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::connector::{Io, host_of};
use crate::error::{Error, ErrorKind};

/// How TLS is spoken to one server.
pub(super) struct Tls {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl Tls {
    /// Returns how it is spoken to the server of `url`; `None` where it is not.
    pub(super) fn new(url: &Uri, config: Option<Arc<ClientConfig>>) -> Result<Option<Self>, Error> {
        if url.scheme() != Some(&Scheme::HTTPS) {
            return Ok(None);
        }
        let name = ServerName::try_from(host_of(url).to_owned())
            .map_err(|error| Error::new(ErrorKind::Config, error))?;
        let config = config.map_or_else(default_config, Ok)?;
        Ok(Some(Self {
            connector: config.into(),
            name,
        }))
    }

    /// Does the handshake.
    pub(super) async fn connect(&self, io: Box<dyn Io>) -> io::Result<Box<dyn Io>> {
        let io = self.connector.connect(self.name.clone(), io).await?;
        Ok(Box::new(io))
    }
}

/// Returns what trusts the roots that the operating system trusts, so that a company's own are among them.
fn default_config() -> Result<Arc<ClientConfig>, Error> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let why = found.errors.into_iter().next().map_or_else(
            || "the operating system has no root certificates".to_owned(),
            |error| error.to_string(),
        );
        return Err(Error::new(ErrorKind::Config, why));
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::new(ErrorKind::Config, error))?;
    Ok(Arc::new(
        config.with_root_certificates(roots).with_no_client_auth(),
    ))
}
