//! To-dos: made once by their `sourceId`, changed whole, taken away when nothing is to be done any more.

use async_trait::async_trait;
use bridge_api::{
    CallError, EntryKey, EntryOnPlatform, Failure, Meaning, PersonId, Priority, Refusal, Todo, TodoState,
    Todos, digest, words,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Entries, Kind, cut, nowhere, on_platform, owner_and_id, refused};
use crate::{
    client::Call,
    lenient::{items, text},
    limits::{
        TODO_LINK_BYTES_MAX, TODO_PAGES_MAX, TODO_PEOPLE_MAX, TODO_TITLE_CHARACTERS_MAX,
        TODO_WORDS_CHARACTERS_MAX,
    },
};

words! {
    NO_LINK = "钉钉待办必须带有链接" | "a to-do of DingTalk needs a link";
}

const TASKS: &str = "/v1.0/todo/users/*/tasks";
pub(super) const TASK: &str = "/v1.0/todo/users/*/tasks/*";

/// What is remembered of a to-do.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Row {
    /// In whose name it is kept, a unionId.
    pub owner: String,
    /// The platform's id; nothing before it is made.
    pub id: Option<String>,
    pub revision: u64,
    /// Who does it.
    pub doers: Vec<Doer>,
    /// Whether it is done, as it was put or read last.
    pub is_done: bool,
    /// How often somebody else changed it.
    pub changes: u64,
    /// What was said of it last, as its digest.
    said: String,
}

/// Who does a to-do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Doer {
    pub person: PersonId,
    pub union: String,
    pub is_done: bool,
}

/// A to-do in the platform's terms.
struct Put<'a> {
    todo: &'a Todo,
    owner: String,
    doers: Vec<Doer>,
    body: Value,
}

#[async_trait]
impl Todos for Entries {
    async fn put_todo(
        &self,
        todo: &Todo,
        known: Option<&EntryOnPlatform>,
    ) -> Result<EntryOnPlatform, Failure> {
        let key = &todo.head.key;
        let _turn = self.turn(key).await;
        let mut row: Row = self.row(Kind::Todo, key).await?.unwrap_or_default();
        if row.id.is_none()
            && let Some((owner, id)) = known.and_then(owner_and_id)
        {
            (row.owner, row.id) = (owner.to_owned(), Some(id.to_owned()));
            self.remember_id(Kind::Todo, id, key).await?;
        }
        if row.revision > todo.head.revision {
            return row.id.as_deref().map_or_else(nowhere, |id| on_platform(&row.owner, id));
        }
        if todo.state == TodoState::Canceled {
            return self.take_away(todo, row).await;
        }
        let put = self.in_their_terms(todo, &row).await?;
        if row.id.is_none() {
            row = self.made(&put, row).await?;
        }
        let outcome = match self.bring_up(&put, &mut row).await {
            // Somebody took it away, and it is to be done all the same.
            Err(CallError { meaning: Meaning::Refused(Refusal::Gone), .. }) => {
                row = self.made(&put, Row { changes: row.changes, ..Row::default() }).await?;
                self.bring_up(&put, &mut row).await
            }
            outcome => outcome,
        };
        if outcome.is_ok() {
            row.revision = todo.head.revision;
        }
        self.write_row(Kind::Todo, key, &row).await?;
        outcome?;
        row.id.as_deref().map_or_else(nowhere, |id| on_platform(&row.owner, id))
    }
}

