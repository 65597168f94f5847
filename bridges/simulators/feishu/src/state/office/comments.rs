//! What is written below tasks.

use serde_json::json;

use super::tasks::Role;
use crate::limits::RECORDS_MAX;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::messages::Actor;

/// Characters of one comment.
const CONTENT_CHARACTERS_MAX: usize = 3_000;

/// What an event says has happened to a comment.
#[derive(Clone, Copy)]
enum Happened {
    Written = 1,
    Answered = 2,
    Deleted = 4,
}

/// A comment.
#[derive(Clone, Debug)]
pub(crate) struct Comment {
    pub(crate) id: String,
    pub(crate) number: u64,
    /// The `guid` of its task.
    pub(crate) task: String,
    pub(crate) by: Actor,
    pub(crate) content: String,
    pub(crate) reply_to: Option<String>,
    pub(crate) create_ms: u64,
}

impl State {
    /// Somebody who belongs to a task writes below it; answers the id.
    pub(crate) fn comment_as_person(
        &mut self,
        person: &str,
        task: &str,
        content: String,
        reply_to: Option<String>,
    ) -> Result<String, Refusal> {
        let known = self.office.tasks.get(task).ok_or(Refusal::code(1_470_404))?;
        if ![Role::Assignee, Role::Follower].into_iter().any(|role| known.role(person, role)) {
            return Err(Refusal::code(1_470_403));
        }
        self.comment(Actor::Person(person.to_owned()), task, content, reply_to)
    }

    /// Writes below a task, and tells the app that made it.
    pub(crate) fn comment(
        &mut self,
        by: Actor,
        task: &str,
        content: String,
        reply_to: Option<String>,
    ) -> Result<String, Refusal> {
        let characters = content.chars().count();
        if characters == 0 || characters > CONTENT_CHARACTERS_MAX || self.office.comments.len() >= RECORDS_MAX
        {
            return Err(Refusal::ext(1_470_400, "content, or there are too many"));
        }
        let is_below = |id: &String| self.office.comments.get(id).is_some_and(|known| known.task == task);
        if !reply_to.iter().all(is_below) {
            return Err(Refusal::ext(1_470_400, "reply_to_comment_id"));
        }
        let what = if reply_to.is_some() { Happened::Answered } else { Happened::Written };
        let number = self.stage.number();
        let comment = Comment {
            id: (7_100_000_000_000_000_000 + number).to_string(),
            number,
            task: task.to_owned(),
            by,
            content,
            reply_to,
            create_ms: self.stage.now_ms(),
        };
        let id = comment.id.clone();
        self.tell_comment(&comment, what);
        self.office.comments.insert(id.clone(), comment);
        Ok(id)
    }

    /// An app takes back what it wrote.
    pub(crate) fn uncomment(&mut self, app: &str, id: &str) -> Result<(), Refusal> {
        let known = self.office.comments.get(id).ok_or(Refusal::code(1_470_404))?;
        if known.by != Actor::App(app.to_owned()) {
            return Err(Refusal::code(1_470_403));
        }
        if let Some(comment) = self.office.comments.remove(id) {
            self.tell_comment(&comment, Happened::Deleted);
        }
        Ok(())
    }

    fn tell_comment(&mut self, comment: &Comment, what: Happened) {
        let Some(task) = self.office.tasks.get(&comment.task) else { return };
        let app = task.app.clone();
        let body = json!({
            "task_id": comment.task, "comment_id": comment.id,
            "parent_id": comment.reply_to.clone().unwrap_or_default(), "obj_type": what as u8,
        });
        self.emit(&app, "task.task.comment.updated_v1", body);
    }
}
