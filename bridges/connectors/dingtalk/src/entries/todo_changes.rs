//! What somebody did to a to-do of ours. To-dos of apps cannot be ticked off in the list of DingTalk today; whatever else may change
//! one is told all the same.

use bridge_api::{Acted, Action, Arrival, CallError, EventKey, Failure, Happened, Meaning, Refusal, digest};

use super::{
    Entries, Kind,
    todos::{Row, TASK},
    told::Told,
};
use crate::{
    client::Call,
    lenient::{number, text, truth},
};

impl Entries {
    /// A to-do changed, says the platform.
    pub(super) async fn todo_changed(&self, task: &str, at_ms: u64) -> Result<Told, Failure> {
        let Some(key) = self.key_of(Kind::Todo, task).await? else { return Ok(Told::nothing()) };
        let turn = self.turn(&key).await;
        let Some(mut row) = self.row::<Row>(Kind::Todo, &key).await? else { return Ok(Told::nothing()) };
        if row.id.as_deref() != Some(task) {
            return Ok(Told::nothing());
        }
        let call = Call::get(TASK).about([&row.owner, task]);
        let read = match self.client.call(&call).await.map_err(CallError::of_reading) {
            Ok(read) => read,
            Err(CallError { meaning: Meaning::Refused(Refusal::Gone), .. }) => return Ok(Told::nothing()),
            Err(error) => return Err(error.into()),
        };
        let is_done = truth(&read, "done");
        if is_done == row.is_done {
            return Ok(Told::nothing());
        }
        // Who did it is said by the to-do; where it has one doer alone it was they.
        let by = match (text(&read, "modifierId"), row.doers.as_slice()) {
            (Some(union), doers) => match doers.iter().find(|doer| doer.union == union) {
                Some(doer) => Some(doer.person.clone()),
                None => self.unions.who(&union).await?,
            },
            (None, [doer]) => Some(doer.person.clone()),
            (None, _) => None,
        };
        let client_id = &self.client.settings().client_id;
        let event = EventKey::new(format!("{client_id}:todo:{}:{}", digest(task.as_bytes()), row.changes));
        (row.is_done, row.changes) = (is_done, row.changes + 1);
        let (Some(by), Ok(event)) = (by, event) else {
            tracing::warn!("a to-do changed and nobody says by whom");
            return self.told(Kind::Todo, &key, &row, Vec::new(), turn);
        };
        let action = if is_done { Action::Done } else { Action::Reopen };
        let proof = digest(read.to_string().as_bytes());
        let acted = Acted { key: key.clone(), by, action, words: None, instance_ms: None, proof };
        let at_ms = number(&read, "modifiedTime").unwrap_or(at_ms);
        let what = Happened::Acted(acted);
        let arrival = Arrival { key: event, conversation: None, at_ms, trace: Some(task.to_owned()), what };
        self.told(Kind::Todo, &key, &row, vec![arrival], turn)
    }
}
