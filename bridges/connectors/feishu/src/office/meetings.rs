//! Puts meetings into the calendar of our bot and invites people. The row on the shelf says how the platform shows a meeting; what
//! differs is changed.

use std::collections::BTreeMap;

use async_trait::async_trait;
use bridge_api::{Busy, Calendars, EntryKey, EntryOnPlatform, Failure, Meeting, PersonId, Standing, digest};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    answers::{self, invited},
    busy,
    calendar::{self, Place, events},
    instances,
    invitations::{invite, uninvite},
    meetings_written::{self as written, Shown},
    plain,
    rows::{self, Kind, name_of},
};
use crate::{
    Feishu,
    abilities::id_of,
    client::{Call, CallError},
    limits::{EVENTS_AT_ONCE_MAX, SERIES_READ_MS},
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
    /// Which instances of it are no longer those of its series.
    #[serde(default)]
    pub standing: Standing,
    /// What people are known to have answered there.
    pub answers: BTreeMap<String, answers::Known>,
    /// How often an answer was told.
    pub told: u64,
    /// Until when answers are read.
    pub read_until_ms: u64,
}

/// What a success says, so that an answer without it is none.
#[derive(Deserialize)]
pub struct Made {
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
            row => {
                let calendar = calendar::own(self).await?;
                let place = Place { feishu: self, meeting, calendar: &calendar, name: &name };
                Box::pin(put(&place, row, known)).await?
            }
        };
        id_of(EntryOnPlatform::new(id))
    }

    async fn busy(&self, people: &[PersonId], from_ms: u64, until_ms: u64) -> Result<Vec<Busy>, Failure> {
        busy::busy(self, people, from_ms, until_ms).await
    }
}

/// Brings what the platform shows to how the meeting stands; what it is called there.
async fn put(
    place: &Place<'_>,
    row: Option<MeetingRow>,
    known: Option<&EntryOnPlatform>,
) -> Result<String, Failure> {
    let mut row = match (row, known) {
        (Some(row), _) => row,
        (None, Some(known)) => place.heeded(found(place, known.as_str()).await).await?,
        (None, None) => place.heeded(made(place, 0).await).await?,
    };
    if place.meeting.is_canceled {
        take_away(place, &mut row).await?;
    } else {
        stand(place, &mut row).await?;
    }
    row.revision = place.meeting.head.revision;
    row.read_until_ms = over_ms(place.meeting);
    keep(place.feishu, place.name, &row).await?;
    Ok(row.event_id)
}

/// When all of a meeting is over.
fn over_ms(meeting: &Meeting) -> u64 {
    let of_series = match (&meeting.recurrence, meeting.last_ms) {
        (Some(_), None) => meeting.end_ms.saturating_add(SERIES_READ_MS),
        (_, last_ms) => {
            let length_ms = meeting.end_ms.saturating_sub(meeting.start_ms);
            last_ms.unwrap_or(meeting.start_ms).saturating_add(length_ms)
        }
    };
    let instances = meeting.exceptions.iter().filter_map(|one| Some(one.instead.as_ref()?.end_ms));
    instances.fold(of_series, u64::max)
}

/// Brings the event and its instances to how the meeting stands, in another event where no way leads there or somebody took it away.
async fn stand(place: &Place<'_>, row: &mut MeetingRow) -> Result<(), Failure> {
    let mut is_new = false;
    if row.is_gone {
        // Somebody took the series away; the row of another one would not know them any more.
        instances::take_away(place, row).await?;
    }
    for _ in 0..EVENTS_AT_ONCE_MAX {
        if row.is_gone {
            *row = place.heeded(made(place, row.generation.saturating_add(1)).await).await?;
            is_new = true;
        }
        if let Some(wanted) = row.standing.wanted(place.meeting)
            && place.unless_gone(bring(place, row).await).await?.is_some()
            && instances::bring(place, row, &wanted, is_new).await?
        {
            return Ok(());
        }
        take_away(place, row).await?;
    }
    Err(Failure::later("the event is taken away as often as it is made"))
}

