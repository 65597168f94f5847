//! What every administrative call has in common.

use std::{collections::HashMap, future::Future};

use administration::Act;
use axum::{
    Json,
    extract::{FromRequestParts as _, Query, RawPathParams, Request, State},
};
use http::Method;
use rules::canonical::nests_deeper;
use ruma::{OwnedRoomId, OwnedUserId, RoomId, UserId, api::error::DeserializationError};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    App, Caller, MatrixError, Routes,
    extract::{read_body, required},
    limits::{ADMIN_PAGE_DEFAULT, ADMIN_PAGE_MAX, JSON_BODY_BYTES_MAX, JSON_DEPTH_MAX},
};

/// A call of an administrator.
pub(super) struct Call {
    pub app: App,
    pub caller: Caller,
    path: Vec<String>,
    query: HashMap<String, String>,
    body: Value,
}

/// Adds an endpoint. What is not a GET is written into the audit stream before it is done.
pub(super) fn endpoint<F, O>(routes: Routes, method: Method, path: &'static str, handler: F) -> Routes
where
    F: Fn(Call) -> O + Clone + Send + Sync + 'static,
    O: Future<Output = Result<Value, MatrixError>> + Send + 'static,
{
    let serve = move |State(app): State<App>, request: Request| {
        let handler = handler.clone();
        async move { serve(app, request, path, handler).await.map(Json) }
    };
    routes.raw(method, path, serve)
}

async fn serve<F, O>(app: App, request: Request, template: &str, handler: F) -> Result<Value, MatrixError>
where
    F: Fn(Call) -> O,
    O: Future<Output = Result<Value, MatrixError>> + Send,
{
    let (mut parts, body) = request.into_parts();
    let caller = required(&parts, &app).await?;
    require_administrator(&caller)?;
    let arguments = RawPathParams::from_request_parts(&mut parts, &app)
        .await
        .map_err(|_| MatrixError::invalid_param("The path is not valid UTF-8"))?;
    let path: Vec<String> = arguments.iter().map(|(_, value)| value.to_owned()).collect();
    let query = Query::try_from_uri(&parts.uri).map(|Query(query)| query);
    let query: HashMap<String, String> =
        query.map_err(|error| MatrixError::invalid_param(error.to_string()))?;
    if parts.method == Method::GET {
        return handler(Call { app, caller, path, query, body: Value::Null }).await;
    }
    let body = read_body(&app, &parts.headers, body, JSON_BODY_BYTES_MAX).await?;
    let body = json_object(&body)?;
    let (target, user) = (target(&path, &body), caller.user.clone());
    let action = format!("{} {template}", parts.method);
    let call = Call { app: app.clone(), caller, path, query, body };
    audited(&app, &user, &action, &target, handler(call)).await
}

/// Refuses everybody who is not an administrator.
pub(crate) fn require_administrator(caller: &Caller) -> Result<(), MatrixError> {
    if caller.session.is_admin {
        Ok(())
    } else {
        Err(MatrixError::forbidden("You are not a server administrator"))
    }
}

/// Does something with an entry in the audit stream: the act is durable there before it is done.
pub(crate) async fn audited<T>(
    app: &App,
    actor: &UserId,
    action: &str,
    target: &str,
    work: impl Future<Output = Result<T, MatrixError>>,
) -> Result<T, MatrixError> {
    let mark = app.administration.begin_act(Act { actor: actor.as_str(), action, target }).await?;
    let outcome = work.await;
    let error = outcome.as_ref().err().map(|error| format!("{} {}", error.status().as_u16(), error.code()));
    app.administration.end_act(mark, error.as_deref()).await;
    outcome
}

/// To whom or what a call is done: its path arguments, else the user or room that its body names.
fn target(path: &[String], body: &Value) -> String {
    if !path.is_empty() {
        return path.join(" ");
    }
    let named = ["user_id", "room_id", "token"].into_iter().find_map(|key| body[key].as_str());
    named.unwrap_or_default().to_owned()
}

fn json_object(body: &[u8]) -> Result<Value, MatrixError> {
    if body.is_empty() {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    if std::str::from_utf8(body).is_err() {
        return Err(MatrixError::not_json("The body is not valid UTF-8"));
    }
    if nests_deeper(body, JSON_DEPTH_MAX) {
        return Err(MatrixError::bad_json("The JSON is nested too deeply"));
    }
    let value: Value =
        serde_json::from_slice(body).map_err(|error| MatrixError::not_json(error.to_string()))?;
    if value.is_object() { Ok(value) } else { Err(MatrixError::bad_json("The body must be a JSON object")) }
}

impl Call {
    /// A path argument; empty when the path has none at that place.
    pub fn argument(&self, index: usize) -> &str {
        self.path.get(index).map(String::as_str).unwrap_or_default()
    }

    /// A path argument that is a local user's id.
    pub fn local_user(&self, index: usize) -> Result<OwnedUserId, MatrixError> {
        let user = UserId::parse(self.argument(index))
            .map_err(|error| MatrixError::invalid_param(format!("not a user id: {error}")))?;
        if self.app.accounts.is_local(&user) {
            Ok(user)
        } else {
            Err(MatrixError::invalid_param("The user belongs to another server"))
        }
    }

    /// The same, of an account that exists.
    pub async fn existing_user(&self, index: usize) -> Result<OwnedUserId, MatrixError> {
        let user = self.local_user(index)?;
        if self.app.accounts.exists(&self.app.store, &user).await? {
            Ok(user)
        } else {
            Err(MatrixError::not_found("User not found"))
        }
    }

    /// A path argument that is a room id.
    pub fn room(&self, index: usize) -> Result<OwnedRoomId, MatrixError> {
        RoomId::parse(self.argument(index))
            .map_err(|error| MatrixError::invalid_param(format!("not a room id: {error}")))
    }

    /// A query argument, if it is there and not empty.
    pub fn text(&self, name: &str) -> Option<String> {
        self.query.get(name).filter(|value| !value.is_empty()).cloned()
    }

    /// A query argument that is a whole number.
    pub fn number(&self, name: &str) -> Result<Option<usize>, MatrixError> {
        let parse = |text: String| {
            text.parse().map_err(|_| MatrixError::invalid_param(format!("{name} must be a whole number")))
        };
        self.text(name).map(parse).transpose()
    }

    /// A query argument that is true or false.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, MatrixError> {
        match self.text(name).as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(MatrixError::invalid_param(format!("{name} must be true or false"))),
        }
    }

    /// Where a page begins and how long it is.
    pub fn page(&self) -> Result<(usize, usize), MatrixError> {
        let limit = self.number("limit")?.unwrap_or(ADMIN_PAGE_DEFAULT).min(ADMIN_PAGE_MAX);
        Ok((self.number("from")?.unwrap_or_default(), limit))
    }

    /// Whether the query asks for the order `f` (true) or `b` (false).
    pub fn forwards(&self, default: bool) -> Result<bool, MatrixError> {
        match self.text("dir").as_deref() {
            None => Ok(default),
            Some("f") => Ok(true),
            Some("b") => Ok(false),
            Some(_) => Err(MatrixError::invalid_param("dir must be f or b")),
        }
    }

    /// The body in its proper form.
    pub fn body<T: DeserializeOwned>(&self) -> Result<T, MatrixError> {
        T::deserialize(&self.body).map_err(|error| DeserializationError::Json(error).into())
    }
}
