//! Single instances of a series that differ from it. The view of a calendar says what each of them is called, and under that name it is
//! changed or taken away as any event.

use bridge_api::{CallError, EntryKey, Exception, Failure, Meaning, Meeting, Refusal, digest};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Entries, Kind,
    meeting_row::{Guest, Row},
    meeting_words::fields,
    meetings::EVENT,
    times::{place_in_time, read as read_time, written, zone},
};
use crate::{
    client::Call,
    lenient::{items, text},
    limits::{ENTRY_KEPT_MS, VIEW_PAGE, VIEW_PAGES_MAX},
};

const VIEW: &str = "/v1.0/calendar/users/*/calendars/primary/eventsview";
const DAY_MS: u64 = 86_400_000;

/// What is remembered of an instance.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct InstanceRow {
    /// The platform's id.
    pub id: String,
    /// What was said of it last, but for its people, as a digest; empty before it was said whole.
    said: String,
    /// Whether it was taken away.
    is_gone: bool,
    /// Who is invited to it.
    pub guests: Vec<Guest>,
}

/// What all instances of one meeting are brought to.
pub(super) struct Wanted<'a> {
    pub exceptions: &'a [Exception],
    pub guests: &'a [Guest],
    /// Whether the series was changed just now, which may have reached its instances too.
    pub is_rewritten: bool,
    /// Whether the event was made just now.
    pub is_new: bool,
}

/// The row of an instance of the event that is the `generation`-th of its meeting.
pub(super) fn instance_key(key: &EntryKey, generation: u32, original_ms: u64) -> String {
    format!("instance:{}", digest(format!("{key} {generation} {original_ms}").as_bytes()))
}

impl Entries {
    pub(super) async fn instance_row(
        &self,
        key: &EntryKey,
        row: &Row,
        original_ms: u64,
    ) -> Result<Option<InstanceRow>, Failure> {
        Ok(self.shelf.read(&instance_key(key, row.generation, original_ms)).await?)
    }

    async fn write_instance(
        &self,
        key: &EntryKey,
        row: &Row,
        original_ms: u64,
        instance: &InstanceRow,
    ) -> Result<(), Failure> {
        Ok(self.shelf.write(&instance_key(key, row.generation, original_ms), instance, ENTRY_KEPT_MS).await?)
    }

    /// Brings single instances to what they have to be; false when one is gone that takes place. Of an event that was made just now
    /// such a one was never there, so the rest is brought all the same.
    pub(super) async fn bring_instances(
        &self,
        meeting: &Meeting,
        row: &mut Row,
        wanted: &Wanted<'_>,
    ) -> Result<bool, Failure> {
        if wanted.exceptions.is_empty() {
            return Ok(true);
        }
        wanted.exceptions.iter().for_each(|one| row.standing.note(meeting, one));
        self.write_row(Kind::Meeting, &meeting.head.key, row).await?;
        for one in wanted.exceptions {
            let is_there = self.bring_instance(meeting, row, wanted, one).await?;
            match is_there {
                true => {}
                false if wanted.is_new => tracing::warn!("the calendar has no such instance of a series"),
                false => return Ok(false),
            }
        }
        Ok(true)
    }

