//! What local users send: messages, state and redactions.
//!
//! Adds to the auth rules what the client API demands of contents that this server is about to sign
//! (aliases that exist, levels that are numbers, redactions of one's own). Federation does not pass
//! here.

mod canonical_alias;
mod power_levels;
mod related;

use model::{Pdu, RoomNum};
use ruma::{CanonicalJsonObject, CanonicalJsonValue, EventId, OwnedEventId, RoomId, UserId};

use crate::append::{NewEvent, TransactionKey};
use crate::json::canonical_object;
use crate::limits::TRANSACTION_ID_BYTES_MAX;
use crate::{Rooms, RoomsError};

const REDACTION: &str = "m.room.redaction";

/// What a client may say beside the content.
#[derive(Clone, Debug, Default)]
pub struct SendOptions {
    /// Makes a repeated request return the first event.
    pub transaction: Option<TransactionKey>,
    /// Time to claim instead of now, in ms; for application services.
    pub timestamp_ms: Option<u64>,
    /// The delayed event that is sent by this (MSC4140).
    pub delay_id: Option<String>,
    /// For how many ms every member is to get it whatever else they are sent (MSC4354).
    pub sticky_duration_ms: Option<u64>,
}

impl Rooms {
    /// Sends a message event. A redaction sent this way is checked like one sent by
    /// [`Rooms::redact`] (MSC4169).
    ///
    /// # Errors
    /// No right, or a content that cannot be sent.
    pub async fn send(
        &self,
        room_id: &RoomId,
        sender: &UserId,
        kind: &str,
        mut content: CanonicalJsonObject,
        options: SendOptions,
    ) -> Result<OwnedEventId, RoomsError> {
        check_transaction(&options)?;
        let room = self.room_of_actor(room_id).await?;
        if kind == REDACTION {
            let redacts = take_redacts(&mut content)?;
            return self.redact_in(room, sender, &redacts, content, options).await;
        }
        let new = NewEvent {
            timestamp_ms: options.timestamp_ms,
            transaction: options.transaction,
            delay_id: options.delay_id,
            sticky_duration_ms: options.sticky_duration_ms,
            ..NewEvent::message(sender.to_owned(), kind, content)
        };
        self.refuse_second_annotation(room, &new).await?;
        Ok(self.append(room, new).await?.event_id)
    }

    /// The same reaction by the same user counts once; a repeated request is not a second one.
    async fn refuse_second_annotation(&self, room: RoomNum, new: &NewEvent) -> Result<(), RoomsError> {
        let Some(CanonicalJsonValue::Object(relation)) = new.content.get("m.relates_to") else {
            return Ok(());
        };
        let text = |key: &str| relation.get(key).and_then(CanonicalJsonValue::as_str);
        let (Some("m.annotation"), Some(parent), Some(key)) =
            (text("rel_type"), text("event_id"), text("key"))
        else {
            return Ok(());
        };
        let Ok(parent) = EventId::parse(parent) else { return Ok(()) };
        let store = &self.parts.store;
        if !self.has_annotation(store, room, &parent, &new.sender, &new.kind, key).await? {
            return Ok(());
        }
        match &new.transaction {
            Some(transaction) if self.first_of_transaction(&new.sender, transaction).await?.is_some() => {
                Ok(())
            }
            Some(_) | None => Err(RoomsError::DuplicateAnnotation),
        }
    }

    /// Sends a state event. The same content again, by the same sender, changes nothing and returns
    /// the event that is there.
    ///
    /// # Errors
    /// No right, or a content that cannot be sent.
    pub async fn send_state(
        &self,
        room_id: &RoomId,
        sender: &UserId,
        kind: &str,
        state_key: &str,
        content: CanonicalJsonObject,
        timestamp_ms: Option<u64>,
    ) -> Result<OwnedEventId, RoomsError> {
        let options = SendOptions { timestamp_ms, ..SendOptions::default() };
        self.send_state_with(room_id, sender, kind, state_key, content, options).await
    }

    /// Sends a state event with everything a client may say beside the content. A transaction makes a
    /// repeated call return the first event, also when the state was changed since.
    ///
    /// # Errors
    /// No right, or a content that cannot be sent.
    pub async fn send_state_with(
        &self,
        room_id: &RoomId,
        sender: &UserId,
        kind: &str,
        state_key: &str,
        mut content: CanonicalJsonObject,
        options: SendOptions,
    ) -> Result<OwnedEventId, RoomsError> {
        check_transaction(&options)?;
        let room = self.room_of_actor(room_id).await?;
        if let Some(transaction) = &options.transaction
            && let Some(first) = self.first_of_transaction(sender, transaction).await?
        {
            return Ok(first.event_id);
        }
        self.check_owner(room, kind, state_key).await?;
        let current = self.current_state(&self.parts.store, room, kind, state_key).await?;
        match kind {
            "m.room.create" => {
                return Err(RoomsError::BadJson("a room cannot be created twice".to_owned()));
            }
            "m.room.canonical_alias" => {
                self.check_canonical_alias(room, current.as_ref(), &content).await?;
            }
            "m.room.power_levels" => self.check_power_levels(room, &content).await?,
            "m.room.member" => {
                self.check_member(room, sender, state_key, current.as_ref(), &mut content).await?;
            }
            _ => {}
        }
        // The same state again is news when it is to be sticky: its time begins anew.
        let repeated = current.filter(|current| is_same(current, sender, &content));
        if let Some(same) = repeated.filter(|_| options.sticky_duration_ms.is_none()) {
            self.must_be_joined(room, sender).await?;
            return Ok(same.event_id().to_owned());
        }
        let new = NewEvent {
            timestamp_ms: options.timestamp_ms,
            transaction: options.transaction,
            delay_id: options.delay_id,
            sticky_duration_ms: options.sticky_duration_ms,
            ..NewEvent::state(sender.to_owned(), kind, state_key, content)
        };
        Ok(self.append(room, new).await?.event_id)
    }

