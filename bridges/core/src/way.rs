//! One of the two ways, into rooms or to platforms: how much waits in each lane, and which lanes fail.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use bridge_api::{ConversationId, Network};
use parking_lot::Mutex;
use store::{Batch, Scan, Store, StoreError, Value};
use tokio::time::Instant;

use crate::{
    lanes::{Lane, Lanes, Next},
    limits::{LANE_ROWS_MAX, PAUSE_ALONE_MAX, PAUSE_MAX, PAUSE_MIN, PAUSE_PER_LANE},
    tables::{AFTER_ALL, Place, Queue, STILL_MORE},
};

/// One of the two ways.
#[derive(Default)]
pub(crate) struct Way {
    pub lanes: Arc<Lanes>,
    waiting: Arc<Mutex<Waiting>>,
    failures: Mutex<HashMap<Lane, u32>>,
    /// Since when the platform answers nothing but nonsense to the first row of a lane, and which row that is.
    senseless: Mutex<HashMap<Lane, (Place, Instant)>>,
    /// Lanes that wait until somebody speaks in their conversation.
    silenced: Mutex<HashSet<Lane>>,
    /// Lanes of which more is to come than they hold, and how often more came.
    pub(crate) more: Arc<Mutex<HashMap<Lane, u64>>>,
}

/// Rows that wait.
#[derive(Default)]
struct Waiting {
    of: HashMap<Lane, usize>,
    of_network: HashMap<Network, usize>,
    all: usize,
}

impl Waiting {
    fn more(&mut self, lane: &Lane) {
        self.all += 1;
        *self.of_network.entry(lane.0).or_default() += 1;
        match self.of.get_mut(lane) {
            Some(rows) => *rows += 1,
            None => drop(self.of.insert(lane.clone(), 1)),
        }
    }

    fn fewer(&mut self, lane: &Lane) {
        let Some(rows) = self.of.get_mut(lane) else { return };
        self.all = self.all.saturating_sub(1);
        if let Some(rows) = self.of_network.get_mut(&lane.0) {
            *rows = rows.saturating_sub(1);
        }
        *rows = rows.saturating_sub(1);
        if *rows == 0 {
            self.of.remove(lane);
        }
    }
}

impl Way {
    /// Counts what waits from before, and has those lanes move whose platform is connected.
    pub async fn load<V: Value>(
        &self,
        store: &Store,
        queue: &Queue<V>,
        connected: &HashSet<Network>,
    ) -> Result<(), StoreError> {
        let mut from = None;
        loop {
            let scan = from.as_ref().map_or_else(Scan::all, |from| Scan::all().after(from));
            let page = store.scan_keys(queue, scan).await?;
            let Some(last) = page.last() else { return Ok(()) };
            from = Some(last.clone());
            for (network, conversation, time, _) in page {
                if let (Some(network), Ok(conversation)) =
                    (Network::named(&network), ConversationId::new(conversation))
                {
                    let lane = (network, conversation);
                    if time != AFTER_ALL && time != STILL_MORE {
                        self.waiting.lock().more(&lane);
                    }
                    if connected.contains(&network) {
                        self.lanes.wake(&lane);
                    }
                }
            }
        }
    }

    /// How much waits in all lanes.
    pub fn rows(&self) -> usize {
        self.waiting.lock().all
    }

    /// How much of a platform waits.
    pub fn rows_of(&self, network: Network) -> usize {
        self.waiting.lock().of_network.get(&network).copied().unwrap_or_default()
    }

    /// Whether a lane has as many rows as it may have.
    pub fn is_full(&self, lane: &Lane) -> bool {
        self.waiting.lock().of.get(lane).is_some_and(|rows| *rows >= LANE_ROWS_MAX)
    }

    /// Puts a row behind the others of its lane and time; its turn comes after the commit.
    pub fn put<V: Value>(&self, batch: &mut Batch, queue: &Queue<V>, lane: &Lane, time: u64, row: &V) {
        let place = batch.position();
        batch.put(queue, &(lane.0.key(), lane.1.as_str(), time, place), row);
        let (lanes, waiting, lane) = (Arc::clone(&self.lanes), Arc::clone(&self.waiting), lane.clone());
        batch.on_visible(move |_| {
            waiting.lock().more(&lane);
            lanes.wake(&lane);
        });
    }

    /// Takes a row away in this batch.
    pub fn end<V>(&self, batch: &mut Batch, queue: &Queue<V>, lane: &Lane, place: Place) {
        let (time, position) = place;
        batch.delete(queue, &(lane.0.key(), lane.1.as_str(), time, position));
        if time == AFTER_ALL || time == STILL_MORE {
            return;
        }
        let (waiting, lane) = (Arc::clone(&self.waiting), lane.clone());
        batch.on_commit(move |_| waiting.lock().fewer(&lane));
    }

    /// How long a lane waits after one more failure: as long as the other side asks for, or longer each time. The more lanes fail, the longer: one of them is always soon the next.
    pub fn pause(&self, lane: &Lane, asked: Option<Duration>) -> Duration {
        if let Some(asked) = asked {
            return asked.max(Duration::from_millis(1));
        }
        let mut failures = self.failures.lock();
        let count = failures.entry(lane.clone()).or_default();
        *count = count.saturating_add(1);
        let grown = PAUSE_MIN.saturating_mul(1 << (*count - 1).min(16));
        let lanes = u32::try_from(failures.len()).unwrap_or(u32::MAX);
        let longest = PAUSE_PER_LANE.saturating_mul(lanes).clamp(PAUSE_ALONE_MAX, PAUSE_MAX);
        grown.min(longest)
    }

