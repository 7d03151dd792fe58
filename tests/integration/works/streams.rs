//! Items upward, downward and both ways, and how much of them waits.

use std::future::pending;
use std::time::Duration;

use glue::testing::{Direction, Network, local};

use super::*;

/// [S-9]
#[tokio::test]
async fn a_stream_of_the_caller_is_taken_to_its_end() {
    let world = World::new().await;

    let sum = within("the sum", world.works.sum(1, stream::iter(0..1000))).await;

    assert_eq!(sum.unwrap(), 499_501);
    assert_eq!(world.works.sum(7, stream::empty()).await.unwrap(), 7);
}

/// The method's own error, before the end of the stream. [S-10]
#[tokio::test]
async fn a_method_that_fails_gives_its_error_and_ends_the_source() {
    let world = World::new().await;
    let (numbers, source) = telling(stream::repeat(LIMIT));

    let denied = within("the error", world.works.sum(0, numbers)).await;

    assert!(matches!(
        denied,
        Err(CallError::Application(Denied::TooMuch { limit: LIMIT }))
    ));
    dropped(source).await;
}

/// [S-10]
#[tokio::test]
async fn a_method_that_has_enough_ends_the_source_and_answers_later() {
    let world = World::new().await;
    let (texts, source) = telling(stream::repeat("x".to_owned()));
    let works = world.works.clone();
    let call = tokio::spawn(async move { works.take(3, texts).await });

    dropped(source).await;
    assert!(!call.is_finished());
    world.state.gate.send_replace(true);

    assert_eq!(within("the answer", call).await.unwrap().unwrap(), 3);
}

#[tokio::test]
async fn what_goes_both_ways_comes_back_in_order() {
    let world = World::new().await;
    let texts: Vec<_> = (0..500).map(|number| number.to_string()).collect();

    let echoed = world.works.echo(stream::iter(texts.clone()));
    let echoed: Vec<_> = within("all items", echoed.map(Result::unwrap).collect()).await;

    assert_eq!(echoed, texts);
}

/// [S-5] [S-10]
#[tokio::test]
async fn an_error_ends_both_ways() {
    let world = World::new().await;
    let texts = ["a", "secret"].map(str::to_owned);
    let (texts, source) = telling(stream::iter(texts).chain(stream::pending()));

    let mut echoed = world.works.echo(texts);

    assert_eq!(within("an item", echoed.next()).await.unwrap().unwrap(), "a");
    let denied = within("the error", echoed.next()).await.unwrap();
    assert!(matches!(denied, Err(CallError::Application(Denied::NotAllowed))));
    assert!(echoed.next().await.is_none());
    dropped(source).await;
}

/// Each way is full of what the other side has not taken, on links that hold next to nothing.
#[tokio::test(start_paused = true)]
async fn floods_of_both_sides_get_through_each_other() {
    let factory = Factory::default();
    factory.0.gate.send_replace(true);
    let server = Server::builder().channel(factory.into_channel()).build().unwrap();
    let network = Network::new(&server);
    network.set_buffer(Direction::Both, 1 << 10);
    let client = network.connect().await.unwrap();
    let works = WorksClient::open(&client).unwrap();
    let items = || stream::repeat_with(|| "x".repeat(CHUNK)).take(40);
    // Nobody reads these.
    let mut unread: Vec<_> = (0..20).map(|_| works.chunks()).collect();
    for stream in &mut unread {
        assert_eq!(stream.next().await.unwrap().unwrap().len(), CHUNK);
    }

    let uploads = (0..4).map(|_| works.take(40, items()));
    let echoes = (0..4).map(|_| works.echo(items()).map(Result::unwrap).count());
    let both = futures_util::future::join(
        futures_util::future::join_all(uploads),
        futures_util::future::join_all(echoes),
    );
    let (taken, echoed) = within("both floods", both).await;

    assert!(taken.into_iter().all(|count| count.unwrap() == 40));
    assert_eq!(echoed, [40; 4]);
}

/// The figure of the issue: a reader that stalls costs the server less than 1 MiB, and nothing when it goes on. [S-7]
#[tokio::test(start_paused = true)]
async fn a_reader_that_stalls_keeps_less_than_a_mebibyte_waiting() {
    let factory = Factory::default();
    let state = factory.0.clone();
    let client = local(factory.into_channel()).start().unwrap();
    let works = WorksClient::open(&client).unwrap();
    let produced = || state.produced.load(Ordering::Relaxed);

    let mut chunks = works.chunks();
    for taken in 1..=100 {
        assert_eq!(chunks.next().await.unwrap().unwrap().len(), CHUNK);
        if taken % 25 == 0 {
            until_nothing_moves().await;
            let waiting = produced() - taken;
            assert!(
                (1..16).contains(&waiting),
                "{waiting} items of 64 KiB wait after {taken}"
            );
        }
    }

    drop(chunks);
    until_nothing_moves().await;
    let end = produced();
    until_nothing_moves().await;
    assert_eq!(produced(), end);
}

/// The same upward: a method that stalls stops the page that uploads.
#[tokio::test(start_paused = true)]
async fn a_method_that_stalls_keeps_less_than_a_mebibyte_waiting() {
    let factory = Factory::default();
    let client = local(factory.clone().into_channel()).start().unwrap();
    let works = WorksClient::open(&client).unwrap();
    let produced = Arc::new(AtomicUsize::new(0));
    let counter = produced.clone();
    let items = stream::repeat_with(move || {
        counter.fetch_add(1, Ordering::Relaxed);
        "x".repeat(CHUNK)
    });

    // What comes back is not read beyond the first item, so the method takes no more either.
    let mut echoed = works.echo(items);
    assert_eq!(echoed.next().await.unwrap().unwrap().len(), CHUNK);
    until_nothing_moves().await;

    let waiting = produced.load(Ordering::Relaxed) - 1;
    assert!(waiting < 2 * 16, "{waiting} items of 64 KiB wait on both ways");
}

///
#[tokio::test]
async fn a_panic_ends_its_own_exchange_only() {
    let world = World::new().await;
    let (numbers, source) = telling(stream::repeat(1));

    let error = failure(within("the error", world.works.stumble(numbers)).await);

    assert_eq!(
        (error.code(), error.message()),
        (Code::Internal, "internal error")
    );
    dropped(source).await;
    world.state.alive(0).await;
    assert_eq!(world.works.sum(1, stream::iter([2])).await.unwrap(), 3);
}

/// [Q-6] [S-11]
#[tokio::test]
async fn an_item_that_json_cannot_hold_fails_where_it_would_be_written() {
    let world = World::new().await;

    let upward = failure(world.works.stumble(stream::iter([u64::MAX])).await);
    assert_eq!(upward.code(), Code::InvalidArgument);
    for part in ["`numbers`", "`stumble`"] {
        assert!(upward.message().contains(part), "{upward}");
    }
    world.state.alive(0).await;

    let mut downward = world.works.spoil();
    assert_eq!(downward.next().await.unwrap().unwrap(), 1);
    assert_eq!(code(downward.next().await.unwrap()), Code::Internal);
    assert!(downward.next().await.is_none());
    assert_eq!(world.works.check(1).await.unwrap(), 1);
}

/// An hour of virtual time passes only while nothing is ready to run.
async fn until_nothing_moves() {
    let hour = tokio::time::timeout(Duration::from_secs(3600), pending::<()>());
    assert!(hour.await.is_err());
}
