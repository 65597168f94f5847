//! What the core may ask for, one file an ability.

mod cards;
mod chats;
mod contacts;
mod edits;
mod files;
mod history;
mod merged;
mod reactions;
mod recalls;
mod receipts;
pub mod remembered;
pub mod send;
mod shapes;
pub mod topics;

pub use self::contacts::user;

use bridge_api::{ConversationId, Failure, MessageId, Refusal};

use crate::ids::{Addressee, ChatId, MessageKey};

/// The chat of a conversation of ours.
fn chat(conversation: &ConversationId) -> Result<ChatId, Failure> {
    ChatId::parse(conversation.as_str()).ok_or_else(|| Failure::refused(Refusal::Gone))
}

/// Whom a conversation of ours is with.
fn addressee(conversation: &ConversationId) -> Result<Addressee, Failure> {
    Addressee::parse(conversation.as_str()).ok_or_else(|| Failure::refused(Refusal::Gone))
}

/// The message of an id of ours.
fn message(id: &MessageId) -> Result<MessageKey, Failure> {
    MessageKey::parse(id.as_str()).ok_or_else(|| Failure::refused(Refusal::Gone))
}

/// An id of an answer, which may hold anything.
pub fn id_of<T>(made: Result<T, bridge_api::IdInvalid>) -> Result<T, Failure> {
    made.map_err(|error| Failure::new(bridge_api::FailureKind::Garbled(error.to_string())))
}
