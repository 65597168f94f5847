//! Answers of partners that are judged again after a while: what they name may not be here yet, or their key is not trusted yet.

use cases::Case;
use kit::{Fired, Heard, What};
use ruma::{EventId, OwnedUserId, RoomId};
use serde_json::json;
use store::Batch;

use super::{Answer, judge::Forgery};
use crate::{
    OfficeError,
    instance::Instance,
    limits::{ANSWER_LOOKS_MAX, ANSWER_TRUST_LOOKS_MAX, ANSWER_TRUST_WAIT_MS},
    wire::{Approvals, LOCALPART},
};

/// Begins the keys of timers that look again for what an answer names.
pub(in crate::wire) const LOOK_TIMER: &str = "look/";

impl Approvals {
    /// An answer is signed by a key that is not known: it is not believed, and while its task is open it is judged again from
    /// time to time, so that it counts once the key is trusted. Of the answers about one task the newest is.
    pub(super) async fn waits_for_trust(
        &self,
        heard: &Heard,
        case: &Case<Instance>,
        answer: &Answer,
        looks: u32,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let is_open = case.data.task(&answer.task).is_some_and(|task| task.state.is_open());
        // Looks beyond those for the event are looks for the key.
        let next = looks.max(ANSWER_LOOKS_MAX) + 1;
        if is_open && next <= ANSWER_LOOKS_MAX + ANSWER_TRUST_LOOKS_MAX {
            let key = format!("trust/{}/{}", case.id, answer.task);
            self.look_again(heard, &key, next, ANSWER_TRUST_WAIT_MS, batch);
        }
        // It was said the first time.
        if looks > ANSWER_LOOKS_MAX { Ok(()) } else { self.disbelieve(heard, Forgery::Key, batch).await }
    }

    /// Has an answer judged again after a while, in ms; `looks` is how often it was looked at by then. Of one key the newest
    /// counts.
    pub(super) fn look_again(&self, heard: &Heard, key: &str, looks: u32, wait_ms: u64, batch: &mut Batch) {
        let payload = json!({ "room": heard.room, "event": heard.event_id, "looks": looks });
        let at_ms = self.kit().clock().now_ms().saturating_add(wait_ms);
        self.kit().timers().set(batch, LOCALPART, &format!("{LOOK_TIMER}{key}"), at_ms, payload);
    }

    /// It is time to look again for what an answer names.
    pub(in crate::wire) async fn look(&self, fired: &Fired, batch: &mut Batch) -> Result<(), OfficeError> {
        let text = |name: &str| fired.payload[name].as_str().unwrap_or_default();
        let (Ok(room), Ok(event)) = (RoomId::parse(text("room")), EventId::parse(text("event"))) else {
            return Ok(());
        };
        let looks = fired.payload["looks"].as_u64().and_then(|looks| u32::try_from(looks).ok());
        let Some(found) = self.event_of(&room, &event).await? else { return Ok(()) };
        let sender = found["sender"].as_str().and_then(|sender| OwnedUserId::try_from(sender).ok());
        let (Some(sender), Some(answer)) = (sender, super::read::<Answer>(&found["content"])) else {
            return Ok(());
        };
        if !self.is_bot_of_partner(&sender) {
            return Ok(());
        }
        let heard = Heard {
            room,
            is_direct: false,
            sender,
            event_id: event,
            received_ms: self.kit().clock().now_ms(),
            thread: None,
            on: None,
            about: None,
            mentions: Vec::new(),
            what: What::Text(String::new()),
        };
        let looks = looks.unwrap_or(ANSWER_LOOKS_MAX);
        Box::pin(self.answered_by_partner(&heard, &answer, looks, batch)).await
    }
}
