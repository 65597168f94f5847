//! Which events a new room starts with, in order.

use model::RoomVersion;
use ruma::{RoomAliasId, UserId};

use super::content;
use super::request::{CreateRoom, Preset};
use crate::append::NewEvent;
use crate::json::{object, text};
use crate::{Rooms, RoomsError};

/// The events, ready to be pushed one after another.
pub(super) async fn plan(
    rooms: &Rooms,
    request: &CreateRoom,
    version: &'static RoomVersion,
    alias: Option<&RoomAliasId>,
) -> Result<Vec<NewEvent>, RoomsError> {
    let creator = &request.creator;
    let mut events = vec![
        NewEvent::state(creator.clone(), "m.room.create", "", content::create(request, version)?),
        NewEvent::state(
            creator.clone(),
            "m.room.member",
            creator.as_str(),
            join_content(rooms, creator).await?,
        ),
        NewEvent::state(creator.clone(), "m.room.power_levels", "", content::power_levels(request, version)?),
    ];
    let state = |kind: &str, content| NewEvent::state(creator.clone(), kind, "", content);
    if let Some(alias) = alias {
        events.push(state("m.room.canonical_alias", object([("alias", text(alias.as_str()))])));
    }
    for (kind, key, value) in preset_state(request.preset) {
        let is_given =
            request.initial_state.iter().any(|given| given.kind == *kind && given.state_key.is_empty());
        if !is_given {
            events.push(state(kind, object([(key, text(*value))])));
        }
    }
    for given in &request.initial_state {
        let is_overridden = given.state_key.is_empty()
            && ((given.kind == "m.room.name" && request.name.is_some())
                || (given.kind == "m.room.topic" && request.topic.is_some()));
        if !is_overridden && given.kind != "m.room.power_levels" {
            events.push(NewEvent::state(
                creator.clone(),
                given.kind.as_str(),
                given.state_key.as_str(),
                given.content.clone(),
            ));
        }
    }
    if let Some(name) = &request.name {
        events.push(state("m.room.name", object([("name", text(name.as_str()))])));
    }
    if let Some(topic) = &request.topic {
        events.push(state("m.room.topic", content::topic(topic)));
    }
    for user in Rooms::invitees(request) {
        let content = invite_content(rooms, user, request).await?;
        events.push(NewEvent::state(creator.clone(), "m.room.member", user.as_str(), content));
    }
    Ok(events)
}

/// Type, content key and value of the state that a preset stands for.
fn preset_state(preset: Preset) -> &'static [(&'static str, &'static str, &'static str)] {
    match preset {
        // Without a guest access event guests are kept out, which is what this preset asks for.
        Preset::PublicChat => &[
            ("m.room.join_rules", "join_rule", "public"),
            ("m.room.history_visibility", "history_visibility", "shared"),
        ],
        Preset::PrivateChat | Preset::TrustedPrivateChat => &[
            ("m.room.join_rules", "join_rule", "invite"),
            ("m.room.history_visibility", "history_visibility", "shared"),
            ("m.room.guest_access", "guest_access", "can_join"),
        ],
    }
}

async fn join_content(rooms: &Rooms, user: &UserId) -> Result<ruma::CanonicalJsonObject, RoomsError> {
    let mut content = rooms.profile_content(user).await?;
    content.insert("membership".to_owned(), text("join"));
    Ok(content)
}

async fn invite_content(
    rooms: &Rooms,
    user: &UserId,
    request: &CreateRoom,
) -> Result<ruma::CanonicalJsonObject, RoomsError> {
    let mut content = rooms.profile_content(user).await?;
    content.insert("membership".to_owned(), text("invite"));
    if request.is_direct {
        content.insert("is_direct".to_owned(), ruma::CanonicalJsonValue::Bool(true));
    }
    if let Some(reason) = &request.invite_reason {
        content.insert("reason".to_owned(), text(reason.as_str()));
    }
    Ok(content)
}
