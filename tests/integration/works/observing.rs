//! What the log learns of calls, and where they belong in a distributed trace.

use glue::{CallOptions, TraceContext};
use glue_tests::log::Log;

use super::*;

/// Says yes, and so in the log.
struct Logging;

impl WorksHandler for Logging {
    async fn confirm(&self, _question: String) -> Result<bool, Denied> {
        tracing::info!("confirming");
        Ok(true)
    }
}

/// There and back: the client's handler is in the span of its own call. [E-13]
#[tokio::test]
async fn the_trace_of_a_call_is_in_its_span_and_in_those_of_the_calls_back() {
    let (log, _capture) = Log::capture();
    let world = World::with(Limits::default(), |service| {
        service.layer(|cx: Context, next: glue::Next| async move {
            tracing::info!(trace = ?cx.trace().map(|trace| trace.to_string()), "asking");
            next.run(cx).await
        })
    })
    .await;
    world.works.handle(Logging);
    let trace: TraceContext = TRACE.parse().unwrap();

    let traced = world.works.with(CallOptions::default().trace(trace));
    assert!(traced.ask("?".to_owned()).await.unwrap());
    assert_eq!(world.works.check(1).await.unwrap(), 1);

    let trace_id = r#"trace_id="4bf92f3577b34da6a3ce929d0e0e4736""#;
    let parent_id = r#"parent_id="00f067aa0ba902b7""#;
    let asking = log.lines_with(&[
        r#"call{channel="works" method="ask" id=1"#,
        trace_id,
        parent_id,
        "asking",
        TRACE,
    ]);
    let confirming = log.lines_with(&[
        r#"call{channel="works" method="confirm" id=2"#,
        trace_id,
        parent_id,
        "confirming",
    ]);
    assert_eq!((asking.len(), confirming.len()), (1, 1), "{:#?}", log.lines());
    let untraced = log.lines_with(&[r#"method="check""#, "asking"]);
    assert_eq!(untraced.len(), 1);
    assert!(!untraced[0].contains("trace_id"), "{untraced:?}");
}

/// Methods run in the span of their call, which is in that of their socket.
#[tokio::test]
async fn what_a_method_logs_is_in_the_spans_of_call_and_socket() {
    let (log, _capture) = Log::capture();
    let world = World::with(Limits::default(), |service| {
        service.layer_for(["note"], |cx: Context, next: glue::Next| async move {
            tracing::info!("taking note");
            next.run(cx).await
        })
    })
    .await;
    let mut events = world.works.events();

    world.works.note("x".to_owned()).await.unwrap();
    within("the event", events.next()).await.unwrap().unwrap();

    let id = world.client.socket_id().unwrap();
    let socket = format!(r#"socket{{id={id} transport="websocket"}}:call{{channel="works" method="note""#);
    assert_eq!(
        log.lines_with(&[&socket, "taking note"]).len(),
        1,
        "{:#?}",
        log.lines()
    );
}

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
