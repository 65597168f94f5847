//! Whose turn it is: each conversation has a lane of its own each way, some lanes move at once, the rest wait in turn.
//!
//! Lanes hold no rows. They only say where rows may be; the store says which.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    time::Duration,
};

use bridge_api::{ConversationId, Network};
use parking_lot::Mutex;
use tokio::{sync::Notify, time::Instant};

/// A conversation of a network.
pub(crate) type Lane = (Network, ConversationId);

/// Where a lane goes on after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// There may be more; behind the others.
    Again,
    /// There was nothing.
    Idle,
    /// The same again after a pause.
    After(Duration),
    /// The same again when somebody speaks in its conversation, at the latest after this pause.
    AfterWords(Duration),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Ready,
    Running { again: bool },
    Sleeping,
}

#[derive(Default)]
struct State {
    ready: VecDeque<Lane>,
    standing: HashMap<Lane, Standing>,
    sleeping: BTreeMap<(Instant, u64), Lane>,
    serial: u64,
}

/// The lanes of one way. There are no more than conversations.
#[derive(Default)]
pub(crate) struct Lanes {
    state: Mutex<State>,
    news: Notify,
}

impl Lanes {
    /// There may be rows in this lane. One that waits out a pause keeps waiting.
    pub fn wake(&self, lane: &Lane) {
        let mut state = self.state.lock();
        match state.standing.get_mut(lane) {
            None => {
                state.standing.insert(lane.clone(), Standing::Ready);
                state.ready.push_back(lane.clone());
                drop(state);
                self.news.notify_one();
            }
            Some(Standing::Running { again }) => *again = true,
            Some(Standing::Ready | Standing::Sleeping) => {}
        }
    }

    /// The next lane whose turn it is. Safe to drop.
    pub async fn next(&self) -> Lane {
        loop {
            let news = self.news.notified();
            let due = {
                let mut state = self.state.lock();
                let now = Instant::now();
                while let Some((&at, _)) = state.sleeping.first_key_value()
                    && at.0 <= now
                    && let Some((_, lane)) = state.sleeping.pop_first()
                {
                    state.standing.insert(lane.clone(), Standing::Ready);
                    state.ready.push_back(lane);
                }
                if let Some(lane) = state.ready.pop_front() {
                    state.standing.insert(lane.clone(), Standing::Running { again: false });
                    if !state.ready.is_empty() {
                        self.news.notify_one();
                    }
                    return lane;
                }
                state.sleeping.first_key_value().map(|(at, _)| at.0)
            };
            match due {
                Some(due) => tokio::select! {
                    () = news => {}
                    () = tokio::time::sleep_until(due) => {}
                },
                None => news.await,
            }
        }
    }

    /// Lanes that wait out a pause go on now, if `is_wanted`.
    pub fn rouse(&self, is_wanted: impl Fn(&Lane) -> bool) {
        let mut state = self.state.lock();
        let State { ready, standing, sleeping, .. } = &mut *state;
        sleeping.retain(|_, lane| {
            if !is_wanted(lane) {
                return true;
            }
            standing.insert(lane.clone(), Standing::Ready);
            ready.push_back(lane.clone());
            false
        });
        drop(state);
        self.news.notify_one();
    }

    /// The lanes in which there may be rows.
    pub fn working(&self) -> Vec<Lane> {
        self.state.lock().standing.keys().cloned().collect()
    }

    /// A step of a lane that [`Lanes::next`] gave is over.
    pub fn finish(&self, lane: &Lane, next: Next) {
        let mut state = self.state.lock();
        let again = matches!(state.standing.get(lane), Some(Standing::Running { again: true }));
        match next {
            Next::Idle if !again => {
                state.standing.remove(lane);
            }
            Next::Again | Next::Idle => {
                state.standing.insert(lane.clone(), Standing::Ready);
                state.ready.push_back(lane.clone());
            }
            Next::After(pause) | Next::AfterWords(pause) => {
                state.serial += 1;
                let at = (Instant::now() + pause, state.serial);
                state.standing.insert(lane.clone(), Standing::Sleeping);
                state.sleeping.insert(at, lane.clone());
            }
        }
        drop(state);
        self.news.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(name: &str) -> Lane {
        (Network::Feishu, ConversationId::new(name).expect("valid"))
    }

    #[tokio::test(start_paused = true)]
    async fn lanes_take_turns_and_run_once_at_a_time() {
        let lanes = Lanes::default();
        lanes.wake(&lane("a"));
        lanes.wake(&lane("b"));
        lanes.wake(&lane("a"));
        assert_eq!(lanes.next().await, lane("a"));
        lanes.wake(&lane("a"));
        assert_eq!(lanes.next().await, lane("b"));
        lanes.finish(&lane("b"), Next::Idle);
        lanes.finish(&lane("a"), Next::Idle);
        assert_eq!(lanes.next().await, lane("a"), "it was woken while it ran");
        lanes.finish(&lane("a"), Next::Idle);
        assert!(tokio::time::timeout(Duration::from_secs(1), lanes.next()).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_is_waited_out_and_holds_up_nobody() {
        let lanes = Lanes::default();
        lanes.wake(&lane("a"));
        let begin = Instant::now();
        assert_eq!(lanes.next().await, lane("a"));
        lanes.finish(&lane("a"), Next::After(Duration::from_secs(5)));
        lanes.wake(&lane("a"));
        lanes.wake(&lane("b"));
        assert_eq!(lanes.next().await, lane("b"));
        assert_eq!(lanes.next().await, lane("a"));
        assert_eq!(begin.elapsed().as_secs(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_roused_goes_on_at_once_and_the_others_sleep() {
        let lanes = Lanes::default();
        for name in ["a", "b"] {
            lanes.wake(&lane(name));
            assert_eq!(lanes.next().await, lane(name));
            lanes.finish(&lane(name), Next::After(Duration::from_secs(60)));
        }
        let begin = Instant::now();
        lanes.rouse(|sleeping| *sleeping == lane("b"));
        assert_eq!(lanes.next().await, lane("b"));
        assert_eq!(begin.elapsed().as_secs(), 0);
        assert_eq!(lanes.next().await, lane("a"));
        assert_eq!(begin.elapsed().as_secs(), 60);
    }
}
