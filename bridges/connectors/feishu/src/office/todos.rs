//! Puts tasks among people's to-dos. The row on the shelf says how the platform shows a task; what differs is changed.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use bridge_api::{EntryKey, EntryOnPlatform, Failure, Todo, TodoState, Todos, digest};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    looks::Look,
    plain,
    rows::{self, Kind, name_of},
    todos_read::Read,
    todos_written::{self as written, Shown},
};
use crate::{
    Feishu,
    abilities::id_of,
    client::{Call, CallError, codes::named, rates::Lane},
    failure::is_gone,
    limits::ENTRY_KEPT_MS,
};

/// How a task was put, and what is known of the platform's side.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TodoRow {
    pub key: EntryKey,
    pub guid: String,
    /// The last revision that is there whole.
    pub revision: u64,
    /// Which of the tasks that were made for the key it is: one that was taken away stays away.
    pub generation: u32,
    pub is_gone: bool,
    pub shown: Shown,
    /// Whether the platform takes it for done.
    pub is_done: bool,
    /// Who is known to be done with it there.
    pub done: BTreeMap<String, bool>,
    /// How often somebody's deed was told.
    pub told: u64,
}

#[derive(Deserialize)]
struct Answer {
    task: Value,
}

#[async_trait]
impl Todos for Feishu {
    async fn put_todo(
        &self,
        todo: &Todo,
        known: Option<&EntryOnPlatform>,
    ) -> Result<EntryOnPlatform, Failure> {
        let name = name_of(&todo.head.key);
        let _lock = self.office.locks.lock(&name).await;
        let row: Option<TodoRow> = rows::read(&*self.shelf, Kind::Todo, &name).await?;
        let guid = match row {
            Some(row) if row.revision >= todo.head.revision => row.guid,
            Some(row) => put(self, todo, row, &name).await?,
            None => match known {
                Some(known) => {
                    let row = found(self, todo, known.as_str()).await?;
                    put(self, todo, row, &name).await?
                }
                None if todo.state == TodoState::Canceled => return unknown(&name),
                None => put(self, todo, made(self, todo, &name, 0).await?, &name).await?,
            },
        };
        id_of(EntryOnPlatform::new(guid))
    }
}

/// What never was there needs no place; it is called by our own name.
fn unknown(name: &str) -> Result<EntryOnPlatform, Failure> {
    id_of(EntryOnPlatform::new(name))
}

fn lane(name: &'static str) -> Lane {
    Lane::Tasks(name)
}

fn call(call: Call) -> Call {
    call.with("user_id_type", "open_id")
}

/// A task as the platform has it.
pub async fn task(feishu: &Feishu, guid: &str) -> Result<Value, CallError> {
    let get = call(Call::get(&["task", "v2", "tasks", guid])).within(lane("get"));
    Ok(feishu.client.data::<Answer>(get).await?.task)
}

/// Makes the task, or finds the one that an earlier try made.
async fn made(feishu: &Feishu, todo: &Todo, name: &str, generation: u32) -> Result<TodoRow, Failure> {
    let shown = Shown { followers: BTreeSet::new(), ..written::shown(todo) };
    let token = digest(format!("{}:{name}:{generation}", feishu.ours().app_id).as_bytes());
    let body = written::creation(todo, &shown, &token);
    let create = call(Call::post(&["task", "v2", "tasks"], &body)).within(lane("create"));
    // Until the row is written nobody can tell the task from somebody else's.
    let _making = feishu.office.making.read().await;
    let answer: Answer = feishu.client.data(create).await?;
    let guid = plain(answer.task.get("guid").and_then(Value::as_str).unwrap_or_default())?.to_owned();
    let read = Read::of(&answer.task);
    let is_ticked_off = read.is_done || read.done.values().any(|is_done| *is_done);
    let row = TodoRow {
        key: todo.head.key.clone(),
        guid,
        revision: 0,
        generation,
        is_gone: false,
        // It may be the one of an earlier try with an earlier revision.
        shown: read.shown,
        // We make it open and complete it once the row is there: what is done of it now somebody else did, which nobody told yet.
        is_done: false,
        done: BTreeMap::new(),
        told: 0,
    };
    keep(feishu, name, &row).await?;
    if is_ticked_off {
        feishu.office.looks.add(vec![Look::Todo(row.guid.clone())]).await?;
    }
    Ok(row)
}

