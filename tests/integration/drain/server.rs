//! What a server that goes waits for, and for how long.

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use glue::testing::Direction;
use glue::{ClientEvent, ClientState};

use super::*;

/// [D-2] [D-3] [D-5]: not all at once.
#[tokio::test(start_paused = true)]
async fn clients_leave_at_moments_that_are_spread_over_the_time() {
    let mut all = Vec::new();
    for seed in 0..5 {
        let world = World::with(seed, Server::builder);
        let clients = join_all((0..100).map(|_| world.network.connect())).await;
        world.network.replace_server(&world.b);
        let begin = now();

        let mut moments = Vec::new();
        let arrivals = async {
            let mut log = world.log.subscribe();
            let all_there = |log: &Vec<String>| {
                let opened = log.iter().filter(|entry| *entry == "b open").count();
                moments.resize(opened, begin.elapsed());
                opened == 100
            };
            log.wait_for(all_there).await.unwrap();
        };
        eventually(futures_util::future::join(
            arrivals,
            world.a.drain(Drain::default()),
        ))
        .await;

        assert!(begin.elapsed() <= 10 * SECOND, "seed {seed}");
        for quarter in moments.chunk_by(|one, other| quarter(*one) == quarter(*other)) {
            assert!((10..45).contains(&quarter.len()), "seed {seed}: {moments:?}");
        }
        assert_eq!(
            world.network.attempts(),
            200,
            "seed {seed}: nobody waits or comes in vain"
        );
        assert_eq!((world.a.sockets().len(), world.b.sockets().len()), (0, 100));
        assert!(
            clients
                .iter()
                .all(|client| client.as_ref().unwrap().state() == ClientState::Connected)
        );
        all.push(moments);
    }
    assert!(
        all.windows(2).all(|two| two[0] != two[1]),
        "each client has a moment of its own"
    );
}

fn quarter(moment: Duration) -> u128 {
    moment.as_millis() / 2_500
}

/// [D-3] [D-4] [D-5]
#[tokio::test(start_paused = true)]
async fn calls_under_way_finish_and_all_else_waits_for_the_next_server() {
    let world = World::new();
    let (client, desk) = world.client().await;
    let events = client.events();
    let begin = now();

    let first = async {
        let answer = desk.work(1, 5).await.unwrap();
        (answer, begin.elapsed())
    };
    let later = async {
        pass(SECOND).await;
        assert_eq!(client.state(), ClientState::Connected);
        for text in ["one", "two"] {
            client.send(text).await.unwrap();
        }
        desk.note(3, 0).await.unwrap();
        client.send("three").await.unwrap();
        (desk.work(2, 1).await.unwrap(), begin.elapsed())
    };
    let drain = async {
        world.heard("a work", 1).await;
        world.a.drain(at_once()).await;
        begin.elapsed()
    };
    let (first, later, drained) = eventually(async { tokio::join!(first, later, drain) }).await;

    assert_eq!(first, ("1 by a".to_owned(), 5 * SECOND));
    assert_eq!(later, ("2 by b".to_owned(), 6 * SECOND));
    assert_eq!(drained, 5 * SECOND);
    let log = world.heard("", 9).await;
    assert_eq!(log[..4], ["a open", "a work 1", "a closed: Shutdown", "b open"]);
    let texts = log.iter().filter(|entry| !entry.contains(char::is_numeric));
    assert_eq!(texts.skip(3).collect::<Vec<_>>(), ["b one", "b two", "b three"]);
    for once in ["b noted 3", "b work 2"] {
        assert_eq!(log.iter().filter(|entry| *entry == once).count(), 1);
    }
    let events: Vec<_> = events.take(3).collect().await;
    assert!(
        matches!(
            &events[..],
            [
                ClientEvent::Connecting,
                ClientEvent::Connected { .. },
                ClientEvent::Reconnecting {
                    delay: Duration::ZERO,
                    ..
                }
            ]
        ),
        "{events:?}"
    );
}

