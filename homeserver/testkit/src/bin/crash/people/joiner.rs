//! Joins and leaves the room in turn.

use serde_json::json;
use testkit::{User, segment};

use super::Person;
use crate::{attempt::post, history::History};

pub struct Joiner {
    user: User,
    /// Somebody who is always in the room.
    witness: User,
    room: String,
    is_in: bool,
    count: usize,
}

impl Joiner {
    pub fn new(user: User, witness: User, room: String) -> Self {
        Self { user, witness, room, is_in: false, count: 0 }
    }

    async fn changes(&mut self) -> Result<(), String> {
        let action = if self.is_in { "leave" } else { "join" };
        let path = format!("/_matrix/client/v3/rooms/{}/{action}", segment(&self.room));
        post(&self.user, &path, &json!({})).await?;
        self.is_in = !self.is_in;
        self.count += 1;
        Ok(())
    }

    /// The three places that tell of a membership must agree; returns what they say.
    async fn is_in_by_all_accounts(&self) -> Result<bool, String> {
        let by_list = self.user.joined_rooms().await.contains(&self.room);
        let by_state = self.witness.state(&self.room, "m.room.member", &self.user.id).await;
        let mut by_state = by_state;
        let by_state = by_state.status() == 200 && by_state.body()["membership"] == "join";
        let members = self.witness.reads_room(&self.room, "joined_members").await.ok();
        let by_members = members["joined"].get(&self.user.id).is_some();
        if by_list == by_state && by_list == by_members {
            return Ok(by_list);
        }
        Err(format!("joined? by list {by_list}, by state {by_state}, by members {by_members}"))
    }
}

#[async_trait::async_trait]
impl Person for Joiner {
    async fn works(&mut self) -> String {
        loop {
            if let Err(reason) = self.changes().await {
                return reason;
            }
        }
    }

    /// The last change was in doubt, so both memberships are right, as long as they are the same everywhere.
    async fn settles(&mut self) -> Result<(), String> {
        self.is_in = self.is_in_by_all_accounts().await?;
        self.changes().await
    }

    async fn checks(&mut self, _: &History) -> Result<(), String> {
        let is_in = self.is_in_by_all_accounts().await?;
        if is_in == self.is_in {
            Ok(())
        } else {
            Err(format!("joined is {is_in}, acknowledged {}", self.is_in))
        }
    }

    fn acknowledged(&self) -> usize {
        self.count
    }
}
