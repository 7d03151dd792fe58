//! A client that was generated from an older trait.

use glue::__private::schema::Described as _;
use glue::testing::local;
use glue::{CallError, Client, Code, ErrorKind, RpcError, Server};

/// What the client was generated from.
mod old {
    #[glue::channel(name = "desk")]
    pub(super) trait Desk {
        async fn same(&self, text: String) -> String;
        async fn changed(&self, number: u32) -> u32;
        async fn removed(&self) -> u32;
    }
}

/// What the server has.
mod new {
    #[glue::channel(name = "desk")]
    pub(super) trait Desk {
        async fn same(&self, text: String) -> String;
        async fn changed(&self, number: u32, factor: Option<u32>) -> u32;
        async fn added(&self) -> u32;
    }
}

struct Clerk;

impl new::Desk for Clerk {
    async fn same(&self, text: String) -> String {
        text
    }
    async fn changed(&self, number: u32, factor: Option<u32>) -> u32 {
        number * factor.unwrap_or(1)
    }
    async fn added(&self) -> u32 {
        1
    }
}

impl old::Desk for Clerk {
    async fn same(&self, text: String) -> String {
        text
    }
    async fn changed(&self, number: u32) -> u32 {
        number
    }
    async fn removed(&self) -> u32 {
        2
    }
}

fn failure<T: std::fmt::Debug>(answer: Result<T, CallError>) -> RpcError {
    match answer {
        Err(CallError::Rpc(error)) => error,
        other => panic!("a failure was expected, not {other:?}"),
    }
}

fn connect() -> Client {
    let service = new::Desk::into_channel(Clerk);
    local(service).start().unwrap()
}

/// [R-14]
#[tokio::test]
async fn only_methods_that_changed_fail_for_an_older_client() {
    let client = connect();
    let desk = old::DeskClient::open(&client).unwrap();

    // The first one is on its way before the greeting is there.
    let changed = failure(desk.changed(1).await);
    assert_eq!(desk.same("text".to_owned()).await.unwrap(), "text");
    let again = failure(desk.changed(1).await);
    let removed = failure(desk.removed().await);

    for (error, method, is_there) in [
        (changed, "changed", true),
        (again, "changed", true),
        (removed, "removed", false),
    ] {
        assert_eq!(error.code(), Code::StaleClient, "{error}");
        let data: serde_json::Value = serde_json::from_str(error.data().unwrap()).unwrap();
        assert_eq!(data["method"], method);
        assert_eq!(data["client"].as_str().map(str::len), Some(16), "{data}");
        assert_eq!(data["server"].is_string(), is_there, "{data}");
        assert_ne!(data["client"], data["server"]);
    }
}

#[tokio::test]
async fn clients_of_the_same_trait_call_all_of_it() {
    let newer = connect();
    let older = local(old::Desk::into_channel(Clerk)).start().unwrap();
    let (new, old) = (
        new::DeskClient::open(&newer).unwrap(),
        old::DeskClient::open(&older).unwrap(),
    );

    assert_eq!(new.changed(2, Some(3)).await.unwrap(), 6);
    assert_eq!(new.added().await.unwrap(), 1);
    assert_eq!(old.changed(2).await.unwrap(), 2);
    assert_eq!(old.removed().await.unwrap(), 2);
}

/// [R-14]
#[tokio::test]
async fn an_older_client_goes_on_where_its_contract_is_accepted() {
    let (ours, theirs) = (new::DeskCall::hashes(), old::DeskCall::hashes());
    let accepted = serde_json::json!({
        "accept": 1,
        "channels": { "desk": {
            "contract": ours.schema,
            "clients": { &theirs.schema: { "changed": theirs.methods["changed"] } },
        } },
    });
    let service = new::Desk::into_channel(Clerk).accept(&accepted.to_string());
    let client = local(service).start().unwrap();
    let desk = old::DeskClient::open(&client).unwrap();

    assert_eq!(desk.changed(7).await.unwrap(), 7);
    assert_eq!(desk.same("text".to_owned()).await.unwrap(), "text");
    assert_eq!(desk.changed(8).await.unwrap(), 8);
    assert_eq!(failure(desk.removed().await).code(), Code::StaleClient);
}

#[test]
fn what_cannot_be_read_as_accepted_contracts_is_refused() {
    let service = |json: &str| new::Desk::into_channel(Clerk).accept(json);

    assert!(
        Server::builder()
            .channel(service(r#"{"accept":1}"#))
            .build()
            .is_ok()
    );
    let error = Server::builder().channel(service("{}")).build().unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Config);
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("`accept` of the channel `desk`"), "{source}");
}
