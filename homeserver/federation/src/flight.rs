//! Single flight: of those who ask for the same thing at once, one asks and all get the answer.

use std::{collections::HashMap, hash::Hash};

use futures_util::{
    FutureExt as _,
    future::{BoxFuture, Shared},
};
use parking_lot::Mutex;

/// Questions on their way, by what they ask for. Bounded by those who wait: a question ends with its answer.
pub(crate) struct Flights<K, V>(Mutex<HashMap<K, Shared<BoxFuture<'static, V>>>>);

impl<K, V> Default for Flights<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Flights<K, V> {
    /// Joins the question for `key`, or starts it. A question whose askers all went away is given up.
    pub async fn join(&self, key: K, start: impl FnOnce() -> BoxFuture<'static, V>) -> V {
        let flight = self.0.lock().entry(key.clone()).or_insert_with(|| start().shared()).clone();
        let mut seat = Seat { flights: self, key, flight, is_answered: false };
        let answer = seat.flight.clone().await;
        seat.is_answered = true;
        answer
    }
}

/// One who waits. Whoever goes last, with or without the answer, takes the question along: a peer that hangs up as soon
/// as it has made us ask must not leave anything behind.
struct Seat<'a, K: Eq + Hash, V: Clone> {
    flights: &'a Flights<K, V>,
    key: K,
    flight: Shared<BoxFuture<'static, V>>,
    is_answered: bool,
}

impl<K: Eq + Hash, V: Clone> Drop for Seat<'_, K, V> {
    fn drop(&mut self) {
        let mut flights = self.flights.0.lock();
        // A later question for the same thing must stay.
        let is_listed = flights.get(&self.key).is_some_and(|other| other.ptr_eq(&self.flight));
        // The list and this seat hold one each.
        let is_last = self.flight.strong_count().is_none_or(|count| count <= 2);
        if is_listed && (self.is_answered || is_last) {
            flights.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    #[tokio::test]
    async fn those_who_ask_at_once_share_one_question() {
        let flights = Flights::<u8, usize>::default();
        let asked = Arc::new(AtomicUsize::new(0));
        let ask = || {
            let asked = Arc::clone(&asked);
            async move {
                tokio::task::yield_now().await;
                asked.fetch_add(1, Ordering::SeqCst)
            }
            .boxed()
        };
        let (first, second) = tokio::join!(flights.join(1, ask), flights.join(1, ask));
        assert_eq!((first, second), (0, 0));
        assert_eq!(flights.join(1, ask).await, 1);
        assert!(flights.0.lock().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_question_whose_askers_went_away_leaves_nothing_behind() {
        let flights = Flights::<u8, ()>::default();
        let never = || std::future::pending().boxed();
        let second = || tokio::time::timeout(std::time::Duration::from_secs(2), flights.join(1, never));
        let first = tokio::time::timeout(std::time::Duration::from_secs(1), flights.join(1, never));
        let (first, second) = tokio::join!(first, async {
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
            let waiting = tokio::time::timeout(std::time::Duration::from_secs(1), second());
            let outcome = waiting.await;
            assert!(flights.0.lock().is_empty());
            outcome
        });
        assert!(first.is_err() && second.is_err());
    }
}
