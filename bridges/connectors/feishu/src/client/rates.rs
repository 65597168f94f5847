//! Turns: when a call may go out, so that the platform's limits are met before it says so. One gap for each
//! chat and each person, two for the app, and pauses that the platform asked for.

use std::{collections::HashMap, time::Duration};

use parking_lot::Mutex;
use tokio::time::{Instant, sleep_until};

use crate::{
    ids::Addressee,
    limits::{
        APP_BURST, APP_GAP, APP_MINUTE_BURST, APP_MINUTE_GAP, CHAT_GAP, LIMITED_PAUSE_MAX, PACED_CHATS_MAX,
        TURN_TIME_MAX,
    },
};

/// The turns of one app.
#[derive(Debug, Default)]
pub struct Turns(Mutex<Paces>);

#[derive(Debug, Default)]
struct Paces {
    second: Pace,
    minute: Pace,
    chats: HashMap<Addressee, Pace>,
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
    /// Waits for a turn of the app, and of the chat when the call is a message into one.
    ///
    /// # Errors
    /// The time after which to come again, when the wait would be longer than [`TURN_TIME_MAX`].
    pub async fn wait(&self, chat: Option<&Addressee>) -> Result<(), Duration> {
        let at = self.take(chat, Instant::now())?;
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

    /// Keeps messages into one chat back for `pause`.
    pub fn pause_chat(&self, chat: &Addressee, pause: Duration) {
        let until = Instant::now() + pause.min(LIMITED_PAUSE_MAX);
        let mut paces = self.0.lock();
        make_place(&mut paces.chats, Instant::now());
        let pace = paces.chats.entry(chat.clone()).or_default();
        pace.0 = Some(pace.0.map_or(until, |before| before.max(until)));
    }

    fn take(&self, chat: Option<&Addressee>, now: Instant) -> Result<Instant, Duration> {
        let mut paces = self.0.lock();
        let mut at = paces.second.free_at(now, APP_GAP, APP_BURST);
        at = at.max(paces.minute.free_at(now, APP_MINUTE_GAP, APP_MINUTE_BURST));
        if let Some(pace) = chat.and_then(|chat| paces.chats.get(chat)) {
            at = at.max(pace.free_at(now, CHAT_GAP, 1));
        }
        let wait = at - now;
        if wait > TURN_TIME_MAX {
            return Err(wait);
        }
        paces.second.take(at, APP_GAP);
        paces.minute.take(at, APP_MINUTE_GAP);
        if let Some(chat) = chat {
            make_place(&mut paces.chats, now);
            paces.chats.entry(chat.clone()).or_default().take(at, CHAT_GAP);
        }
        Ok(at)
    }
}

/// Chats whose time is up are forgotten when there are many; were all busy, all would begin anew.
fn make_place(chats: &mut HashMap<Addressee, Pace>, now: Instant) {
    if chats.len() < PACED_CHATS_MAX {
        return;
    }
    chats.retain(|_, pace| pace.0.is_some_and(|due| due > now));
    if chats.len() >= PACED_CHATS_MAX {
        chats.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chat(name: &str) -> Addressee {
        Addressee::parse(&format!("oc_{name}")).expect("a chat")
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
        turns.pause_chat(&chat("a"), Duration::from_secs(10));
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
