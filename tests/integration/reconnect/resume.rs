//! The Rust client when its connection breaks and the session goes on.

use glue::{ClientBuilder, Resume};

use super::*;

fn world() -> World {
    World::of(Server::builder())
}

/// Returns the socket id that is told with a connection.
async fn connected(events: &mut Events) -> String {
    match until(events, |event| matches!(event, ClientEvent::Connected { .. })).await {
        ClientEvent::Connected { socket_id } => socket_id,
        event => panic!("{event:?}"),
    }
}

impl World {
    /// Lets the client back; its session goes on.
    async fn resume(&self, client: &Client) {
        let id = client.socket_id();
        assert!(id.is_some(), "the session is kept");
        self.let_back(client).await;
        assert_eq!(client.socket_id(), id);
    }
}

/// [U-2] [U-11] [U-12] [U-13]
#[tokio::test(start_paused = true)]
async fn a_session_goes_on_for_whoever_holds_a_part_of_it() {
    let mut world = world();
    let client = world.client().await;
    let mut told = events(&client);
    let id = connected(&mut told).await;
    let socket = world.server.sockets().remove(0);
    let desk = DeskClient::open(&client).unwrap();
    let mut rung = Box::pin(desk.events());
    let mut items = Box::pin(desk.count(5));
    assert_eq!(items.next().await.unwrap().unwrap(), 5);
    let call = tokio::spawn({
        let desk = desk.clone();
        async move { desk.wait().await }
    });
    world.asked(2).await;

    world.cut_off(&client).await;
    assert_eq!(client.state(), ClientState::Reconnecting);
    assert!(client.last_error().is_some());
    client.send("1").await.unwrap();
    let adding = desk.add(1);
    socket.send("2").await.unwrap();
    assert_eq!(items.next().await.unwrap().unwrap(), 6);
    pass(30 * SECOND).await;
    world.resume(&client).await;

    assert_eq!(adding.await.unwrap(), 2);
    assert_eq!(world.hear(1).await, ["1"]);
    assert_eq!(client.recv().await.as_deref(), Some("2"));
    assert_eq!(client.recv().await.as_deref(), Some("1"));
    desk.ring().await.unwrap();
    assert!(matches!(
        eventually(rung.next()).await,
        Some(Ok(DeskEvent::Rung {}))
    ));
    assert!(
        items.next().now_or_never().is_none() && !call.is_finished(),
        "they go on"
    );
    assert!(!socket.is_closed());
    assert_eq!(world.server.sockets().len(), 1);
    assert_eq!(world.asked(3).await[..3], ["count 5", "wait", "add 1"]);
    assert!(matches!(next(&mut told).await, ClientEvent::Reconnecting { .. }));
    assert_eq!(connected(&mut told).await, id);
    assert_eq!(
        (client.state(), client.last_error().is_none()),
        (ClientState::Connected, true)
    );
}

/// [U-4] [U-6]: neither waits for the other, though both have more to say than they may, and read slowly.
#[tokio::test(start_paused = true)]
async fn two_that_both_have_much_to_say_do_not_wait_for_each_other() {
    const COUNT: usize = 3_000;

    async fn say(sending: impl AsyncFn(String) -> Result<(), Error>) {
        for number in 0..COUNT {
            sending(format!("{number:02000}")).await.unwrap();
        }
    }

    async fn listen(reading: impl AsyncFn() -> Option<String>) {
        for number in 0..COUNT {
            if number % 100 == 0 {
                pass(SECOND).await;
            }
            assert_eq!(reading().await.unwrap(), format!("{number:02000}"));
        }
    }

    let (met, mut meets) = mpsc::unbounded_channel();
    let server = Server::builder().on_socket(move |socket| {
        met.send(socket).unwrap();
        std::future::pending()
    });
    let network = Network::new(&server.build().unwrap());
    let client = network.connect().await.unwrap();
    let socket: Socket = meets.recv().await.unwrap();
    let attempts = network.attempts();

    let breaking = async {
        for _ in 0..10 {
            pass(3 * SECOND).await;
            network.cut_all();
        }
    };
    eventually(async {
        tokio::join!(
            say(async |text| client.send(text).await),
            say(async |text| socket.send(text).await),
            listen(async || client.recv().await),
            listen(async || socket.recv().await),
            breaking,
        )
    })
    .await;
    assert!(network.attempts() > attempts);
    assert!(!socket.is_closed());
}

