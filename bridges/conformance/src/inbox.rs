//! Where arrivals go while the suite looks on: kept once by their keys, as the core does.

use std::collections::BTreeSet;

use async_trait::async_trait;
use bridge_api::limits::{ARRIVALS_AT_ONCE_MAX, PARTS_MAX};
use bridge_api::{Arrival, Failure, Happened, Inbox, InboxRefused, Line, Message, Quota};
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::limits::PATIENCE;

#[derive(Default)]
struct Kept {
    arrivals: Vec<Arrival>,
    keys: BTreeSet<String>,
    ups: usize,
    downs: Vec<Failure>,
    quotas: Vec<Quota>,
    refusals: usize,
}

/// An inbox in memory.
pub struct MemoryInbox {
    kept: Mutex<Kept>,
    changed: watch::Sender<u64>,
}

impl Default for MemoryInbox {
    fn default() -> Self {
        Self { kept: Mutex::default(), changed: watch::Sender::new(0) }
    }
}

impl MemoryInbox {
    /// Everything that came, first one first.
    pub fn arrivals(&self) -> Vec<Arrival> {
        self.kept.lock().arrivals.clone()
    }

    /// The messages that came.
    pub fn messages(&self) -> Vec<Message> {
        let of = |arrival: Arrival| match arrival.what {
            Happened::Message(message) => Some(message),
            _ => None,
        };
        self.arrivals().into_iter().filter_map(of).collect()
    }

    /// How often the line came up.
    pub fn ups(&self) -> usize {
        self.kept.lock().ups
    }

    /// Why the line was down, first one first.
    pub fn downs(&self) -> Vec<Failure> {
        self.kept.lock().downs.clone()
    }

    /// What was said of quotas, first one first.
    pub fn quotas(&self) -> Vec<Quota> {
        self.kept.lock().quotas.clone()
    }

    /// Refuses the next `times` handovers as a full inbox does.
    pub fn refuse(&self, times: usize) {
        self.kept.lock().refusals = times;
    }

    /// Waits until `found` finds something in what came.
    pub async fn wait<T>(&self, what: &str, found: impl Fn(&Self) -> Option<T>) -> T {
        let mut changed = self.changed.subscribe();
        let waiting = async {
            loop {
                if let Some(value) = found(self) {
                    return value;
                }
                changed.changed().await.expect("the inbox outlives the wait");
            }
        };
        match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(value) => value,
            Err(_) => {
                let came: Vec<Happened> = self.arrivals().into_iter().map(|arrival| arrival.what).collect();
                panic!("{what} did not come; what came: {came:#?}")
            }
        }
    }

    /// Waits for the first arrival that `wanted` takes.
    pub async fn hear<T>(&self, what: &str, wanted: impl Fn(&Arrival) -> Option<T>) -> T {
        self.wait(what, |inbox| inbox.kept.lock().arrivals.iter().find_map(&wanted)).await
    }
}

#[async_trait]
impl Inbox for MemoryInbox {
    async fn take(&self, arrivals: Vec<Arrival>) -> Result<(), InboxRefused> {
        {
            let mut kept = self.kept.lock();
            if kept.refusals > 0 {
                kept.refusals -= 1;
                return Err(InboxRefused::Full);
            }
            if arrivals.len() > ARRIVALS_AT_ONCE_MAX {
                return Err(InboxRefused::OutOfBounds("too many at once".to_owned()));
            }
            for arrival in arrivals {
                if let Happened::Message(message) = &arrival.what
                    && !(1..=PARTS_MAX).contains(&message.parts.len())
                {
                    return Err(InboxRefused::OutOfBounds(
                        "a message without parts, or with too many".to_owned(),
                    ));
                }
                if kept.keys.insert(arrival.key.to_string()) {
                    kept.arrivals.push(arrival);
                }
            }
        }
        self.changed.send_modify(|version| *version += 1);
        Ok(())
    }

    fn line(&self, line: Line) {
        match line {
            Line::Up => self.kept.lock().ups += 1,
            Line::Down(failure) => self.kept.lock().downs.push(failure),
        }
        self.changed.send_modify(|version| *version += 1);
    }

    fn quota(&self, quota: Quota) {
        self.kept.lock().quotas.push(quota);
        self.changed.send_modify(|version| *version += 1);
    }
}
