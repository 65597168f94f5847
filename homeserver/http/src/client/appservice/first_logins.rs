//! `POST /_matrix/client/unstable/com.lianqiao.people/first_logins` and `DELETE …/first_logins/{userId}`: a service that looks
//! after people, and says so in its registration, has them let in for the first time.
//!
//! It gets one-time links for accounts that nobody has ever entered, which are made where they are missing, or learns which names
//! are free. Which accounts these are is decided in [`accounts`], so that no service becomes somebody by this. Each link stands in the audit stream,
//! with who asked for it.

use accounts::AccountError;
use axum::{
    Json,
    extract::{Request, State},
};
use flows::{FIRST_LOGIN_MS, FIRST_LOGIN_PATH};
use futures_util::future::join_all;
use http::Method;
use ruma::{OwnedUserId, UserId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::people::{asked, later, named};
use crate::{App, Caller, MatrixError, Routes, admin::audited, limits::FIRST_LOGINS_MAX};

const PATH: &str = "/_matrix/client/unstable/com.lianqiao.people/first_logins";
const PATH_OF_ONE: &str = "/_matrix/client/unstable/com.lianqiao.people/first_logins/{userId}";

/// Both methods.
pub fn routes() -> Routes {
    Routes::new().raw(Method::POST, PATH, give).raw(Method::DELETE, PATH_OF_ONE, end)
}

/// What is asked for.
#[derive(Deserialize)]
struct Asked {
    /// Who asked the service, for the audit stream.
    by: String,
    /// Whether a link that still works stays the only one.
    #[serde(default)]
    keeps_open: bool,
    /// Whether nothing is given, and only said whether an account of this name could be made.
    #[serde(default)]
    only_looks: bool,
    /// Whom to let in.
    people: Vec<Person>,
}

#[derive(Deserialize)]
struct Person {
    user_id: OwnedUserId,
    /// The name of an account that is made now.
    #[serde(default)]
    display_name: Option<String>,
    /// Where the link goes by letter.
    #[serde(default)]
    address: Option<String>,
}

async fn give(State(app): State<App>, request: Request) -> Result<Json<Value>, MatrixError> {
    let (caller, asked): (_, Asked) = asked(&app, request).await?;
    if asked.people.len() > FIRST_LOGINS_MAX {
        return Err(MatrixError::invalid_param(format!("At most {FIRST_LOGINS_MAX} people in one request")));
    }
    let mut given: Vec<Value> = Vec::with_capacity(asked.people.len());
    let mut failures = Vec::new();
    for person in &asked.people {
        match give_one(&app, &caller, &asked, person).await {
            Ok(answer) => given.push(answer),
            // What cannot be told now is no answer: a name would be taken for somebody's.
            Err(error) if asked.only_looks => return Err(error),
            Err(error) => {
                given.push(later(&person.user_id, &error));
                failures.push(error);
            }
        }
    }
    // What fails for everybody is no reason of theirs.
    if failures.len() == asked.people.len()
        && let Some(error) = failures.into_iter().next()
    {
        return Err(error);
    }
    let flows = &app.flows;
    let mailed = asked.people.iter().zip(&given).map(|(person, given)| async move {
        match (&person.address, given["path"].as_str()) {
            (Some(address), Some(path)) => flows.mail_first_login(&person.user_id, address, path).await,
            (_, _) => false,
        }
    });
    let mailed = join_all(mailed).await;
    for (given, is_mailed) in given.iter_mut().zip(mailed) {
        given["mailed"] = is_mailed.into();
    }
    Ok(Json(json!({ "people": given })))
}

async fn give_one(app: &App, caller: &Caller, asked: &Asked, person: &Person) -> Result<Value, MatrixError> {
    let user = &person.user_id;
    if asked.only_looks {
        let is_free = match app.accounts.check_available(user.localpart()).await {
            Ok(_) => true,
            Err(error @ (AccountError::Store(_) | AccountError::Contended)) => return Err(error.into()),
            Err(_) => false,
        };
        return Ok(json!({ "user_id": user, "is_free": is_free }));
    }
    if !app.accounts.is_local(user) {
        return Ok(json!({ "user_id": user, "refused": "elsewhere" }));
    }
    match app.accounts.first_login_of(user).await {
        Ok(Some(expires_ms)) if asked.keeps_open => {
            return Ok(json!({ "user_id": user, "refused": "open", "expires_ms": expires_ms }));
        }
        Ok(_) => {}
        Err(error) => return refused(user, error),
    }
    let target = format!("{user} for {}", asked.by);
    let giving = async {
        let name = person.display_name.as_deref();
        Ok(app.accounts.give_first_login(user, name, FIRST_LOGIN_MS).await?)
    };
    let link = audited(app, &caller.user, "give the link of a first login", &target, giving).await?;
    let path = format!("{FIRST_LOGIN_PATH}?token={}", link.token);
    Ok(json!({ "user_id": user, "path": path, "expires_ms": link.expires_ms }))
}

/// Why somebody gets no link, in a word; what is no reason of theirs ends the request.
fn refused(user: &UserId, error: AccountError) -> Result<Value, MatrixError> {
    let reason = match error {
        AccountError::FirstLoginPast => "past",
        AccountError::UserLocked => "locked",
        AccountError::UserDeactivated => "closed",
        AccountError::Exclusive | AccountError::InvalidUsername => "name",
        other => return Err(other.into()),
    };
    Ok(json!({ "user_id": user, "refused": reason }))
}

async fn end(State(app): State<App>, request: Request) -> Result<Json<Value>, MatrixError> {
    let (caller, named) = named(&app, request).await?;
    let user = named.into_iter().next().unwrap_or_default();
    let user =
        UserId::parse(user).map_err(|error| MatrixError::invalid_param(format!("not a user id: {error}")))?;
    audited(&app, &caller.user, "void the link of a first login", user.as_str(), async {
        app.accounts.end_first_login(&user).await?;
        Ok(Json(json!({})))
    })
    .await
}
