//! Tasks as the platform has them, and what people did to them since they were looked at last.

use std::collections::{BTreeMap, BTreeSet};

use bridge_api::{Action, Failure, Inbox, digest};
use serde_json::Value;

use super::{
    Deed, acted, person_of,
    rows::{self, Kind},
    todos::{TodoRow, keep, task},
    todos_written::Shown,
};
use crate::{
    Feishu,
    events::{list, milliseconds, text},
    failure::is_gone,
};

/// A task of an answer.
#[derive(Debug, Default)]
pub struct Read {
    pub shown: Shown,
    pub is_done: bool,
    /// Who of the assignees is done.
    pub done: BTreeMap<String, bool>,
}

/// A time that is set.
fn time(value: &Value, key: &str) -> Option<u64> {
    milliseconds(value.get(key)).filter(|ms| *ms > 0)
}

impl Read {
    /// What an answer says.
    pub fn of(task: &Value) -> Self {
        let of_role = |role: &str| -> BTreeSet<String> {
            let members = list(task, "members").iter().filter(|member| text(member, "role") == role);
            members.map(|member| text(member, "id").to_owned()).collect()
        };
        let shown = Shown {
            summary: text(task, "summary").to_owned(),
            description: text(task, "description").to_owned(),
            due_ms: task.get("due").and_then(|due| time(due, "timestamp")),
            assignees: of_role("assignee"),
            followers: of_role("follower"),
        };
        let is_done = time(task, "completed_at").is_some();
        let done = done(task, &shown.assignees, is_done);
        Self { shown, is_done, done }
    }
}

/// Who is done: as the platform says, or whoever is alone with it. Nobody is named where several could have been.
fn done(task: &Value, assignees: &BTreeSet<String>, is_done: bool) -> BTreeMap<String, bool> {
    let said: BTreeMap<String, bool> = list(task, "assignee_related")
        .iter()
        .map(|one| (text(one, "id").to_owned(), time(one, "completed_at").is_some()))
        .collect();
    let mut all = BTreeMap::new();
    for person in assignees {
        let own = said.get(person).copied();
        let alone = (assignees.len() == 1).then_some(is_done);
        if let Some(own) = own.filter(|own| *own || !is_done).or(alone) {
            all.insert(person.clone(), own);
        }
    }
    all
}

/// Looks at a task that the platform calls so.
pub async fn look(feishu: &Feishu, guid: &str, inbox: &dyn Inbox) -> Result<(), Failure> {
    let mut name = rows::named(&*feishu.shelf, Kind::Todo, guid).await?;
    if name.is_none() {
        // It may be one that is made just now.
        drop(feishu.office.making.write().await);
        name = rows::named(&*feishu.shelf, Kind::Todo, guid).await?;
    }
    match name {
        Some(name) => look_at(feishu, &name, inbox).await,
        // Somebody else's.
        None => Ok(()),
    }
}

/// Looks at a task of ours and tells what people did.
pub async fn look_at(feishu: &Feishu, name: &str, inbox: &dyn Inbox) -> Result<(), Failure> {
    let _lock = feishu.office.locks.lock(name).await;
    let row: Option<TodoRow> = rows::read(&*feishu.shelf, Kind::Todo, name).await?;
    let Some(mut row) = row.filter(|row| !row.is_gone) else {
        return feishu.office.todos.set(name, None).await;
    };
    let found = match task(feishu, &row.guid).await {
        Ok(found) => found,
        Err(error) if is_gone(&error) => {
            // The next revision makes it anew.
            row.is_gone = true;
            return keep(feishu, name, &row).await;
        }
        Err(error) => return Err(error.into()),
    };
    let read = Read::of(&found);
    let mut arrivals = Vec::new();
    let proof = digest(found.to_string().as_bytes());
    for (person, is_done) in news(&row, &read) {
        if let Some(by) = person_of(person) {
            let action = if is_done { Action::Done } else { Action::Reopen };
            let unique = format!("{} {}", row.generation, row.told);
            let deed = Deed {
                key: &row.key,
                by,
                action,
                words: None,
                instance_ms: None,
                proof: proof.clone(),
                unique,
            };
            arrivals.push(acted(feishu, deed, feishu.clock.now_ms())?);
        }
    }
    if read.is_done == row.is_done && read.done == row.done {
        return Ok(());
    }
    let news = u64::try_from(arrivals.len()).unwrap_or(0);
    inbox.take(arrivals).await.map_err(|error| Failure::later(error.to_string()))?;
    row.told = row.told.saturating_add(news);
    row.done.extend(read.done);
    row.is_done = read.is_done;
    keep(feishu, name, &row).await
}

/// Who is done now and was not, or the other way round.
fn news<'a>(row: &TodoRow, read: &'a Read) -> Vec<(&'a str, bool)> {
    let was = |person: &str| row.done.get(person).copied().unwrap_or(false);
    let all = read.done.iter().map(|(person, is_done)| (person.as_str(), *is_done));
    let mut news: Vec<_> = all.filter(|(person, is_done)| was(person) != *is_done).collect();
    if row.is_done && !read.is_done && news.is_empty() {
        // Completed as a whole, and opened again by somebody who had not ticked it off themselves.
        let mut open = read.done.iter().filter(|(_, is_done)| !**is_done);
        if let (Some((person, _)), None) = (open.next(), open.next()) {
            news.push((person, false));
        }
    }
    news
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn task(completed: &str, related: Value) -> Value {
        let member = |id: &str| json!({ "id": id, "type": "user", "role": "assignee" });
        json!({
            "guid": "g", "completed_at": completed, "members": [member("ou_a"), member("ou_b")],
            "assignee_related": related,
        })
    }

    #[test]
    fn it_is_known_who_is_done_and_nobody_is_named_by_guess() {
        let of = |who: &str, done: bool| (who.to_owned(), done);
        let related =
            json!([{ "id": "ou_a", "completed_at": "1700000000000" }, { "id": "ou_b", "completed_at": "0" }]);
        assert_eq!(Read::of(&task("0", related.clone())).done, [of("ou_a", true), of("ou_b", false)].into());
        // As a whole, by our bot: nothing is said of who was not done.
        assert_eq!(Read::of(&task("1700000000001", related)).done, [of("ou_a", true)].into());
        assert_eq!(Read::of(&task("1700000000001", json!([]))).done, [].into());
        let mut alone = task("1700000000001", json!([]));
        alone["members"] = json!([{ "id": "ou_a", "type": "user", "role": "assignee" }]);
        assert_eq!(Read::of(&alone).done, [of("ou_a", true)].into());
    }
}
