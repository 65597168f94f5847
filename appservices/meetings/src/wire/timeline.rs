//! Meetings in the timeline of the room where people talk about them, for clients that show calendars (MSC4496), where the
//! operator wants that: an event for each meeting, edited with it, and one for each instance that differs.

use std::collections::BTreeSet;

use calendar::{Event, RecurrenceId};
use cases::Case;
use kit::{Letter, Related, Relation};
use serde_json::Value;
use store::Batch;

use super::{
    LOCALPART, Meetings,
    deliver::{edit_key, talk_of},
};
use crate::{
    MeetingsError,
    calendar_event::{OVERRIDE, TYPE, changed, instance, series},
    card::Pen,
    meeting::{Meeting, state},
};

impl Meetings {
    /// Sends what is new, and edits what reads differently.
    pub(super) async fn show_in_timeline(
        &self,
        batch: &mut Batch,
        before: Option<&Case<Meeting>>,
        after: &Case<Meeting>,
    ) -> Result<(), MeetingsError> {
        let before = before.filter(|before| is_shown(before));
        let has_come = before.is_some() || after.state != state::CANCELLED;
        if !self.parts().settings.calendar_events || !is_shown(after) || !has_come {
            return Ok(());
        }
        let reader = self.reader_of_talk(&after.data).await?;
        let pen = self.pen(&reader);
        let server = self.kit().server_name();
        let root = format!("mc/{}", after.id);
        let (old, new) = (before.map(|before| &before.data.event), &after.data.event);
        let written = |event: &Event| series(event, &text(event, (event.start, event.end), pen), server);
        match old.map(written) {
            None => self.put_event(batch, after, &root, written(new), None),
            Some(old) if old != written(new) => {
                let edits = Relation::Edits(Related::Letter(root.clone()));
                self.put_event(batch, after, &root, written(new), Some(edits));
            }
            Some(_) => {}
        }
        let of_old = old.into_iter().flat_map(changed);
        let ids: BTreeSet<RecurrenceId> = of_old.chain(changed(new)).collect();
        for id in ids {
            let one = |event: &Event| {
                let now = event.occurrence(id);
                instance(event, id, &text(event, (now.start, now.end), pen), server)
            };
            if old.map(one).as_ref() != Some(&one(new)) {
                let was_there = old.is_some_and(|old| changed(old).any(|other| other == id));
                self.put_instance(batch, after, &root, (id, one(new)), was_there).await?;
            }
        }
        Ok(())
    }

    /// Of an instance: edits its event where there is one, else sends one that relates to that of the series.
    async fn put_instance(
        &self,
        batch: &mut Batch,
        case: &Case<Meeting>,
        root: &str,
        (id, content): (RecurrenceId, Value),
        was_there: bool,
    ) -> Result<(), MeetingsError> {
        let key = format!("{root}/{id}");
        let relation = match was_there || self.kit().sent(&key).await?.is_some() {
            true => Relation::Edits(Related::Letter(key.clone())),
            // That of the series may wait yet: it stands before this one in their lane.
            false => Relation::Other(Related::Letter(root.to_owned()), OVERRIDE.to_owned()),
        };
        self.put_event(batch, case, &key, content, Some(relation));
        Ok(())
    }

    fn put_event(
        &self,
        batch: &mut Batch,
        case: &Case<Meeting>,
        key: &str,
        content: Value,
        relation: Option<Relation>,
    ) {
        let is_edit = matches!(relation, Some(Relation::Edits(_)));
        let key = if is_edit { edit_key(key, case.rev) } else { key.to_owned() };
        let letter = Letter::message(key, LOCALPART, talk_of(&case.data), content);
        let letter = Letter { kind: TYPE.to_owned(), relation, ..letter };
        self.kit().outbox().put(batch, letter);
    }
}

/// Whether there is a room in which it may stand, and a time.
fn is_shown(case: &Case<Meeting>) -> bool {
    let has_room = !case.data.home.is_direct || case.data.own_room().is_some();
    has_room && case.state != state::FINDING
}

/// What clients without calendars show.
fn text(event: &Event, (start, end): (jiff::civil::DateTime, jiff::civil::DateTime), pen: Pen<'_>) -> String {
    format!("{} · {} ({})", event.title, pen.span(start, end, event.all_day), event.zone.as_str())
}