/// [D-3]: with sessions that outlive their links and without.
#[tokio::test(start_paused = true)]
async fn no_message_is_lost_or_twice_or_out_of_order() {
    let builders: [fn() -> ServerBuilder; 2] = [Server::builder, || Server::builder().resume(None)];
    for seed in 0..20 {
        let world = World::with(seed, builders[seed as usize % 2]);
        world
            .network
            .set_latency(Direction::Both, Duration::from_millis(7 * seed));
        let (client, _) = world.client().await;

        let talk = async {
            for number in 0..2_000 {
                client.send(number.to_string()).await.unwrap();
                pass(Duration::from_millis(number % 13)).await;
            }
        };
        let drain = async {
            pass(SECOND).await;
            world.a.drain(Drain::default()).await;
        };
        tokio::join!(talk, drain);
        world.heard("b 1999", 1).await;

        let log = world.log.borrow();
        let numbers = log.iter().filter_map(|entry| entry[2..].parse::<u32>().ok());
        assert_eq!(
            numbers.collect::<Vec<_>>(),
            Vec::from_iter(0..2_000),
            "seed {seed}"
        );
        assert!(
            log.iter().any(|entry| entry == "a closed: Shutdown"),
            "seed {seed}"
        );
    }
}

/// [D-4]: a stream goes on as long as there is something else to wait for.
#[tokio::test(start_paused = true)]
async fn streams_are_not_waited_for() {
    let world = World::new();
    let (client, desk) = world.client().await;
    let mut ending = Box::pin(desk.count(3));
    let mut endless = Box::pin(desk.count(0));
    assert_eq!(ending.next().await.unwrap().unwrap(), 0);
    assert_eq!(endless.next().await.unwrap().unwrap(), 0);

    let begin = now();
    let (worked, rest, counted, ()) = tokio::join!(
        desk.work(1, 5),
        ending.map(Result::unwrap).collect::<Vec<_>>(),
        endless.collect::<Vec<_>>(),
        async {
            world.heard("a work", 1).await;
            eventually(world.a.drain(at_once())).await;
        },
    );

    assert_eq!(worked.unwrap(), "1 by a");
    assert_eq!(rest, [1, 2]);
    let (cut, counted) = counted.split_last().unwrap();
    assert!((3..=5).contains(&counted.len()), "{counted:?}");
    assert_eq!(outcome(cut.clone()), UNKNOWN);
    assert_eq!(begin.elapsed(), 5 * SECOND);
    eventually(client.ready()).await.unwrap();

    // With nothing else under way it ends at once.
    let mut endless = Box::pin(desk.count(0));
    assert_eq!(endless.next().await.unwrap().unwrap(), 0);
    let begin = now();
    world.b.drain(at_once()).await;
    assert_eq!(begin.elapsed(), Duration::ZERO);
    assert_eq!(outcome(endless.next().await.unwrap()), UNKNOWN);
}

/// [D-4]
#[tokio::test(start_paused = true)]
async fn calls_that_take_too_long_are_cut_off_and_may_have_run() {
    let world = World::new();
    let (client, desk) = world.client().await;
    let begin = now();

    let (cut, ()) = tokio::join!(desk.work(1, 3_000), async {
        world.heard("a work", 1).await;
        eventually(world.a.drain(times(Duration::ZERO, 5 * SECOND))).await;
    });

    assert_eq!(outcome(cut), UNKNOWN);
    assert_eq!(begin.elapsed(), 5 * SECOND);
    assert_eq!(desk.work(2, 0).await.unwrap(), "2 by b");
    assert_eq!(client.state(), ClientState::Connected);
    assert_eq!(world.heard("a work", 1).await.len(), 1);
}

/// [D-4]: calls of the server count as much as its client's.
#[tokio::test(start_paused = true)]
async fn a_call_to_the_client_is_waited_for() {
    let world = World::new();
    let (_client, desk) = world.client().await;
    desk.handle(Adviser);
    desk.consult().await.unwrap();
    let begin = now();

    eventually(world.a.drain(at_once())).await;

    assert_eq!(begin.elapsed(), 3 * SECOND);
    assert_eq!(world.heard("a advised", 1).await, ["a advised Ok(7)"]);
    world.heard("b open", 1).await;
}

