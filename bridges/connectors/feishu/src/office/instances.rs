//! Single instances of a series that differ from it. Each is an event of its own, called by its series and by when it would have been;
//! once it was changed it takes nothing over from its series any more, so its time, its words and its people are brought there too.

use std::collections::BTreeMap;

use bridge_api::{Exception, Failure, Meeting, digest};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    answers::{Known, Listed, invited},
    calendar::{Place, events},
    invitations::{invite, uninvite},
    meetings::{Made, MeetingRow, keep},
    meetings_written::{self as written, Shown},
    rows::{self, Kind},
};
use crate::{
    Feishu,
    client::{Call, CallError},
    events::text,
    limits::{INSTANCES_PAGE, INSTANCES_PAGES_MAX},
};

/// Seconds of a day, by which whole days are looked for on both sides.
const DAY_SECONDS: u64 = 86_400;

/// How an instance was put.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InstanceRow {
    pub event_id: String,
    /// What was said of it last, but for its people, as a digest; empty before it was said whole.
    said: String,
    /// Who was invited to it last, as a digest.
    people: String,
    /// Whether it was taken away.
    pub is_gone: bool,
    /// When it ends.
    pub end_ms: u64,
    /// What people are known to have answered to it.
    pub answers: BTreeMap<String, Known>,
    /// How often an answer to it was told.
    pub told: u64,
}

/// What the row of an instance is called.
pub fn name_of(row: &MeetingRow, original_ms: u64) -> String {
    digest(format!("{} {} {original_ms}", row.key, row.generation).as_bytes())
}

/// How an instance was put, if it was.
pub async fn read(
    feishu: &Feishu,
    row: &MeetingRow,
    original_ms: u64,
) -> Result<Option<InstanceRow>, Failure> {
    rows::read(&*feishu.shelf, Kind::Instance, &name_of(row, original_ms)).await
}

/// Remembers it.
pub async fn write(
    feishu: &Feishu,
    row: &MeetingRow,
    original_ms: u64,
    instance: &InstanceRow,
) -> Result<(), Failure> {
    rows::write(&*feishu.shelf, Kind::Instance, &name_of(row, original_ms), instance).await
}

/// Brings single instances to what they have to be; false when one is gone that takes place. Of an event that was made just now such
/// a one was never there, so the rest is brought all the same.
pub async fn bring(
    place: &Place<'_>,
    row: &mut MeetingRow,
    wanted: &[Exception],
    is_new: bool,
) -> Result<bool, Failure> {
    if wanted.is_empty() {
        return Ok(true);
    }
    wanted.iter().for_each(|one| row.standing.note(place.meeting, one));
    keep(place.feishu, place.name, row).await?;
    for one in wanted {
        let is_there = match one.instead.is_some() {
            true => changed(place, row, one, is_new).await?,
            false => canceled(place, row, one.original_ms).await?,
        };
        match is_there {
            true => {}
            false if is_new => tracing::warn!("the platform has no such instance of a series"),
            false => return Ok(false),
        }
    }
    Ok(true)
}

/// Takes away every instance that is an event of its own: they outlive their series.
pub async fn take_away(place: &Place<'_>, row: &MeetingRow) -> Result<(), Failure> {
    for original_ms in row.standing.changed() {
        let known = read(place.feishu, row, original_ms).await?;
        if let Some(instance) = known.filter(|instance| !instance.is_gone) {
            let call = Call::delete(&events(place.calendar, &[&instance.event_id]));
            let call = call.with("need_notification", "false");
            place.unless_gone(place.feishu.client.done(call).await).await?;
        }
    }
    Ok(())
}

async fn canceled(place: &Place<'_>, row: &MeetingRow, original_ms: u64) -> Result<bool, Failure> {
    let known = read(place.feishu, row, original_ms).await?;
    if known.as_ref().is_some_and(|instance| instance.is_gone) {
        return Ok(true);
    }
    let instance = match known {
        Some(instance) => instance,
        None => match found(place, row, original_ms).await? {
            Some(instance) => instance,
            None => return Ok(true),
        },
    };
    let call = Call::delete(&events(place.calendar, &[&instance.event_id])).with("need_notification", "true");
    place.unless_gone(place.feishu.client.done(call).await).await?;
    write(place.feishu, row, original_ms, &InstanceRow { is_gone: true, ..instance }).await?;
    Ok(true)
}

