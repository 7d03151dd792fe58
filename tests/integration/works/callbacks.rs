//! Servers that call their clients.

use std::time::Duration;

use glue::CallOptions;
use glue::testing::local;

use super::local::Fussy;
use super::*;

///
#[tokio::test]
async fn a_client_answers_with_values_and_with_errors_of_its_own() {
    let world = World::new().await;
    world.works.handle(Fussy);
    let ask = async |question: &str| told(world.works.ask(question.to_owned()).await);

    assert_eq!(ask("sure?").await, Ok(true));
    assert_eq!(ask("well?").await, Ok(false));
    assert_eq!(ask("money?").await, Err("NotAllowed".to_owned()));
    assert_eq!(ask("panic?").await, Err("internal".to_owned()));
    assert_eq!(ask("sure?").await, Ok(true));
}

///
#[tokio::test]
async fn a_client_without_a_handler_says_so_and_a_later_one_takes_the_place_of_an_earlier() {
    let world = World::new().await;
    let ask = async || told(world.works.ask("sure?".to_owned()).await);

    assert_eq!(ask().await, Err("unimplemented".to_owned()));
    world.works.handle(Never(Arc::default()));
    world.works.handle(Fussy);
    assert_eq!(ask().await, Ok(true));
}

///
#[tokio::test(start_paused = true)]
async fn a_client_that_never_answers_is_given_up_after_half_a_minute() {
    let factory = Factory::default();
    let client = local(factory.into_channel()).start().unwrap();
    let works = WorksClient::open(&client).unwrap();
    let handler: Arc<State> = Arc::default();
    works.handle(Never(handler.clone()));
    let mut asking = Box::pin(works.ask("?".to_owned()));

    let early = tokio::time::timeout(Duration::from_millis(29_900), &mut asking).await;
    assert!(early.is_err());
    assert_eq!(*handler.alive.borrow(), 1);
    let answer = tokio::time::timeout(Duration::from_secs(1), asking).await;

    assert_eq!(told(answer.unwrap()), Err("deadline_exceeded".to_owned()));
    handler.alive(0).await;
}

///
#[tokio::test]
async fn a_method_that_is_dropped_takes_its_question_along() {
    let world = World::new().await;
    let handler: Arc<State> = Arc::default();
    world.works.handle(Never(handler.clone()));
    let works = world.works.clone();

    let asking = tokio::spawn(async move { works.ask("?".to_owned()).await });
    handler.alive(1).await;
    asking.abort();

    world.state.alive(0).await;
    handler.alive(0).await;
}

///
#[tokio::test]
async fn a_client_that_goes_leaves_no_question_open() {
    let world = World::new().await;
    let handler: Arc<State> = Arc::default();
    world.works.handle(Never(handler.clone()));
    let works = world.works.clone();
    let insisting = tokio::spawn(async move { works.insist().await });
    handler.alive(1).await;

    world.client.close();

    let mut answers = world.state.answers.subscribe();
    let answer = within("the failure", answers.wait_for(Option::is_some)).await;
    assert_eq!(*answer.unwrap(), Some(Err("unavailable".to_owned())));
    assert_eq!(
        code(within("the end", insisting).await.unwrap()),
        Code::Unavailable
    );
    handler.alive(0).await;
}

/// Both sides count their calls by themselves.
#[tokio::test]
async fn calls_of_both_sides_do_not_meet() {
    let world = World::new().await;
    world.works.handle(Fussy);

    let asked = (0..50).map(|_| world.works.ask("sure?".to_owned()));
    let checked = (0..50).map(|number| world.works.check(number));
    let both = futures_util::future::join(
        futures_util::future::join_all(asked),
        futures_util::future::join_all(checked),
    );
    let (asked, checked) = within("all answers", both).await;

    assert!(asked.into_iter().all(|answer| told(answer) == Ok(true)));
    let checked: Vec<_> = checked.into_iter().map(Result::unwrap).collect();
    assert_eq!(checked, (0..50).collect::<Vec<_>>());
}

/// What a question costs is bounded by its method's own time.
#[tokio::test(start_paused = true)]
async fn a_question_ends_with_the_time_of_the_method_that_asks() {
    let factory = Factory::default();
    let state = factory.0.clone();
    let client = local(factory.into_channel()).start().unwrap();
    let works = WorksClient::open(&client).unwrap();
    let handler: Arc<State> = Arc::default();
    works.handle(Never(handler.clone()));

    let second = CallOptions::default().timeout(Duration::from_secs(1));
    let answer = works.with(second).ask("?".to_owned()).await;

    assert_eq!(code(answer), Code::DeadlineExceeded);
    state.alive(0).await;
    handler.alive(0).await;
}

/// What the method was told by its client.
fn told(answer: Result<bool, CallError<String>>) -> Result<bool, String> {
    answer.map_err(|error| match error {
        CallError::Application(what) => what,
        CallError::Rpc(error) => panic!("the method answers, not {error}"),
    })
}

/// Never answers.
struct Never(Arc<State>);

impl WorksHandler for Never {
    async fn confirm(&self, _question: String) -> Result<bool, Denied> {
        let _alive = Alive::new(&self.0);
        std::future::pending().await
    }
}