    /// The platform answers nonsense to the first row of a lane once more; since when it does so to this one.
    pub fn senseless_since(&self, lane: &Lane, place: Place) -> Instant {
        let mut senseless = self.senseless.lock();
        let (of, since) = senseless.entry(lane.clone()).or_insert_with(|| (place, Instant::now()));
        if *of != place {
            (*of, *since) = (place, Instant::now());
        }
        *since
    }

    /// What a lane failed with was something else than nonsense: how long that lasts is no longer told by when it began.
    pub fn makes_sense(&self, lane: &Lane) {
        self.senseless.lock().remove(lane);
    }

    /// A lane waits until somebody speaks in its conversation.
    pub fn silence(&self, lane: &Lane) {
        self.silenced.lock().insert(lane.clone());
    }

    /// Whether a lane waits until somebody speaks in its conversation.
    pub fn is_silenced(&self, lane: &Lane) -> bool {
        self.silenced.lock().contains(lane)
    }

    /// A step of a lane is over. One that waits for words goes on at once if they came before it slept.
    pub fn finish(&self, lane: &Lane, next: Next) {
        self.lanes.finish(lane, next);
        if matches!(next, Next::AfterWords(_)) && !self.is_silenced(lane) {
            self.lanes.rouse(|sleeping| sleeping == lane);
        }
    }

    /// Somebody spoke in a conversation: if its lane waited for that, it goes on at once.
    pub fn spoken_to(&self, lane: &Lane) {
        if self.silenced.lock().remove(lane) {
            self.lanes.rouse(|sleeping| sleeping == lane);
        }
    }

    /// A lane works. If it had failed, those that fail with it need not wait out their pauses.
    pub fn works_again(&self, lane: &Lane, is_alike: impl Fn(&Lane) -> bool) {
        self.silenced.lock().remove(lane);
        self.makes_sense(lane);
        let failing = {
            let mut failures = self.failures.lock();
            if failures.remove(lane).is_none() {
                return;
            }
            failures.keys().filter(|other| is_alike(other)).cloned().collect::<HashSet<_>>()
        };
        if !failing.is_empty() {
            self.lanes.rouse(|lane| failing.contains(lane));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(number: usize) -> Lane {
        (Network::Feishu, ConversationId::new(format!("oc_{number}")).expect("valid"))
    }

    #[test]
    fn many_lanes_ask_a_side_that_is_down_no_more_often_than_few() {
        let way = Way::default();
        let longest = |way: &Way| (0..20).map(|_| way.pause(&lane(0), None)).max();
        assert_eq!(longest(&way), Some(PAUSE_ALONE_MAX));
        for number in 1..100 {
            way.pause(&lane(number), None);
        }
        assert_eq!(longest(&way), Some(Duration::from_secs(25)));
        assert_eq!(way.pause(&lane(0), Some(Duration::from_secs(90))), Duration::from_secs(90));
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_lane_that_works_rouses_those_that_failed_with_it() {
        let way = Way::default();
        for number in [0, 1] {
            way.lanes.wake(&lane(number));
            let next = way.lanes.next().await;
            way.pause(&next, None);
            way.finish(&next, Next::After(Duration::from_secs(60)));
        }
        way.works_again(&lane(0), |_| true);
        let begin = Instant::now();
        assert_eq!(way.lanes.next().await, lane(1));
        assert_eq!(begin.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_silenced_lane_goes_on_when_somebody_speaks_there_and_no_other_does() {
        let way = Way::default();
        for number in [0, 1] {
            way.lanes.wake(&lane(number));
            let next = way.lanes.next().await;
            way.silence(&next);
            way.finish(&next, Next::AfterWords(Duration::from_secs(60)));
        }
        let begin = Instant::now();
        way.spoken_to(&lane(1));
        assert_eq!(way.lanes.next().await, lane(1));
        assert_eq!(begin.elapsed(), Duration::ZERO);
        assert_eq!(way.lanes.next().await, lane(0));
        assert_eq!(begin.elapsed(), Duration::from_secs(60));
    }

    #[tokio::test(start_paused = true)]
    async fn words_that_come_before_a_silenced_lane_sleeps_are_not_lost() {
        let way = Way::default();
        way.lanes.wake(&lane(0));
        let next = way.lanes.next().await;
        way.silence(&next);
        way.spoken_to(&next);
        let begin = Instant::now();
        way.finish(&next, Next::AfterWords(Duration::from_secs(60)));
        assert_eq!(way.lanes.next().await, lane(0));
        assert_eq!(begin.elapsed(), Duration::ZERO);
        way.finish(&next, Next::After(Duration::from_secs(60)));
        assert_eq!(way.lanes.next().await, lane(0));
        assert_eq!(begin.elapsed(), Duration::from_secs(60), "other pauses are waited out");
    }

    #[tokio::test(start_paused = true)]
    async fn nonsense_is_counted_from_the_first_of_an_unbroken_row() {
        let (way, place) = (Way::default(), (1, model::StreamPos::new(1)));
        let begin = way.senseless_since(&lane(0), place);
        let other = way.senseless_since(&lane(1), place);
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(way.senseless_since(&lane(0), place), begin);
        way.makes_sense(&lane(0));
        assert_eq!(way.senseless_since(&lane(0), place), begin + Duration::from_secs(60));
        assert_eq!(way.senseless_since(&lane(1), place), other, "another one still gets nonsense");
    }

    #[test]
    fn a_lane_that_works_again_is_silenced_no_more() {
        let way = Way::default();
        way.silence(&lane(0));
        way.works_again(&lane(1), |_| true);
        assert!(way.is_silenced(&lane(0)), "another one works");
        way.works_again(&lane(0), |_| true);
        assert!(!way.is_silenced(&lane(0)));
    }
}
