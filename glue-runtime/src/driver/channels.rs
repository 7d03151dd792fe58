//! The channels of a socket, by name.

use std::collections::HashMap;

use crate::channel::Inbound;

/// Channels, found by the name that each message has in front.
///
/// Most sockets have few, and a message is mostly for the same channel as the one before it: that one is tried first, then the others in
/// a row, and only where there are many a map.
#[derive(Default)]
pub(crate) struct Channels {
    channels: Vec<(Box<str>, Box<dyn Inbound>)>,
    /// Places in `channels`, where there are more than [`MOST_SEARCHED`].
    places: Option<HashMap<Box<str>, usize>>,
    /// Place of the channel that was found last.
    last: usize,
}

impl Channels {
    /// Adds a channel, in the place of the one that had this name.
    pub(crate) fn insert(&mut self, name: Box<str>, inbound: Box<dyn Inbound>) {
        if let Some(place) = self.find(&name) {
            self.channels[place].1 = inbound;
            return;
        }
        let place = self.channels.len();
        self.last = place;
        if let Some(places) = &mut self.places {
            places.insert(name.clone(), place);
        }
        if place == 0 {
            // Most sockets have one.
            self.channels.reserve_exact(1);
        }
        self.channels.push((name, inbound));
        if self.places.is_none() && self.channels.len() > MOST_SEARCHED {
            let names = self.channels.iter().map(|(name, _)| name.clone());
            self.places = Some(names.zip(0..).collect());
        }
    }

    /// Returns the place of a channel, for [`at`](Self::at).
    pub(super) fn find(&mut self, name: &str) -> Option<usize> {
        if self
            .channels
            .get(self.last)
            .is_some_and(|(last, _)| **last == *name)
        {
            return Some(self.last);
        }
        let place = match &self.places {
            Some(places) => places.get(name).copied(),
            None => self.channels.iter().position(|(other, _)| **other == *name),
        }?;
        self.last = place;
        Some(place)
    }

    /// Returns the channel at a place that was found.
    pub(super) fn at(&mut self, place: usize) -> Option<&mut dyn Inbound> {
        let (_, inbound) = self.channels.get_mut(place)?;
        Some(inbound.as_mut())
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut dyn Inbound> {
        let place = self.find(name)?;
        self.at(place)
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &dyn Inbound> {
        self.channels.iter().map(|(_, inbound)| inbound.as_ref())
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut Box<dyn Inbound>> {
        self.channels.iter_mut().map(|(_, inbound)| inbound)
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// Channels that are searched one by one: to compare so many names costs about what hashing one does.
const MOST_SEARCHED: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::{Receipt, Turn};

    /// Knows its number, and says it by what it takes.
    struct Numbered(usize);

    impl Inbound for Numbered {
        fn receive(&mut self, _data: &str, _turn: &mut Turn<'_, '_>) -> Receipt {
            Receipt::Taken
        }

        fn poll(&mut self, _turn: &mut Turn<'_, '_>) {}

        fn is_busy(&self) -> bool {
            self.0 % 2 == 1
        }
    }

    #[test]
    fn each_name_finds_its_channel_be_there_few_or_many() {
        let mut channels = Channels::default();
        for number in 0..5 * MOST_SEARCHED {
            channels.insert(format!("c{number}").into(), Box::new(Numbered(number)));
            for known in (0..=number).rev() {
                let found = channels.get_mut(&format!("c{known}")).unwrap();
                assert_eq!(found.is_busy(), known % 2 == 1);
                assert_eq!(channels.find(&format!("c{known}")), Some(known));
            }
            assert!(channels.find("other").is_none());
        }
    }

    #[test]
    fn a_channel_takes_the_place_of_another_of_its_name() {
        for others in [0, 5 * MOST_SEARCHED] {
            let mut channels = Channels::default();
            channels.insert("x".into(), Box::new(Numbered(0)));
            for number in 0..others {
                channels.insert(format!("c{number}").into(), Box::new(Numbered(0)));
            }

            channels.insert("x".into(), Box::new(Numbered(1)));

            assert!(channels.get_mut("x").unwrap().is_busy());
            assert_eq!(channels.values().count(), others + 1);
        }
    }
}