/// [D-4]
#[tokio::test(start_paused = true)]
async fn a_notification_is_waited_for() {
    let world = World::new();
    let (_client, desk) = world.client().await;
    desk.note(1, 2).await.unwrap();
    let begin = now();

    eventually(world.a.drain(at_once())).await;

    assert_eq!(begin.elapsed(), 2 * SECOND);
    assert_eq!(world.heard("a noted", 1).await, ["a noted 1"]);
}

/// [D-4]: what a client has sent before it left, and the application handles one by one.
#[tokio::test(start_paused = true)]
async fn texts_that_were_not_handled_are_waited_for() {
    let log = Log::default();
    let firm = Firm {
        name: "a",
        log: log.clone(),
    };
    let server = Server::builder().on_socket(move |socket| {
        let firm = firm.clone();
        socket.on_message(move |text| {
            let firm = firm.clone();
            async move {
                pass(SECOND).await;
                firm.note(text);
            }
        });
        std::future::pending()
    });
    let server = server.build().unwrap();
    let client = Network::new(&server).connect().await.unwrap();
    for number in 0..5 {
        client.send(number.to_string()).await.unwrap();
    }
    let begin = now();

    eventually(server.drain(at_once())).await;

    assert_eq!(begin.elapsed(), 5 * SECOND);
    assert_eq!(*log.borrow(), ["a 0", "a 1", "a 2", "a 3", "a 4"]);
}

/// [D-4]: whoever takes them, and wakes the socket's task by that.
#[tokio::test(start_paused = true)]
async fn texts_that_a_task_takes_are_waited_for() {
    let (taken, mut takes) = tokio::sync::mpsc::unbounded_channel();
    let server = Server::builder().on_socket(move |socket| {
        let taken = taken.clone();
        tokio::spawn(async move {
            loop {
                pass(SECOND).await;
                let Some(text) = socket.recv().await else { break };
                taken.send((text, socket.is_closed())).unwrap();
            }
        });
        std::future::pending()
    });
    let server = server.build().unwrap();
    let client = Network::new(&server).connect().await.unwrap();
    for text in ["one", "two"] {
        client.send(text).await.unwrap();
    }

    eventually(server.drain(at_once())).await;

    for text in ["one", "two"] {
        assert_eq!(takes.recv().await.unwrap(), (text.to_owned(), false));
    }
}

/// [D-2]: nobody waits for a client that isn't there.
#[tokio::test(start_paused = true)]
async fn sessions_without_a_connection_end_at_once() {
    let world = World::new();
    let (client, desk) = world.client().await;
    let first = client.socket_id();
    world.network.set_arrivals(glue::testing::Arrivals::Ignore);
    let call = desk.work(1, 1_000);
    let away = async {
        world.heard("a work", 1).await;
        world.network.cut_all();
        pass(SECOND / 10).await;
        assert_eq!(world.a.sockets().len(), 1, "it is kept");

        let begin = now();
        world.a.drain(Drain::default()).await;
        assert_eq!(begin.elapsed(), Duration::ZERO);
        world.network.set_arrivals(glue::testing::Arrivals::Accept);
    };
    let (cut, ()) = eventually(async { tokio::join!(call, away) }).await;

    assert_eq!(outcome(cut), UNKNOWN);
    eventually(client.ready()).await.unwrap();
    assert_ne!(client.socket_id(), first);
    assert_eq!(world.heard("a closed", 1).await, ["a closed: Shutdown"]);
    assert_eq!(desk.work(2, 0).await.unwrap(), "2 by b");
}

