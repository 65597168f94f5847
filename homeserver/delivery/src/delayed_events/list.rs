//! What a user is told of their delayed events.

use ruma::{OwnedRoomId, UserId};
use store::Scan;

use super::{
    DelayedEventError, DelayedEvents,
    limits::{DELAY_ID_BYTES_MAX, PAGE_MAX},
    tables::{
        FINALISED, FINALISED_OF_USER, FinalisedRow, Outcome, SCHEDULED, SCHEDULED_OF_USER, ScheduledRow,
    },
};

/// A delayed event as its user may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DelayedEvent {
    /// Its id.
    pub delay_id: String,
    /// The room.
    pub room_id: OwnedRoomId,
    /// The event type.
    pub kind: String,
    /// The state key of a state event.
    pub state_key: Option<String>,
    /// JSON text of the content.
    pub content: String,
    /// The delay, in ms.
    pub delay_ms: u64,
    /// When the delay began, in ms since the epoch.
    pub running_since_ms: u64,
    /// When it ended, in ms since the epoch, and how; none while it runs.
    pub finalised: Option<(u64, Outcome)>,
}

/// Which delayed events are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// Those that wait.
    #[default]
    Scheduled,
    /// Those that wait no more.
    Finalised,
}

/// What a listing is asked for.
#[derive(Clone, Debug, Default)]
pub struct DelayedEventQuery {
    /// Which ones.
    pub status: Status,
    /// Only those of these ids; all without any.
    pub delay_ids: Vec<String>,
    /// Where the last page ended.
    pub from: Option<String>,
}

/// A page of a listing, oldest first.
#[derive(Clone, Debug, Default)]
pub struct DelayedEventPage {
    /// The events.
    pub events: Vec<DelayedEvent>,
    /// Where the next page begins, if there may be one.
    pub next_batch: Option<String>,
}

impl DelayedEvents {
    /// One delayed event of a user.
    ///
    /// # Errors
    /// [`DelayedEventError::NotFound`], also for events of others.
    pub async fn get(&self, user: &UserId, id: &str) -> Result<DelayedEvent, DelayedEventError> {
        if id.len() > DELAY_ID_BYTES_MAX {
            return Err(DelayedEventError::NotFound);
        }
        let reader = self.0.parts.store.snapshot();
        if let Some(row) = reader.get(&SCHEDULED, id).await? {
            return if row.user == user { Ok(scheduled(id, row)) } else { Err(DelayedEventError::NotFound) };
        }
        match reader.get(&FINALISED, id).await? {
            Some(row) if row.was.user == user => Ok(finalised(id, row)),
            Some(_) | None => Err(DelayedEventError::NotFound),
        }
    }

    /// A page of a user's delayed events.
    ///
    /// # Errors
    /// The store's own.
    pub async fn list(
        &self,
        user: &UserId,
        query: &DelayedEventQuery,
    ) -> Result<DelayedEventPage, DelayedEventError> {
        let mut page = DelayedEventPage::default();
        if !query.delay_ids.is_empty() {
            for id in query.delay_ids.iter().take(PAGE_MAX) {
                match self.get(user, id).await {
                    Ok(event) if event.finalised.is_some() == (query.status == Status::Finalised) => {
                        page.events.push(event);
                    }
                    Ok(_) | Err(DelayedEventError::NotFound) => {}
                    Err(error) => return Err(error),
                }
            }
            return Ok(page);
        }
        let reader = self.0.parts.store.snapshot();
        let table = match query.status {
            Status::Scheduled => &SCHEDULED_OF_USER,
            Status::Finalised => &FINALISED_OF_USER,
        };
        let mut scan = Scan::prefix(&user.to_owned()).limit(PAGE_MAX);
        if let Some((time_ms, id)) = query.from.as_deref().and_then(place) {
            scan = scan.after(&(user.to_owned(), time_ms, id));
        }
        let keys = reader.scan_keys(table, scan).await?;
        if keys.len() == PAGE_MAX {
            page.next_batch = keys.last().map(|(_, time_ms, id)| format!("{time_ms}_{id}"));
        }
        for (_, _, id) in keys {
            let event = match query.status {
                Status::Scheduled => reader.get(&SCHEDULED, &id).await?.map(|row| scheduled(&id, row)),
                Status::Finalised => reader.get(&FINALISED, &id).await?.map(|row| finalised(&id, row)),
            };
            page.events.extend(event);
        }
        Ok(page)
    }
}

/// A token of ours; any other begins at the start.
fn place(token: &str) -> Option<(u64, String)> {
    let (time_ms, id) = token.split_once('_')?;
    Some((time_ms.parse().ok()?, id.get(..id.len().min(DELAY_ID_BYTES_MAX))?.to_owned()))
}

fn scheduled(id: &str, row: ScheduledRow) -> DelayedEvent {
    DelayedEvent {
        delay_id: id.to_owned(),
        room_id: row.room_id,
        kind: row.kind,
        state_key: row.state_key,
        content: row.content,
        delay_ms: row.delay_ms,
        running_since_ms: row.running_since_ms,
        finalised: None,
    }
}

fn finalised(id: &str, row: FinalisedRow) -> DelayedEvent {
    DelayedEvent { finalised: Some((row.at_ms, row.outcome)), ..scheduled(id, row.was) }
}
