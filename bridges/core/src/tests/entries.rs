//! Entries in a platform's own app, and the cards in their place where it does not take them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use axum::http::Method;
use bridge_api::{
    Busy, Calendars, Card, Cards, Conversation, ConversationId, Conversations, Cursor, EntryOnPlatform,
    Failure, Meeting, MessageId, Page, PersonId, Refusal,
};
use kit::Call;
use parking_lot::Mutex;
use serde_json::{Value, json};

use super::{ALICE, Script, Stage};
use crate::{
    BridgePorts,
    limits::{DAY_MS, FORGET_INTERVAL, MESSAGES_KEPT_DAYS},
};

/// The bot of meetings.
const MEET: &str = "@meet:test";
/// Li, by the account that the bridge gives them.
const LI: &str = "@fs_li:test";

/// The calendar of the platform, and the chats of people with our app.
#[derive(Default)]
pub(crate) struct Office {
    /// Whether the platform has it.
    pub is_open: AtomicBool,
    /// Whether it refuses what is put there.
    refuses: AtomicBool,
    /// Whether the connector panics over it.
    panics: AtomicBool,
    /// The titles that were put there.
    put: Mutex<Vec<String>>,
    /// The titles of newer cards in the place of old ones.
    updated: Mutex<Vec<String>>,
}

#[async_trait]
impl Calendars for Office {
    async fn put_meeting(
        &self,
        meeting: &Meeting,
        _: Option<&EntryOnPlatform>,
    ) -> Result<EntryOnPlatform, Failure> {
        assert!(!self.panics.load(Ordering::Relaxed), "a fault of the connector");
        if self.refuses.load(Ordering::Relaxed) {
            return Err(Failure::refused(Refusal::Impossible));
        }
        self.put.lock().push(meeting.head.title.clone());
        EntryOnPlatform::new("meeting").map_err(|error| Failure::later(error.to_string()))
    }

    async fn busy(&self, _: &[PersonId], _: u64, _: u64) -> Result<Vec<Busy>, Failure> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl Cards for Office {
    async fn update(&self, _: &ConversationId, _: &MessageId, card: &Card) -> Result<(), Failure> {
        self.updated.lock().push(card.title.clone());
        Ok(())
    }
}

#[async_trait]
impl Conversations for Office {
    async fn list(&self, _: Option<&Cursor>) -> Result<Page<Conversation>, Failure> {
        Ok(Page { items: Vec::new(), next: None })
    }

    async fn conversation(&self, id: &ConversationId) -> Result<Option<Conversation>, Failure> {
        Ok(Conversation::group(id.as_str(), "Sales"))
    }

