//! What a user of ours does at the homeserver, by the words of the specification.
//!
//! Bots read with it; what they send goes through the outbox.

use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use ruma::{DeviceId, EventId, OwnedDeviceId, OwnedEventId, OwnedRoomId, OwnedUserId, RoomId, UserId};
use serde_json::{Value, json};

use crate::{
    PREFIX,
    limits::RELATIONS_PER_PAGE,
    wire::{Body, Call, CallError, FileStream, Wire},
};

/// A user of ours at the homeserver.
#[derive(Clone)]
pub struct Intent {
    wire: Arc<dyn Wire>,
    user: OwnedUserId,
    /// Its device, for what concerns keys.
    device: Option<OwnedDeviceId>,
}

impl Intent {
    pub(crate) fn new(wire: Arc<dyn Wire>, user: OwnedUserId) -> Self {
        Self { wire, user, device: None }
    }

    /// The same with a device.
    pub(crate) fn speaking_as(self, device: Option<OwnedDeviceId>) -> Self {
        Self { device, ..self }
    }

    /// Who this is.
    #[must_use]
    pub fn user(&self) -> &UserId {
        &self.user
    }

    /// The content of a room's state; none where there is no such state.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn state(
        &self,
        room: &RoomId,
        kind: &str,
        state_key: &str,
    ) -> Result<Option<Value>, CallError> {
        let path = ["client", "v3", "rooms", room.as_str(), "state", kind, state_key];
        found(self.wire.call(&self.user, Call::new(Method::GET, &path)).await)
    }

    /// An event of a room; none where there is no such event, or this user may not see it.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn event_of(&self, room: &RoomId, event: &EventId) -> Result<Option<Value>, CallError> {
        let path = ["client", "v3", "rooms", room.as_str(), "event", event.as_str()];
        found(self.wire.call(&self.user, Call::new(Method::GET, &path)).await)
    }

    /// The joined members of a room.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn joined_members(&self, room: &RoomId) -> Result<Vec<OwnedUserId>, CallError> {
        Ok(self.joined_names(room).await?.into_iter().map(|(user, _)| user).collect())
    }

    /// The joined members of a room with the names that they have there, where they have one.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn joined_names(&self, room: &RoomId) -> Result<Vec<(OwnedUserId, Option<String>)>, CallError> {
        let path = ["client", "v3", "rooms", room.as_str(), "joined_members"];
        let answer = self.wire.call(&self.user, Call::new(Method::GET, &path)).await?;
        let named = |(user, member): (&String, &Value)| {
            let name = member["display_name"].as_str().map(ToOwned::to_owned);
            Some((UserId::parse(user).ok()?, name))
        };
        Ok(answer["joined"].as_object().into_iter().flatten().filter_map(named).collect())
    }

    /// The name that a person shows; none where there is none.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn display_name(&self, user: &UserId) -> Result<Option<String>, CallError> {
        let path = ["client", "v3", "profile", user.as_str(), "displayname"];
        let profile = found(self.wire.call(&self.user, Call::new(Method::GET, &path)).await)?;
        Ok(profile.and_then(|profile| profile["displayname"].as_str().map(ToOwned::to_owned)))
    }

    /// Whether the homeserver knows somebody of this name.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn has_profile(&self, user: &UserId) -> Result<bool, CallError> {
        let path = ["client", "v3", "profile", user.as_str()];
        Ok(found(self.wire.call(&self.user, Call::new(Method::GET, &path)).await)?.is_some())
    }

    /// What somebody of this server has in their account data under a type that is one of the registration's; none where there is
    /// nothing.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn account_data(&self, of: &UserId, kind: &str) -> Result<Option<Value>, CallError> {
        let path = ["client", "v3", "user", of.as_str(), "account_data", kind];
        found(self.wire.call(&self.user, Call::new(Method::GET, &path)).await)
    }

    /// Writes it.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn set_account_data(&self, of: &UserId, kind: &str, content: Value) -> Result<(), CallError> {
        let path = ["client", "v3", "user", of.as_str(), "account_data", kind];
        self.wire.call(&self.user, Call::new(Method::PUT, &path).json(content)).await.map(drop)
    }

    /// When somebody is busy between two moments, as their server tells `asker` of this server (MSC4496).
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn availability(
        &self,
        asker: &UserId,
        who: &UserId,
        (start, end): (&str, &str),
    ) -> Result<Value, CallError> {
        let path = ["client", "unstable", "org.matrix.msc4496", "user", who.as_str(), "availability"];
        let mut body = json!({ "range_start": start, "range_end": end });
        body[format!("{PREFIX}asker")] = json!(asker);
        self.wire.call(&self.user, Call::new(Method::POST, &path).json(body)).await
    }

    /// The events that relate to an event in this way, the newest first, at most [`RELATIONS_PER_PAGE`].
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn relations(
        &self,
        room: &RoomId,
        event: &EventId,
        relation: &str,
    ) -> Result<Vec<Value>, CallError> {
        self.relations_page(room, event, relation, None).await.map(|(events, _)| events)
    }

    /// A page of the same, and where the one behind it begins; nothing behind the last.
    pub(crate) async fn relations_page(
        &self,
        room: &RoomId,
        event: &EventId,
        relation: &str,
        from: Option<&str>,
    ) -> Result<(Vec<Value>, Option<String>), CallError> {
        let path = ["client", "v1", "rooms", room.as_str(), "relations", event.as_str(), relation];
        let mut call = Call::new(Method::GET, &path);
        call.query.push(("limit", RELATIONS_PER_PAGE.to_string()));
        call.query.extend(from.map(|from| ("from", from.to_owned())));
        let mut answer = self.wire.call(&self.user, call).await?;
        let next = answer["next_batch"].as_str().map(ToOwned::to_owned);
        Ok((events_of(&mut answer), next))
    }

    /// The newest events of a room that this user may see, the newest first.
    pub(crate) async fn recent(&self, room: &RoomId, limit: usize) -> Result<Vec<Value>, CallError> {
        let mut call = Call::new(Method::GET, &["client", "v3", "rooms", room.as_str(), "messages"]);
        call.query.extend([("dir", "b".to_owned()), ("limit", limit.to_string())]);
        self.chunk(call).await
    }

    /// The bytes behind `mxc://server/id`.
    ///
    /// # Errors
    /// See [`CallError`]; an address that is none is refused.
    pub async fn download(&self, mxc: &str) -> Result<Bytes, CallError> {
        self.wire.download(&self.user, file_at(mxc)?).await
    }

    /// The same bytes as they arrive, for files that are too large to be had at once.
    ///
    /// # Errors
    /// See [`CallError`]; an address that is none is refused.
    pub async fn open(&self, mxc: &str) -> Result<FileStream, CallError> {
        self.wire.open(&self.user, file_at(mxc)?).await
    }

    /// Whether the homeserver knows this user of ours.
    pub(crate) async fn exists(&self) -> Result<bool, CallError> {
        match self.wire.call(&self.user, Call::new(Method::GET, &["client", "v3", "account", "whoami"])).await
        {
            Ok(_) => Ok(true),
            Err(error) if error.is("M_FORBIDDEN") || error.is("M_NOT_FOUND") => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Makes the account, asked for as `sender`; one that is there already is as good.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn register(&self, sender: &UserId) -> Result<(), CallError> {
        let body = json!({
            "type": "m.login.application_service",
            "username": self.user.localpart(),
            "inhibit_login": true,
        });
        let call = Call::new(Method::POST, &["client", "v3", "register"]).json(body);
        match self.wire.call(sender, call).await {
            Err(error) if !error.is("M_USER_IN_USE") => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Whether the homeserver knows this device of the user.
    pub(crate) async fn has_device(&self, device: &DeviceId) -> Result<bool, CallError> {
        let path = ["client", "v3", "devices", device.as_str()];
        Ok(found(self.wire.call(&self.user, Call::new(Method::GET, &path)).await)?.is_some())
    }

    /// Makes a device; one that is there already is as good (MSC4190).
    pub(crate) async fn make_device(&self, device: &DeviceId, name: &str) -> Result<(), CallError> {
        let path = ["client", "v3", "devices", device.as_str()];
        let call = Call::new(Method::PUT, &path).json(json!({ "display_name": name }));
        self.wire.call(&self.user, call).await.map(drop)
    }

    /// Asks as the user's device (MSC4326). A device that somebody deleted is replaced at the next start, and nothing is
    /// given up for it until then.
    pub(crate) async fn ask(&self, mut call: Call) -> Result<Value, CallError> {
        if let Some(device) = &self.device {
            call.query.push(("device_id", device.to_string()));
        }
        match self.wire.call(&self.user, call).await {
            Err(error) if error.is("M_UNKNOWN_DEVICE") => {
                Err(CallError::Unreachable("the bot's device was deleted".to_owned()))
            }
            answer => answer,
        }
    }

    /// Who is in a room or asked into it, and whether they are in.
    pub(crate) async fn members(&self, room: &RoomId) -> Result<Vec<(OwnedUserId, bool)>, CallError> {
        let mut call = Call::new(Method::GET, &["client", "v3", "rooms", room.as_str(), "members"]);
        call.query.push(("not_membership", "leave".to_owned()));
        let members = self.chunk(call).await?;
        let member = |event: &Value| {
            let user = UserId::parse(event["state_key"].as_str()?).ok()?;
            match event["content"]["membership"].as_str() {
                Some("join") => Some((user, true)),
                Some("invite") => Some((user, false)),
                Some(_) | None => None,
            }
        };
        Ok(members.iter().filter_map(member).collect())
    }

    /// Has the homeserver ask the service whether it is there.
    pub(crate) async fn ping(&self, service: &str) -> Result<(), CallError> {
        let path = ["client", "v1", "appservice", service, "ping"];
        self.wire.call(&self.user, Call::new(Method::POST, &path).json(json!({}))).await.map(drop)
    }

    /// Takes another name.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn set_display_name(&self, name: &str) -> Result<(), CallError> {
        let path = ["client", "v3", "profile", self.user.as_str(), "displayname"];
        let call = Call::new(Method::PUT, &path).json(json!({ "displayname": name }));
        self.wire.call(&self.user, call).await.map(drop)
    }

    /// Takes another picture, by its `mxc://…`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn set_avatar(&self, mxc: &str) -> Result<(), CallError> {
        let path = ["client", "v3", "profile", self.user.as_str(), "avatar_url"];
        let call = Call::new(Method::PUT, &path).json(json!({ "avatar_url": mxc }));
        self.wire.call(&self.user, call).await.map(drop)
    }

    /// Removes somebody from a room.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn kick(&self, room: &RoomId, user: &UserId) -> Result<(), CallError> {
        let path = ["client", "v3", "rooms", room.as_str(), "kick"];
        let call = Call::new(Method::POST, &path).json(json!({ "user_id": user }));
        self.wire.call(&self.user, call).await.map(drop)
    }

    /// Goes into a room.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn join(&self, room: &RoomId) -> Result<(), CallError> {
        let path = ["client", "v3", "rooms", room.as_str(), "join"];
        self.wire.call(&self.user, Call::new(Method::POST, &path).json(json!({}))).await.map(drop)
    }

    /// Asks somebody into a room.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn invite(&self, room: &RoomId, user: &str) -> Result<(), CallError> {
        let path = ["client", "v3", "rooms", room.as_str(), "invite"];
        self.wire
            .call(&self.user, Call::new(Method::POST, &path).json(json!({ "user_id": user })))
            .await
            .map(drop)
    }

    /// Leaves a room.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn leave(&self, room: &RoomId) -> Result<(), CallError> {
        let path = ["client", "v3", "rooms", room.as_str(), "leave"];
        self.wire.call(&self.user, Call::new(Method::POST, &path).json(json!({}))).await.map(drop)
    }

    /// Says that this user has read a room up to an event.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn has_read(&self, room: &RoomId, event: &EventId) -> Result<(), CallError> {
        let path = ["client", "v3", "rooms", room.as_str(), "receipt", "m.read", event.as_str()];
        self.wire.call(&self.user, Call::new(Method::POST, &path).json(json!({}))).await.map(drop)
    }

    pub(crate) async fn joined_rooms(&self) -> Result<Vec<OwnedRoomId>, CallError> {
        let answer =
            self.wire.call(&self.user, Call::new(Method::GET, &["client", "v3", "joined_rooms"])).await?;
        let rooms = answer["joined_rooms"].as_array().into_iter().flatten();
        Ok(rooms.filter_map(|room| RoomId::parse(room.as_str()?).ok()).collect())
    }

    /// Makes a room by the body of `createRoom`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn create_room(&self, request: Value) -> Result<OwnedRoomId, CallError> {
        let call = Call::new(Method::POST, &["client", "v3", "createRoom"]).json(request);
        let answer = self.wire.call(&self.user, call).await?;
        let room = answer["room_id"].as_str().and_then(|room| RoomId::parse(room).ok());
        room.ok_or_else(|| CallError::Unreachable("the new room has no id".to_owned()))
    }

    /// The same transaction id gives the same event, however often it is sent.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn send(
        &self,
        room: &RoomId,
        kind: &str,
        transaction_id: &str,
        content: Value,
    ) -> Result<OwnedEventId, CallError> {
        let path = ["client", "v3", "rooms", room.as_str(), "send", kind, transaction_id];
        self.event(Call::new(Method::PUT, &path).json(content)).await
    }

    /// As [`Intent::send`], as of another time, in milliseconds since 1970: what happened elsewhere keeps its time.
    /// [Specification](https://spec.matrix.org/v1.19/application-service-api/#timestamp-massaging)
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn send_at(
        &self,
        room: &RoomId,
        kind: &str,
        transaction_id: &str,
        content: Value,
        at_ms: u64,
    ) -> Result<OwnedEventId, CallError> {
        let path = ["client", "v3", "rooms", room.as_str(), "send", kind, transaction_id];
        let mut call = Call::new(Method::PUT, &path).json(content);
        call.query.push(("ts", at_ms.to_string()));
        self.event(call).await
    }

    /// Takes an event away; the same transaction id gives the same event, however often it is asked for.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn redact(
        &self,
        room: &RoomId,
        event: &EventId,
        transaction_id: &str,
        content: Value,
    ) -> Result<OwnedEventId, CallError> {
        let path = ["client", "v3", "rooms", room.as_str(), "redact", event.as_str(), transaction_id];
        self.event(Call::new(Method::PUT, &path).json(content)).await
    }

    /// Sets the state of a room.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn set_state(
        &self,
        room: &RoomId,
        kind: &str,
        state_key: &str,
        content: Value,
    ) -> Result<OwnedEventId, CallError> {
        let path = ["client", "v3", "rooms", room.as_str(), "state", kind, state_key];
        self.event(Call::new(Method::PUT, &path).json(content)).await
    }

    /// Uploads a file; the address is `mxc://…`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn upload(
        &self,
        name: Option<&str>,
        mimetype: &str,
        bytes: Bytes,
    ) -> Result<String, CallError> {
        let mut call = Call::new(Method::POST, &["media", "v3", "upload"]);
        call.query.extend(name.map(|name| ("filename", name.to_owned())));
        call.body = Body::File(mimetype.to_owned(), bytes);
        let answer = self.wire.call(&self.user, call).await?;
        let url = answer["content_uri"].as_str().map(ToOwned::to_owned);
        url.ok_or_else(|| CallError::Unreachable("the upload has no address".to_owned()))
    }

    async fn chunk(&self, call: Call) -> Result<Vec<Value>, CallError> {
        let mut answer = self.wire.call(&self.user, call).await?;
        Ok(events_of(&mut answer))
    }

    async fn event(&self, call: Call) -> Result<OwnedEventId, CallError> {
        let answer = self.wire.call(&self.user, call).await?;
        let event = answer["event_id"].as_str().and_then(|event| EventId::parse(event).ok());
        event.ok_or_else(|| CallError::Unreachable("the event has no id".to_owned()))
    }
}

/// The question for the bytes behind `mxc://server/id`.
fn file_at(mxc: &str) -> Result<Call, CallError> {
    let parts = mxc.strip_prefix("mxc://").and_then(|rest| rest.split_once('/'));
    let (server, id) = parts.ok_or_else(|| CallError::Refused {
        status: 400,
        code: "M_INVALID_PARAM".to_owned(),
        message: format!("{mxc:?} is no mxc:// address"),
    })?;
    Ok(Call::new(Method::GET, &["client", "v1", "media", "download", server, id]))
}

/// The events of an answer that has a chunk of them.
pub(crate) fn events_of(answer: &mut Value) -> Vec<Value> {
    match answer["chunk"].take() {
        Value::Array(events) => events,
        _ => Vec::new(),
    }
}

/// Turns "there is none" into none.
fn found(answer: Result<Value, CallError>) -> Result<Option<Value>, CallError> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is("M_NOT_FOUND") => Ok(None),
        Err(error) => Err(error),
    }
}
