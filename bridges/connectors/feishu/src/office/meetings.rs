//! Puts meetings into the calendar of our bot and invites people. The row on the shelf says how the platform shows a meeting; what
//! differs is changed.

use std::collections::BTreeMap;

use async_trait::async_trait;
use bridge_api::{Busy, Calendars, EntryKey, EntryOnPlatform, Failure, Meeting, PersonId, digest};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    answers::{self, invited},
    busy,
    calendar::{self, events, heeded},
    meetings_written::{self as written, Shown},
    plain,
    rows::{self, Kind, name_of},
};
use crate::{
    Feishu,
    abilities::id_of,
    client::{Call, CallError},
    failure::is_gone,
    limits::SERIES_READ_MS,
};

/// How a meeting was put, and what is known of the platform's side.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MeetingRow {
    pub key: EntryKey,
    pub event_id: String,
    /// The last revision that is there whole.
    pub revision: u64,
    /// Which of the events that were made for the key it is.
    pub generation: u32,
    pub is_gone: bool,
    pub shown: Shown,
    /// What people are known to have answered there.
    pub answers: BTreeMap<String, answers::Known>,
    /// How often an answer was told.
    pub told: u64,
    /// Until when answers are read.
    pub read_until_ms: u64,
}

/// What a success says, so that an answer without it is none.
#[derive(Deserialize)]
struct Invitations {
    #[serde(rename = "attendees")]
    _attendees: Vec<Value>,
}

#[derive(Deserialize)]
struct Made {
    event: Map<String, Value>,
}

#[async_trait]
impl Calendars for Feishu {
    async fn put_meeting(
        &self,
        meeting: &Meeting,
        known: Option<&EntryOnPlatform>,
    ) -> Result<EntryOnPlatform, Failure> {
        let name = name_of(&meeting.head.key);
        let _lock = self.office.locks.lock(&name).await;
        let row: Option<MeetingRow> = rows::read(&*self.shelf, Kind::Meeting, &name).await?;
        let id = match row {
            Some(row) if row.revision >= meeting.head.revision => row.event_id,
            None if known.is_none() && meeting.is_canceled => name,
            row => put(self, meeting, row, known, &name).await?,
        };
        id_of(EntryOnPlatform::new(id))
    }

    async fn busy(&self, people: &[PersonId], from_ms: u64, until_ms: u64) -> Result<Vec<Busy>, Failure> {
        busy::busy(self, people, from_ms, until_ms).await
    }
}

/// Brings what the platform shows to how the meeting stands; what it is called there.
async fn put(
    feishu: &Feishu,
    meeting: &Meeting,
    row: Option<MeetingRow>,
    known: Option<&EntryOnPlatform>,
    name: &str,
) -> Result<String, Failure> {
    let calendar = calendar::own(feishu).await?;
    let outcome = async {
        let mut row = match (row, known) {
            (Some(row), _) => row,
            (None, Some(known)) => found(feishu, meeting, &calendar, known.as_str()).await?,
            (None, None) => made(feishu, meeting, &calendar, name, 0).await?,
        };
        if meeting.is_canceled {
            take_away(feishu, &calendar, &mut row).await?;
        } else {
            if row.is_gone {
                row = made(feishu, meeting, &calendar, name, row.generation.saturating_add(1)).await?;
            }
            match bring(feishu, meeting, &calendar, &mut row).await {
                // Somebody took it away there: it stands again.
                Err(error) if is_gone(&error) => {
                    row = made(feishu, meeting, &calendar, name, row.generation.saturating_add(1)).await?;
                    bring(feishu, meeting, &calendar, &mut row).await?;
                }
                outcome => outcome?,
            }
        }
        Ok::<_, CallError>(row)
    };
    let mut row = match Box::pin(outcome).await {
        Ok(row) => row,
        Err(error) => return Err(heeded(feishu, error).await.into()),
    };
    row.revision = meeting.head.revision;
    let after_ms = if meeting.recurrence.is_some() { SERIES_READ_MS } else { 0 };
    row.read_until_ms = meeting.end_ms.saturating_add(after_ms);
    keep(feishu, name, &row).await?;
    Ok(row.event_id)
}

/// Remembers a row, and until when its answers are read.
pub async fn keep(feishu: &Feishu, name: &str, row: &MeetingRow) -> Result<(), Failure> {
    rows::write(&*feishu.shelf, Kind::Meeting, name, row).await?;
    let is_open = !row.is_gone && row.read_until_ms > feishu.clock.now_ms();
    feishu.office.meetings.set(name, is_open.then_some(row.read_until_ms)).await
}

