//! What a bot says of an entry: an approval, a task or a meeting, with accounts where a connector is given people of its platform.

use std::collections::HashMap;

use bridge_api::{
    Approval, Connector, EntryHead, EntryKey, EntryOnPlatform, Failure, Meeting, PersonId, RichText, Todo,
    limits::{ENTRY_EXCEPTIONS_MAX, ENTRY_LINES_MAX, ENTRY_PEOPLE_MAX, LINK_BYTES_MAX},
};
use serde::Deserialize;
use serde_json::Value;

use crate::names::tamed;

/// What a bot says, and what is put on a platform once people are people there.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Told {
    Approval(Approval),
    Todo(Todo),
    Meeting(Meeting),
}

/// Who somebody is on a platform, by the account that a bot named.
pub(super) type Known = HashMap<PersonId, PersonId>;

impl Told {
    /// Reads what a bot said, within bounds and harmless.
    pub fn read(content: &Value) -> Result<Self, serde_json::Error> {
        let mut told = Self::deserialize(content)?;
        told.tame();
        Ok(told)
    }

    pub fn head(&self) -> &EntryHead {
        match self {
            Self::Approval(approval) => &approval.head,
            Self::Todo(todo) => &todo.head,
            Self::Meeting(meeting) => &meeting.head,
        }
    }

    fn tame(&mut self) {
        let head = match self {
            Self::Approval(approval) => &mut approval.head,
            Self::Todo(todo) => &mut todo.head,
            Self::Meeting(meeting) => &mut meeting.head,
        };
        head.title = tamed(&head.title);
        head.number = tamed(&head.number);
        head.link = head
            .link
            .take()
            .filter(|link| link.starts_with("https://") || link.starts_with("http://"))
            .filter(|link| link.len() <= LINK_BYTES_MAX);
        match self {
            Self::Approval(approval) => {
                approval.lines.truncate(ENTRY_LINES_MAX);
                for (name, value) in &mut approval.lines {
                    (*name, *value) = (tamed(name), tamed(value));
                }
                approval.starter_name = tamed(&approval.starter_name);
                approval.tasks.truncate(ENTRY_PEOPLE_MAX);
                approval.tasks.iter_mut().for_each(|task| task.step = tamed(&task.step));
            }
            Self::Todo(todo) => {
                todo.description = harmless(&todo.description);
                todo.assignees.truncate(ENTRY_PEOPLE_MAX);
                todo.followers.truncate(ENTRY_PEOPLE_MAX);
            }
            Self::Meeting(meeting) => {
                meeting.description = harmless(&meeting.description);
                meeting.location = tamed(&meeting.location);
                meeting.attendees.truncate(ENTRY_PEOPLE_MAX);
                tame_exceptions(meeting);
            }
        }
    }

    /// The keys under which what people do to it comes back.
    pub fn keys(&self) -> Vec<&EntryKey> {
        match self {
            Self::Approval(approval) => approval.tasks.iter().map(|task| &task.key).collect(),
            Self::Todo(_) | Self::Meeting(_) => vec![&self.head().key],
        }
    }

    /// The accounts that it names.
    pub fn accounts(&self) -> Vec<&PersonId> {
        match self {
            Self::Approval(approval) => {
                let tasks = approval.tasks.iter().map(|task| &task.person);
                approval.starter.iter().chain(tasks).collect()
            }
            Self::Todo(todo) => {
                let assignees = todo.assignees.iter().map(|assignee| &assignee.person);
                todo.creator.iter().chain(assignees).chain(&todo.followers).collect()
            }
            Self::Meeting(meeting) => {
                let attendees = meeting.attendees.iter().map(|attendee| &attendee.person);
                meeting.organizer.iter().chain(attendees).collect()
            }
        }
    }

    /// The same with the people of a platform; who is nobody there is left out.
    pub fn of_platform(mut self, known: &Known) -> Self {
        let known = |account: &PersonId| known.get(account).cloned();
        match &mut self {
            Self::Approval(approval) => {
                approval.starter = approval.starter.as_ref().and_then(known);
                approval.tasks = std::mem::take(&mut approval.tasks)
                    .into_iter()
                    .filter_map(|task| {
                        Some(bridge_api::ApprovalTask { person: known(&task.person)?, ..task })
                    })
                    .collect();
            }
            Self::Todo(todo) => {
                todo.creator = todo.creator.as_ref().and_then(known);
                todo.assignees = std::mem::take(&mut todo.assignees)
                    .into_iter()
                    .filter_map(|one| Some(bridge_api::Assignee { person: known(&one.person)?, ..one }))
                    .collect();
                todo.followers = todo.followers.iter().filter_map(known).collect();
            }
            Self::Meeting(meeting) => {
                meeting.organizer = meeting.organizer.as_ref().and_then(known);
                meeting.attendees = std::mem::take(&mut meeting.attendees)
                    .into_iter()
                    .filter_map(|one| Some(bridge_api::Attendee { person: known(&one.person)?, ..one }))
                    .collect();
            }
        }
        self
    }

    /// Whether a connector has such an app.
    pub fn is_for(&self, connector: &dyn Connector) -> bool {
        match self {
            Self::Approval(_) => connector.approvals().is_some(),
            Self::Todo(_) => connector.todos().is_some(),
            Self::Meeting(_) => connector.calendars().is_some(),
        }
    }

    /// Puts it there; nothing where there is no such app any more.
    pub async fn put(
        &self,
        connector: &dyn Connector,
        known: Option<&EntryOnPlatform>,
    ) -> Result<Option<EntryOnPlatform>, Failure> {
        let put = match self {
            Self::Approval(approval) => match connector.approvals() {
                Some(approvals) => approvals.put_approval(approval, known).await?,
                None => return Ok(None),
            },
            Self::Todo(todo) => match connector.todos() {
                Some(todos) => todos.put_todo(todo, known).await?,
                None => return Ok(None),
            },
            Self::Meeting(meeting) => match connector.calendars() {
                Some(calendars) => calendars.put_meeting(meeting, known).await?,
                None => return Ok(None),
            },
        };
        Ok(Some(put))
    }
}

