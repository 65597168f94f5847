//! What people answer to invitations in DingTalk's calendar.

use bridge_api::{
    Acted, Action, Answer, Arrival, CallError, EntryKey, EventKey, Failure, Happened, Meaning, digest,
};

use super::{
    Entries, Kind,
    instances::instance_key,
    meeting_row::{Guest, Row},
    meetings::EVENT,
    told::Told,
};
use crate::{
    client::Call,
    events::Event,
    lenient::{items, number, text},
    limits::GUESTS_MAX,
};

impl Entries {
    /// An event of a calendar changed, says the platform.
    pub(super) async fn meeting_changed(&self, id: &str, event: Event<'_>) -> Result<Told, Failure> {
        // Of one that begins nobody can have said anything; whoever answers at once is told of by an event of its own.
        if text(event.data, "changeType").as_deref() == Some("create") {
            return Ok(Told::nothing());
        }
        let Some(key) = self.key_of(Kind::Meeting, id).await? else { return Ok(Told::nothing()) };
        let turn = self.turn(&key).await;
        let Some(mut row) = self.row::<Row>(Kind::Meeting, &key).await? else { return Ok(Told::nothing()) };
        if let Some(original_ms) = row.instances.get(id).copied() {
            let Some(mut instance) = self.instance_row(&key, &row, original_ms).await? else {
                return Ok(Told::nothing());
            };
            let about = About { id, key: &key, instance_ms: Some(original_ms) };
            let Some(arrivals) = self.news(about, &row.owner, &mut instance.guests, event).await? else {
                return Ok(Told::nothing());
            };
            return self.told_at(instance_key(&key, row.generation, original_ms), &instance, arrivals, turn);
        }
        if row.id.as_deref() != Some(id) {
            return Ok(Told::nothing());
        }
        if row.takes_own_change(event.data) {
            return self.told(Kind::Meeting, &key, &row, Vec::new(), turn);
        }
        let about = About { id, key: &key, instance_ms: None };
        match self.news(about, &row.owner.clone(), &mut row.guests, event).await? {
            Some(arrivals) => self.told(Kind::Meeting, &key, &row, arrivals, turn),
            None => Ok(Told::nothing()),
        }
    }

    /// What people answered that is not known yet; nothing where the platform does not say it.
    async fn news(
        &self,
        about: About<'_>,
        owner: &str,
        guests: &mut [Guest],
        event: Event<'_>,
    ) -> Result<Option<Vec<Arrival>>, Failure> {
        let About { id, key, instance_ms } = about;
        let call = Call::get(EVENT).about([owner, id]).with("maxAttendees", GUESTS_MAX.to_string());
        let read = match self.client.call(&call).await.map_err(CallError::of_reading) {
            Ok(read) => read,
            Err(CallError { meaning: Meaning::Refused(_), .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let proof = digest(read.to_string().as_bytes());
        let at_ms = number(event.data, "calendarEventUpdateTime").unwrap_or(event.at_ms);
        let client_id = &self.client.settings().client_id;
        let mut arrivals = Vec::new();
        for attendee in items(&read, "attendees").iter().take(GUESTS_MAX) {
            let union = text(attendee, "id").unwrap_or_default();
            let Some(guest) = guests.iter_mut().find(|guest| guest.union == union) else { continue };
            let answer = answered(&text(attendee, "responseStatus").unwrap_or_default());
            if answer == guest.answer {
                continue;
            }
            let count = guest.changes;
            (guest.answer, guest.changes) = (answer, count + 1);
            // Who takes an answer back has said nothing new.
            let Some(action) = answer.map(acted) else { continue };
            let thing = digest(format!("{id}|{union}").as_bytes());
            let Ok(event) = EventKey::new(format!("{client_id}:meeting:{thing}:{count}")) else { continue };
            let (by, proof) = (guest.person.clone(), proof.clone());
            let what = Acted { key: key.clone(), by, action, words: None, instance_ms, proof };
            arrivals.push(Arrival {
                key: event,
                conversation: None,
                at_ms,
                trace: Some(id.to_owned()),
                what: Happened::Acted(what),
            });
        }
        Ok(Some(arrivals))
    }
}

/// What may have been answered to.
struct About<'a> {
    /// The platform's id.
    id: &'a str,
    key: &'a EntryKey,
    /// Which instance of the series alone.
    instance_ms: Option<u64>,
}

fn answered(words: &str) -> Option<Answer> {
    match words {
        "accepted" => Some(Answer::Accepted),
        "tentative" => Some(Answer::Tentative),
        "declined" => Some(Answer::Declined),
        _ => None,
    }
}

const fn acted(answer: Answer) -> Action {
    match answer {
        Answer::Accepted => Action::Accept,
        Answer::Tentative => Action::Tentative,
        Answer::Declined => Action::Decline,
    }
}
