//! Letting people in for the first time, whom the organisation knows: the homeserver gives the links, and decides for whom.

use http::Method;
use ruma::{OwnedUserId, UserId};
use serde_json::{Value, json};

use crate::{
    Intent,
    wire::{Call, CallError},
};

const PATH: [&str; 4] = ["client", "unstable", "com.lianqiao.people", "first_logins"];

/// Most people of one request.
pub const FIRST_LOGINS_MAX: usize = 20;

/// Somebody who is to be let in.
#[derive(Clone, Debug)]
pub struct Newcomer {
    /// Their account, which is made where it is missing.
    pub account: OwnedUserId,
    /// The name of an account that is made.
    pub name: String,
    /// Where the link goes by letter, where the homeserver sends letters.
    pub address: Option<String>,
}

/// What became of a request for one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FirstLogin {
    /// A link.
    Given {
        /// The path of the page, behind the address of the homeserver. Whoever has it can open the account, once.
        path: String,
        /// Until when it works, in ms since 1970.
        expires_ms: u64,
        /// Whether it went out by letter.
        is_mailed: bool,
    },
    /// None, because the one from before still works.
    Open {
        /// Until when, in ms since 1970: by that it is known again.
        expires_ms: u64,
    },
    /// None, for this reason: `past`, `locked`, `closed`, `name` or `elsewhere`; `later` where it can be asked for again.
    Refused(String),
}

impl Intent {
    /// Asks for the links of these people, at most [`FIRST_LOGINS_MAX`]; answers in their order. A new link voids the one before
    /// unless `keeps_open`. Whoever asked is written down.
    ///
    /// # Errors
    /// See [`CallError`]; refused when the registration does not say that the service looks after people.
    pub async fn give_first_logins(
        &self,
        people: &[Newcomer],
        keeps_open: bool,
        by: &str,
    ) -> Result<Vec<FirstLogin>, CallError> {
        let asked: Vec<Value> = people
            .iter()
            .map(|person| {
                let Newcomer { account, name, address } = person;
                json!({ "user_id": account, "display_name": name, "address": address })
            })
            .collect();
        let body = json!({ "by": by, "keeps_open": keeps_open, "people": asked });
        let answer = self.ask(Call::new(Method::POST, &PATH).json(body)).await?;
        let given = answer["people"].as_array().map(Vec::as_slice).unwrap_or_default();
        Ok((0..people.len()).map(|place| read(given.get(place).unwrap_or(&Value::Null))).collect())
    }

    /// Which of these accounts, at most [`FIRST_LOGINS_MAX`], could be made: there is none of the name, and the name is nobody's.
    /// In their order.
    ///
    /// # Errors
    /// See [`CallError`]; [`CallError::Unreachable`] too where the answer does not say it of each.
    pub async fn free_accounts(&self, accounts: &[OwnedUserId]) -> Result<Vec<bool>, CallError> {
        let asked: Vec<Value> = accounts.iter().map(|account| json!({ "user_id": account })).collect();
        let body = json!({ "by": "", "only_looks": true, "people": asked });
        let answer = self.ask(Call::new(Method::POST, &PATH).json(body)).await?;
        let looked = answer["people"].as_array().map(Vec::as_slice).unwrap_or_default();
        let is_free = |place: usize| looked.get(place).and_then(|one| one["is_free"].as_bool());
        let untold = || CallError::Unreachable("it is not told which accounts are free".to_owned());
        (0..accounts.len()).map(|place| is_free(place).ok_or_else(untold)).collect()
    }

    /// Voids the link of somebody's first login, if there is one.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn end_first_login(&self, account: &UserId) -> Result<(), CallError> {
        let [a, b, c, d] = PATH;
        self.ask(Call::new(Method::DELETE, &[a, b, c, d, account.as_str()])).await.map(drop)
    }
}

fn read(given: &Value) -> FirstLogin {
    let expires_ms = given["expires_ms"].as_u64().unwrap_or_default();
    match (given["path"].as_str(), given["refused"].as_str()) {
        (Some(path), _) => {
            FirstLogin::Given { path: path.to_owned(), expires_ms, is_mailed: given["mailed"] == true }
        }
        (None, Some("open")) => FirstLogin::Open { expires_ms },
        (None, reason) => FirstLogin::Refused(reason.unwrap_or_default().to_owned()),
    }
}