/// Remembers a row, and until when its answers are read.
pub async fn keep(feishu: &Feishu, name: &str, row: &MeetingRow) -> Result<(), Failure> {
    rows::write(&*feishu.shelf, Kind::Meeting, name, row).await?;
    let is_open = !row.is_gone && row.read_until_ms > feishu.clock.now_ms();
    feishu.office.meetings.set(name, is_open.then_some(row.read_until_ms)).await
}

/// Makes the meeting, or finds the one that an earlier try made, with whatever that put there.
async fn made(place: &Place<'_>, generation: u32) -> Result<MeetingRow, CallError> {
    let feishu = place.feishu;
    let key = digest(format!("{}:{}:{generation}", feishu.ours().app_id, place.name).as_bytes());
    let body = written::creation(&written::shown(place.meeting));
    let call = Call::post(&events(place.calendar, &[]), &body).with("idempotency_key", key);
    let made: Made = feishu.client.data(call.with("user_id_type", "open_id")).await?;
    let unexpected =
        |_| CallError::Unexpected { status: 200, reason: "an event without an id".to_owned(), trace: None };
    let event_id = made.event.get("event_id").and_then(Value::as_str).unwrap_or_default();
    let event_id = plain(event_id).map_err(unexpected)?.to_owned();
    let mut row = found(place, &event_id).await?;
    row.generation = generation;
    row.shown.fields = made.event;
    Ok(row)
}

/// The row of a meeting that is there, or was: by an earlier try, or by an installation whose shelf is lost.
async fn found(place: &Place<'_>, event_id: &str) -> Result<MeetingRow, CallError> {
    let mut row = MeetingRow {
        key: place.meeting.head.key.clone(),
        event_id: event_id.to_owned(),
        revision: 0,
        generation: 1,
        is_gone: false,
        shown: Shown::default(),
        standing: Standing::default(),
        answers: BTreeMap::new(),
        told: 0,
        read_until_ms: 0,
    };
    match invited(place.feishu, place.calendar, event_id).await {
        Ok(people) => {
            row.shown.invited = people.iter().map(|one| (one.user_id.clone(), one.is_optional)).collect();
            row.answers = answers::known(&people);
        }
        Err(error) if crate::failure::is_gone(&error) => row.is_gone = true,
        Err(error) => return Err(error),
    }
    Ok(row)
}

/// Takes the event away, and its instances with it.
async fn take_away(place: &Place<'_>, row: &mut MeetingRow) -> Result<(), Failure> {
    if !row.is_gone {
        let call = Call::delete(&events(place.calendar, &[&row.event_id])).with("need_notification", "true");
        place.unless_gone(place.feishu.client.done(call).await).await?;
    }
    // Also where somebody took the series away: they outlive it.
    instances::take_away(place, row).await?;
    row.is_gone = true;
    Ok(())
}

/// Changes what differs. After a failure the row on the shelf is as before, and every step may be repeated.
async fn bring(place: &Place<'_>, row: &mut MeetingRow) -> Result<(), CallError> {
    let (feishu, calendar) = (place.feishu, place.calendar);
    let wanted = written::shown(place.meeting);
    if let Some(change) = written::change(&row.shown, &wanted) {
        let call = Call::patch(&events(calendar, &[&row.event_id]), &change);
        feishu.client.data::<Made>(call.with("user_id_type", "open_id")).await?;
    }
    let before = std::mem::replace(&mut row.shown, wanted.clone());
    let gone: Vec<_> = before.invited.keys().filter(|id| !wanted.invited.contains_key(*id)).collect();
    uninvite(feishu, calendar, &row.event_id, &gone).await?;
    let new = wanted.invited.iter().filter(|(id, optional)| before.invited.get(*id) != Some(optional));
    invite(feishu, calendar, &row.event_id, new).await?;
    row.answers.retain(|id, _| wanted.invited.contains_key(id));
    Ok(())
}