/// The row of a task that was put by an installation whose shelf is lost.
async fn found(feishu: &Feishu, todo: &Todo, guid: &str) -> Result<TodoRow, Failure> {
    let (read, is_gone) = match task(feishu, plain(guid)?).await {
        Ok(task) => (Read::of(&task), false),
        Err(error) if is_gone(&error) => (Read::default(), true),
        Err(error) => return Err(error.into()),
    };
    Ok(TodoRow {
        key: todo.head.key.clone(),
        guid: guid.to_owned(),
        revision: 0,
        generation: 1,
        is_gone,
        shown: read.shown,
        is_done: read.is_done,
        done: read.done,
        told: 0,
    })
}

/// Remembers a row, by its name and by what the platform calls the task, and whether it is read by itself.
pub async fn keep(feishu: &Feishu, name: &str, row: &TodoRow) -> Result<(), Failure> {
    rows::write(&*feishu.shelf, Kind::Todo, name, row).await?;
    rows::call(&*feishu.shelf, Kind::Todo, &row.guid, name).await?;
    let is_open = !row.is_gone && !row.is_done;
    let until_ms = feishu.clock.now_ms().saturating_add(ENTRY_KEPT_MS);
    feishu.office.todos.set(name, is_open.then_some(until_ms)).await
}

/// Brings what the platform shows to how the task stands; what it is called there.
async fn put(feishu: &Feishu, todo: &Todo, mut row: TodoRow, name: &str) -> Result<String, Failure> {
    if todo.state == TodoState::Canceled {
        if !row.is_gone {
            let delete = Call::delete(&["task", "v2", "tasks", &row.guid]).within(lane("delete"));
            forgiven(feishu.client.done(delete).await)?;
        }
        row.is_gone = true;
    } else {
        if row.is_gone {
            row = made(feishu, todo, name, row.generation.saturating_add(1)).await?;
        }
        match bring(feishu, todo, &mut row).await {
            // Somebody took it away there: it stands again.
            Err(error) if is_gone(&error) => {
                row = made(feishu, todo, name, row.generation.saturating_add(1)).await?;
                bring(feishu, todo, &mut row).await?;
            }
            outcome => outcome?,
        }
    }
    row.revision = todo.head.revision;
    keep(feishu, name, &row).await?;
    Ok(row.guid)
}

fn forgiven(outcome: Result<(), CallError>) -> Result<(), CallError> {
    match outcome {
        Err(error) if is_gone(&error) => Ok(()),
        outcome => outcome,
    }
}

/// Changes what differs. After a failure the row on the shelf is as before, and every step may be repeated.
async fn bring(feishu: &Feishu, todo: &Todo, row: &mut TodoRow) -> Result<(), CallError> {
    let wanted = written::shown(todo);
    if let Some(change) = written::change(&row.shown, &wanted) {
        patch(feishu, &row.guid, &change).await?;
    }
    let before = std::mem::replace(&mut row.shown, wanted.clone());
    let steps = [
        ("remove_members", "assignee", before.assignees.difference(&wanted.assignees)),
        ("add_members", "assignee", wanted.assignees.difference(&before.assignees)),
        ("remove_members", "follower", before.followers.difference(&wanted.followers)),
        ("add_members", "follower", wanted.followers.difference(&before.followers)),
    ];
    for (what, role, people) in steps {
        let members = written::members(people, role);
        if !members.is_empty() {
            let body = json!({ "members": members });
            let change = call(Call::post(&["task", "v2", "tasks", &row.guid, what], &body));
            feishu.client.data::<Answer>(change.within(Lane::Scarce(what))).await?;
        }
    }
    let is_done = written::is_done(todo);
    if is_done != row.is_done {
        complete(feishu, &row.guid, is_done, todo.head.changed_ms).await?;
        row.is_done = is_done;
        // What follows from our own change is no news: opened, nobody is done; completed, one who is alone with it is.
        let is_alone = wanted.assignees.len() == 1;
        for person in wanted.assignees.iter().filter(|_| is_alone || !is_done) {
            row.done.insert(person.clone(), is_done);
        }
    }
    Ok(())
}

async fn patch(feishu: &Feishu, guid: &str, body: &Value) -> Result<(), CallError> {
    let patch = call(Call::patch(&["task", "v2", "tasks", guid], body)).within(lane("patch"));
    feishu.client.data::<Answer>(patch).await.map(drop)
}

/// Completes the whole, or opens it again. One that is as it should be is refused by the platform and good for us.
async fn complete(feishu: &Feishu, guid: &str, is_done: bool, at_ms: u64) -> Result<(), CallError> {
    match patch(feishu, guid, &written::completion(is_done, at_ms)).await {
        Err(error) if error.is_one_of(&named::TASK_PARAMETER) => {
            if Read::of(&task(feishu, guid).await?).is_done == is_done { Ok(()) } else { Err(error) }
        }
        outcome => outcome,
    }
}
