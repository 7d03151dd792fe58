//! What the application has bound to a socket: one place per type.

use std::any::{Any, TypeId};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Values by their types. Empty, it has allocated nothing.
///
/// Whatever code a value has, it never runs under the lock: the values are behind `Arc`s, and what is taken out is cloned and
/// dropped outside.
#[derive(Default)]
pub(crate) struct Values {
    /// There are as many as the program has types for them, so a search through all is the fastest.
    entries: Mutex<Vec<Entry>>,
}

impl Values {
    /// Puts a value in the place of its type and returns the former one.
    pub(crate) fn set<T: Clone + Send + Sync + 'static>(&self, value: T) -> Option<T> {
        let value: Value = Arc::new(value);
        let former = {
            let mut entries = self.lock();
            match place_of::<T>(&entries).and_then(|place| entries.get_mut(place)) {
                Some((_, held)) => Some(std::mem::replace(held, value)),
                None => {
                    entries.push((TypeId::of::<T>(), value));
                    None
                }
            }
        };
        former.and_then(into_own)
    }

    /// Returns a clone of the value of this type.
    pub(crate) fn get<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        let value = {
            let entries = self.lock();
            let place = place_of::<T>(&entries)?;
            entries.get(place).map(|(_, value)| value.clone())
        };
        value.and_then(into_own)
    }

    /// Empties the place of this type and returns what was there.
    pub(crate) fn remove<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        let (_, value) = {
            let mut entries = self.lock();
            let place = place_of::<T>(&entries)?;
            entries.swap_remove(place)
        };
        into_own(value)
    }

    /// Takes over all that others hold.
    pub(crate) fn replace(&self, others: &Self) {
        let others = std::mem::take(&mut *others.lock());
        let mut former = Vec::new();
        {
            let mut entries = self.lock();
            for (held, value) in others {
                match entries.iter_mut().find(|(wanted, _)| *wanted == held) {
                    Some((_, place)) => former.push((held, std::mem::replace(place, value))),
                    None => entries.push((held, value)),
                }
            }
        }
        drop_each(former);
    }

    /// Empties all places.
    pub(crate) fn clear(&self) {
        let entries = std::mem::take(&mut *self.lock());
        drop_each(entries);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Values {
    fn drop(&mut self) {
        // The last handle of a socket is often the task of its driver, which must not panic for them.
        drop_each(std::mem::take(
            self.entries.get_mut().unwrap_or_else(PoisonError::into_inner),
        ));
    }
}

/// Drops values one by one, so that one that panics keeps none of the others.
fn drop_each(entries: Vec<Entry>) {
    for entry in entries {
        if catch_unwind(AssertUnwindSafe(|| drop(entry))).is_err() {
            tracing::error!("the destructor of a socket's value panicked");
        }
    }
}

type Entry = (TypeId, Value);

type Value = Arc<dyn Any + Send + Sync>;

fn place_of<T: 'static>(entries: &[Entry]) -> Option<usize> {
    let wanted = TypeId::of::<T>();
    entries.iter().position(|(held, _)| *held == wanted)
}

fn into_own<T: Clone + Send + Sync + 'static>(value: Value) -> Option<T> {
    // What stands in the place of `T` is one.
    value.downcast().ok().map(Arc::unwrap_or_clone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_value_of_each_type() {
        let values = Values::default();

        assert_eq!(values.set("Ann"), None);
        assert_eq!(values.set(7_u32), None);
        assert_eq!(values.set("Bob"), Some("Ann"));

        assert_eq!(values.get::<&str>(), Some("Bob"));
        assert_eq!(values.remove::<u32>(), Some(7));
        assert_eq!(values.get::<u32>(), None);
        assert_eq!(values.remove::<u32>(), None);
    }

    #[test]
    fn nothing_is_allocated_before_the_first() {
        let values = Values::default();

        values.get::<u32>();

        assert_eq!(values.lock().capacity(), 0);
    }

    /// Looks at the values from everywhere that a value's own code runs.
    struct Curious(Arc<Values>);

    impl Clone for Curious {
        fn clone(&self) -> Self {
            self.0.get::<u32>();
            Self(self.0.clone())
        }
    }

    impl Drop for Curious {
        fn drop(&mut self) {
            self.0.get::<u32>();
        }
    }

    #[test]
    fn code_of_values_never_runs_under_the_lock() {
        let values: Arc<Values> = Arc::default();

        for _ in 0..2 {
            drop(values.set(Curious(values.clone())));
            drop(values.get::<Curious>());
        }
        let held = values.get::<Curious>();
        drop(values.remove::<Curious>());
        drop(held);

        assert!(values.get::<Curious>().is_none());
    }

    #[derive(Clone)]
    struct Volatile;

    impl Drop for Volatile {
        fn drop(&mut self) {
            panic!("on purpose");
        }
    }

    #[test]
    fn a_destructor_that_panics_keeps_no_other_from_running() {
        let (values, witness) = (Values::default(), Arc::new(()));
        values.set(Volatile);
        values.set(witness.clone());

        drop(values);

        assert_eq!(Arc::strong_count(&witness), 1);
    }
}