    async fn bring_instance(
        &self,
        meeting: &Meeting,
        row: &mut Row,
        wanted: &Wanted<'_>,
        one: &Exception,
    ) -> Result<bool, Failure> {
        let (key, original_ms) = (&meeting.head.key, one.original_ms);
        let mut instance = match self.instance_row(key, row, original_ms).await? {
            // It is taken away, or was looked for before and is not there.
            Some(instance) if instance.is_gone => return Ok(true),
            Some(instance) => instance,
            None => match self.instance_id(row, meeting, original_ms).await? {
                Some(id) => {
                    InstanceRow { id, said: String::new(), is_gone: false, guests: row.guests.clone() }
                }
                None if one.instead.is_none() => return Ok(true),
                None => {
                    // An event that was made just now never had it, and neither would the next: it is looked for once.
                    if wanted.is_new {
                        let (id, said, guests) = (String::new(), String::new(), Vec::new());
                        let instance = InstanceRow { id, said, is_gone: true, guests };
                        self.write_instance(key, row, original_ms, &instance).await?;
                    }
                    return Ok(false);
                }
            },
        };
        let Some(instead) = &one.instead else {
            self.delete_event(&row.owner, &instance.id, true).await?;
            instance.is_gone = true;
            self.write_instance(key, row, original_ms, &instance).await?;
            return Ok(true);
        };
        self.remember_id(Kind::Meeting, &instance.id, key).await?;
        row.instances.insert(instance.id.clone(), original_ms);
        let Some(fields) = fields(&meeting.instance(instead)) else { return Ok(true) };
        let said = digest(fields.to_string().as_bytes());
        if wanted.is_rewritten || said != instance.said {
            // Before it is changed it is as its series, people among it.
            self.write_instance(key, row, original_ms, &instance).await?;
            let mut body = fields;
            body["id"] = json!(instance.id);
            let call = Call::put(EVENT, body).about([&row.owner, &instance.id]);
            if unless_gone(self.client.call(&call).await)?.is_none() {
                instance.is_gone = true;
                self.write_instance(key, row, original_ms, &instance).await?;
                return Ok(false);
            }
            instance.said = said;
        }
        let invited = self.bring_people((&row.owner, &instance.id), &instance.guests, wanted.guests).await;
        if unless_gone(invited)?.is_none() {
            return Ok(false);
        }
        let known = |guest: &Guest| instance.guests.iter().find(|known| known.union == guest.union).cloned();
        let guest = |guest: &Guest| {
            let is_optional = guest.is_optional;
            known(guest).map_or_else(|| guest.clone(), |known| Guest { is_optional, ..known })
        };
        instance.guests = wanted.guests.iter().map(guest).collect();
        self.write_instance(key, row, original_ms, &instance).await?;
        Ok(true)
    }

    /// Takes an event away, and the instances of it that differ with it.
    pub(super) async fn take_event_away(&self, key: &EntryKey, row: &mut Row) -> Result<(), Failure> {
        if let Some(id) = row.id.clone() {
            self.delete_event(&row.owner, &id, true).await?;
            for original_ms in row.standing.changed() {
                let known = self.instance_row(key, row, original_ms).await?;
                if let Some(instance) = known.filter(|instance| !instance.is_gone) {
                    self.delete_event(&row.owner, &instance.id, false).await?;
                }
            }
        }
        row.forget();
        Ok(())
    }

    /// Deletes an event; one that is gone is gone.
    async fn delete_event(&self, owner: &str, id: &str, is_told: bool) -> Result<(), Failure> {
        let call = Call::delete(EVENT).about([owner, id]).with("pushNotification", is_told.to_string());
        unless_gone(self.client.call(&call).await).map(drop)
    }

    /// What the platform calls an instance that was never changed.
    async fn instance_id(
        &self,
        row: &Row,
        meeting: &Meeting,
        original_ms: u64,
    ) -> Result<Option<String>, Failure> {
        let (Some(series), home) = (row.id.as_deref(), zone("")) else { return Ok(None) };
        let around = (original_ms.saturating_sub(DAY_MS), original_ms.saturating_add(2 * DAY_MS));
        let (Some(from), Some(until)) = (written(around.0, &home), written(around.1, &home)) else {
            return Ok(None);
        };
        let place = place_in_time(original_ms, &meeting.zone, meeting.is_all_day);
        let day = place.filter(|_| meeting.is_all_day).and_then(|place| text(&place, "date"));
        let mut page: Option<String> = None;
        for _ in 0..VIEW_PAGES_MAX {
            let mut call = Call::get(VIEW)
                .about([&row.owner])
                .with("timeMin", from.clone())
                .with("timeMax", until.clone())
                .with("maxResults", VIEW_PAGE.to_string());
            if let Some(token) = page {
                call = call.with("nextToken", token);
            }
            let view = self.client.call(&call).await.map_err(CallError::of_reading)?;
            let is_it = |event: &&Value| {
                let origin = event.get("originStart").and_then(read_time);
                let start = event.get("start");
                let is_then = match &day {
                    Some(day) => start.and_then(|start| text(start, "date")).as_ref() == Some(day),
                    None => origin.or_else(|| start.and_then(read_time)) == Some(original_ms),
                };
                is_then && text(event, "seriesMasterId").as_deref() == Some(series)
            };
            if let Some(event) = items(&view, "events").iter().find(is_it) {
                return Ok(text(event, "id"));
            }
            page = text(&view, "nextToken");
            if page.is_none() {
                break;
            }
        }
        Ok(None)
    }
}

/// What came of a call; nothing where what it is about is gone.
pub(super) fn unless_gone<T>(answer: Result<T, CallError>) -> Result<Option<T>, Failure> {
    match answer {
        Err(CallError { meaning: Meaning::Refused(Refusal::Gone), .. }) => Ok(None),
        answer => Ok(Some(answer?)),
    }
}
