//! Reading what people say in encrypted rooms.

use library_ruma::serde::Raw;
use matrix_sdk_common::deserialized_responses::{DeviceLinkProblem, VerificationLevel, VerificationState};
use matrix_sdk_crypto::{
    MegolmError, types::events::room::encrypted::EncryptedEvent, vodozemac::megolm::MegolmMessage,
};
use ruma::{EventId, RoomId};
use serde_json::Value;

use super::{boundary, fault::CryptoFault, receive::TRUST};
use crate::{BotError, CallError, Kit, limits::SESSION_MESSAGES_MAX};

/// A message of a session.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Spent {
    pub session: String,
    pub index: u32,
}

/// What an encrypted event says.
#[derive(Debug, PartialEq)]
pub(crate) enum Reading {
    /// This.
    Clear {
        /// The type of the event inside.
        kind: String,
        /// Its content.
        content: Value,
        /// Which message of which session it was.
        spent: Spent,
    },
    /// Its key is not here.
    NoKey {
        /// The session whose key it is.
        session: String,
        /// Whether its owner said that they keep it from us.
        is_withheld: bool,
    },
    /// Nobody can read it.
    Unreadable,
    /// It is somebody else's than its sender's, or tells what is not told this way.
    Forged,
}

impl Kit {
    /// Reads an event for a bot.
    ///
    /// # Errors
    /// When the store refuses.
    pub(crate) async fn read(&self, bot: &str, room: &RoomId, json: &str) -> Result<Reading, CryptoFault> {
        let Some(keyring) = self.keyring(bot) else { return Ok(Reading::Unreadable) };
        let outcome = async {
            let Some(machine) = keyring.open().await? else { return Ok(Reading::Unreadable) };
            let Ok(event) = Raw::<EncryptedEvent>::from_json_string(json.to_owned()) else {
                return Ok(Reading::Unreadable);
            };
            let room = boundary::room(room)?;
            match Box::pin(machine.decrypt_room_event(&event, &room, &TRUST)).await {
                Ok(read) => {
                    let trust = &read.encryption_info.verification_state;
                    let Some(spent) = spent(&event) else { return Ok(Reading::Unreadable) };
                    Ok(clear(read.event.json().get(), trust, spent))
                }
                Err(MegolmError::Store(error)) => Err(error.into()),
                Err(MegolmError::MissingRoomKey(withheld)) => Ok(no_key(&event, withheld.is_some())),
                // The key that is here begins later.
                Err(MegolmError::Decryption(_)) => Ok(no_key(&event, false)),
                Err(error) => {
                    tracing::debug!(%error, bot, "an encrypted event cannot be read");
                    Ok(Reading::Unreadable)
                }
            }
        };
        let reading = match keyring.used(Box::pin(outcome).await).await {
            // It would be the same at every try.
            Err(CryptoFault::Library(reason)) => {
                tracing::error!(reason, bot, "the bot's keys cannot be used for reading");
                Reading::Unreadable
            }
            other => other?,
        };
        // Reading may have led to questions.
        if matches!(reading, Reading::NoKey { .. }) {
            keyring.news.notify_one();
        }
        Ok(reading)
    }
}

impl Kit {
    /// An event of a room as `bot` reads it; none where there is no such event, or the bot may not see it. What cannot be
    /// decrypted stays `m.room.encrypted`.
    ///
    /// # Errors
    /// As of [`crate::Intent::event_of`], and when the store refuses.
    pub async fn event_of(
        &self,
        bot: &str,
        room: &RoomId,
        event: &EventId,
    ) -> Result<Option<Value>, BotError> {
        let Some(intent) = self.intent(bot) else { return Ok(None) };
        let found = intent.event_of(room, event).await.map_err(|error| BotError::Later(error.to_string()))?;
        let Some(mut event) = found else { return Ok(None) };
        if event["type"] == "m.room.encrypted"
            && let Reading::Clear { kind, content, .. } = self.read(bot, room, &event.to_string()).await?
        {
            (event["type"], event["content"]) = (kind.into(), content);
        }
        Ok(Some(event))
    }

    /// Whether an event says nothing any more because somebody who may do that redacted it. One that the bot cannot see is not
    /// known to be.
    ///
    /// # Errors
    /// As of [`Kit::event_of`].
    pub async fn is_redacted(&self, bot: &str, room: &RoomId, event: &EventId) -> Result<bool, BotError> {
        let Some(intent) = self.intent(bot) else { return Ok(false) };
        match intent.event_of(room, event).await {
            Ok(found) => Ok(found.is_some_and(|event| event["unsigned"]["redacted_because"].is_object())),
            Err(CallError::Refused { .. }) => Ok(false),
            Err(error) => Err(BotError::Later(error.to_string())),
        }
    }
}

fn no_key(event: &Raw<EncryptedEvent>, is_withheld: bool) -> Reading {
    let content = event.get_field::<Value>("content").ok().flatten().unwrap_or_default();
    match content["session_id"].as_str() {
        Some(session) => Reading::NoKey { session: session.to_owned(), is_withheld },
        None => Reading::Unreadable,
    }
}

fn clear(json: &str, trust: &VerificationState, spent: Spent) -> Reading {
    match trust {
        VerificationState::Unverified(
            VerificationLevel::MismatchedSender | VerificationLevel::None(DeviceLinkProblem::InsecureSource),
        ) => return Reading::Forged,
        VerificationState::Verified
        | VerificationState::Unverified(
            VerificationLevel::UnverifiedIdentity
            | VerificationLevel::VerificationViolation
            | VerificationLevel::UnsignedDevice
            | VerificationLevel::None(DeviceLinkProblem::MissingDevice),
        ) => {}
    }
    let Ok(mut event) = serde_json::from_str::<Value>(json) else { return Reading::Unreadable };
    let kind = event["type"].as_str().unwrap_or_default().to_owned();
    // Memberships and redactions are what the homeserver knows of; inside of an encrypted event they are only said.
    if matches!(kind.as_str(), "m.room.member" | "m.room.redaction" | "m.room.encrypted") {
        return Reading::Forged;
    }
    Reading::Clear { kind, content: event["content"].take(), spent }
}

fn spent(event: &Raw<EncryptedEvent>) -> Option<Spent> {
    let content = event.get_field::<Value>("content").ok().flatten()?;
    let message = MegolmMessage::from_base64(content["ciphertext"].as_str()?).ok()?;
    let index = message.message_index();
    let session = content["session_id"].as_str()?.to_owned();
    (index < SESSION_MESSAGES_MAX).then_some(Spent { session, index })
}
