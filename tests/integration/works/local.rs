//! A service that is called in memory, as tests of applications do it.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use glue::testing::local;
use glue::{CallError, CallOptions, Code, Context, ErrorKind, Limits, Next, RpcError};

use super::endings::Line as _;
use super::*;

fn works(factory: &Factory) -> (Client, WorksClient<RpcChannel>) {
    let client = local(factory.clone().into_channel()).start().unwrap();
    let works = WorksClient::open(&client).unwrap();
    (client, works)
}

/// In real time: nothing of it needs a paused clock.
#[tokio::test]
async fn every_kind_of_method_works() {
    let (_client, works) = works(&Factory::default());
    let mut events = works.events();
    works.handle(Fussy);

    assert_eq!(works.check(1).await.unwrap(), 1);
    let denied = works.check(LIMIT + 1).await;
    assert!(matches!(
        denied,
        Err(CallError::Application(Denied::TooMuch { limit: LIMIT }))
    ));
    assert_eq!(works.sum(1, stream::iter([2, 3])).await.unwrap(), 6);
    let counted: Vec<_> = works.count(3).map(Result::unwrap).collect().await;
    assert_eq!(counted, [0, 1, 2]);
    let echoed: Vec<_> = works
        .echo(stream::iter(["a", "b"]).map(str::to_owned))
        .map(Result::unwrap)
        .collect()
        .await;
    assert_eq!(echoed, ["a", "b"]);
    assert!(works.ask("sure?".to_owned()).await.unwrap());
    works.note("hello".to_owned()).await.unwrap();
    let event = within("the event", events.next()).await.unwrap();
    assert!(matches!(event, Ok(WorksEvent::Noted { text }) if text == "hello"));
}

/// Two users of one application.
#[tokio::test]
async fn each_client_has_the_values_that_its_test_gave_it() {
    let service = Factory::default().into_channel();
    let everyone = service.everyone::<WorksEvent>();
    let ann = local(service.clone()).value(User("Ann")).start().unwrap();
    let nobody = local(service).value(7_u32).start().unwrap();
    let [ann, nobody] = [&ann, &nobody].map(|client| WorksClient::open(client).unwrap());

    assert_eq!(ann.whoami().await.unwrap().as_deref(), Some("Ann"));
    assert_eq!(nobody.whoami().await.unwrap(), None);

    let mut heard = nobody.events();
    let event = WorksEvent::Noted {
        text: "all".to_owned(),
    };
    assert_eq!(everyone.emit(&event).await.unwrap().queued, 2);
    let event = within("the event", heard.next()).await.unwrap();
    assert!(matches!(event, Ok(WorksEvent::Noted { text }) if text == "all"));
}

#[tokio::test]
async fn middleware_refuses_as_it_does_on_a_server() {
    let service =
        Factory::default()
            .into_channel()
            .layer_for(["check"], |cx: Context, next: Next| async move {
                match cx.value::<User>() {
                    Some(User("Ann")) => next.run(cx).await,
                    _ => Err(RpcError::new(Code::PermissionDenied, "not you")),
                }
            });
    let ann = local(service.clone()).value(User("Ann")).start().unwrap();
    let eve = local(service).value(User("Eve")).start().unwrap();
    let [ann, eve] = [&ann, &eve].map(|client| WorksClient::open(client).unwrap());

    assert_eq!(ann.check(1).await.unwrap(), 1);
    assert_eq!(code(eve.check(1).await), Code::PermissionDenied);
    assert_eq!(eve.whoami().await.unwrap().as_deref(), Some("Eve"));
}

#[tokio::test(start_paused = true)]
async fn deadlines_take_no_time() {
    let factory = Factory::default();
    let (_client, works) = works(&factory);
    let day = CallOptions::default().timeout(Duration::from_secs(24 * 3600));

    assert_eq!(code(works.with(day).wait().await), Code::DeadlineExceeded);

    factory.0.alive(0).await;
}

#[tokio::test]
async fn limits_are_those_of_the_socket() {
    let mut limits = Limits::default();
    limits.in_flight = 1;
    let factory = Factory::default();
    let service = factory.clone().into_channel();
    let client = local(service).limits(limits).start().unwrap();
    let works = WorksClient::open(&client).unwrap();

    let waiting = {
        let works = works.clone();
        tokio::spawn(async move { works.wait().await })
    };
    factory.0.alive(1).await;

    assert_eq!(code(works.check(1).await), Code::ResourceExhausted);
    waiting.abort();
}

/// The generated client alone keeps it open.
#[tokio::test]
async fn all_of_it_ends_with_the_last_handle() {
    let factory = Factory::default();
    let client = local(factory.clone().into_channel()).start().unwrap();
    let works = WorksClient::open(&client).unwrap();
    drop(client);
    let service = Arc::downgrade(&factory.0);
    let mut waiting = Box::pin(works.wait());
    tokio::select! {
        _ = &mut waiting => panic!("it never ends"),
        () = factory.0.alive(1) => {}
    }

    drop(waiting);
    drop((works, factory));

    within("the service's end", async {
        while service.strong_count() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_channel_of_another_service_is_served_beside() {
    let client = local(Factory::default().into_channel())
        .channel(endings::Queue::default().into_channel())
        .start()
        .unwrap();

    let (works, line) = (
        WorksClient::open(&client).unwrap(),
        endings::LineClient::open(&client).unwrap(),
    );

    assert_eq!(works.check(1).await.unwrap(), 1);
    assert_eq!(line.step(1).await.unwrap(), 1);
    let twice = local(Factory::default().into_channel()).channel(Factory::default().into_channel());
    assert_eq!(twice.start().unwrap_err().kind(), ErrorKind::Config);
}

/// Says yes, but not to everything.
pub(super) struct Fussy;

impl WorksHandler for Fussy {
    async fn confirm(&self, question: String) -> Result<bool, Denied> {
        match question.as_str() {
            "money?" => Err(Denied::NotAllowed),
            "panic?" => panic!("on purpose"),
            _ => Ok(question == "sure?"),
        }
    }
}

#[test]
fn middleware_for_a_method_that_is_not_there_is_refused() {
    let guard = |cx: Context, next: Next| next.run(cx);
    let service = |method: &str| Factory::default().into_channel().layer_for([method], guard);

    assert!(Server::builder().channel(service("check")).build().is_ok());
    let error = Server::builder()
        .channel(service("checkAll"))
        .build()
        .unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Config);
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("`checkAll`"), "{source}");
}
