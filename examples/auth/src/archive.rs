//! An archive: everybody who is let in may read, only editors may delete.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use glue::{ChannelService, Code, Completion, Context, Next, Refusal, RpcError, SocketRequest};

/// Documents by title.
#[glue::channel]
pub(crate) trait Archive {
    /// Returns who the caller is.
    async fn whoami(&self, cx: &Context) -> String;
    async fn titles(&self) -> Vec<String>;
    /// Takes a document away for good. For editors.
    async fn delete(&self, cx: &Context, title: String) -> Result<String, NoSuchDocument>;
}

/// There is no document of this title.
#[glue::model]
#[derive(Debug)]
pub(crate) struct NoSuchDocument {
    pub(crate) title: String,
}

/// Who a socket belongs to. It is bound to the socket when that is accepted, and calls find it there.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Principal {
    pub(crate) name: String,
    pub(crate) is_editor: bool,
}

/// Finds out whose token it is, before there is a socket; who has none is not let in.
///
/// Yours would look into a database, or verify a signature. A client that has lost its connection is asked about again: it goes on with
/// its socket if it is the same principal, be it with another token, gets a fresh socket if it is another one, and the socket ends at once if there is
/// no such token any more.
pub(crate) async fn authorize(request: SocketRequest) -> Result<(), Refusal> {
    let token: Option<String> = request.auth()?;
    let (name, is_editor) = match token.as_deref() {
        Some("token-of-ann" | "next-token-of-ann") => ("Ann", true),
        Some("token-of-eve") => ("Eve", false),
        // For good: another attempt with the same token would end the same way.
        _ => return Err(Refusal::new(Code::Unauthenticated, "sign in first").for_good()),
    };
    request.set_principal(Principal {
        name: name.to_owned(),
        is_editor,
    });
    Ok(())
}

pub(crate) struct Documents {
    texts: Mutex<BTreeMap<String, String>>,
}

impl Documents {
    pub(crate) fn new() -> Self {
        let texts = [("diary", "Dear diary"), ("recipe", "Take six eggs")];
        let texts = texts.map(|(title, text)| (title.to_owned(), text.to_owned()));
        Self {
            texts: Mutex::new(texts.into()),
        }
    }

    /// The channel, with what guards it.
    pub(crate) fn service(self) -> ChannelService {
        self.into_channel().layer_for(["delete"], only_editors)
    }

    fn texts(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.texts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Archive for Documents {
    async fn whoami(&self, cx: &Context) -> String {
        let principal = cx.value::<Principal>();
        principal.map_or_else(String::new, |principal| principal.name)
    }

    async fn titles(&self) -> Vec<String> {
        self.texts().keys().cloned().collect()
    }

    async fn delete(&self, cx: &Context, title: String) -> Result<String, NoSuchDocument> {
        let deleted = self.texts().remove(&title);
        match deleted {
            Some(_) => Ok(format!("{title}, deleted by {}", self.whoami(cx).await)),
            None => Err(NoSuchDocument { title }),
        }
    }
}

/// Lets a call through if its caller is an editor.
async fn only_editors(cx: Context, next: Next) -> Result<Completion, RpcError> {
    match cx.value::<Principal>() {
        Some(principal) if principal.is_editor => next.run(cx).await,
        _ => Err(RpcError::new(Code::PermissionDenied, "only for editors")),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use glue::testing::Network;
    use glue::{CloseReason, Server, Socket};
    use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

    use super::*;

    /// A client whose token changes, and the ends of its sockets.
    struct SignedIn {
        network: Network,
        client: glue::Client,
        token: Arc<Mutex<&'static str>>,
        ended: UnboundedReceiver<CloseReason>,
    }

    impl SignedIn {
        async fn new() -> Self {
            let (end, ended) = unbounded_channel();
            let server = Server::builder()
                .authorize(authorize)
                .on_socket(move |socket: Socket| {
                    let end = end.clone();
                    socket.on_close(move |reason| {
                        let _ = end.send(reason);
                    });
                    async {}
                })
                .channel(Documents::new().service())
                .build()
                .unwrap();
            let network = Network::new(&server);
            let token = Arc::new(Mutex::new("token-of-ann"));
            let told = token.clone();
            let auth = move || std::future::ready(Ok::<_, glue::Error>(*told.lock().unwrap()));
            let client = network.client().auth_with(auth).connect().await.unwrap();
            Self {
                network,
                client,
                token,
                ended,
            }
        }

        /// Loses the connection; another token is told on the next.
        fn come_back_with(&self, token: &'static str) {
            *self.token.lock().unwrap() = token;
            self.network.cut_all();
        }

        async fn whoami(&self) -> String {
            ArchiveClient::open(&self.client).unwrap().whoami().await.unwrap()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_renewed_token_goes_on_with_the_socket() {
        let mut ann = SignedIn::new().await;
        let id = ann.client.socket_id();

        ann.come_back_with("next-token-of-ann");

        assert_eq!(ann.whoami().await, "Ann");
        assert_eq!(ann.client.socket_id(), id);
        assert!(ann.ended.try_recv().is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn somebody_else_gets_a_socket_of_their_own() {
        let mut ann = SignedIn::new().await;
        let id = ann.client.socket_id();

        ann.come_back_with("token-of-eve");

        assert_eq!(ann.ended.recv().await, Some(CloseReason::Refused));
        assert_eq!(ann.whoami().await, "Eve");
        assert_ne!(ann.client.socket_id(), id);
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_that_was_taken_back_ends_the_socket() {
        let mut ann = SignedIn::new().await;

        ann.come_back_with("signed out");

        assert_eq!(ann.ended.recv().await, Some(CloseReason::Refused));
        assert_eq!(ann.client.closed().await, CloseReason::Refused);
    }
}
