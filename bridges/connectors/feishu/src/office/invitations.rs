//! Invites people to an event, and takes invitations back.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{answers::invited, calendar::events, meetings_written as written};
use crate::{
    Feishu,
    client::{Call, CallError},
};

/// What a success says, so that an answer without it is none.
#[derive(Deserialize)]
struct Invitations {
    #[serde(rename = "attendees")]
    _attendees: Vec<Value>,
}

/// Invites people, or says of some that it works without them.
pub async fn invite<'a>(
    feishu: &Feishu,
    calendar: &str,
    event_id: &str,
    people: impl Iterator<Item = (&'a String, &'a bool)>,
) -> Result<(), CallError> {
    let Some(body) = written::invitation(people) else { return Ok(()) };
    let call = Call::post(&events(calendar, &[event_id, "attendees"]), &body);
    feishu.client.data::<Invitations>(call.with("user_id_type", "open_id")).await.map(drop)
}

/// Takes the invitation of some people back. Only a list of all tells by what each of them is known there.
pub async fn uninvite(
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