    /// Where state has owners, a key that begins like a user id and is none is a mistake of the request.
    async fn check_owner(&self, room: RoomNum, kind: &str, state_key: &str) -> Result<(), RoomsError> {
        if !state_key.starts_with('@') || kind == "m.room.member" {
            return Ok(());
        }
        if !self.room_version(&self.parts.store, room).await?.has_owned_state() {
            return Ok(());
        }
        let owner = rules::owned_state::owner(state_key);
        owner.map(drop).map_err(|error| RoomsError::BadJson(error.to_string()))
    }

    /// Redacts an event: one's own, or any with the power to redact.
    ///
    /// # Errors
    /// No right, or the event is not known in this room and the sender has no power to redact.
    pub async fn redact(
        &self,
        room_id: &RoomId,
        sender: &UserId,
        redacts: &EventId,
        reason: Option<&str>,
        options: SendOptions,
    ) -> Result<OwnedEventId, RoomsError> {
        check_transaction(&options)?;
        let room = self.room_of_actor(room_id).await?;
        let mut content = CanonicalJsonObject::new();
        if let Some(reason) = reason {
            content.insert("reason".to_owned(), CanonicalJsonValue::String(reason.to_owned()));
        }
        self.redact_in(room, sender, redacts, content, options).await
    }

    async fn redact_in(
        &self,
        room: RoomNum,
        sender: &UserId,
        redacts: &EventId,
        content: CanonicalJsonObject,
        options: SendOptions,
    ) -> Result<OwnedEventId, RoomsError> {
        self.must_be_joined(room, sender).await?;
        let levels = self.power_levels(room).await?;
        let target = self.target_of_redaction(room, redacts).await?;
        let is_allowed = match &target {
            Some(target) if target.kind() == "m.room.create" => false,
            Some(target) => rules::redaction::may_be_sent(sender, target, &levels),
            None => levels.may_redact_others(sender),
        };
        if !is_allowed {
            return Err(RoomsError::forbidden("you may not redact this event"));
        }
        let new = NewEvent {
            redacts: Some(redacts.to_owned()),
            timestamp_ms: options.timestamp_ms,
            transaction: options.transaction,
            delay_id: options.delay_id,
            sticky_duration_ms: options.sticky_duration_ms,
            ..NewEvent::message(sender.to_owned(), REDACTION, content)
        };
        Ok(self.append(room, new).await?.event_id)
    }

    async fn target_of_redaction(&self, room: RoomNum, redacts: &EventId) -> Result<Option<Pdu>, RoomsError> {
        let store = &self.parts.store;
        let Some((event, pdu)) = self.pdu_by_id(store, redacts).await? else { return Ok(None) };
        Ok((self.meta(store, event).await?.room == room).then_some(pdu))
    }

    /// Who is joined stays so without anybody's authority; whatever a client names as authority is
    /// ours to set.
    async fn check_member(
        &self,
        room: RoomNum,
        sender: &UserId,
        state_key: &str,
        current: Option<&Pdu>,
        content: &mut CanonicalJsonObject,
    ) -> Result<(), RoomsError> {
        let target = UserId::parse(state_key).map_err(|_| {
            RoomsError::InvalidParam("the state key of a member event is a user id".to_owned())
        })?;
        let membership = content.get("membership").and_then(CanonicalJsonValue::as_str);
        let Some(membership) = membership.and_then(crate::Membership::parse) else {
            return Err(RoomsError::BadJson("a member event needs a membership".to_owned()));
        };
        content.remove("join_authorised_via_users_server");
        if membership == crate::Membership::Invite && !self.is_local(&target) {
            return Err(RoomsError::Unsupported(format!("{target} lives on another server")));
        }
        if membership == crate::Membership::Invite {
            self.must_be_joined(room, sender).await?;
            self.must_accept_invite(sender, &target).await?;
        }
        let is_join = membership == crate::Membership::Join && target == sender;
        if is_join && current.is_none() && !content.contains_key("displayname") {
            content.extend(self.profile_content(sender).await?);
        }
        if is_join {
            self.add_authoriser(room, sender, content).await?;
        }
        Ok(())
    }
}

fn check_transaction(options: &SendOptions) -> Result<(), RoomsError> {
    match &options.transaction {
        Some(transaction) if transaction.transaction_id.len() > TRANSACTION_ID_BYTES_MAX => {
            Err(RoomsError::InvalidParam("the transaction id is too long".to_owned()))
        }
        Some(_) | None => Ok(()),
    }
}

fn take_redacts(content: &mut CanonicalJsonObject) -> Result<OwnedEventId, RoomsError> {
    let redacts = content.remove("redacts");
    let redacts = redacts.as_ref().and_then(CanonicalJsonValue::as_str);
    let redacts = redacts.ok_or_else(|| RoomsError::BadJson("`redacts` is missing".to_owned()))?;
    EventId::parse(redacts).map_err(|_| RoomsError::BadJson("`redacts` is not an event id".to_owned()))
}

fn is_same(current: &Pdu, sender: &UserId, content: &CanonicalJsonObject) -> bool {
    current.sender() == sender && canonical_object(current.content_str()).is_ok_and(|old| old == *content)
}
