//! A list of tasks that many look at.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::{StreamExt as _, stream};
use glue::Stream;
use tokio::sync::broadcast::{self, error::RecvError};

/// Tasks, and what happens to them.
#[glue::channel]
pub(crate) trait Tasks {
    /// Returns all [`Task`]s, oldest first.
    async fn list(&self) -> Vec<Task>;

    /// Adds a task.
    ///
    /// # Arguments
    ///
    /// * `title` - what is to be done; no other task may have the same
    ///
    /// # Errors
    /// [`TaskError::Taken`] if there is such a task already.
    async fn add(&self, title: String) -> Result<Task, TaskError>;

    /// Marks a task as done.
    ///
    /// # Errors
    /// [`TaskError::Missing`] if there is none of this number.
    async fn finish(&self, id: u32) -> Result<Task, TaskError>;

    /// Yields what happens, from the beginning.
    fn activity(&self) -> impl Stream<Item = Activity>;
}

/// Something to do.
#[glue::model]
#[derive(Clone)]
pub(crate) struct Task {
    /// Its number, from 1.
    id: u32,
    title: String,
    is_done: bool,
}

/// Something that was done.
#[glue::model]
#[derive(Clone)]
pub(crate) enum Activity {
    /// There is a new task.
    Added { title: String },
    /// One is done.
    Finished { title: String },
}

/// Why a task can't be changed so.
#[glue::model]
#[serde(tag = "reason", rename_all = "snake_case")]
pub(crate) enum TaskError {
    /// Another task has the title.
    Taken { id: u32 },
    /// There is no such task.
    Missing,
}

/// All that the server knows.
#[derive(Clone)]
pub(crate) struct Board {
    state: Arc<Mutex<State>>,
    news: broadcast::Sender<Activity>,
}

#[derive(Default)]
struct State {
    tasks: Vec<Task>,
    past: Vec<Activity>,
}

impl Default for Board {
    fn default() -> Self {
        Self {
            state: Arc::default(),
            news: broadcast::Sender::new(NEWS),
        }
    }
}

impl Tasks for Board {
    async fn list(&self) -> Vec<Task> {
        self.lock().tasks.clone()
    }

    async fn add(&self, title: String) -> Result<Task, TaskError> {
        let mut state = self.lock();
        if let Some(Task { id, .. }) = state.tasks.iter().find(|task| task.title == title) {
            return Err(TaskError::Taken { id: *id });
        }
        let task = Task {
            id: u32::try_from(state.tasks.len() + 1).unwrap_or(u32::MAX),
            title: title.clone(),
            is_done: false,
        };
        state.tasks.push(task.clone());
        self.tell(&mut state, Activity::Added { title });
        Ok(task)
    }

    async fn finish(&self, id: u32) -> Result<Task, TaskError> {
        let mut state = self.lock();
        let task = state.tasks.iter_mut().find(|task| task.id == id);
        let task = task.ok_or(TaskError::Missing)?;
        task.is_done = true;
        let task = task.clone();
        let title = task.title.clone();
        self.tell(&mut state, Activity::Finished { title });
        Ok(task)
    }

    fn activity(&self) -> impl Stream<Item = Activity> {
        // Under one lock, so that nothing is missed between the two, and nothing told twice.
        let state = self.lock();
        let (past, news) = (state.past.clone(), self.news.subscribe());
        stream::iter(past).chain(stream::unfold(news, |mut news| async {
            loop {
                match news.recv().await {
                    Ok(activity) => return Some((activity, news)),
                    // Whoever reads too slowly misses some of what happens, and goes on.
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return None,
                }
            }
        }))
    }
}

impl Board {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, state: &mut State, activity: Activity) {
        state.past.push(activity.clone());
        // An error means that nobody listens.
        let _ = self.news.send(activity);
    }
}

/// What a slow reader may be behind before it misses something.
const NEWS: usize = 64;
