//! Who said something in the archive: a member, somebody from outside, a robot, or one of our own robots, whose words we know.

use std::sync::Arc;

use bridge_api::{Bounded, Failure, PersonId, Sender};
use parking_lot::Mutex;
use tokio::time::timeout;

use super::limits::{LOOKED_UP_WITHIN, REMEMBERED_MAX};
use crate::{
    client::{CallError, Client, Meaning},
    ids,
    lenient::text,
    people::People,
};

/// With what ids of robots begin. Members may be called so as well.
const ROBOT: &str = "wb";

/// Knows who people and robots are.
pub(super) struct Senders {
    /// The way to the archive's interfaces.
    pub archive: Arc<Client>,
    /// Who people are, customers among them where there is an app.
    pub people: Arc<People>,
    /// Robots of ours, by id or name.
    pub own: Vec<String>,
    /// What robots are called; nothing for somebody who is none.
    pub robots: Mutex<Bounded<String, Option<String>>>,
}

impl Senders {
    /// Those of one company.
    pub(super) fn new(archive: Arc<Client>, people: Arc<People>, own: Vec<String>) -> Self {
        Self { archive, people, own, robots: Mutex::new(Bounded::new(REMEMBERED_MAX)) }
    }

    /// Who `from` is; nothing for an id that cannot be kept.
    ///
    /// # Errors
    /// When nobody can say at the moment whether it is a robot of ours: its words would come twice.
    pub(super) async fn sender(&self, from: &str) -> Result<Option<Sender>, Failure> {
        let Some(id) = ids::person(from) else { return Ok(None) };
        if from.starts_with(ROBOT)
            && let Some(name) = self.robot(from).await?
        {
            let is_ours = self.own.iter().any(|own| own == from || *own == name);
            let name = Some(name).filter(|name| !name.is_empty());
            return Ok(Some(if is_ours { Sender::Ourselves } else { Sender::Bot { id, name } }));
        }
        let name = if ids::is_open(from) { self.customer(from, &id).await } else { None };
        Ok(Some(Sender::Person { id, name, external: Some(ids::is_open(from)) }))
    }

    /// What a robot is called; nothing when it is none.
    async fn robot(&self, id: &str) -> Result<Option<String>, Failure> {
        if self.own.iter().any(|own| own == id) {
            return Ok(Some(id.to_owned()));
        }
        if let Some(known) = self.robots.lock().get(id) {
            return Ok(known.clone());
        }
        let found = match self.archive.get("msgaudit/get_robot_info", &[("robot_id", id)]).await {
            Ok(answer) => Some(answer.get("data").and_then(|data| text(data, "name")).unwrap_or_default()),
            Err(CallError { meaning: Meaning::Refused(_), .. }) => None,
            Err(error) => return Err(error.into()),
        };
        self.robots.lock().put(id.to_owned(), found.clone());
        Ok(found)
    }

    /// What somebody from outside is called, if the app may know customers.
    async fn customer(&self, external: &str, id: &PersonId) -> Option<String> {
        if let Some(name) = self.people.memory.name(id) {
            return Some(name);
        }
        let found = timeout(LOOKED_UP_WITHIN, self.people.customer(external)).await.ok()?;
        let found = found.inspect_err(|error| tracing::debug!(%error, "somebody from outside has no name"));
        found.ok().flatten().map(|person| person.name)
    }
}
