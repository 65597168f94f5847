//! The order of what comes over several connections. The platform gives each thing to one of them by chance, so of two things that
//! follow each other the later may be read first. So each waits a moment for those before it in its conversation, by the time that
//! the platform gave it; then all that is due is handed over at once. Nothing waits longer than [`ORDER_WAIT`] for another; where too
//! much waits, the elder half goes before that.

use std::collections::HashMap;

use bridge_api::{Arrival, ConversationId, Inbox, handed_over, limits::ARRIVALS_AT_ONCE_MAX};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until, timeout_at},
};

use crate::limits::{ORDER_WAIT, TAKEN_WITHIN};

/// Something that came, and who wants to know whether it is durable.
pub struct Heard {
    /// What came.
    pub arrival: Arrival,
    /// Is told whether it is durable now.
    pub kept: oneshot::Sender<bool>,
}

/// The way into the order. Who has it waits while too much is underway.
pub type Order = mpsc::Sender<Heard>;

/// An order that nobody runs yet.
pub fn queue() -> (Order, mpsc::Receiver<Heard>) {
    mpsc::channel(ARRIVALS_AT_ONCE_MAX)
}

/// One that waits for those before it.
struct Waiting {
    heard: Heard,
    due_at: Instant,
}

impl Waiting {
    fn place(&self) -> Option<&ConversationId> {
        self.heard.arrival.conversation.as_ref()
    }
}

/// Hands over what comes until nobody can bring any more.
pub async fn run(mut coming: mpsc::Receiver<Heard>, inbox: &dyn Inbox) {
    let mut waiting: Vec<Waiting> = Vec::new();
    loop {
        // They are kept as they came, so the first one is due first.
        let due_at = waiting.first().map_or_else(Instant::now, |first| first.due_at);
        tokio::select! {
            next = coming.recv(), if waiting.len() < ARRIVALS_AT_ONCE_MAX => match next {
                Some(heard) => {
                    waiting.push(Waiting { heard, due_at: Instant::now() + ORDER_WAIT });
                    if waiting.len() < ARRIVALS_AT_ONCE_MAX {
                        continue;
                    }
                }
                None => return hand_over(inbox, ripe(waiting, None).0).await,
            },
            () = sleep_until(due_at), if !waiting.is_empty() => {}
        }
        let is_full = waiting.len() >= ARRIVALS_AT_ONCE_MAX;
        let (ready, rest) = if is_full { elder(waiting) } else { ripe(waiting, Some(Instant::now())) };
        waiting = rest;
        hand_over(inbox, ready).await;
    }
}

/// The elder half of what waits, by when it happened: before the younger one something may be that nobody has read yet.
fn elder(waiting: Vec<Waiting>) -> (Vec<Heard>, Vec<Waiting>) {
    let mut times_ms: Vec<u64> = waiting.iter().map(|waiting| waiting.heard.arrival.at_ms).collect();
    times_ms.sort_unstable();
    let last_ms = times_ms.get(times_ms.len() / 2).copied().unwrap_or(u64::MAX);
    split(waiting, |waiting| waiting.heard.arrival.at_ms <= last_ms)
}

/// What goes, in the order in which it happened; and what goes on waiting.
fn split(waiting: Vec<Waiting>, goes: impl Fn(&Waiting) -> bool) -> (Vec<Heard>, Vec<Waiting>) {
    let (ready, rest): (Vec<_>, Vec<_>) = waiting.into_iter().partition(goes);
    let mut ready: Vec<_> = ready.into_iter().map(|waiting| waiting.heard).collect();
    ready.sort_by_key(|heard| heard.arrival.at_ms);
    (ready, rest)
}

/// What has waited long enough by `now`, all of it without a `now`, with what was before it in its conversation, in the order in
/// which it happened; and what goes on waiting.
fn ripe(waiting: Vec<Waiting>, now: Option<Instant>) -> (Vec<Heard>, Vec<Waiting>) {
    let is_due = |waiting: &Waiting| now.is_none_or(|now| waiting.due_at <= now);
    let mut until_ms: HashMap<Option<ConversationId>, u64> = HashMap::new();
    for due in waiting.iter().filter(|waiting| is_due(waiting)) {
        let last_ms = until_ms.entry(due.place().cloned()).or_default();
        *last_ms = (*last_ms).max(due.heard.arrival.at_ms);
    }
    let goes = |waiting: &Waiting| {
        let before = until_ms.get(&waiting.place().cloned());
        is_due(waiting) || before.is_some_and(|last_ms| waiting.heard.arrival.at_ms <= *last_ms)
    };
    split(waiting, goes)
}

/// Hands all of it over at once; where that is refused, each conversation by itself, so that a full one keeps back no other.
async fn hand_over(inbox: &dyn Inbox, ready: Vec<Heard>) {
    let until = Instant::now() + TAKEN_WITHIN;
    let arrivals = ready.iter().map(|heard| heard.arrival.clone()).collect();
    if handed_over(inbox, arrivals, TAKEN_WITHIN).await {
        return tell(ready, true);
    }
    let mut places: Vec<(Option<ConversationId>, Vec<Heard>)> = Vec::new();
    for heard in ready {
        let place = heard.arrival.conversation.clone();
        match places.iter_mut().find(|(known, _)| *known == place) {
            Some((_, of)) => of.push(heard),
            None => places.push((place, vec![heard])),
        }
    }
    let is_one = places.len() < 2;
    for (_, of) in places {
        let arrivals = of.iter().map(|heard| heard.arrival.clone()).collect();
        let kept =
            !is_one && timeout_at(until, handed_over(inbox, arrivals, TAKEN_WITHIN)).await.unwrap_or(false);
        tell(of, kept);
    }
}

