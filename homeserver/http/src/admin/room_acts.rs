//! What is done to one room: blocking, rescuing, entering, deleting.

use administration::{Task, TaskState};
use flows::{DeletedRoom, RoomDeletion};
use http::Method;
use ruma::{OwnedUserId, RoomOrAliasId, UserId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Call, endpoint};
use crate::{MatrixError, Routes};

pub(super) fn routes() -> Routes {
    let mut routes = Routes::new();
    routes = endpoint(routes, Method::DELETE, "/_synapse/admin/v1/rooms/{room_id}", delete_and_wait);
    routes = endpoint(routes, Method::POST, "/_synapse/admin/v1/rooms/{room_id}/delete", delete_and_wait);
    routes = endpoint(routes, Method::DELETE, "/_synapse/admin/v2/rooms/{room_id}", delete);
    routes =
        endpoint(routes, Method::GET, "/_synapse/admin/v2/rooms/{room_id}/delete_status", status_of_room);
    routes = endpoint(routes, Method::GET, "/_synapse/admin/v2/rooms/delete_status/{delete_id}", status);
    routes = endpoint(routes, Method::GET, "/_synapse/admin/v1/rooms/{room_id}/block", is_blocked);
    routes = endpoint(routes, Method::PUT, "/_synapse/admin/v1/rooms/{room_id}/block", block);
    let rescue = "/_synapse/admin/v1/rooms/{room_id_or_alias}/make_room_admin";
    routes = endpoint(routes, Method::POST, rescue, make_room_admin);
    endpoint(routes, Method::POST, "/_synapse/admin/v1/join/{room_id_or_alias}", join)
}

#[derive(Deserialize)]
struct Delete {
    #[serde(default)]
    new_room_user_id: Option<OwnedUserId>,
    #[serde(default)]
    room_name: Option<String>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    block: bool,
    #[serde(default)]
    purge: Option<bool>,
}

async fn begin(call: &Call) -> Result<Task, MatrixError> {
    let body: Delete = call.body()?;
    let deletion = RoomDeletion {
        room_id: call.room(0)?,
        by: call.caller.user.clone(),
        new_room_user_id: body.new_room_user_id,
        room_name: body.room_name,
        message: body.message,
        block: body.block,
        purge: body.purge.unwrap_or(true),
    };
    Ok(call.app.flows.delete_room(&deletion).await?)
}

async fn delete(call: Call) -> Result<Value, MatrixError> {
    Ok(json!({ "delete_id": begin(&call).await?.id }))
}

/// The first form of the call answers when all is done.
async fn delete_and_wait(call: Call) -> Result<Value, MatrixError> {
    let task = begin(&call).await?;
    let finished = tokio::select! {
        finished = call.app.administration.finished_task(&task.id) => finished?,
        () = call.app.shutdown.wait() => {
            return Err(MatrixError::unavailable("The server is stopping; the deletion goes on after it", 10));
        }
    };
    match finished.state {
        TaskState::Failed => Err(MatrixError::internal("delete room", finished.error.unwrap_or_default())),
        TaskState::Scheduled | TaskState::Active | TaskState::Complete => Ok(outcome(&finished)),
    }
}

fn outcome(task: &Task) -> Value {
    let done = DeletedRoom::deserialize(&task.progress).unwrap_or_default();
    json!({
        "kicked_users": done.kicked_users,
        "failed_to_kick_users": done.failed_to_kick_users,
        "local_aliases": done.local_aliases,
        "new_room_id": done.new_room_id,
    })
}

fn described(task: &Task) -> Value {
    let status = match task.state {
        TaskState::Scheduled => "scheduled",
        TaskState::Active => "purging",
        TaskState::Complete => "complete",
        TaskState::Failed => "failed",
    };
    let mut answer = json!({
        "delete_id": task.id,
        "room_id": task.subject,
        "status": status,
        "shutdown_room": outcome(task),
    });
    if let Some(error) = &task.error {
        answer["error"] = error.as_str().into();
    }
    answer
}

fn is_deletion(task: &Task) -> bool {
    task.kind == "delete_room"
}

async fn status_of_room(call: Call) -> Result<Value, MatrixError> {
    let room = call.room(0)?;
    let tasks = call.app.administration.tasks_of(room.as_str()).await?;
    let results: Vec<Value> = tasks.iter().filter(|task| is_deletion(task)).map(described).collect();
    if results.is_empty() {
        return Err(MatrixError::not_found("No deletion of this room is known"));
    }
    Ok(json!({ "results": results }))
}

async fn status(call: Call) -> Result<Value, MatrixError> {
    let task = call.app.administration.task(call.argument(0)).await?.filter(is_deletion);
    Ok(described(&task.ok_or_else(|| MatrixError::not_found("No such deletion"))?))
}

async fn is_blocked(call: Call) -> Result<Value, MatrixError> {
    let by = call.app.rooms.blocked_by(&call.room(0)?).await?;
    let mut answer = json!({ "block": by.is_some() });
    if let Some(by) = by {
        answer["user_id"] = by.as_str().into();
    }
    Ok(answer)
}

#[derive(Deserialize)]
struct Block {
    block: bool,
}

async fn block(call: Call) -> Result<Value, MatrixError> {
    let room = call.room(0)?;
    let Block { block } = call.body()?;
    call.app.rooms.set_blocked(&room, &call.caller.user, block).await?;
    Ok(json!({ "block": block }))
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    user_id: Option<OwnedUserId>,
}

async fn named_room(call: &Call) -> Result<ruma::OwnedRoomId, MatrixError> {
    let room = RoomOrAliasId::parse(call.argument(0))
        .map_err(|error| MatrixError::invalid_param(format!("neither room nor alias: {error}")))?;
    Ok(call.app.rooms.resolve(&room).await?)
}

fn must_be_local(call: &Call, user: &UserId) -> Result<(), MatrixError> {
    if call.app.accounts.is_local(user) {
        Ok(())
    } else {
        Err(MatrixError::bad_request("The user belongs to another server"))
    }
}

async fn make_room_admin(call: Call) -> Result<Value, MatrixError> {
    let room = named_room(&call).await?;
    let user = call.body::<Named>()?.user_id.unwrap_or_else(|| call.caller.user.clone());
    must_be_local(&call, &user)?;
    call.app.rooms.make_room_administrator(&room, &user).await?;
    Ok(json!({}))
}

async fn join(call: Call) -> Result<Value, MatrixError> {
    let user =
        call.body::<Named>()?.user_id.ok_or_else(|| MatrixError::missing_param("user_id is missing"))?;
    must_be_local(&call, &user)?;
    if !call.app.accounts.is_active(&call.app.store, &user).await? {
        return Err(MatrixError::not_found("User not found"));
    }
    let room = named_room(&call).await?;
    call.app.rooms.bring_in(&room, &user).await?;
    Ok(json!({ "room_id": room }))
}
