//! `PUT`, `GET` and `DELETE /_matrix/client/unstable/com.lianqiao.speaking/{serviceId}/{userId}`: a person has an application
//! service speak for them, as bridges do for those who talk from elsewhere.
//!
//! A service shows the message in which the person said so: `!me` or `!我` and the name of a platform, sent from a device of
//! theirs, later than the moment at which they last took it back. What the service may do then is in
//! [`crate::extract::speaks`]. The person, the service, and a closed account end it at any moment. Each change stands in the
//! audit stream.

use axum::{
    Json,
    extract::{FromRequestParts as _, RawPathParams, Request, State},
};
use http::Method;
use model::Pdu;
use rooms::{EventMeta, access::Viewer};
use ruma::{EventId, OwnedUserId, RoomId, UserId};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    App, Caller, MatrixError, Routes,
    admin::audited,
    extract::{Arguments, required},
};

const PATH: &str = "/_matrix/client/unstable/com.lianqiao.speaking/{serviceId}/{userId}";

/// How a message begins that lets a service speak for its sender.
const WORDS: [&str; 4] = ["!me", "！me", "!我", "！我"];

/// The three methods.
pub fn routes() -> Routes {
    Routes::new().raw(Method::PUT, PATH, give).raw(Method::GET, PATH, show).raw(
        Method::DELETE,
        PATH,
        take_back,
    )
}

/// A request, read.
struct Asked {
    app: App,
    caller: Caller,
    service: String,
    user: OwnedUserId,
    query: Arguments,
}

async fn asked(app: App, request: Request) -> Result<Asked, MatrixError> {
    let (mut parts, _) = request.into_parts();
    let caller = required(&parts, &app).await?;
    let arguments = RawPathParams::from_request_parts(&mut parts, &app)
        .await
        .map_err(|_| MatrixError::invalid_param("The path is not valid UTF-8"))?;
    let mut arguments = arguments.iter().map(|(_, value)| value.to_owned());
    let service = arguments.next().unwrap_or_default();
    let user = UserId::parse(arguments.next().unwrap_or_default())
        .map_err(|error| MatrixError::invalid_param(format!("not a user id: {error}")))?;
    let is_known = app.services.register().loaded().by_id(&service).is_some();
    if !is_known || !app.accounts.is_local(&user) {
        return Err(MatrixError::not_found("There is no such application service, or no such user here"));
    }
    let is_service = caller.service.as_ref().is_some_and(|own| own.id == service);
    let is_person = caller.service.is_none() && caller.user == user;
    if !is_service && !is_person {
        return Err(MatrixError::forbidden("Only the person and the application service may ask for this"));
    }
    Ok(Asked { query: Arguments::of_uri(&parts.uri), app, caller, service, user })
}

async fn give(State(app): State<App>, request: Request) -> Result<Json<Value>, MatrixError> {
    let Asked { app, caller, service, user, query } = asked(app, request).await?;
    super::service(&caller)?;
    let invalid = |name: &str| MatrixError::invalid_param(format!("{name} must name the message"));
    let room = query.get("room_id").and_then(|room| RoomId::parse(room).ok());
    let room = room.ok_or_else(|| invalid("room_id"))?;
    let event = query.get("event_id").and_then(|event| EventId::parse(event).ok());
    let event = event.ok_or_else(|| invalid("event_id"))?;
    if !app.accounts.is_active(&app.store, &user).await? {
        return Err(MatrixError::forbidden("The account is closed"));
    }
    // A word is for the service that hears it by the user it asks as: one that is not in the room may not use what was said
    // to another.
    let hearer = Viewer { user: &caller.user, device: None };
    app.rooms.visible_event(&app.store, hearer, &room, &event).await?;
    let viewer = Viewer { user: &user, device: None };
    let found = app.rooms.visible_event(&app.store, viewer, &room, &event).await?;
    let (pdu, meta) = (&found.shown().pdu, &found.shown().meta);
    if !is_word_of(pdu, meta, &user) {
        return Err(MatrixError::forbidden(
            "The message does not let a service speak for this user: it is `!me` and the name of a platform, from a device of theirs",
        ));
    }
    audited(&app, &user, "let an application service speak for them", &service, async {
        let is_given = app.services.let_speak(&service, &user, &event, pdu.origin_server_ts()).await?;
        match is_given {
            true => Ok(Json(json!({}))),
            false => Err(MatrixError::forbidden("The user took this back since")),
        }
    })
    .await
}

async fn show(State(app): State<App>, request: Request) -> Result<Json<Value>, MatrixError> {
    let Asked { app, service, user, .. } = asked(app, request).await?;
    match app.services.may_speak_for(&service, &user).await? {
        true => Ok(Json(json!({}))),
        false => Err(MatrixError::not_found("The application service does not speak for this user")),
    }
}

async fn take_back(State(app): State<App>, request: Request) -> Result<Json<Value>, MatrixError> {
    let Asked { app, caller, service, user, .. } = asked(app, request).await?;
    audited(
        &app,
        &caller.user,
        "end speaking of an application service",
        &format!("{service} {user}"),
        async {
            app.services.silence(&service, &user).await?;
            Ok(Json(json!({})))
        },
    )
    .await
}

/// The parts of a message that are looked at.
#[derive(Deserialize)]
struct Content {
    #[serde(default)]
    body: String,
}

/// Whether a message lets a service speak for its sender. What a service sent itself is nobody's word.
fn is_word_of(pdu: &Pdu, meta: &EventMeta, user: &UserId) -> bool {
    let is_from_device = meta.sender_txn.as_ref().is_some_and(|mark| !mark.scope.is_empty());
    let body = pdu.content_as::<Content>().map(|content| content.body).unwrap_or_default();
    pdu.sender() == user && pdu.kind() == "m.room.message" && is_from_device && is_word(&body)
}

fn is_word(body: &str) -> bool {
    let words: Vec<_> = body.split_whitespace().collect();
    let [first, platform] = words.as_slice() else { return false };
    WORDS.contains(&first.to_lowercase().as_str()) && platform.chars().all(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_the_command_and_one_platform() {
        for (body, is_one) in [
            ("!me feishu", true),
            (" ！我  飞书 ", true),
            ("!Me DingTalk", true),
            ("!me", false),
            ("!me feishu off", false),
            ("!me @li:x", false),
            ("not !me feishu", false),
            ("", false),
        ] {
            assert_eq!(is_word(body), is_one, "{body}");
        }
    }
}
