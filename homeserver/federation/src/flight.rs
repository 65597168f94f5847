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
    /// Joins the question for `key`, or starts it. A question whose askers all went away is taken up again by the
    /// next one.
    pub async fn join(&self, key: K, start: impl FnOnce() -> BoxFuture<'static, V>) -> V {
        let flight = self.0.lock().entry(key.clone()).or_insert_with(|| start().shared()).clone();
        let answer = flight.clone().await;
        let mut flights = self.0.lock();
        // A later question for the same thing must stay.
        if flights.get(&key).is_some_and(|other| other.ptr_eq(&flight)) {
            flights.remove(&key);
        }
        answer
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
}
