//! The server behind each recording, and what the recorder did to it.

use glue::{Origins, Server, TrustedProxies};
use glue_tests::recorded_app::App;
use glue_tests::server::TestServer;

/// A server set up as the recorded one.
#[derive(Debug)]
pub(super) struct Stage {
    /// Folder and name of the recording.
    pub(super) file: String,
    pub(super) server: TestServer,
    app: App,
}

impl Stage {
    pub(super) async fn new(file: &str) -> Self {
        let app = match file {
            "websocket/ping-client-35s" | "ajax/ping-client-35s.pong-wins" => App::silent(),
            "websocket/panic-in-onnewsocket" => App::panicking(),
            "websocket/slow-onnewsocket" => App::slow(),
            _ => App::default(),
        };
        let builder = app.serve(Server::builder());
        let builder = match file {
            "http/any-origin-no-cors"
            | "http/cors-on-any-origin"
            | "ajax/chromium-cross-origin-cors"
            | "websocket/chromium-cross-origin-cors" => builder.origins(Origins::Any),
            "websocket/remote-address" | "ajax/remote-address" => {
                builder.trusted_proxies(TrustedProxies::new(["127.0.0.1"]).unwrap())
            }
            _ => builder,
        };
        let server = TestServer::start(builder).await;
        if file.contains("/blocked-server") {
            server.server().block();
        }
        Self {
            file: file.to_owned(),
            server,
            app,
        }
    }

    /// Does what the recorder did before this line.
    pub(super) fn cue(&self, line: usize) {
        match (self.file.as_str(), line) {
            // The application's start had taken its time.
            ("websocket/slow-onnewsocket", 10) => self.app.go(),
            ("websocket/server-release", 6) | ("ajax/server-release", 18) => {
                let server = self.server.server().clone();
                // It waits for the goodbyes, which are part of the recording.
                tokio::spawn(async move { server.release().await });
            }
            _ => {}
        }
    }
}