/// Each instance once, within bounds and harmless.
fn tame_exceptions(meeting: &mut Meeting) {
    if meeting.recurrence.is_none() {
        meeting.exceptions.clear();
    }
    meeting.exceptions.sort_by_key(|one| one.original_ms);
    meeting.exceptions.dedup_by_key(|one| one.original_ms);
    meeting.exceptions.truncate(ENTRY_EXCEPTIONS_MAX);
    for instead in meeting.exceptions.iter_mut().filter_map(|one| one.instead.as_mut()) {
        instead.end_ms = instead.end_ms.max(instead.start_ms);
        instead.title = instead.title.take().map(|title| tamed(&title));
        instead.location = instead.location.take().map(|location| tamed(&location));
    }
}

/// Several lines without what only deceives.
fn harmless(text: &str) -> String {
    RichText::plain(text).tamed().to_plain()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn person(id: &str) -> PersonId {
        PersonId::new(id).expect("valid")
    }

    #[test]
    fn an_approval_is_read_and_names_people_of_the_platform() {
        let told = Told::read(&json!({
            "v": 1, "kind": "approval", "key": "a/1", "rev": 3, "number": "AP-1", "title": "请假\n\u{202e}x",
            "link": "javascript:alert(1)", "language": "zh", "begun_ms": 1, "changed_ms": 2,
            "lines": [["天数", "2"]], "starter": "@zhang:test", "starter_name": "张三", "state": "pending",
            "ended_ms": null,
            "tasks": [
                { "key": "a/1/t1", "account": "@li:test", "state": "pending", "step": "主管", "begun_ms": 1, "ended_ms": null, "needs_reason": true },
                { "key": "a/1/t2", "account": "@wang:test", "state": "closed", "step": "主管", "begun_ms": 1, "ended_ms": 2, "needs_reason": true },
            ],
        }))
        .expect("reads");
        assert_eq!((told.head().title.as_str(), told.head().revision), ("请假 x", 3));
        assert_eq!(told.head().link, None, "nothing but the web is linked");
        assert_eq!(told.accounts(), [&person("@zhang:test"), &person("@li:test"), &person("@wang:test")]);
        assert_eq!(told.keys().len(), 2);
        let known = Known::from([(person("@li:test"), person("ou_li"))]);
        let Told::Approval(approval) = told.of_platform(&known) else { panic!("an approval") };
        assert_eq!((approval.starter, approval.starter_name.as_str()), (None, "张三"));
        assert_eq!(approval.tasks.len(), 1, "who is nobody there is not asked there");
        assert_eq!(approval.tasks[0].person, person("ou_li"));
    }

    #[test]
    fn a_meeting_and_a_task_are_read() {
        let meeting = Told::read(&json!({
            "v": 1, "kind": "meeting", "key": "m/1", "rev": 1, "number": "M-1", "title": "评审", "link": null,
            "language": "en", "begun_ms": 1, "changed_ms": 1, "description": "a\nb", "location": "3",
            "organizer": "@li:test", "attendees": [{ "account": "@wang:test", "is_optional": false, "answer": null }],
            "start_ms": 10, "end_ms": 20, "zone": "Asia/Shanghai", "is_all_day": false, "recurrence": null,
            "reminders_minutes": [15], "is_canceled": false,
        }));
        assert_eq!(meeting.expect("reads").keys().len(), 1);
        let series = Told::read(&json!({
            "v": 1, "kind": "meeting", "key": "m/2", "rev": 1, "number": "M-2", "title": "周会", "link": null,
            "language": "zh", "begun_ms": 1, "changed_ms": 1, "description": "", "location": "",
            "organizer": null, "attendees": [], "start_ms": 10, "end_ms": 20, "zone": "Asia/Shanghai",
            "is_all_day": false, "recurrence": "FREQ=DAILY;COUNT=3", "last_ms": 30,
            "exceptions": [
                { "original_ms": 30, "instead": { "start_ms": 40, "end_ms": 35, "title": "a\nb" } },
                { "original_ms": 20, "instead": null }, { "original_ms": 20, "instead": null },
            ],
            "reminders_minutes": [], "is_canceled": false,
        }));
        let Told::Meeting(series) = series.expect("reads") else { panic!("a meeting") };
        let [gone, moved] = series.exceptions.as_slice() else { panic!("{:?}", series.exceptions) };
        let moved = moved.instead.as_ref().expect("moved");
        assert_eq!((gone.original_ms, &gone.instead), (20, &None));
        assert_eq!(
            (moved.end_ms, moved.title.as_deref()),
            (40, Some("a b")),
            "harmless, each once, in order"
        );
        let todo = Told::read(&json!({
            "v": 1, "kind": "todo", "key": "t/1", "rev": 1, "number": "T-1", "title": "写报告", "link": null,
            "language": "en", "begun_ms": 1, "changed_ms": 1, "description": "", "creator": null,
            "assignees": [{ "account": "@wang:test", "is_done": false }], "followers": [], "is_done_by_any": true,
            "due_ms": null, "priority": "normal", "state": "open",
        }));
        assert_eq!(todo.expect("reads").accounts().len(), 1);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for nonsense in
            [json!(null), json!({ "kind": "todo" }), json!({ "kind": "party", "key": "x", "rev": 1 })]
        {
            assert!(Told::read(&nonsense).is_err(), "{nonsense}");
        }
    }
}
