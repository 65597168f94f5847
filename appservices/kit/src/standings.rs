//! Saying who of the organisation is away, has left, or is here again: the homeserver suspends, locks out and lets in, and decides
//! whose accounts it takes nobody's word for.

use http::Method;
use ruma::OwnedUserId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    Intent,
    wire::{Call, CallError},
};

const PATH: [&str; 4] = ["client", "unstable", "com.lianqiao.people", "standings"];

/// Most people of one request.
pub const STANDINGS_MAX: usize = 20;

/// Most followers of one person.
pub const FOLLOWERS_MAX: usize = 16;

/// The answer about somebody of whom it is to be said again.
pub const STANDING_LATER: &str = "later";

/// How the organisation stands to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Works here.
    Active,
    /// Is away: may read and leave, not write.
    Suspended,
    /// Has left: locked out, without a session.
    Left,
}

/// What is said of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaidStanding {
    /// Their account.
    pub account: OwnedUserId,
    /// How the organisation stands to them.
    pub standing: Standing,
    /// Who said so, for the records.
    pub by: String,
    /// Who leads the rooms that only somebody who left could lead, where they are in them; the nearest first, at most
    /// [`FOLLOWERS_MAX`].
    pub followers: Vec<OwnedUserId>,
}

impl Intent {
    /// Says how the organisation stands to these people, at most [`STANDINGS_MAX`]; answers in their order. None where it is
    /// so now, else why not: `administrator`, `service`, `visitor`, `closed`, `unknown` or `elsewhere`; or [`STANDING_LATER`]
    /// where it failed or is not finished, and is to be said again. Saying it again changes nothing.
    ///
    /// # Errors
    /// See [`CallError`]; refused when the registration does not say that the service looks after people.
    pub async fn say_standings(&self, people: &[SaidStanding]) -> Result<Vec<Option<String>>, CallError> {
        let said: Vec<Value> = people
            .iter()
            .map(|SaidStanding { account, standing, by, followers }| {
                json!({ "user_id": account, "standing": standing, "by": by, "followers": followers })
            })
            .collect();
        let answer = self.ask(Call::new(Method::POST, &PATH).json(json!({ "people": said }))).await?;
        let set = answer["people"].as_array().map(Vec::as_slice).unwrap_or_default();
        if set.len() != people.len() {
            return Err(CallError::Unreachable("the homeserver answers of other people".to_owned()));
        }
        Ok(set.iter().map(|one| one["refused"].as_str().map(ToOwned::to_owned)).collect())
    }
}
