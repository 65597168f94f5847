//! Meetings as events of the organiser's calendar: made once by their `x-client-token`, changed by what is new alone, because each
//! change is a call of the month.

use std::collections::BTreeMap;

use async_trait::async_trait;
use bridge_api::{
    Answer, Attendee, Busy, Calendars, CallError, EntryOnPlatform, Exception, Failure, FailureKind, Meaning,
    Meeting, PersonId, Standing, digest, words,
};
use serde_json::{Map, Value, json};

use super::{
    Entries, Kind,
    instances::{Wanted, unless_gone},
    meeting_row::{Guest, Row},
    meeting_words::fields,
    nowhere, on_platform, owner_and_id, refused,
};
use crate::{client::Call, lenient::text, limits::EVENTS_AT_ONCE_MAX};

words! {
    NOBODY = "会议组织者不在钉钉，请设置 dingtalk.operator" | "the organiser is not on DingTalk; set dingtalk.operator";
}

const EVENTS: &str = "/v1.0/calendar/users/*/calendars/primary/events";
pub(super) const EVENT: &str = "/v1.0/calendar/users/*/calendars/primary/events/*";

/// What says when it is.
const WHEN: [&str; 4] = ["start", "end", "isAllDay", "recurrence"];

/// Of the digest that repeats are known by, in characters: as many as an id of the platform's own has.
const TOKEN_CHARACTERS: usize = 32;

#[async_trait]
impl Calendars for Entries {
    async fn put_meeting(
        &self,
        meeting: &Meeting,
        known: Option<&EntryOnPlatform>,
    ) -> Result<EntryOnPlatform, Failure> {
        let key = &meeting.head.key;
        let _turn = self.turn(key).await;
        let mut row: Row = self.row(Kind::Meeting, key).await?.unwrap_or_default();
        if row.id.is_none()
            && row.revision == 0
            && let Some((owner, id)) = known.and_then(owner_and_id)
        {
            (row.owner, row.id) = (owner.to_owned(), Some(id.to_owned()));
            self.remember_id(Kind::Meeting, id, key).await?;
        }
        if row.revision > meeting.head.revision {
            return row.id.as_deref().map_or_else(nowhere, |id| on_platform(&row.owner, id));
        }
        let outcome = if meeting.is_canceled {
            self.cancel(meeting, &mut row).await
        } else {
            self.put_up(meeting, &mut row).await
        };
        if outcome.is_ok() {
            row.revision = meeting.head.revision;
        }
        self.write_row(Kind::Meeting, key, &row).await?;
        outcome?;
        row.id.as_deref().map_or_else(nowhere, |id| on_platform(&row.owner, id))
    }

    async fn busy(&self, people: &[PersonId], from_ms: u64, until_ms: u64) -> Result<Vec<Busy>, Failure> {
        self.times_of(people, from_ms, until_ms).await
    }
}

impl Entries {
    async fn put_up(&self, meeting: &Meeting, row: &mut Row) -> Result<(), Failure> {
        let garbled = || FailureKind::Garbled("a meeting beyond the calendar".to_owned());
        let fields = fields(meeting).ok_or_else(|| Failure::new(garbled()))?;
        for _ in 0..EVENTS_AT_ONCE_MAX {
            let is_new = row.id.is_none();
            if is_new {
                self.make(meeting, &fields, row).await?;
            }
            if let Some(exceptions) = exceptions(meeting, &fields, row)
                && self.stand(meeting, &fields, row, &exceptions, is_new).await?
            {
                return Ok(());
            }
            // No way leads there, or the organiser deleted it there, and it takes place all the same.
            self.take_event_away(&meeting.head.key, row).await?;
        }
        Err(Failure::later("the event is taken away as often as it is made"))
    }

    /// Brings an event and its instances to what they shall be; false when one of them is gone.
    async fn stand(
        &self,
        meeting: &Meeting,
        fields: &Value,
        row: &mut Row,
        exceptions: &[Exception],
        is_new: bool,
    ) -> Result<bool, Failure> {
        let guests = self.guests(meeting, row).await?;
        let is_rewritten = digests(fields) != row.said;
        if unless_gone(self.bring_to(fields, &guests, row).await)?.is_none() {
            return Ok(false);
        }
        let wanted = Wanted { exceptions, guests: &guests, is_rewritten, is_new };
        self.bring_instances(meeting, row, &wanted).await
    }

    /// Who is invited, but for the organiser, who is there anyway.
    async fn guests(&self, meeting: &Meeting, row: &Row) -> Result<Vec<Guest>, Failure> {
        let invited = meeting.attendees.iter().map(|attendee| attendee.person.clone()).collect();
        let unions = self.unions_of(invited).await?;
        let guest = |attendee: &Attendee| {
            let union = unions.get(&attendee.person).filter(|union| **union != row.owner)?;
            let known = row.guests.iter().find(|guest| guest.union == *union);
            Some(Guest {
                person: attendee.person.clone(),
                union: union.clone(),
                is_optional: attendee.is_optional,
                put: attendee.answer,
                answer: known.and_then(|known| known.answer),
                changes: known.map_or(0, |known| known.changes),
            })
        };
        Ok(meeting.attendees.iter().filter_map(guest).collect())
    }

