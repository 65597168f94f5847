//! `POST /_matrix/client/unstable/com.lianqiao.people/standings`: a service that looks after people says that some are away, have
//! left, or are here again.
//!
//! Whoever is away is suspended; whoever has left is locked out and loses every session, and nothing that they wrote. Accounts
//! that are no colleagues' (administrators, other services' users, guests, visitors) are refused, each in a word. Each change
//! stands in the audit stream, with who asked for it.

use accounts::{AccountError, Standing};
use axum::{
    Json,
    extract::{Request, State},
};
use http::Method;
use ruma::{OwnedUserId, UserId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::people::{asked, later};
use crate::{
    App, Caller, MatrixError, Routes,
    admin::audited,
    limits::{FOLLOWERS_MAX, STANDINGS_MAX},
};

const PATH: &str = "/_matrix/client/unstable/com.lianqiao.people/standings";

/// The method.
pub fn routes() -> Routes {
    Routes::new().raw(Method::POST, PATH, set)
}

#[derive(Deserialize)]
struct Asked {
    people: Vec<Person>,
}

#[derive(Deserialize)]
struct Person {
    user_id: OwnedUserId,
    standing: Standing,
    /// Who asked the service, for the audit stream.
    by: String,
    /// Who leads the rooms that only somebody who left could lead, where they are in them; the first one first.
    #[serde(default)]
    followers: Vec<OwnedUserId>,
}

async fn set(State(app): State<App>, request: Request) -> Result<Json<Value>, MatrixError> {
    let (caller, asked): (_, Asked) = asked(&app, request).await?;
    if asked.people.len() > STANDINGS_MAX {
        return Err(MatrixError::invalid_param(format!("At most {STANDINGS_MAX} people in one request")));
    }
    if asked.people.iter().any(|person| person.followers.len() > FOLLOWERS_MAX) {
        return Err(MatrixError::invalid_param(format!("At most {FOLLOWERS_MAX} followers of one person")));
    }
    let mut set = Vec::with_capacity(asked.people.len());
    for person in &asked.people {
        // What fails for one person may be theirs alone: those behind them are not left open because of it.
        let answer = match set_one(&app, &caller, person).await {
            Ok(answer) => answer,
            Err(error) => later(&person.user_id, &error),
        };
        set.push(answer);
    }
    Ok(Json(json!({ "people": set })))
}

async fn set_one(app: &App, caller: &Caller, person: &Person) -> Result<Value, MatrixError> {
    let (user, standing) = (&person.user_id, person.standing);
    if !app.accounts.is_local(user) {
        return Ok(json!({ "user_id": user, "refused": "elsewhere" }));
    }
    let setting = async {
        Ok::<_, MatrixError>(Box::pin(app.flows.set_standing(user, standing, &person.followers)).await?)
    };
    match app.accounts.standing(user).await {
        // Nothing changes; what a crash left undone of it is done now.
        Ok(now) if now == standing => setting.await?,
        Ok(_) => {
            let action = match standing {
                Standing::Active => "let in who is here again",
                Standing::Suspended => "suspend who is away",
                Standing::Left => "lock out who has left",
            };
            let target = format!("{user} for {}", person.by);
            audited(app, &caller.user, action, &target, setting).await?;
        }
        Err(error) => return refused(user, error),
    }
    Ok(json!({ "user_id": user }))
}

/// Why nothing is said of an account, in a word; what is no reason of its own may pass.
fn refused(user: &UserId, error: AccountError) -> Result<Value, MatrixError> {
    let reason = match error {
        AccountError::UnknownUser => "unknown",
        AccountError::UserDeactivated => "closed",
        AccountError::Administrator => "administrator",
        AccountError::Exclusive => "service",
        AccountError::NoColleague => "visitor",
        other => return Err(other.into()),
    };
    Ok(json!({ "user_id": user, "refused": reason }))
}