/// Makes the meeting, or finds the one that an earlier try made, with whatever that put there.
async fn made(
    feishu: &Feishu,
    meeting: &Meeting,
    calendar: &str,
    name: &str,
    generation: u32,
) -> Result<MeetingRow, CallError> {
    let key = digest(format!("{}:{name}:{generation}", feishu.ours().app_id).as_bytes());
    let body = written::creation(&written::shown(meeting));
    let call = Call::post(&events(calendar, &[]), &body).with("idempotency_key", key);
    let made: Made = feishu.client.data(call.with("user_id_type", "open_id")).await?;
    let unexpected =
        |_| CallError::Unexpected { status: 200, reason: "an event without an id".to_owned(), trace: None };
    let event_id = made.event.get("event_id").and_then(Value::as_str).unwrap_or_default();
    let event_id = plain(event_id).map_err(unexpected)?.to_owned();
    let mut row = found(feishu, meeting, calendar, &event_id).await?;
    row.generation = generation;
    row.shown.fields = made.event;
    Ok(row)
}

fn blank(meeting: &Meeting, event_id: String, generation: u32) -> MeetingRow {
    MeetingRow {
        key: meeting.head.key.clone(),
        event_id,
        revision: 0,
        generation,
        is_gone: false,
        shown: Shown::default(),
        answers: BTreeMap::new(),
        told: 0,
        read_until_ms: 0,
    }
}

/// The row of a meeting that is there, or was: by an earlier try, or by an installation whose shelf is lost.
async fn found(
    feishu: &Feishu,
    meeting: &Meeting,
    calendar: &str,
    event_id: &str,
) -> Result<MeetingRow, CallError> {
    let mut row = blank(meeting, event_id.to_owned(), 1);
    match invited(feishu, calendar, event_id).await {
        Ok(people) => {
            row.shown.invited = people.iter().map(|one| (one.user_id.clone(), one.is_optional)).collect();
            row.answers = answers::known(&people);
        }
        Err(error) if is_gone(&error) => row.is_gone = true,
        Err(error) => return Err(error),
    }
    Ok(row)
}

async fn take_away(feishu: &Feishu, calendar: &str, row: &mut MeetingRow) -> Result<(), CallError> {
    if !row.is_gone {
        let call = Call::delete(&events(calendar, &[&row.event_id])).with("need_notification", "true");
        match feishu.client.done(call).await {
            Err(error) if !is_gone(&error) => return Err(error),
            _ => row.is_gone = true,
        }
    }
    Ok(())
}

/// Changes what differs. After a failure the row on the shelf is as before, and every step may be repeated.
async fn bring(
    feishu: &Feishu,
    meeting: &Meeting,
    calendar: &str,
    row: &mut MeetingRow,
) -> Result<(), CallError> {
    let wanted = written::shown(meeting);
    let with_ids = |call: Call| call.with("user_id_type", "open_id");
    if let Some(change) = written::change(&row.shown, &wanted) {
        let call = Call::patch(&events(calendar, &[&row.event_id]), &change);
        feishu.client.data::<Made>(with_ids(call)).await?;
    }
    let before = std::mem::replace(&mut row.shown, wanted.clone());
    let gone: Vec<_> = before.invited.keys().filter(|id| !wanted.invited.contains_key(*id)).collect();
    uninvite(feishu, calendar, &row.event_id, &gone).await?;
    let new = wanted.invited.iter().filter(|(id, optional)| before.invited.get(*id) != Some(optional));
    if let Some(body) = written::invitation(new) {
        let call = Call::post(&events(calendar, &[&row.event_id, "attendees"]), &body);
        feishu.client.data::<Invitations>(with_ids(call)).await?;
    }
    row.answers.retain(|id, _| wanted.invited.contains_key(id));
    Ok(())
}

/// Takes the invitation of some people back. Only a list of all tells by what each of them is known there.
async fn uninvite(
    feishu: &Feishu,
    calendar: &str,
    event_id: &str,
    people: &[&String],
) -> Result<(), CallError> {
    if people.is_empty() {
        return Ok(());
    }
    let all = invited(feishu, calendar, event_id).await?;
    let gone = all.iter().filter(|one| people.contains(&&one.user_id));
    let ids: Vec<&str> = gone.map(|one| one.attendee_id.as_str()).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let body = json!({ "attendee_ids": ids, "need_notification": true });
    let path = events(calendar, &[event_id, "attendees", "batch_delete"]);
    feishu.client.done(Call::post(&path, &body).with("user_id_type", "open_id")).await
}