    async fn make(&self, meeting: &Meeting, fields: &Value, row: &mut Row) -> Result<(), Failure> {
        let key = &meeting.head.key;
        if row.owner.is_empty() {
            let owner = self.in_whose_name(meeting.organizer.as_ref()).await?;
            row.owner = owner.ok_or_else(|| refused(NOBODY))?;
        }
        let guests = self.guests(meeting, row).await?;
        let was_begun = std::mem::replace(&mut row.is_begun, true);
        self.write_row(Kind::Meeting, key, row).await?;
        let mut body = fields.clone();
        body["attendees"] = guests.iter().map(Guest::invited).collect();
        let token = digest(format!("{}:{}", key.as_str(), row.generation).as_bytes());
        let mut call = Call::post(EVENTS, body).about([&row.owner]);
        call.repeat_key = Some(token.chars().take(TOKEN_CHARACTERS).collect());
        let answer = self.client.call(&call).await.inspect_err(|error| {
            row.is_begun = was_begun || !matches!(error.meaning, Meaning::Refused(_));
        })?;
        let Some(id) = text(&answer, "id") else {
            return Err(Failure::later("the platform does not say what it calls the event"));
        };
        self.remember_id(Kind::Meeting, &id, key).await?;
        row.id = Some(id);
        // What an earlier call made may say something else.
        row.said = if was_begun { BTreeMap::new() } else { digests(fields) };
        row.guests = guests.into_iter().map(|guest| Guest { put: None, ..guest }).collect();
        row.is_begun = false;
        self.write_row(Kind::Meeting, key, row).await
    }

    /// Brings what is there to what shall be there; nothing is asked where both are the same.
    async fn bring_to(&self, fields: &Value, wanted: &[Guest], row: &mut Row) -> Result<(), CallError> {
        let (owner, id) = (row.owner.clone(), row.id.clone().unwrap_or_default());
        let said = digests(fields);
        if said != row.said {
            let mut body = news(fields, &said, &row.said);
            body["id"] = json!(id);
            let answer = self.client.call(&Call::put(EVENT, body).about([&owner, &id])).await?;
            row.changed(&answer);
            row.said = said;
        }
        self.bring_people((&owner, &id), &row.guests, wanted).await?;
        let before = std::mem::take(&mut row.guests);
        let put_before = |guest: &Guest| {
            before.iter().find(|known| known.union == guest.union).and_then(|known| known.put)
        };
        row.guests = wanted.iter().map(|guest| Guest { put: put_before(guest), ..guest.clone() }).collect();
        for (guest, wanted) in row.guests.iter_mut().zip(wanted) {
            // What they answered there themselves stands until the bot says something new of it.
            if guest.put != wanted.put && wanted.put != guest.answer {
                let path = "/v1.0/calendar/users/*/calendars/primary/events/*/respond";
                let body = json!({"responseStatus": in_their_words(wanted.put)});
                self.client.call(&Call::post(path, body).about([&guest.union, &id])).await?;
                guest.answer = wanted.put;
            }
            guest.put = wanted.put;
        }
        Ok(())
    }

    /// Invites who is new, and takes the invitation of who is not wanted any more back.
    pub(super) async fn bring_people(
        &self,
        (owner, id): (&str, &str),
        before: &[Guest],
        wanted: &[Guest],
    ) -> Result<(), CallError> {
        let known = |guest: &&Guest| {
            before.iter().any(|known| known.union == guest.union && known.is_optional == guest.is_optional)
        };
        let new: Vec<Value> = wanted.iter().filter(|guest| !known(guest)).map(Guest::invited).collect();
        if !new.is_empty() {
            let path = "/v1.0/calendar/users/*/calendars/primary/events/*/attendees";
            let body = json!({"attendeesToAdd": new});
            self.client.call(&Call::post(path, body).about([owner, id])).await?;
        }
        let stays = |guest: &&Guest| wanted.iter().any(|wanted| wanted.union == guest.union);
        let gone = before.iter().filter(|guest| !stays(guest));
        let gone: Vec<Value> = gone.map(|guest| json!({"id": guest.union})).collect();
        if !gone.is_empty() {
            let path = "/v1.0/calendar/users/*/calendars/primary/events/*/attendees/batchRemove";
            let body = json!({"attendeesToRemove": gone});
            self.client.call(&Call::post(path, body).about([owner, id])).await?;
        }
        Ok(())
    }

    async fn cancel(&self, meeting: &Meeting, row: &mut Row) -> Result<(), Failure> {
        // What a call made whose answer was lost is found by making it once more.
        if row.id.is_none()
            && row.is_begun
            && let Some(fields) = fields(meeting)
        {
            self.make(meeting, &fields, row).await?;
        }
        self.take_event_away(&meeting.head.key, row).await
    }
}

/// What single instances have to be, as far as the calendar shows the series; nothing where no way leads there.
fn exceptions(meeting: &Meeting, fields: &Value, row: &Row) -> Option<Vec<Exception>> {
    match fields.get("recurrence") {
        Some(_) => row.standing.wanted(meeting),
        // What stands there as one event says in words which instances differ.
        None => (row.standing == Standing::default()).then(Vec::new),
    }
}

/// An answer in the platform's words.
const fn in_their_words(answer: Option<Answer>) -> &'static str {
    match answer {
        Some(Answer::Accepted) => "accepted",
        Some(Answer::Tentative) => "tentative",
        Some(Answer::Declined) => "declined",
        None => "needsAction",
    }
}

fn digests(fields: &Value) -> BTreeMap<String, String> {
    let fields = fields.as_object().into_iter().flatten();
    fields.map(|(name, value)| (name.clone(), digest(value.to_string().as_bytes()))).collect()
}

/// The fields that are not as they were; of times all or none.
fn news(fields: &Value, said: &BTreeMap<String, String>, before: &BTreeMap<String, String>) -> Value {
    let is_news = |name: &str| said.get(name) != before.get(name);
    let moved = WHEN.iter().any(|name| is_news(name));
    let news = fields.as_object().into_iter().flatten();
    let news = news.filter(|(name, _)| is_news(name) || moved && WHEN.contains(&name.as_str()));
    news.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>().into()
}
