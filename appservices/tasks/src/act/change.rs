//! Changes of what a task says.

use cases::Refusal;

use super::guard::{refused, text};
use crate::{
    desk::Desk,
    limits::{
        CHECKLIST_MAX, DESCRIPTION_CHARACTERS_MAX, ITEM_CHARACTERS_MAX, PARENTS_MAX, REASON_CHARACTERS_MAX,
        REMINDERS_MAX, TAG_CHARACTERS_MAX, TAGS_MAX, TITLE_CHARACTERS_MAX,
    },
    repeat,
    task::{Item, Mode, Priority, is_running},
};

/// A change of one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Title(String),
    Description(String),
    Priority(Priority),
    Mode(Mode),
    /// These tags and no others.
    Tags(Vec<String>),
    Start(Option<u64>),
    Due(Option<u64>),
    /// The task that it is a part of, and what that one is a part of, upwards.
    Parent(Option<Vec<String>>),
    Repeat(Option<String>),
    /// How long before it is due it reminds of itself, in ms.
    Remind(Vec<u64>),
}

/// A change of the checklist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    /// One more line.
    Add(String),
    /// The line with this number, from 1, is done, or not after all.
    Toggle(usize),
    /// The line with this number goes.
    Remove(usize),
}

impl Desk<'_> {
    pub fn change(&mut self, change: &Change) -> Result<(), Refusal> {
        self.only_manager()?;
        self.only_running()?;
        let action = match change {
            Change::Title(title) => {
                self.case.data.title = text(title, "tk.field.title", TITLE_CHARACTERS_MAX, "写周报")?;
                "title"
            }
            Change::Description(description) => {
                self.case.data.description =
                    text(description, "tk.field.description", DESCRIPTION_CHARACTERS_MAX, "…")?;
                "description"
            }
            Change::Priority(priority) => {
                self.case.data.priority = *priority;
                "priority"
            }
            Change::Mode(mode) => {
                // With another rule it would be done at once, which nobody said.
                let before = std::mem::replace(&mut self.case.data.mode, *mode);
                if self.case.data.progress() == 100 {
                    self.case.data.mode = before;
                    return Err(refused("tk.field.mode", "tk.problem.done", "!完成 / !finish"));
                }
                "mode"
            }
            Change::Tags(tags) => {
                self.case.data.tags = checked_tags(tags)?.into_iter().collect();
                "tags"
            }
            Change::Start(start_ms) => {
                if start_ms.zip(self.case.data.due_ms).is_some_and(|(start_ms, due_ms)| start_ms > due_ms) {
                    return Err(refused("tk.field.start", "tk.problem.order", "11-05"));
                }
                self.case.data.start_ms = *start_ms;
                "start"
            }
            Change::Due(due_ms) => {
                let due_ms = due_ms.map(|due_ms| self.future(due_ms)).transpose()?;
                self.set_due(due_ms);
                "due"
            }
            Change::Parent(parents) => {
                self.part_of(parents.as_deref())?;
                "parent"
            }
            Change::Repeat(rule) => {
                if let Some(rule) = rule {
                    let Some(due_ms) = self.case.data.due_ms else {
                        return Err(refused("tk.field.repeat", "tk.problem.no_due", "!task … 周五 每周"));
                    };
                    repeat::next(rule, due_ms, due_ms, self.world.zone)?;
                }
                self.case.data.repeat.clone_from(rule);
                self.case.data.is_continued = false;
                "repeat"
            }
            Change::Remind(before_ms) => {
                if before_ms.len() > REMINDERS_MAX {
                    return Err(refused("tk.field.remind", "tk.problem.many", "1d 1h 0"));
                }
                self.cancel_timers();
                self.case.data.remind_before_ms.clone_from(before_ms);
                self.set_timers();
                "remind"
            }
        };
        self.record(action, &self.case.state.clone(), None);
        Ok(())
    }

    /// Makes it a part of another, unless that one is, at any distance, a part of it (E202).
    fn part_of(&mut self, parents: Option<&[String]>) -> Result<(), Refusal> {
        let parents = parents.unwrap_or_default();
        if parents.contains(&self.case.no) || parents.len() > PARENTS_MAX {
            return Err(Refusal::new("E202"));
        }
        self.case.data.parent = parents.first().cloned();
        Ok(())
    }

    /// Changes the checklist: lines come and go by those who may change anything, and are done by who does it.
    pub fn check(&mut self, check: &Check) -> Result<(), Refusal> {
        self.only_hands()?;
        self.only_running()?;
        let list = &mut self.case.data.checklist;
        let no_such = || refused("tk.field.item", "tk.problem.no_item", "!清单 1 / !check 1");
        match check {
            Check::Add(item) => {
                let item = text(item, "tk.field.item", ITEM_CHARACTERS_MAX, "!清单 + 写大纲")?;
                if list.len() >= CHECKLIST_MAX {
                    return Err(refused("tk.field.item", "tk.problem.many", "!清单 - 1"));
                }
                list.push(Item { text: item, is_done: false });
            }
            Check::Toggle(number) => {
                let item = number.checked_sub(1).and_then(|place| list.get_mut(place)).ok_or_else(no_such)?;
                item.is_done = !item.is_done;
            }
            Check::Remove(number) => {
                let place = number.checked_sub(1).filter(|place| *place < list.len()).ok_or_else(no_such)?;
                list.remove(place);
            }
        }
        self.record("checklist", &self.case.state.clone(), None);
        Ok(())
    }

    /// Something that is said about it, by those who have a part in it. Others talk in the thread as they like.
    pub fn comment(&mut self, comment: &str) -> Result<(), Refusal> {
        let me = self.me()?;
        let data = &self.case.data;
        let takes_part = data.creator == me || data.assignee(&me).is_some() || data.followers.contains(&me);
        let is_short = comment.chars().count() <= REASON_CHARACTERS_MAX && !comment.trim().is_empty();
        if takes_part && is_short && is_running(&self.case.state) {
            self.record("comment", &self.case.state.clone(), Some(comment.trim()));
        }
        Ok(())
    }
}

/// Tags that are not too many and not too long (E110).
pub(crate) fn checked_tags(tags: &[String]) -> Result<Vec<String>, Refusal> {
    if tags.len() > TAGS_MAX {
        return Err(refused("tk.field.tags", "tk.problem.many", "#周报"));
    }
    tags.iter().map(|tag| text(tag, "tk.field.tags", TAG_CHARACTERS_MAX, "#周报")).collect()
}
