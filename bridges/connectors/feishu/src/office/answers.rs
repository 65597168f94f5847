//! What people answer to invitations. Apps get no event of it, so it is read.

use std::collections::BTreeMap;

use bridge_api::{Action, Arrival, EntryKey, Failure, Inbox, digest};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Deed, acted,
    calendar::{self, events, heeded},
    instances::{self, InstanceRow},
    meetings::{MeetingRow, keep},
    person_of,
    rows::{self, Kind},
};
use crate::{
    Feishu,
    client::{Call, CallError},
    events::text,
    failure::is_gone,
    limits::{ATTENDEES_PAGE_MAX, INSTANCES_READ_MAX, PAGES_MAX},
};

/// What somebody is known to have answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Known {
    /// They come.
    Accept,
    /// Perhaps.
    Tentative,
    /// They do not.
    Decline,
}

impl Known {
    fn read(text: &str) -> Option<Self> {
        match text {
            "accept" => Some(Self::Accept),
            "tentative" => Some(Self::Tentative),
            "decline" => Some(Self::Decline),
            _ => None,
        }
    }

    const fn action(self) -> Action {
        match self {
            Self::Accept => Action::Accept,
            Self::Tentative => Action::Tentative,
            Self::Decline => Action::Decline,
        }
    }
}

/// Somebody who is invited, as the platform has it.
#[derive(Clone, Debug)]
pub struct Invited {
    pub attendee_id: String,
    pub user_id: String,
    pub is_optional: bool,
    answer: Option<Known>,
    raw: Value,
}

/// A page of a list.
#[derive(Deserialize)]
pub struct Listed {
    #[serde(default)]
    pub items: Vec<Value>,
    #[serde(default)]
    pub has_more: bool,
    #[serde(default)]
    pub page_token: Option<String>,
}

/// Everybody who is invited to an event.
pub async fn invited(feishu: &Feishu, calendar: &str, event_id: &str) -> Result<Vec<Invited>, CallError> {
    let (mut all, mut from) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let mut call = Call::get(&events(calendar, &[event_id, "attendees"]))
            .with("user_id_type", "open_id")
            .with("page_size", ATTENDEES_PAGE_MAX.to_string());
        if let Some(token) = from {
            call = call.with("page_token", token);
        }
        let page: Listed = feishu.client.data(call).await?;
        let people = page.items.into_iter().filter(|item| text(item, "type") == "user");
        all.extend(people.map(|item| Invited {
            attendee_id: text(&item, "attendee_id").to_owned(),
            user_id: text(&item, "user_id").to_owned(),
            is_optional: item.get("is_optional").and_then(Value::as_bool).unwrap_or(false),
            answer: Known::read(text(&item, "rsvp_status")),
            raw: item,
        }));
        from = page.page_token.filter(|token| page.has_more && !token.is_empty());
        if from.is_none() {
            break;
        }
    }
    Ok(all)
}

/// What each of them answered.
pub fn known(people: &[Invited]) -> BTreeMap<String, Known> {
    people.iter().filter_map(|one| Some((one.user_id.clone(), one.answer?))).collect()
}

/// Reads the answers to a meeting of ours and tells those that are new.
pub async fn look_at(feishu: &Feishu, name: &str, inbox: &dyn Inbox) -> Result<(), Failure> {
    let _lock = feishu.office.locks.lock(name).await;
    let row: Option<MeetingRow> = rows::read(&*feishu.shelf, Kind::Meeting, name).await?;
    let Some(mut row) = row.filter(|row| !row.is_gone) else {
        return feishu.office.meetings.set(name, None).await;
    };
    let calendar = calendar::own(feishu).await?;
    let people = match invited(feishu, &calendar, &row.event_id).await {
        Ok(people) => people,
        Err(error) if is_gone(&error) => {
            // The next revision makes it anew.
            row.is_gone = true;
            return keep(feishu, name, &row).await;
        }
        Err(error) => return Err(heeded(feishu, error).await.into()),
    };
    look_at_instances(feishu, &calendar, &row, inbox).await?;
    let unique = format!("{} {}", row.generation, row.told);
    let arrivals = news(feishu, &row.key, &people, &row.answers, (None, &unique))?;
    let known = known(&people);
    if known == row.answers {
        return Ok(());
    }
    let news = u64::try_from(arrivals.len()).unwrap_or(0);
    inbox.take(arrivals).await.map_err(|error| Failure::later(error.to_string()))?;
    row.told = row.told.saturating_add(news);
    row.answers = known;
    keep(feishu, name, &row).await
}

/// The same for the instances that differ from their series and are to come: each is answered by itself.
async fn look_at_instances(
    feishu: &Feishu,
    calendar: &str,
    row: &MeetingRow,
    inbox: &dyn Inbox,
) -> Result<(), Failure> {
    let mut looked_at = 0;
    for original_ms in row.standing.changed() {
        let instance = instances::read(feishu, row, original_ms).await?;
        let is_to_come = |one: &InstanceRow| !one.is_gone && one.end_ms > feishu.clock.now_ms();
        let Some(mut instance) = instance.filter(is_to_come) else { continue };
        if looked_at == INSTANCES_READ_MAX {
            break;
        }
        looked_at += 1;
        let people = match invited(feishu, calendar, &instance.event_id).await {
            Ok(people) => people,
            Err(error) if is_gone(&error) => continue,
            Err(error) => return Err(heeded(feishu, error).await.into()),
        };
        let unique = format!("{} {original_ms} {}", row.generation, instance.told);
        let arrivals = news(feishu, &row.key, &people, &instance.answers, (Some(original_ms), &unique))?;
        let known = known(&people);
        if known == instance.answers {
            continue;
        }
        instance.told = instance.told.saturating_add(u64::try_from(arrivals.len()).unwrap_or(0));
        inbox.take(arrivals).await.map_err(|error| Failure::later(error.to_string()))?;
        instance.answers = known;
        instances::write(feishu, row, original_ms, &instance).await?;
    }
    Ok(())
}

/// What people answered that is not known yet: to the series, or to one instance.
fn news(
    feishu: &Feishu,
    key: &EntryKey,
    people: &[Invited],
    known: &BTreeMap<String, Known>,
    (instance_ms, unique): (Option<u64>, &str),
) -> Result<Vec<Arrival>, Failure> {
    let mut arrivals = Vec::new();
    for one in people.iter().filter(|one| known.get(&one.user_id).copied() != one.answer) {
        // Nobody takes an answer back without giving another one; at another time all are asked anew.
        let (Some(answer), Some(by)) = (one.answer, person_of(&one.user_id)) else { continue };
        let (action, words) = (answer.action(), None);
        let (proof, unique) = (digest(one.raw.to_string().as_bytes()), unique.to_owned());
        let deed = Deed { key, by, action, words, instance_ms, proof, unique };
        arrivals.push(acted(feishu, deed, feishu.clock.now_ms())?);
    }
    Ok(arrivals)
}