/// [D-2]
#[tokio::test(start_paused = true)]
async fn a_session_that_loses_its_connection_meanwhile_is_not_kept() {
    let world = World::new();
    let (client, desk) = world.client().await;
    let call = desk.work(1, 1_000);
    let away = async {
        world.heard("a work", 1).await;
        let drain = world.a.drain(times(20 * SECOND, 30 * SECOND));
        let cut = async {
            pass(SECOND / 100).await;
            world.network.cut_all();
        };
        let begin = now();
        tokio::join!(drain, cut);
        assert_eq!(begin.elapsed(), SECOND / 100);
    };
    let (cut, ()) = eventually(async { tokio::join!(call, away) }).await;

    assert_eq!(outcome(cut), UNKNOWN);
    assert_eq!(world.heard("a closed", 1).await, ["a closed: LinkLost"]);
    eventually(client.ready()).await.unwrap();
    assert_eq!(desk.work(2, 0).await.unwrap(), "2 by b");
}

/// [D-3] [D-4]
#[tokio::test(start_paused = true)]
async fn another_drain_hurries_and_never_delays() {
    for (second, expected) in [
        (times(Duration::ZERO, SECOND), 3 * SECOND),
        (times(100 * SECOND, 100 * SECOND), 12 * SECOND),
    ] {
        let world = World::new();
        let (_client, desk) = world.client().await;
        let begin = now();
        let drains = async {
            world.heard("a work", 1).await;
            let first = async {
                world.a.drain(times(Duration::ZERO, 12 * SECOND)).await;
                begin.elapsed()
            };
            let second = async {
                pass(2 * SECOND).await;
                world.a.drain(second).await;
                begin.elapsed()
            };
            tokio::join!(first, second)
        };

        let (cut, ended) = eventually(async { tokio::join!(desk.work(1, 1_000), drains) }).await;

        assert_eq!(outcome(cut), UNKNOWN);
        assert_eq!(ended, (expected, expected));
    }
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_cuts_a_drain_short() {
    let world = World::new();
    let (_client, desk) = world.client().await;
    let begin = now();
    let ending = async {
        world.heard("a work", 1).await;
        let shutdown = async {
            pass(SECOND).await;
            world.a.shutdown().await;
        };
        tokio::join!(world.a.drain(Drain::default()), shutdown)
    };

    let (cut, _) = eventually(async { tokio::join!(desk.work(1, 1_000), ending) }).await;

    assert_eq!(outcome(cut), UNKNOWN);
    assert_eq!(begin.elapsed(), SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_drain_that_nobody_waits_for_goes_on() {
    let world = World::new();
    let (client, desk) = world.client().await;
    let first = client.socket_id();

    assert!(world.a.drain(Drain::default()).now_or_never().is_none());
    assert_eq!(desk.work(1, 0).await.unwrap(), "1 by a", "not before its moment");
    world.heard("b open", 1).await;

    assert_ne!(client.socket_id(), first);
    assert_eq!(desk.work(2, 0).await.unwrap(), "2 by b");
    assert!(world.a.sockets().is_empty());
    assert!(world.a.bind("127.0.0.1:0").await.is_err(), "there is no way back");
    world.a.unblock();
    world.network.replace_server(&world.a);
    assert!(world.network.open().await.is_err(), "it has ended");
}

#[tokio::test(start_paused = true)]
async fn a_server_without_clients_ends_at_once() {
    let world = World::new();
    let begin = now();

    world.a.drain(Drain::default()).await;

    assert_eq!(begin.elapsed(), Duration::ZERO);
}

/// Times of any length: nothing overflows, and what is waited for is what counts.
#[tokio::test(start_paused = true)]
async fn times_without_an_end_are_no_trouble() {
    let world = World::new();
    let (client, desk) = world.client().await;
    let begin = now();

    let (worked, ()) = tokio::join!(desk.work(1, 3), async {
        world.heard("a work", 1).await;
        world.a.drain(times(Duration::ZERO, Duration::MAX)).await;
    });

    assert_eq!(worked.unwrap(), "1 by a");
    assert_eq!(begin.elapsed(), 3 * SECOND);
    world.heard("b open", 1).await;
    assert!(
        world
            .b
            .drain(times(Duration::MAX, Duration::MAX))
            .now_or_never()
            .is_none()
    );
    assert_eq!(client.state(), ClientState::Connected);
    client.close();
    assert_eq!(world.heard("b closed", 1).await, ["b closed: Peer"]);
}