/// [U-11] [U-16]
#[tokio::test(start_paused = true)]
async fn the_session_ends_when_its_window_has_passed_while_an_attempt_hangs() {
    let world = world();
    let client = world.network.client().reconnect_attempts(0);
    let client = client.connect().await.unwrap();
    let id = client.socket_id().unwrap();
    let socket = world.server.sockets().remove(0);
    let desk = DeskClient::open(&client).unwrap();
    let call = tokio::spawn({
        let desk = desk.clone();
        async move { desk.wait().await }
    });
    world.asked(1).await;
    world.network.set_arrivals(Arrivals::Ignore);
    let begin = now();
    world.network.cut_all();

    assert_eq!(outcome(eventually(call).await.unwrap()), UNKNOWN);
    assert_eq!(begin.elapsed(), 60 * SECOND);
    assert_eq!(client.socket_id(), None);
    assert_eq!(client.state(), ClientState::Reconnecting);
    assert_eq!(eventually(socket.closed()).await, CloseReason::LinkLost);
    world.let_back(&client).await;
    assert_ne!(client.socket_id().unwrap(), id);
    assert_eq!(desk.add(1).await.unwrap(), 2);
    assert_eq!(world.server.sockets().len(), 1);
}

/// [U-16]: nothing of the former session reaches the one that is there instead.
#[tokio::test(start_paused = true)]
async fn a_server_that_knows_nothing_of_the_session_begins_another() {
    let world = world();
    let client = world.client().await;
    let mut told = events(&client);
    let id = connected(&mut told).await;
    let desk = DeskClient::open(&client).unwrap();
    let mut items = Box::pin(desk.count(5));
    assert_eq!(items.next().await.unwrap().unwrap(), 5);
    let another = World::of(Server::builder());
    world.cut_off(&client).await;
    client.send("1").await.unwrap();
    drop(items);
    world.network.replace_server(&another.server);
    world.let_back(&client).await;

    assert_ne!(connected(&mut told).await, id);
    let mut heard = another;
    assert_eq!(heard.hear(1).await, ["1"]);
    assert_eq!(desk.add(1).await.unwrap(), 2);
    assert_eq!(heard.asked(1).await, ["add 1"]);
}

/// [U-15] [U-16]
#[tokio::test(start_paused = true)]
async fn who_is_refused_may_go_on_later_unless_that_is_for_good() {
    let (verdict, verdicts) = watch::channel(None::<Refusal>);
    let mut world = World::of(Server::builder().authorize(move |_: SocketRequest| {
        let verdict = verdicts.borrow().clone();
        async move { verdict.map_or(Ok(()), Err) }
    }));
    let client = world.client().await;
    let socket = world.server.sockets().remove(0);
    let mut told = events(&client);
    let id = connected(&mut told).await;
    verdict.send_replace(Some(Refusal::new(Code::ResourceExhausted, "later")));
    world.network.cut_all();
    lost(&mut told).await;
    client.send("1").await.unwrap();
    for _ in 0..3 {
        assert_eq!(lost(&mut told).await.kind(), ErrorKind::Refused);
        assert_eq!(client.socket_id().as_deref(), Some(&*id));
    }
    verdict.send_replace(None);
    assert_eq!(connected(&mut told).await, id);
    assert_eq!(world.hear(1).await, ["1"]);
    assert!(!socket.is_closed());

    verdict.send_replace(Some(Refusal::new(Code::PermissionDenied, "never").for_good()));
    world.network.cut_all();
    assert_eq!(eventually(client.closed()).await, CloseReason::Refused);
    let last = client.last_error().unwrap();
    assert_eq!(last.refusal().unwrap().message(), "never");
    eventually(socket.closed()).await;
    assert_eq!(client.socket_id(), None);
}

#[tokio::test(start_paused = true)]
async fn credentials_that_cannot_be_had_leave_the_session_as_it_is() {
    let world = world();
    let count = Arc::new(AtomicU32::new(0));
    let client = world.network.client().auth_with(move || {
        let number = count.fetch_add(1, Ordering::Relaxed);
        async move { if number == 1 { Err("not now") } else { Ok(number) } }
    });
    let client = client.connect().await.unwrap();
    let mut told = events(&client);
    let id = connected(&mut told).await;
    world.network.cut_all();
    lost(&mut told).await;
    assert!(matches!(lost(&mut told).await.link(), Some(LinkError::Auth(_))));
    assert_eq!(connected(&mut told).await, id);
}

