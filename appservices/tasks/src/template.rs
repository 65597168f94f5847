//! Templates of tasks: what comes again and again, kept under a name. Pure.

use std::{collections::BTreeSet, ops::Not};

use cases::Case;
use jiff::{
    Span,
    civil::{DateTime, Time},
    tz::TimeZone,
};
use people::{Chart, PersonId};
use serde::{Deserialize, Serialize};

use crate::{
    limits::TEMPLATE_DAYS_MAX,
    line::Line,
    task::{Item, Mode, Priority, Task},
};

/// What the tasks of a template have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Template {
    /// As its maker wrote it.
    pub name: String,
    /// Who made it.
    pub by: PersonId,
    pub title: String,
    pub description: String,
    pub assignees: Vec<PersonId>,
    pub followers: BTreeSet<PersonId>,
    pub mode: Mode,
    pub priority: Priority,
    pub tags: BTreeSet<String>,
    pub checklist: Vec<String>,
    /// How long before it is due a task reminds of itself, in ms.
    pub remind_before_ms: Vec<u64>,
    /// How many days after the one on which it is made a task is due, and at what time.
    pub due: Option<(i32, String)>,
    /// The rule of its repetition.
    pub repeat: Option<String>,
    #[serde(default, skip_serializing_if = "Not::not")]
    pub is_secret: bool,
}

impl Template {
    /// What a task would have been made from.
    pub fn of(name: &str, by: PersonId, case: &Case<Task>, zone: &TimeZone) -> Self {
        let data = &case.data;
        let made = workdays::local(case.created_ms, zone);
        let due = data.due_ms.map(|due_ms| workdays::local(due_ms, zone));
        let due = due.and_then(|due| {
            let days = due.date().since(made.date()).ok()?.get_days();
            (0..=TEMPLATE_DAYS_MAX).contains(&days).then(|| (days, due.time().to_string()))
        });
        Self {
            name: name.to_owned(),
            by,
            title: data.title.clone(),
            description: data.description.clone(),
            assignees: data.assignees.iter().map(|assignee| assignee.person.clone()).collect(),
            followers: data.followers.clone(),
            mode: data.mode,
            priority: data.priority,
            tags: data.tags.clone(),
            checklist: data.checklist.iter().map(|item| item.text.clone()).collect(),
            remind_before_ms: data.remind_before_ms.clone(),
            due,
            repeat: data.repeat.clone(),
            is_secret: data.is_secret,
        }
    }

    /// Adds to a line what it does not say itself. People who work here no more are left out.
    pub fn fill(&self, line: &mut Line, chart: &Chart, now: DateTime) {
        let works_here = |person: &&PersonId| chart.active(person).is_some();
        if line.title.is_empty() {
            line.title.clone_from(&self.title);
        }
        if line.assignees.is_empty() {
            line.assignees = self.assignees.iter().filter(works_here).cloned().collect();
        }
        line.followers.extend(self.followers.iter().filter(works_here).cloned());
        line.mode.get_or_insert(self.mode);
        line.priority.get_or_insert(self.priority);
        if line.tags.is_empty() {
            line.tags = self.tags.iter().cloned().collect();
        }
        line.due = line.due.or_else(|| self.due_after(now));
        // What repeats has to be due.
        if line.repeat.is_none() && line.due.is_some() {
            line.repeat.clone_from(&self.repeat);
        }
        line.is_secret |= self.is_secret;
    }

    /// The checklist of a new task.
    pub fn items(&self) -> Vec<Item> {
        self.checklist.iter().map(|text| Item { text: text.clone(), is_done: false }).collect()
    }

    /// When a task that is made now is due; never where that has passed already.
    fn due_after(&self, now: DateTime) -> Option<DateTime> {
        let (days, time) = self.due.as_ref()?;
        let time: Time = time.parse().ok()?;
        let date = now.date().checked_add(Span::new().try_days(*days).ok()?).ok()?;
        Some(date.to_datetime(time)).filter(|due| *due > now)
    }
}
