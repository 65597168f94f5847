//! What tasks come from: messages that are copied, cards of other bots, and what is said when a source is redacted.

use kit::Heard;
use ruma::{EventId, OwnedUserId, RoomId};
use store::Batch;

use super::{
    KIND, LOCALPART, Tasks,
    words::{asks_for_a_task, suggestion_key},
};
use crate::{
    OfficeError,
    act::Action,
    limits::DESCRIPTION_CHARACTERS_MAX,
    line,
    tables::TOLD,
    task::{Origin, Task},
};

/// What a task is made of beside its line.
pub(super) struct Copied {
    pub origin: Origin,
    /// Empty where nothing is copied.
    pub text: String,
}

impl Tasks {
    /// The text of a person's message, or the number on a card of another bot of ours; nothing where it is neither.
    pub(super) async fn copy(&self, heard: &Heard, event: &EventId) -> Result<Option<Copied>, OfficeError> {
        let found = self.kit().event_of(LOCALPART, &heard.room, event).await;
        let found = found.map_err(|error| OfficeError::Later(error.to_string()))?;
        let Some(found) = found else { return Ok(None) };
        let sender = found["sender"].as_str().and_then(|sender| OwnedUserId::try_from(sender).ok());
        let text = found["content"]["body"].as_str().unwrap_or_default().trim();
        let Some(sender) = sender else { return Ok(None) };
        if self.kit().is_ours(&sender) {
            let card = &found["content"][format!("{}card", kit::PREFIX)];
            return Ok(card["no"].as_str().and_then(|no| line::origin_of(no).ok()).map(|origin| {
                // What the card says is for those who see it; the task says what its maker writes.
                Copied { origin, text: String::new() }
            }));
        }
        if text.is_empty() {
            return Ok(None);
        }
        let is_offered = self.kit().sent(&suggestion_key(event)).await?.is_some();
        let rule = asks_for_a_task(text).filter(|_| is_offered).map(str::to_owned);
        let origin = Origin::Event { room: heard.room.clone(), event: event.to_owned(), rule };
        Ok(Some(Copied { origin, text: text.chars().take(DESCRIPTION_CHARACTERS_MAX).collect() }))
    }

    /// Something that a task rests on was redacted: its people read so, once for each event.
    pub(super) async fn source_redacted(
        &self,
        heard: &Heard,
        event: &EventId,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let cases = &self.house().await?.cases;
        let resting = cases.resting_on(KIND, event).await?;
        // Whoever may not redact it only says so.
        if resting.is_empty() || !self.is_redacted(&heard.room, event).await? {
            return Ok(());
        }
        for (id, seq) in resting {
            let told = (format!("{id}/source"), event.to_string());
            let Some(case) = cases.get::<Task>(&id).await? else { continue };
            if self.kit().store().exists(&TOLD, &told).await? {
                continue;
            }
            batch.put(&TOLD, &told, &());
            let action = Action::SourceRedacted { event: event.to_owned(), seq };
            self.by_itself(batch, case, &action, &format!("gone/{event}"), false).await?;
        }
        Ok(())
    }

    async fn is_redacted(&self, room: &RoomId, event: &EventId) -> Result<bool, OfficeError> {
        let found = self.kit().is_redacted(LOCALPART, room, event).await;
        found.map_err(|error| OfficeError::Later(error.to_string()))
    }
}