/// [U-11]: what waits belongs to the session as long as that is kept.
#[tokio::test(start_paused = true)]
async fn nothing_that_was_sent_is_thrown_away_while_the_session_is_kept() {
    let mut world = world();
    let client = world.network.client().reconnect_attempts(0);
    let client = client.connect().await.unwrap();
    let mut told = events(&client);
    world.cut_off(&client).await;
    client.send("1").await.unwrap();
    pass(50 * SECOND).await;
    world.resume(&client).await;
    assert_eq!(world.hear(1).await, ["1"]);

    let begin = now();
    world.cut_off(&client).await;
    client.send("2").await.unwrap();
    assert_eq!(discarded(&mut told).await, ["2"]);
    assert_eq!(
        begin.elapsed(),
        70 * SECOND,
        "the window, and then the time for what waits"
    );
}

/// [U-10]
#[tokio::test(start_paused = true)]
async fn a_client_that_is_closed_or_dropped_without_a_link_is_over() {
    for is_dropped in [false, true] {
        let world = world();
        let client = world.client().await;
        let mut told = events(&client);
        world.cut_off(&client).await;
        let attempts = world.network.attempts();
        if is_dropped {
            drop(client);
        } else {
            client.close();
            assert_eq!(eventually(client.closed()).await, CloseReason::Local);
        }
        until(&mut told, |event| matches!(event, ClientEvent::Closed { .. })).await;
        assert_eq!(world.network.attempts(), attempts);
        pass(HOUR).await;
        assert!(world.server.sockets().is_empty());
    }
}

/// [U-10]: the server may have the session already, and hears that it is over.
#[tokio::test(start_paused = true)]
async fn a_client_that_is_closed_while_the_server_answers_ends_the_session_there() {
    let world = world();
    world.network.set_latency(Direction::Both, SECOND);
    let client = world.client().await;
    let socket = world.server.sockets().remove(0);
    world.network.cut_all();
    let link = world.network.connected(2).await;
    // The WebSocket is there, `in` on its way.
    while link.bytes(Direction::ToClient) == 0 {
        pass(SECOND / 10).await;
    }
    let begin = now();
    client.close();
    assert_eq!(eventually(socket.closed()).await, CloseReason::Peer);
    assert!(begin.elapsed() < 10 * SECOND);
}

/// [U-10]
#[tokio::test(start_paused = true)]
async fn all_that_was_sent_arrives_before_the_end() {
    let builders: [fn(ClientBuilder) -> ClientBuilder; 2] = [|client| client, |client| client.resume(false)];
    for build in builders {
        let mut resume = Resume::default();
        resume.buffer_bytes = 4096;
        let mut world = World::of(Server::builder().resume(resume));
        let client = build(world.network.client()).connect().await.unwrap();
        let socket = world.server.sockets().remove(0);
        let texts: Vec<_> = (0..100).map(|number| format!("{number:0400}")).collect();
        for text in &texts {
            client.send(text).await.unwrap();
        }
        client.close();
        assert_eq!(eventually(client.closed()).await, CloseReason::Local);
        assert_eq!(world.hear(100).await, texts);
        assert_eq!(eventually(socket.closed()).await, CloseReason::Peer);
    }
}

/// [U-9]: with an original server, or where one side doesn't want it, all is as ever.
#[tokio::test(start_paused = true)]
async fn without_the_other_side_a_session_ends_with_its_link() {
    for (server, client) in [(None, true), (Some(Resume::default()), false)] {
        let world = World::of(Server::builder().resume(server));
        let client = world.network.client().resume(client).connect().await.unwrap();
        let id = client.socket_id().unwrap();
        let socket = world.server.sockets().remove(0);
        world.cut_off(&client).await;
        assert_eq!(client.socket_id(), None);
        assert_eq!(eventually(socket.closed()).await, CloseReason::LinkLost);
        world.let_back(&client).await;
        assert_ne!(client.socket_id().unwrap(), id);
    }
}

/// [U-12]: a server that still holds the former link lets go of it, and its end changes nothing.
#[tokio::test(start_paused = true)]
async fn a_link_is_taken_over_before_the_server_has_missed_it() {
    let mut world = world();
    let builder = world.network.client().keep_alive(KeepAlive {
        interval: 10 * SECOND,
        timeout: 3 * SECOND,
    });
    let client = builder.connect().await.unwrap();
    let socket = world.server.sockets().remove(0);
    let mut told = events(&client);
    let id = connected(&mut told).await;
    let link = world.network.connected(1).await;
    link.lose(Direction::Both);
    client.send("1").await.unwrap();
    socket.send("2").await.unwrap();
    assert_eq!(connected(&mut told).await, id);
    assert_eq!(world.hear(1).await, ["1"]);
    assert_eq!(client.recv().await.as_deref(), Some("2"));
    pass(HOUR).await;
    assert!(!socket.is_closed() && !link.is_open());
    assert_eq!(client.socket_id(), Some(id));
}