fn tell(all: Vec<Heard>, kept: bool) {
    for heard in all {
        // A connection that is gone cannot acknowledge; the platform brings it again, and it is known then.
        let _ = heard.kept.send(kept);
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use bridge_api::{EventKey, Happened};
    use tokio::time::{advance, sleep};

    use bridge_api::double::Basket;

    use super::*;

    fn arrival(group: &str, at_ms: u64, key: &str) -> Arrival {
        Arrival {
            key: EventKey::new(key).expect("a key"),
            conversation: ConversationId::new(group).ok(),
            at_ms,
            trace: None,
            what: Happened::Dissolved,
        }
    }

    fn running() -> (Order, Arc<Basket>) {
        let ((order, coming), basket) = (queue(), Arc::new(Basket::default()));
        let inbox = Arc::clone(&basket);
        tokio::spawn(async move { run(coming, inbox.as_ref()).await });
        (order, basket)
    }

    async fn bring(order: &Order, arrival: Arrival) -> oneshot::Receiver<bool> {
        let (kept, told) = oneshot::channel();
        assert!(order.send(Heard { arrival, kept }).await.is_ok(), "somebody runs the order");
        told
    }

    fn keys(basket: &Basket) -> Vec<String> {
        basket.taken().into_iter().map(|arrival| arrival.key.to_string()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_said_first_is_handed_over_first() {
        let (order, basket) = running();
        let mut told = Vec::new();
        for (group, at_ms, key) in [("cid1", 30, "c"), ("cid2", 5, "x"), ("cid1", 10, "a"), ("cid1", 20, "b")]
        {
            told.push(bring(&order, arrival(group, at_ms, key)).await);
            sleep(ORDER_WAIT / 5).await;
        }
        for told in told {
            assert!(told.await.expect("told"));
        }
        // What is earlier than something due goes with it, whenever it came; another conversation waits for itself alone.
        assert_eq!(keys(&basket), ["a", "b", "c", "x"]);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_waits_longer_than_the_moment() {
        let (order, basket) = running();
        let begin = Instant::now();
        assert!(bring(&order, arrival("cid1", 10, "a")).await.await.expect("told"));
        assert!(begin.elapsed() <= ORDER_WAIT + Duration::from_millis(2), "{:?}", begin.elapsed());
        // Too late for its place, and still handed over.
        assert!(bring(&order, arrival("cid1", 5, "late")).await.await.expect("told"));
        assert_eq!(keys(&basket), ["a", "late"]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_underway_when_all_connections_end_is_handed_over_at_once() {
        let (order, basket) = running();
        let told = bring(&order, arrival("cid1", 10, "a")).await;
        drop(order);
        let begin = Instant::now();
        assert!(told.await.expect("told"));
        assert_eq!((begin.elapsed(), keys(&basket)), (Duration::ZERO, vec!["a".to_owned()]));
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_conversation_keeps_back_no_other() {
        let (order, basket) = running();
        basket.fill(ConversationId::new("full").ok());
        let full = bring(&order, arrival("full", 10, "a")).await;
        let other = bring(&order, arrival("cid1", 10, "b")).await;
        advance(ORDER_WAIT).await;
        assert!(!full.await.expect("told"));
        assert!(other.await.expect("told"));
        assert_eq!(keys(&basket), ["b"]);
    }

    #[tokio::test(start_paused = true)]
    async fn of_many_at_once_the_younger_wait_for_what_may_still_come_before_them() {
        let (order, basket) = running();
        // One connection is read faster than the other.
        let many = u64::try_from(ARRIVALS_AT_ONCE_MAX).expect("a number");
        let slower = [many - 3, many - 1];
        let mut told = Vec::new();
        for at_ms in (0..many + 2).filter(|at_ms| !slower.contains(at_ms)).chain(slower) {
            told.push(bring(&order, arrival("cid1", at_ms, &format!("k{at_ms:03}"))).await);
        }
        for told in told {
            assert!(told.await.expect("told"));
        }
        let taken = keys(&basket);
        assert_eq!(taken.len(), ARRIVALS_AT_ONCE_MAX + 2);
        assert!(taken.is_sorted(), "{taken:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn many_at_once_do_not_wait() {
        let (order, basket) = running();
        let begin = Instant::now();
        let mut told = Vec::new();
        for number in 0..ARRIVALS_AT_ONCE_MAX {
            told.push(bring(&order, arrival("cid1", 10, &format!("k{number}"))).await);
        }
        for told in told {
            assert!(told.await.expect("told"));
        }
        assert_eq!((begin.elapsed(), basket.taken().len()), (Duration::ZERO, ARRIVALS_AT_ONCE_MAX));
    }
}
