//! The calendar object of a meeting as state of the room where people talk about it.

use cases::Case;
use kit::{Letter, PREFIX};
use serde_json::json;
use store::Batch;

use super::{LOCALPART, Meetings, deliver::talk_of};
use crate::{limits::STATE_PEOPLE_MAX, meeting::Meeting};

impl Meetings {
    /// The calendar object as state of the room, for everybody's machines. A room that does not let the bot write state
    /// goes without. Of very many people those who were asked first stand there, and how many there are.
    pub(super) fn show_state(
        &self,
        batch: &mut Batch,
        before: Option<&Case<Meeting>>,
        after: &Case<Meeting>,
    ) {
        let is_same = before.is_some_and(|before| {
            let was_there = before.data.own_room().is_some() == after.data.own_room().is_some();
            before.data.event == after.data.event && before.state == after.state && was_there
        });
        let has_room = !after.data.home.is_direct || after.data.own_room().is_some();
        if !has_room || is_same {
            return;
        }
        let mut content = match serde_json::to_value(&after.data.event) {
            Ok(content) => content,
            Err(error) => {
                tracing::error!(%error, meeting = after.no, "a meeting has no form as state");
                return;
            }
        };
        let asked = after.data.event.attendees.len();
        if asked > STATE_PEOPLE_MAX {
            if let Some(people) = content["attendees"].as_array_mut() {
                people.truncate(STATE_PEOPLE_MAX);
            }
            content["attendees_total"] = json!(asked);
        }
        content["v"] = json!(1);
        content["no"] = json!(after.no);
        content["state"] = json!(after.state);
        let key = format!("mz/{}/{}", after.id, after.rev);
        let letter = Letter::message(key, LOCALPART, talk_of(&after.data), content);
        let letter = Letter {
            kind: format!("{PREFIX}meeting"),
            state_key: Some(after.data.event.uid.clone()),
            ..letter
        };
        self.kit().outbox().put(batch, letter);
    }
}
