//! Turns: when a call may go out, so that the platform's limits are met before it says so. One gap for each
//! chat, each person and each scarce call, two for the app, and pauses that the platform asked for.

use std::{collections::HashMap, time::Duration};

use parking_lot::Mutex;
use tokio::time::{Instant, sleep_until};

use crate::{
    ids::Addressee,
    limits::{
        APP_BURST, APP_GAP, APP_MINUTE_BURST, APP_MINUTE_GAP, CHAT_GAP, LIMITED_PAUSE_MAX, PACED_LANES_MAX,
        SCARCE_GAP, TASKS_GAP, TURN_TIME_MAX,
    },
};

/// What has a limit of its own beside the app's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    /// Messages to a chat or a person.
    To(Addressee),
    /// A call about tasks, by its name: ten in a second.
    Tasks(&'static str),
    /// A call that may be made a hundred times in a minute, by its name.
    Scarce(&'static str),
}

impl Lane {
    const fn gap(&self) -> Duration {
        match self {
            Self::To(_) => CHAT_GAP,
            Self::Tasks(_) => TASKS_GAP,
            Self::Scarce(_) => SCARCE_GAP,
        }
    }

    /// Whether the limit of an API that was met is this lane's alone.
    pub const fn has_own_limit(&self) -> bool {
        matches!(self, Self::Tasks(_) | Self::Scarce(_))
    }
}

/// The turns of one app.
#[derive(Debug, Default)]
pub struct Turns(Mutex<Paces>);

#[derive(Debug, Default)]
struct Paces {
    second: Pace,
    minute: Pace,
    lanes: HashMap<Lane, Pace>,
}

/// A bucket told by one moment: when the next call would be due if all came evenly.
#[derive(Clone, Copy, Debug, Default)]
struct Pace(Option<Instant>);

impl Pace {
    /// The first moment at which a call may go, `burst` calls ahead of their time at most.
    fn free_at(self, now: Instant, gap: Duration, burst: u32) -> Instant {
        self.0.map_or(now, |due| due.checked_sub(gap * burst.saturating_sub(1)).unwrap_or(now)).max(now)
    }

    fn take(&mut self, at: Instant, gap: Duration) {
        self.0 = Some(self.0.map_or(at, |due| due.max(at)) + gap);
    }
}

impl Turns {
    /// Waits for a turn of the app, and of the lane when the call has one.
    ///
    /// # Errors
    /// The time after which to come again, when the wait would be longer than [`TURN_TIME_MAX`].
    pub async fn wait(&self, lane: Option<&Lane>) -> Result<(), Duration> {
        let at = self.take(lane, Instant::now())?;
        sleep_until(at).await;
        Ok(())
    }

    /// Keeps every call of the app back for `pause`.
    pub fn pause_app(&self, pause: Duration) {
        let until = Instant::now() + pause.min(LIMITED_PAUSE_MAX);
        let mut paces = self.0.lock();
        let due = until + APP_GAP * APP_BURST.saturating_sub(1);
        paces.second.0 = Some(paces.second.0.map_or(due, |before| before.max(due)));
    }

    /// Keeps the calls of one lane back for `pause`.
    pub fn pause_lane(&self, lane: &Lane, pause: Duration) {
        let until = Instant::now() + pause.min(LIMITED_PAUSE_MAX);
        let mut paces = self.0.lock();
        make_place(&mut paces.lanes, Instant::now());
        let pace = paces.lanes.entry(lane.clone()).or_default();
        pace.0 = Some(pace.0.map_or(until, |before| before.max(until)));
    }

    fn take(&self, lane: Option<&Lane>, now: Instant) -> Result<Instant, Duration> {
        let mut paces = self.0.lock();
        let mut at = paces.second.free_at(now, APP_GAP, APP_BURST);
        at = at.max(paces.minute.free_at(now, APP_MINUTE_GAP, APP_MINUTE_BURST));
        if let Some((lane, pace)) = lane.and_then(|lane| Some((lane, paces.lanes.get(lane)?))) {
            at = at.max(pace.free_at(now, lane.gap(), 1));
        }
        let wait = at - now;
        if wait > TURN_TIME_MAX {
            return Err(wait);
        }
        paces.second.take(at, APP_GAP);
        paces.minute.take(at, APP_MINUTE_GAP);
        if let Some(lane) = lane {
            make_place(&mut paces.lanes, now);
            paces.lanes.entry(lane.clone()).or_default().take(at, lane.gap());
        }
        Ok(at)
    }
}

/// Lanes whose time is up are forgotten when there are many; were all busy, all would begin anew.
fn make_place(lanes: &mut HashMap<Lane, Pace>, now: Instant) {
    if lanes.len() < PACED_LANES_MAX {
        return;
    }
    lanes.retain(|_, pace| pace.0.is_some_and(|due| due > now));
    if lanes.len() >= PACED_LANES_MAX {
        lanes.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chat(name: &str) -> Lane {
        Lane::To(Addressee::parse(&format!("oc_{name}")).expect("a chat"))
    }

    #[tokio::test(start_paused = true)]
    async fn one_chat_gets_four_messages_a_second() {
        let (turns, start) = (Turns::default(), Instant::now());
        for _ in 0..9 {
            turns.wait(Some(&chat("a"))).await.expect("a turn");
        }
        assert_eq!(start.elapsed().as_millis() / 10, 200);
    }

    #[tokio::test(start_paused = true)]
    async fn a_scarce_call_is_made_less_than_a_hundred_times_a_minute_and_holds_up_no_other() {
        let (turns, start) = (Turns::default(), Instant::now());
        for _ in 0..11 {
            turns.wait(Some(&Lane::Scarce("members"))).await.expect("a turn");
        }
        assert!(start.elapsed() > Duration::from_secs(6), "{:?}", start.elapsed());
        let before = Instant::now();
        turns.wait(Some(&Lane::Tasks("create"))).await.expect("a turn");
        assert!(before.elapsed() < Duration::from_millis(10));
    }

    #[tokio::test(start_paused = true)]
    async fn no_second_has_fifty_calls_and_no_minute_a_thousand() {
        let turns = Turns::default();
        let mut at = Vec::new();
        for _ in 0..2500 {
            turns.wait(None).await.expect("a turn");
            at.push(Instant::now());
        }
        let most = |window: Duration| {
            at.iter()
                .enumerate()
                .map(|(index, from)| at[index..].iter().take_while(|to| **to - *from <= window).count())
                .max()
        };
        assert!(most(Duration::from_secs(1)) < Some(50), "{:?}", most(Duration::from_secs(1)));
        assert!(most(Duration::from_secs(60)) < Some(1000), "{:?}", most(Duration::from_secs(60)));
        assert!(most(Duration::from_secs(60)) > Some(850));
    }

    #[tokio::test(start_paused = true)]
    async fn a_busy_chat_holds_up_no_other() {
        let (turns, start) = (Turns::default(), Instant::now());
        turns.pause_lane(&chat("a"), Duration::from_secs(10));
        turns.wait(Some(&chat("b"))).await.expect("a turn");
        assert!(start.elapsed() < Duration::from_millis(10));
        turns.wait(Some(&chat("a"))).await.expect("a turn");
        assert!(start.elapsed() >= Duration::from_secs(10));
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_of_the_app_holds_all_and_a_long_one_sends_callers_away() {
        let (turns, start) = (Turns::default(), Instant::now());
        turns.pause_app(Duration::from_secs(3));
        turns.wait(None).await.expect("a turn");
        assert!(start.elapsed() >= Duration::from_secs(3));
        turns.pause_app(Duration::from_secs(60));
        let again = turns.wait(Some(&chat("a"))).await.expect_err("no turn for a minute");
        assert!(again > Duration::from_secs(59), "{again:?}");
    }
}
