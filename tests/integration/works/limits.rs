//! What one socket may have under way.

use glue::testing::local;

use super::*;

fn limits(change: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits::default();
    change(&mut limits);
    limits
}

/// [L-7]
#[tokio::test]
async fn a_call_beyond_those_under_way_is_refused_until_one_ends() {
    let world = World::with(limits(|limits| limits.in_flight = 2), |service| service).await;
    let [first, _second] = [0, 1].map(|_| {
        let works = world.works.clone();
        tokio::spawn(async move { works.wait().await })
    });
    world.state.alive(2).await;

    let error = failure(world.works.check(1).await);
    assert_eq!(error.code(), Code::ResourceExhausted);
    assert!(error.message().contains("more than 2 calls"), "{error}");
    first.abort();
    world.state.alive(1).await;

    assert_eq!(world.works.check(1).await.unwrap(), 1);
}

/// In either direction. [L-14]
#[tokio::test]
async fn a_stream_beyond_those_that_are_open_is_refused_until_one_ends() {
    let world = World::with(limits(|limits| limits.streams = 2), |service| service).await;
    let mut downward = world.works.chunks();
    assert!(downward.next().await.unwrap().is_ok());
    let works = world.works.clone();
    let upward = tokio::spawn(async move { works.sum(0, stream::pending()).await });
    world.state.alive(1).await;

    assert_eq!(
        code(world.works.sum(1, stream::empty()).await),
        Code::ResourceExhausted
    );
    let refused = world.works.count(1).next().await.unwrap();
    assert_eq!(code(refused), Code::ResourceExhausted);
    assert_eq!(world.works.check(1).await.unwrap(), 1, "calls are no streams");
    upward.abort();
    world.state.alive(0).await;

    assert_eq!(world.works.sum(1, stream::empty()).await.unwrap(), 1);
}

/// [L-15]
#[tokio::test(start_paused = true)]
async fn calls_beyond_those_of_a_second_are_refused_until_it_is_over() {
    let client = local(Factory::default().into_channel())
        .limits(limits(|limits| limits.calls_per_second = Some(3)))
        .start()
        .unwrap();
    let works = WorksClient::open(&client).unwrap();

    for number in 0..3 {
        assert_eq!(works.check(number).await.unwrap(), number);
    }
    assert_eq!(code(works.check(3).await), Code::ResourceExhausted);
    let second = std::time::Duration::from_secs(1);
    assert!(
        tokio::time::timeout(second, std::future::pending::<()>())
            .await
            .is_err()
    );

    for number in 0..3 {
        assert_eq!(works.check(number).await.unwrap(), number);
    }
    assert_eq!(code(works.check(3).await), Code::ResourceExhausted);
}
