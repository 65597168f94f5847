//! A task at its beginning, with nothing said but what every task has.

use people::PersonId;

use crate::{
    limits::REMIND_BEFORE_MS,
    task::{Assignee, Origin, Task},
};

impl Task {
    /// A task of these people, who have taken it, at a moment in ms since 1970; the zone is that of its times, by IANA name.
    pub fn blank(title: String, creator: PersonId, people: Vec<PersonId>, zone: &str, at_ms: u64) -> Self {
        let assignee = |person| Assignee { person, progress: 0, is_accepted: true };
        Self {
            title,
            description: String::new(),
            creator,
            assignees: people.into_iter().map(assignee).collect(),
            mode: Default::default(),
            followers: Default::default(),
            priority: Default::default(),
            tags: Default::default(),
            start_ms: None,
            due_ms: None,
            checklist: Vec::new(),
            parent: None,
            source: Origin::Command,
            is_source_gone: false,
            template: None,
            is_secret: false,
            remind_before_ms: REMIND_BEFORE_MS.to_vec(),
            fired: Vec::new(),
            repeat: None,
            is_continued: false,
            missed: 0,
            zone: zone.to_owned(),
            home: None,
            cards_of: Default::default(),
            is_due_asked: false,
            postponing: None,
            postponings: 0,
            awaiting: Vec::new(),
            ended: None,
            note: None,
            texts: Default::default(),
            shown_ms: at_ms,
        }
    }
}
