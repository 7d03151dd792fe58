//! TLS, from a certificate of its own to a client that trusts it.

use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// A certificate for [`HOST`], in files that last as long as it.
pub(crate) struct Certificate {
    der: CertificateDer<'static>,
    folder: TempDir,
}

impl Certificate {
    pub(crate) fn make() -> Self {
        let made = rcgen::generate_simple_self_signed([HOST.to_owned()]).unwrap();
        let certificate = Self {
            der: made.cert.der().clone(),
            folder: tempfile::tempdir().unwrap(),
        };
        std::fs::write(certificate.path(), made.cert.pem()).unwrap();
        std::fs::write(certificate.key_path(), made.signing_key.serialize_pem()).unwrap();
        certificate
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    pub(crate) fn key_path(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }

    /// Returns a client that offers these protocols.
    pub(crate) fn connector(&self, protocols: &[&str]) -> TlsConnector {
        Arc::new(self.client_config(protocols)).into()
    }

    /// Returns what makes a client trust this certificate, and no other.
    pub(crate) fn client_config(&self, protocols: &[&str]) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).unwrap();
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = protocols
            .iter()
            .map(|protocol| protocol.as_bytes().to_vec())
            .collect();
        config
    }
}

/// Does the handshake on a connection that is to be.
pub(crate) async fn dial_tls(
    connector: TlsConnector,
    stream: impl Future<Output = io::Result<TcpStream>>,
) -> io::Result<TlsStream<TcpStream>> {
    let host = ServerName::try_from(HOST).unwrap();
    connector.connect(host, stream.await?).await
}

/// The host that clients ask for.
pub(crate) const HOST: &str = "chat.example";
