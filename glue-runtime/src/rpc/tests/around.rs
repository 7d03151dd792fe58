//! Middleware.

use std::future::Future;
use std::time::Duration;

use tokio::time::advance;

use super::*;
use crate::proto::code::Code;
use crate::rpc::{Completion, Middleware, Next, RpcError};

type Log = Arc<Mutex<Vec<String>>>;

/// Notes what passes by.
fn noting(name: &'static str, log: &Log) -> impl Middleware {
    let log = log.clone();
    move |cx: Context, next: Next| {
        let log = log.clone();
        async move {
            log.lock().unwrap().push(format!("{name} before {}", cx.method()));
            let result = next.run(cx).await;
            let end = match &result {
                Ok(completion) if completion.is_application_error() => "failed".to_owned(),
                Ok(_) => "done".to_owned(),
                Err(error) => error.code().to_string(),
            };
            log.lock().unwrap().push(format!("{name} {end}"));
            result
        }
    }
}

fn served(layers: impl FnOnce(ChannelService) -> ChannelService) -> Served {
    Served::serving(&Limits::default(), |probe| {
        layers(service(SharedProbe::<false>(probe)))
    })
}

#[test]
fn layers_run_around_the_method_from_the_first_to_the_last() {
    let log = Log::default();
    let mut served = served(|service| service.layer(noting("outer", &log)).layer(noting("inner", &log)));

    assert_eq!(served.say("rq1&add&1"), ["ok1&2"]);
    assert_eq!(
        *log.lock().unwrap(),
        [
            "outer before method",
            "inner before method",
            "inner done",
            "outer done"
        ]
    );
}

#[test]
fn a_layer_hears_how_the_method_ended() {
    for (call, ends) in [
        ("rq1&fail&{}", "failed"),
        ("rq1&unwritable&{}", "internal"),
        ("rq1;c=9&count&2", "done"),
        ("rq1;c=9&failing_stream&{}", "failed"),
        ("nt&ping&{}", "done"),
    ] {
        let log = Log::default();
        let mut layered = served(|service| service.layer(noting("layer", &log)));
        let mut bare = Served::new();

        assert_eq!(layered.say(call), bare.say(call), "it changes nothing");
        assert_eq!(log.lock().unwrap()[1], format!("layer {ends}"), "{call}");
    }
}

fn refuse(_cx: Context, _next: Next) -> impl Future<Output = Result<Completion, RpcError>> + Send + 'static {
    std::future::ready(Err(RpcError::new(Code::PermissionDenied, "not you")))
}

#[test]
fn a_layer_answers_in_the_place_of_the_method() {
    let mut served = served(|service| service.layer(refuse));

    let denied = |id: u64| format!(r#"er{id}&{{"code":"permission_denied","message":"not you"}}"#);
    assert_eq!(served.say("rq1&wait&{}"), [denied(1)]);
    assert_eq!(served.say("rq3;c=1&endless&{}"), [denied(3)]);
    assert_eq!(served.say("rq5&sum&{}"), [denied(5)]);
    assert!(served.say("nt&ping&{}").is_empty());
    assert_eq!(served.alive(), 0);
}

#[test]
fn a_layer_may_be_for_some_methods() {
    let mut served = served(|service| service.layer_for(["fail"], refuse));

    assert_eq!(served.say("rq1&add&1"), ["ok1&2"]);
}

#[test]
fn a_layer_sees_the_call() {
    let numbers = Arc::new(Mutex::new(Vec::new()));
    let seen = numbers.clone();
    let layer = move |cx: Context, next: Next| {
        if let Some(Call::Add(number)) = next.message() {
            seen.lock().unwrap().push(*number);
        }
        next.run(cx)
    };
    let mut served = served(|service| service.layer(layer));

    served.say("rq1&add&5");
    served.say("rq3&fail&{}");

    assert_eq!(*numbers.lock().unwrap(), [5]);
}

#[test]
fn a_layer_is_dropped_with_its_call() {
    let mut served = served(|service| service.layer(|cx: Context, next: Next| next.run(cx)));
    served.say("rq1&wait&{}");
    assert_eq!(served.alive(), 1);

    served.say("ca1&");

    assert_eq!(served.alive(), 0);
}

/// [Q-4]
#[test]
fn a_panic_in_a_layer_ends_its_own_call() {
    let mut served = served(|service| service.layer(|_: Context, _: Next| async { panic!("on purpose") }));

    assert_eq!(served.say("rq1&add&1"), [format!("er1&{INTERNAL}")]);
}

/// [S-4]
#[test]
fn nothing_follows_the_end_of_a_stream() {
    let layer = |cx: Context, next: Next| async move {
        next.run(cx).await?;
        Err(RpcError::new(Code::Internal, "too late"))
    };
    let mut served = served(|service| service.layer(layer));

    assert_eq!(served.say("rq1;c=9&count&1"), ["it1&0", "en1&"]);
}

/// [R-2]: a stream that has ended has ended, whatever becomes of what runs around it.
#[tokio::test(start_paused = true)]
async fn a_layer_that_goes_on_behind_a_stream_adds_nothing_to_it() {
    let layered = || {
        served(|service| {
            service.layer(|cx: Context, next: Next| async move {
                next.run(cx).await?;
                pass(Duration::from_secs(1)).await;
                panic!("on purpose")
            })
        })
    };
    let ends = [
        ("rq1;c=9&count&1", ["it1&0", "en1&"].as_slice()),
        ("rq1;c=9;t=500&count&1", &["it1&0", "en1&"]),
        ("rq1;c=9&failing_stream&{}", &["it1&1", FULL]),
    ];
    for (call, said) in ends {
        let mut served = layered();
        assert_eq!(served.say(call), said);

        for _ in 0..3 {
            advance(Duration::from_millis(501)).await;
            assert!(served.poll().is_empty(), "{call}");
        }
        assert_eq!(served.mailbox.quota().calls(), 0);
    }
}

const FULL: &str = r#"er1&{"code":"application","message":"the method returned an error","data":"full"}"#;

async fn pass(time: Duration) {
    let _ = tokio::time::timeout(time, std::future::pending::<()>()).await;
}
