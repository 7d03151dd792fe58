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
#[derive(Clone, Debug)]
pub(crate) struct Principal {
    pub(crate) name: String,
    pub(crate) is_editor: bool,
}

/// Finds out whose token it is, before there is a socket; who has none is not let in.
///
/// Yours would look into a database, or verify a signature.
pub(crate) async fn authorize(request: SocketRequest) -> Result<(), Refusal> {
    let token: Option<String> = request.auth()?;
    let (name, is_editor) = match token.as_deref() {
        Some("token-of-ann") => ("Ann", true),
        Some("token-of-eve") => ("Eve", false),
        // For good: another attempt with the same token would end the same way.
        _ => return Err(Refusal::new(Code::Unauthenticated, "sign in first").for_good()),
    };
    request.set_value(Principal {
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