    fn direct(&self, person: &PersonId) -> Option<ConversationId> {
        ConversationId::new(person.as_str()).ok()
    }
}

/// A stage with a calendar on the platform, where Li has spoken and the bot is in the room.
async fn office() -> Stage {
    let platform = Script::new();
    platform.office.is_open.store(true, Ordering::Relaxed);
    let mut stage = Stage::with(Arc::clone(&platform), BridgePorts::default()).await;
    stage.speaks("om_a", "hello").await;
    stage.until("Li is known", |stage| !stage.heard().is_empty()).await;
    let invite = Call::new(Method::POST, &["client", "v3", "rooms", &stage.room, "invite"]);
    stage.homeserver.does(ALICE, invite.json(json!({ "user_id": MEET })));
    let join = Call::new(Method::POST, &["client", "v3", "rooms", &stage.room, "join"]);
    stage.homeserver.does(MEET, join.json(json!({})));
    stage
}

/// The bot says a card and the entry of a meeting with this title: one revision of both.
async fn says(stage: &mut Stage, rev: u64, title: &str) {
    let card = json!({
        "v": 1, "key": "mt/1/li", "for": LI, "rev": rev, "title": title, "body": "", "buttons": [],
        "instead_of": "meeting",
    });
    let entry = json!({
        "v": 1, "kind": "meeting", "key": "mt/1", "rev": rev, "number": "MT-1", "title": title, "link": null,
        "language": "en", "begun_ms": 1, "changed_ms": 1, "description": "", "location": "", "organizer": null,
        "attendees": [{ "account": LI, "is_optional": false, "answer": null }], "start_ms": 10, "end_ms": 20,
        "zone": "Asia/Shanghai", "is_all_day": false, "recurrence": null, "reminders_minutes": [],
        "is_canceled": false,
    });
    for (kind, content) in [("card", card), ("entry", entry)] {
        says_one(stage, kind, content).await;
    }
}

async fn says_one(stage: &mut Stage, kind: &str, content: Value) {
    stage.counted += 1;
    let (kind, transaction) = (format!("com.lianqiao.bridge.{kind}"), format!("t{}", stage.counted));
    let path = ["client", "v3", "rooms", &stage.room, "send", &kind, &transaction];
    stage.homeserver.does(MEET, Call::new(Method::PUT, &path).json(content));
    stage.tell().await;
}

/// Whether a new card with this title was sent.
fn is_sent(stage: &Stage, title: &str) -> bool {
    stage.platform.words().iter().any(|words| words.contains(title))
}

/// Whether an old card says this by now.
fn is_updated(stage: &Stage, title: &str) -> bool {
    stage.platform.office.updated.lock().iter().any(|one| one == title)
}

#[tokio::test]
async fn a_card_goes_out_where_the_platform_refuses_the_entry_and_stays_true_from_then_on() {
    let mut stage = office().await;
    let put = |stage: &Stage, title: &str| stage.platform.office.put.lock().iter().any(|one| one == title);
    says(&mut stage, 1, "at ten").await;
    stage.until("it stands in the calendar", |stage| put(stage, "at ten")).await;

    stage.platform.office.refuses.store(true, Ordering::Relaxed);
    says(&mut stage, 2, "at eleven").await;
    stage.until("the card is there instead", |stage| is_sent(stage, "at eleven")).await;
    assert!(!is_sent(&stage, "at ten"), "who had the entry needed no card");

    // The calendar takes it again: whoever has the card reads there what holds, once.
    stage.platform.office.refuses.store(false, Ordering::Relaxed);
    says(&mut stage, 3, "at noon").await;
    stage.until("both say it", |stage| put(stage, "at noon") && is_updated(stage, "at noon")).await;
    assert!(!is_sent(&stage, "at noon"));
}

#[tokio::test]
async fn a_card_goes_out_where_the_connector_panics_over_the_entry() {
    let mut stage = office().await;
    stage.platform.office.panics.store(true, Ordering::Relaxed);
    says(&mut stage, 1, "at ten").await;
    stage.until("the card is there instead", |stage| is_sent(stage, "at ten")).await;
    assert!(stage.platform.office.put.lock().is_empty());
}

#[tokio::test]
async fn of_cards_that_wait_the_newest_goes_out_once() {
    let mut stage = office().await;
    for (rev, title) in [(1, "at ten"), (2, "at eleven")] {
        says(&mut stage, rev, title).await;
        stage
            .until("it stands in the calendar", |stage| {
                stage.platform.office.put.lock().len() >= rev as usize
            })
            .await;
    }
    stage.platform.office.refuses.store(true, Ordering::Relaxed);
    for (rev, title) in [(3, "at noon"), (4, "at one")] {
        says(&mut stage, rev, title).await;
    }
    let newest = |stage: &Stage| is_sent(stage, "at one") || is_updated(stage, "at one");
    stage.until("the newest is there", newest).await;
    let cards = stage.platform.words().into_iter().filter(|words| words.contains("at ")).count();
    assert_eq!(cards, 1, "newer ones stand in the place of the first");
}

#[tokio::test]
async fn who_has_the_card_has_newer_ones_however_long_ago_the_first_went_out() {
    let mut stage = office().await;
    stage.platform.office.refuses.store(true, Ordering::Relaxed);
    says(&mut stage, 1, "at ten").await;
    stage.until("the card is there", |stage| is_sent(stage, "at ten")).await;
    let long = Duration::from_millis((MESSAGES_KEPT_DAYS / 2 + 1) * DAY_MS);
    stage.skips(long);
    says(&mut stage, 2, "at eleven").await;
    stage.until("it says what holds", |stage| is_updated(stage, "at eleven")).await;
    stage.skips(long);
    stage.passes(FORGET_INTERVAL * 2).await;

    stage.platform.office.refuses.store(false, Ordering::Relaxed);
    says(&mut stage, 3, "at noon").await;
    // The message of the first card may be forgotten by now.
    let newest = |stage: &Stage| is_sent(stage, "at noon") || is_updated(stage, "at noon");
    stage.until("so does the newest", newest).await;
}
