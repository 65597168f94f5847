//! `POST /_matrix/client/v3/createRoom`

use axum::extract::State;
use rooms::{CreateRoom, InitialState, Preset};
use ruma::{
    CanonicalJsonObject, OwnedUserId, RoomAliasId,
    api::client::room::{
        Visibility,
        create_room::v3::{Request, Response, RoomPreset},
    },
    events::AnyInitialStateEvent,
    serde::Raw,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{Answer, App, Authed, MatrixError, extract::WithBody, rate_limits::Action};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3createroom)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<WithBody<Request>>,
) -> Result<Answer<Response>, MatrixError> {
    app.limits.caller(&caller, Action::CreateRoom)?;
    let mut wanted = wanted(caller.user.clone(), request.request)?;
    wanted.invite_reason = invite_reason(&request.part)?;
    let request = wanted;
    if let Some(name) = &request.alias_localpart
        && let Ok(alias) = RoomAliasId::parse(format!("#{name}:{}", app.rooms.server_name()))
    {
        app.services.check_alias(&alias, caller.service.as_deref())?;
    }
    for invited in &request.invite {
        app.services.has_user(invited).await?;
    }
    let created = app.flows.create_room(&request).await?;
    Ok(Answer(Response::new(created.room_id)))
}

fn wanted(creator: OwnedUserId, request: Request) -> Result<CreateRoom, MatrixError> {
    if !request.invite_3pid.is_empty() {
        return Err(MatrixError::bad_request("This server does not invite by third-party identifier"));
    }
    let public = request.visibility == Visibility::Public;
    let mut wanted = CreateRoom::new(creator);
    wanted.preset = match request.preset {
        Some(RoomPreset::PublicChat) => Preset::PublicChat,
        Some(RoomPreset::PrivateChat) => Preset::PrivateChat,
        Some(RoomPreset::TrustedPrivateChat) => Preset::TrustedPrivateChat,
        Some(_) => return Err(MatrixError::invalid_param("Unknown preset")),
        None if public => Preset::PublicChat,
        None => Preset::PrivateChat,
    };
    wanted.public = public;
    wanted.version = request.room_version;
    wanted.creation_content = object(request.creation_content.as_ref().map(Raw::json))?;
    wanted.power_level_content_override =
        object(request.power_level_content_override.as_ref().map(Raw::json))?;
    wanted.alias_localpart = request.room_alias_name;
    wanted.name = request.name;
    wanted.topic = request.topic;
    wanted.invite = request.invite;
    wanted.is_direct = request.is_direct;
    wanted.initial_state = request.initial_state.iter().map(initial_state).collect::<Result<_, _>>()?;
    Ok(wanted)
}

/// Why the users are invited (MSC4491), by the name of the proposal or its unstable one.
fn invite_reason(body: &[u8]) -> Result<Option<String>, MatrixError> {
    #[derive(Deserialize)]
    struct Body {
        invite_reason: Option<String>,
        #[serde(rename = "uk.timedout.msc4491.invite_reason")]
        unstable: Option<String>,
    }
    let body: Body =
        serde_json::from_slice(body).map_err(|error| MatrixError::bad_json(error.to_string()))?;
    Ok(body.invite_reason.or(body.unstable))
}

fn object(json: Option<&RawValue>) -> Result<CanonicalJsonObject, MatrixError> {
    json.map_or_else(|| Ok(CanonicalJsonObject::new()), |json| Ok(rooms::canonical_object(json.get())?))
}

fn initial_state(event: &Raw<AnyInitialStateEvent>) -> Result<InitialState, MatrixError> {
    #[derive(Deserialize)]
    struct Event<'a> {
        #[serde(rename = "type")]
        kind: String,
        #[serde(default)]
        state_key: String,
        #[serde(borrow)]
        content: &'a RawValue,
    }
    let event: Event<'_> = serde_json::from_str(event.json().get())
        .map_err(|error| MatrixError::bad_json(format!("initial_state: {error}")))?;
    let content = object(Some(event.content))?;
    Ok(InitialState { kind: event.kind, state_key: event.state_key, content })
}
