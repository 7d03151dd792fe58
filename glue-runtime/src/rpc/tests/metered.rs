//! What the metrics learn of calls.

use super::recorder::TestRecorder;
use super::*;

/// Dashboards and alarms are built on these names. The probe calls each of its methods `method`.
#[test]
fn each_call_is_counted_once_by_how_it_ended() {
    for (said, outcome) in [
        (&["rq1&add&1"][..], "ok"),
        (&["rq1&fail&{}"], "application"),
        (&["rq1&panic&{}"], "internal"),
        (&["rq1&unwritable&{}"], "internal"),
        (&["nt&ping&{}"], "ok"),
        (&["rq1;c=9&count&3"], "ok"),
        (&["rq1;c=9&failing_stream&{}"], "application"),
        (&["rq1&sum&{}", "it1&1", "en1&"], "ok"),
        (&["rq1&wait&{}", "ca1&"], "cancelled"),
        (&["rq1&sum&{}", r#"it1&"two""#], "invalid_argument"),
    ] {
        let recorder = TestRecorder::default();

        metrics::with_local_recorder(&recorder, || {
            let mut served = Served::new();
            for envelope in said {
                served.say(envelope);
            }
        });

        assert_eq!(
            recorder.numbers(),
            [format!(
                "glue_calls_total channel=probe method=method outcome={outcome} 1"
            )],
            "{said:?}"
        );
        assert_eq!(
            recorder.recorded(),
            ["glue_call_duration_seconds channel=probe method=method 1"]
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_runs_out_of_time_is_counted_so() {
    let recorder = TestRecorder::default();
    let _recording = metrics::set_default_local_recorder(&recorder);
    let mut served = Served::new();
    served.say("rq1;t=5&wait&{}");

    tokio::time::advance(std::time::Duration::from_millis(10)).await;
    served.poll();

    assert_eq!(
        recorder.numbers(),
        ["glue_calls_total channel=probe method=method outcome=deadline_exceeded 1"]
    );
}

#[test]
fn calls_that_end_with_their_socket_are_counted_as_cancelled() {
    let recorder = TestRecorder::default();

    metrics::with_local_recorder(&recorder, || {
        let mut served = Served::new();
        served.say("rq1&wait&{}");
        served.say("rq3&sum&{}");
        served.inbound.finish();
        drop(served);
    });

    assert_eq!(
        recorder.numbers(),
        ["glue_calls_total channel=probe method=method outcome=cancelled 2"]
    );
}
