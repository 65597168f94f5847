//! `GET /_matrix/client/unstable/io.element.msc4308/thread_subscriptions`

use axum::extract::State;
use model::StreamPos;
use rooms::thread_subscriptions::ThreadSubscriptionChanges;
use ruma::api::client::threads::get_thread_subscriptions_changes::unstable::Request;
use serde_json::{Map, Value, json};

use crate::{App, Authed, JsonBytes, MatrixError, extract::Raw};

/// Changes in one answer when the client does not say.
const LIMIT_DEFAULT: usize = 100;

/// The threads that the caller took up or gave up, newest first: those that a sliding sync left out.
/// ([MSC4308](https://github.com/matrix-org/matrix-spec-proposals/pull/4308))
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<Raw<Request>>,
) -> Result<JsonBytes, MatrixError> {
    let query = &request.query;
    if query.get("dir").is_some_and(|direction| direction != "b") {
        return Err(MatrixError::invalid_param("dir must be b"));
    }
    let limit = query.get("limit").map(|limit| limit.parse::<usize>()).transpose();
    let limit = limit.map_err(|_| MatrixError::invalid_param("limit must be a number"))?;
    let reader = app.store.snapshot();
    let up_to = position("from", query.get("from"))?.unwrap_or(reader.position());
    let after = position("to", query.get("to"))?.unwrap_or(StreamPos::new(0));
    let limit = limit.unwrap_or(LIMIT_DEFAULT);
    let changes = app.rooms.thread_subscription_changes(&reader, &caller.user, after, up_to, limit).await?;
    let mut body = written(&changes);
    if let Some(more) = changes.more_up_to {
        body.insert("end".to_owned(), more.get().to_string().into());
    }
    Ok(JsonBytes(Value::Object(body).to_string().into()))
}

/// A `prev_batch` or `end` of ours, or a position of either kind of sync.
fn position(name: &str, token: Option<String>) -> Result<Option<StreamPos>, MatrixError> {
    let Some(token) = token else { return Ok(None) };
    if let Ok(number) = token.parse::<u64>() {
        return Ok(Some(StreamPos::new(number)));
    }
    let place = rooms::token::decode(&token)
        .map_err(|_| MatrixError::invalid_param(format!("{name} is not a token of this server")))?;
    Ok(Some(StreamPos::new(u64::try_from(place.get()).unwrap_or_default())))
}

/// `subscribed` and `unsubscribed`, by room and root.
fn written(changes: &ThreadSubscriptionChanges) -> Map<String, Value> {
    let mut body = Map::new();
    let mut put = |kind: &str, room: &str, root: &str, value: Value| {
        let rooms = body.entry(kind).or_insert_with(|| json!({}));
        rooms[room][root] = value;
    };
    for (room, root, automatic, bump_stamp) in &changes.subscribed {
        let value = json!({ "automatic": automatic, "bump_stamp": bump_stamp });
        put("subscribed", room.as_str(), root.as_str(), value);
    }
    for (room, root, bump_stamp) in &changes.unsubscribed {
        put("unsubscribed", room.as_str(), root.as_str(), json!({ "bump_stamp": bump_stamp }));
    }
    body
}
