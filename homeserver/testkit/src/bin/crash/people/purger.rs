//! Has rooms deleted for good: a deletion that was acknowledged goes on after a start until nothing is left.

use std::time::Duration;

use http::Method;
use serde_json::json;
use testkit::{User, segment};
use tokio::time::{Instant, sleep};

use super::{PACE, Person};
use crate::{
    attempt::{Outcome, attempt},
    history::History,
};

/// Messages in a room before it is deleted.
const MESSAGES: usize = 8;
/// How long a deletion may take after a start.
const DELETION_MAX: Duration = Duration::from_secs(20);

/// A room on its way out.
struct Doomed {
    room: String,
    last_event: String,
}

pub struct Purger {
    root: User,
    owner: User,
    /// Whose deletion was asked for and not answered.
    in_doubt: Option<Doomed>,
    /// Deletions that were acknowledged since the last look, by their ids.
    deleted: Vec<(String, Doomed)>,
    count: usize,
}

impl Purger {
    pub fn new(root: User, owner: User) -> Self {
        Self { root, owner, in_doubt: None, deleted: Vec::new(), count: 0 }
    }

    async fn makes_room(&self) -> Result<Doomed, String> {
        let answer = answered(&self.owner, Method::POST, "/_matrix/client/v3/createRoom", json!({})).await?;
        let room = answer["room_id"].as_str().ok_or("a room without id")?.to_owned();
        let mut last_event = String::new();
        for number in 0..MESSAGES {
            let path = format!("/_matrix/client/v3/rooms/{}/send/m.room.message/{number}", segment(&room));
            let content = json!({"msgtype": "m.text", "body": "to be forgotten"});
            let answer = answered(&self.owner, Method::PUT, &path, content).await?;
            last_event = answer["event_id"].as_str().ok_or("a send without an event id")?.to_owned();
        }
        Ok(Doomed { room, last_event })
    }

    async fn deletes(&mut self, doomed: Doomed) -> Result<(), String> {
        let path = format!("/_synapse/admin/v2/rooms/{}", segment(&doomed.room));
        match attempt(&self.root, Method::DELETE, &path, &json!({"purge": true})).await {
            Outcome::Acknowledged(body) => {
                let id = body["delete_id"].as_str().ok_or("a deletion without id")?.to_owned();
                self.deleted.push((id, doomed));
                self.count += 1;
                Ok(())
            }
            Outcome::InDoubt(reason) => {
                self.in_doubt = Some(doomed);
                Err(reason)
            }
            Outcome::Refused(status, body) => Err(format!("REFUSED {path}: {status} {body}")),
        }
    }

    async fn is_gone(&self, doomed: &Doomed) -> Result<(), String> {
        let room = segment(&doomed.room);
        let detail = format!("/_synapse/admin/v1/rooms/{room}");
        let event = format!("/_matrix/client/v3/rooms/{room}/event/{}", segment(&doomed.last_event));
        for (user, path) in [(&self.root, detail), (&self.owner, event)] {
            let status = user.get(&path).await.status();
            if status != 404 && status != 403 {
                return Err(format!("{path} of a deleted room answers {status}"));
            }
        }
        Ok(())
    }
}

async fn answered(
    user: &User,
    method: Method,
    path: &str,
    body: serde_json::Value,
) -> Result<serde_json::Value, String> {
    match attempt(user, method, path, &body).await {
        Outcome::Acknowledged(body) => Ok(body),
        Outcome::InDoubt(reason) => Err(reason),
        Outcome::Refused(status, body) => Err(format!("REFUSED {path}: {status} {body}")),
    }
}

#[async_trait::async_trait]
impl Person for Purger {
    async fn works(&mut self) -> String {
        loop {
            let outcome = match self.makes_room().await {
                Ok(doomed) => self.deletes(doomed).await,
                Err(reason) => Err(reason),
            };
            if let Err(reason) = outcome {
                return reason;
            }
            sleep(PACE).await;
        }
    }

    /// A deletion in doubt was begun or not; asked for again it either begins or finds no such room.
    async fn settles(&mut self) -> Result<(), String> {
        let Some(doomed) = self.in_doubt.take() else { return Ok(()) };
        let path = format!("/_synapse/admin/v1/rooms/{}", segment(&doomed.room));
        if self.root.get(&path).await.status() == 404 {
            return Ok(());
        }
        match self.deletes(doomed).await {
            Err(reason) if reason.starts_with("REFUSED") => Ok(()),
            outcome => outcome,
        }
    }

    async fn checks(&mut self, _: &History) -> Result<(), String> {
        let deadline = Instant::now() + DELETION_MAX;
        for (id, doomed) in std::mem::take(&mut self.deleted) {
            let path = format!("/_synapse/admin/v2/rooms/delete_status/{id}");
            loop {
                let state = self.root.get(&path).await.ok()["status"].clone();
                if state == "complete" {
                    break;
                }
                if state == "failed" || Instant::now() > deadline {
                    return Err(format!("the deletion of {} stands at {state}", doomed.room));
                }
                sleep(PACE).await;
            }
            self.is_gone(&doomed).await?;
        }
        Ok(())
    }

    fn acknowledged(&self) -> usize {
        self.count
    }
}
