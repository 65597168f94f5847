//! Registers one account after another.

use serde_json::json;
use testkit::User;

use super::Person;
use crate::{
    attempt::{Outcome, attempt, post},
    history::History,
};

const REGISTER: &str = "/_matrix/client/v3/register";
const LOGIN: &str = "/_matrix/client/v3/login";

pub struct Newcomer {
    stranger: User,
    registered: usize,
    checked: usize,
}

impl Newcomer {
    pub fn new(stranger: User) -> Self {
        Self { stranger, registered: 0, checked: 0 }
    }

    async fn registers(&mut self) -> Outcome {
        let name = format!("newcomer-{}", self.registered);
        let body = json!({"username": name, "password": secret(&name), "auth": {"type": "m.login.dummy"}});
        let outcome = attempt(&self.stranger, http::Method::POST, REGISTER, &body).await;
        if matches!(outcome, Outcome::Acknowledged(_)) {
            self.registered += 1;
        }
        outcome
    }

    async fn logs_in(&self, name: &str) -> Result<(), String> {
        let body = json!({
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": name},
            "password": secret(name),
        });
        let session = post(&self.stranger, LOGIN, &body).await.map_err(|error| format!("{name}: {error}"))?;
        let user = self.stranger.with_token(session["access_token"].as_str().ok_or("no token")?);
        let profile = user.get(&format!("/_matrix/client/v3/profile/{}", user_id(&session)?)).await.ok();
        if profile.is_object() { Ok(()) } else { Err(format!("{name} has no profile")) }
    }
}

fn user_id(session: &serde_json::Value) -> Result<&str, String> {
    session["user_id"].as_str().ok_or_else(|| "a log-in without a user id".to_owned())
}

fn secret(name: &str) -> String {
    format!("password of {name}")
}

#[async_trait::async_trait]
impl Person for Newcomer {
    async fn works(&mut self) -> String {
        loop {
            match self.registers().await {
                Outcome::Acknowledged(_) => {}
                Outcome::InDoubt(reason) => return reason,
                Outcome::Refused(status, body) => return format!("REFUSED registration: {status} {body}"),
            }
        }
    }

    async fn settles(&mut self) -> Result<(), String> {
        match self.registers().await {
            Outcome::Acknowledged(_) => Ok(()),
            // The account was made and only its answer was lost: then it must be a whole account.
            Outcome::Refused(400, body) if body["errcode"] == "M_USER_IN_USE" => {
                self.logs_in(&format!("newcomer-{}", self.registered)).await?;
                self.registered += 1;
                Ok(())
            }
            Outcome::Refused(status, body) => Err(format!("registration: {status} {body}")),
            Outcome::InDoubt(reason) => Err(reason),
        }
    }

    async fn checks(&mut self, _: &History) -> Result<(), String> {
        for number in self.checked..self.registered {
            self.logs_in(&format!("newcomer-{number}")).await?;
        }
        self.checked = self.registered;
        Ok(())
    }

    fn acknowledged(&self) -> usize {
        self.registered
    }
}