async fn changed(
    place: &Place<'_>,
    row: &MeetingRow,
    one: &Exception,
    is_new: bool,
) -> Result<bool, Failure> {
    let Some(instead) = &one.instead else { return Ok(true) };
    let mut instance = match read(place.feishu, row, one.original_ms).await? {
        // It was looked for before and is not there.
        Some(instance) if instance.is_gone => return Ok(true),
        Some(instance) => instance,
        None => match found(place, row, one.original_ms).await? {
            Some(instance) => instance,
            None => {
                // An event that was made just now never had it, and neither would the next: it is looked for once.
                if is_new {
                    let instance = InstanceRow {
                        event_id: String::new(),
                        said: String::new(),
                        people: String::new(),
                        is_gone: true,
                        end_ms: instead.end_ms,
                        answers: BTreeMap::new(),
                        told: 0,
                    };
                    write(place.feishu, row, one.original_ms, &instance).await?;
                }
                return Ok(false);
            }
        },
    };
    let wanted = of_instance(&place.meeting.instance(instead));
    let said = digest(Value::Object(wanted.fields.clone()).to_string().as_bytes());
    if said != instance.said {
        // Before it is changed it is as its series, people among it.
        write(place.feishu, row, one.original_ms, &instance).await?;
        let path = events(place.calendar, &[&instance.event_id]);
        let call = Call::patch(&path, &Value::Object(wanted.fields.clone()));
        let patched = place.feishu.client.data::<Made>(call.with("user_id_type", "open_id")).await;
        if place.unless_gone(patched).await?.is_none() {
            write(place.feishu, row, one.original_ms, &InstanceRow { is_gone: true, ..instance }).await?;
            return Ok(false);
        }
        instance.said = said;
    }
    let people = digest_of(&wanted);
    if people != instance.people {
        if place.unless_gone(bring_people(place, &instance.event_id, &wanted).await).await?.is_none() {
            return Ok(false);
        }
        instance.people = people;
    }
    instance.answers.retain(|id, _| wanted.invited.contains_key(id));
    instance.end_ms = instead.end_ms;
    write(place.feishu, row, one.original_ms, &instance).await?;
    Ok(true)
}

/// An instance as it is to be shown; how its series repeats is no part of it.
fn of_instance(one: &Meeting) -> Shown {
    let mut shown = written::shown(one);
    shown.fields.remove("recurrence");
    shown
}

fn digest_of(shown: &Shown) -> String {
    let people: Vec<String> =
        shown.invited.iter().map(|(id, is_optional)| format!("{id} {is_optional}")).collect();
    digest(people.join("\n").as_bytes())
}

async fn bring_people(place: &Place<'_>, event_id: &str, wanted: &Shown) -> Result<(), CallError> {
    let there = invited(place.feishu, place.calendar, event_id).await?;
    let stays = |id: &str| wanted.invited.contains_key(id);
    let gone: Vec<&String> = there.iter().map(|one| &one.user_id).filter(|id| !stays(id)).collect();
    uninvite(place.feishu, place.calendar, event_id, &gone).await?;
    let known = |id: &String, is_optional: &bool| {
        there.iter().any(|one| one.user_id == *id && one.is_optional == *is_optional)
    };
    let new = wanted.invited.iter().filter(|(id, is_optional)| !known(id, is_optional));
    invite(place.feishu, place.calendar, event_id, new).await
}

/// An instance that was never touched; nothing where the platform has none then.
async fn found(
    place: &Place<'_>,
    row: &MeetingRow,
    original_ms: u64,
) -> Result<Option<InstanceRow>, Failure> {
    let series = row.event_id.rsplit_once('_').map_or(row.event_id.as_str(), |(series, _)| series);
    let event_id = match place.meeting.is_all_day {
        // What moment stands for a whole day the platform says itself.
        true => place.unless_gone(listed(place, row, original_ms).await).await?.flatten(),
        false => Some(format!("{series}_{}", original_ms / 1_000)),
    };
    Ok(event_id.map(|event_id| InstanceRow {
        event_id,
        said: String::new(),
        people: digest_of(&row.shown),
        is_gone: false,
        end_ms: original_ms,
        answers: row.answers.clone(),
        told: 0,
    }))
}

/// What the platform calls the instance of a day.
async fn listed(place: &Place<'_>, row: &MeetingRow, original_ms: u64) -> Result<Option<String>, CallError> {
    let day = written::day(original_ms, &place.meeting.zone);
    let (from_s, until_s) = ((original_ms / 1_000).saturating_sub(DAY_SECONDS), original_ms / 1_000);
    let mut from = None;
    for _ in 0..INSTANCES_PAGES_MAX {
        let mut call = Call::get(&events(place.calendar, &[&row.event_id, "instances"]))
            .with("start_time", from_s.to_string())
            .with("end_time", (until_s + 2 * DAY_SECONDS).to_string())
            .with("page_size", INSTANCES_PAGE.to_string());
        if let Some(token) = from {
            call = call.with("page_token", token);
        }
        let page: Listed = place.feishu.client.data(call).await?;
        let is_it = |item: &&Value| {
            let begins = item.get("start_time").map(|start| text(start, "date")).unwrap_or_default();
            begins == day && item.get("is_exception") != Some(&Value::Bool(true))
        };
        if let Some(item) = page.items.iter().find(is_it) {
            return Ok(super::plain(text(item, "event_id")).ok().map(str::to_owned));
        }
        from = page.page_token.filter(|token| page.has_more && !token.is_empty());
        if from.is_none() {
            break;
        }
    }
    Ok(None)
}