impl Entries {
    async fn in_their_terms<'a>(&self, todo: &'a Todo, row: &Row) -> Result<Put<'a>, Failure> {
        let assigned = todo.assignees.iter().map(|assignee| assignee.person.clone()).collect();
        let unions = self.unions_of(assigned).await?;
        let doer = |assignee: &bridge_api::Assignee| {
            let union = unions.get(&assignee.person)?.clone();
            Some(Doer { person: assignee.person.clone(), union, is_done: assignee.is_done })
        };
        let doers: Vec<Doer> = todo.assignees.iter().filter_map(doer).take(TODO_PEOPLE_MAX).collect();
        let Some(first) = doers.first() else { return Err(Failure::refused(Refusal::Unreachable)) };
        let owner = match row.id {
            Some(_) => row.owner.clone(),
            None => {
                let creator = self.in_whose_name(todo.creator.as_ref()).await?;
                creator.unwrap_or_else(|| first.union.clone())
            }
        };
        let followers = self.unions_of(todo.followers.clone()).await?;
        let mut body = json!({
            "subject": cut(&todo.head.title, TODO_TITLE_CHARACTERS_MAX),
            "description": cut(&todo.description, TODO_WORDS_CHARACTERS_MAX),
            "executorIds": doers.iter().map(|doer| &doer.union).collect::<Vec<_>>(),
            "participantIds": followers.values().take(TODO_PEOPLE_MAX).collect::<Vec<_>>(),
        });
        if let Some(due_ms) = todo.due_ms {
            body["dueTime"] = json!(due_ms);
        }
        Ok(Put { todo, owner, doers, body })
    }

    /// Makes it, or finds what an earlier call made.
    async fn made(&self, put: &Put<'_>, row: Row) -> Result<Row, Failure> {
        let (todo, owner) = (put.todo, &put.owner);
        let link = todo.head.link.as_ref().filter(|link| link.len() <= TODO_LINK_BYTES_MAX);
        let link = link.ok_or_else(|| refused(NO_LINK))?;
        let mut body = put.body.clone();
        let more = json!({
            "sourceId": todo.head.key, "creatorId": owner, "priority": priority(todo.priority),
            "detailUrl": {"appUrl": link, "pcUrl": link},
            // Whoever stands in for the one who gave it does not want it among their own.
            "isOnlyShowExecutor": todo.creator.is_none(),
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        let call = Call::post(TASKS, body).about([owner]).with("operatorId", owner);
        let (id, said) = match self.client.call(&call).await {
            Ok(answer) => (text(&answer, "id").or_else(|| text(&answer, "taskId")), digest_of(&put.body)),
            Err(error) if error.message.contains("task exist") => {
                (self.found(&todo.head.key, owner, &put.doers).await?, String::new())
            }
            Err(error) => return Err(error.into()),
        };
        let Some(id) = id else {
            return Err(Failure::later("the platform does not say what it calls the to-do"));
        };
        let doers = put.doers.iter().map(|doer| Doer { is_done: false, ..doer.clone() }).collect();
        let row = Row { owner: owner.clone(), id: Some(id.clone()), doers, said, is_done: false, ..row };
        self.remember_id(Kind::Todo, &id, &todo.head.key).await?;
        self.write_row(Kind::Todo, &todo.head.key, &row).await?;
        Ok(row)
    }

    /// Looks for a to-do by our key, first by the way that only the platform's libraries know.
    async fn found(&self, key: &EntryKey, owner: &str, doers: &[Doer]) -> Result<Option<String>, Failure> {
        let call = Call::get("/v1.0/todo/users/*/tasks/sources/*").about([owner, key.as_str()]);
        match self.client.call(&call).await.map_err(CallError::of_reading) {
            Ok(answer) => return Ok(text(&answer, "id").or_else(|| text(&answer, "taskId"))),
            Err(CallError { meaning: Meaning::Refused(_), .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let Some(doer) = doers.first() else { return Ok(None) };
        let mut body = json!({"roleTypes": [["executor"]]});
        for _ in 0..TODO_PAGES_MAX {
            let call = Call::post("/v1.0/todo/users/*/org/tasks/query", body.clone()).about([&doer.union]);
            let answer = self.client.call(&call).await.map_err(CallError::of_reading)?;
            let ours = |card: &&Value| text(card, "sourceId").as_deref() == Some(key.as_str());
            if let Some(card) = items(&answer, "todoCards").iter().find(ours) {
                return Ok(text(card, "taskId"));
            }
            let Some(next) = text(&answer, "nextToken") else { break };
            body["nextToken"] = json!(next);
        }
        Ok(None)
    }

    /// Brings what is there to what shall be there; nothing is asked where both are the same.
    async fn bring_up(&self, put: &Put<'_>, row: &mut Row) -> Result<(), CallError> {
        let id = row.id.clone().unwrap_or_default();
        let is_done = put.todo.state == TodoState::Done;
        let said = digest_of(&put.body);
        let about = |call: Call| call.about([&row.owner, &id]).with("operatorId", &row.owner);
        let is_new = |doer: &&Doer| match row.doers.iter().find(|known| known.union == doer.union) {
            Some(known) => known.is_done != doer.is_done,
            None => doer.is_done,
        };
        let news: Vec<Value> = (put.doers.iter())
            .filter(|doer| !is_done && is_new(doer))
            .map(|doer| json!({"id": doer.union, "isDone": doer.is_done}))
            .collect();
        let is_same = said == row.said && is_done == row.is_done && news.is_empty();
        if !is_same {
            let mut body = put.body.clone();
            body["done"] = json!(is_done);
            self.client.call(&about(Call::put(TASK, body))).await?;
        }
        if !news.is_empty() {
            let path = "/v1.0/todo/users/*/tasks/*/executorStatus";
            let body = json!({"executorStatusList": news});
            self.client.call(&about(Call::put(path, body))).await?;
        }
        // When all have done their part the platform may take the whole for done.
        let is_done = is_done || !news.is_empty() && put.doers.iter().all(|doer| doer.is_done);
        (row.said, row.is_done, row.doers) = (said, is_done, put.doers.clone());
        Ok(())
    }

    async fn take_away(&self, todo: &Todo, mut row: Row) -> Result<EntryOnPlatform, Failure> {
        if row.id.is_none() {
            // It may have been made by a call whose answer was never noted.
            let put = self.in_their_terms(todo, &row).await;
            if let Ok(put) = put {
                row.id = self.found(&todo.head.key, &put.owner, &put.doers).await?;
                row.owner = put.owner;
            }
        }
        if let Some(id) = row.id.take() {
            let call = Call::delete(TASK).about([&row.owner, &id]).with("operatorId", &row.owner);
            match self.client.call(&call).await {
                Ok(_) | Err(CallError { meaning: Meaning::Refused(Refusal::Gone), .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let row = Row { revision: todo.head.revision, changes: row.changes, ..Row::default() };
        self.write_row(Kind::Todo, &todo.head.key, &row).await?;
        nowhere()
    }
}

fn digest_of(body: &Value) -> String {
    digest(body.to_string().as_bytes())
}

const fn priority(priority: Priority) -> u32 {
    match priority {
        Priority::Low => 10,
        Priority::Normal => 20,
        Priority::High => 30,
        Priority::Urgent => 40,
    }
}
