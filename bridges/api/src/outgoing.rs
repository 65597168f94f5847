//! What goes to a platform.

use std::pin::Pin;

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _};
use serde::{Deserialize, Serialize};

use crate::{Content, ConversationId, Failure, IdempotencyKey, MessageId, PersonId, Refusal, ThreadId};

/// The bytes of a file on their way.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes, Failure>> + Send>>;

/// The same bytes; more than `bytes_max` of them end with a failure.
pub fn bounded(bytes: ByteStream, bytes_max: u64) -> ByteStream {
    let mut left = bytes_max;
    Box::pin(bytes.map(move |piece| {
        let piece = piece?;
        let too_large = || Failure::refused(Refusal::TooLarge { bytes_max });
        left = left.checked_sub(piece.len() as u64).ok_or_else(too_large)?;
        Ok(piece)
    }))
}

/// All bytes of a file that has to be held at once.
///
/// # Errors
/// What the bytes end with; [`Refusal::TooLarge`] when they are more than `bytes_max`.
pub async fn whole(bytes: ByteStream, bytes_max: u64) -> Result<Bytes, Failure> {
    let (mut bytes, mut whole) = (bounded(bytes, bytes_max), BytesMut::new());
    while let Some(piece) = bytes.next().await {
        whole.extend_from_slice(&piece?);
    }
    Ok(whole.freeze())
}

/// Something to say in a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outgoing {
    /// The same for every try. A connector hands it to the platform, or keeps what it sent by it, so that a repeat says nothing twice;
    /// one sending that takes several requests uses [`IdempotencyKey::part`].
    pub key: IdempotencyKey,
    /// Where.
    pub conversation: ConversationId,
    /// Whose words these are.
    pub speaker: Speaker,
    /// What. A [`Content::File`] was uploaded before, by [`crate::Files::upload`].
    pub content: Content,
    /// What it answers.
    pub reply_to: Option<MessageId>,
    /// The topic it belongs to.
    pub thread: Option<ThreadId>,
}

/// Whose words are sent. A platform shows them under our app's name, so the connector says the name: before a text, in a line
/// before a file; unless `person` is somebody as whom it may speak, or `name` is empty, because the app speaks for itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Speaker {
    /// The name to show, made harmless and short by the core; empty for the app itself.
    pub name: String,
    /// Who they are on this platform, when the directory knows.
    pub person: Option<PersonId>,
}

/// What was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The messages that it became on the platform, first one first, at least one.
    pub messages: Vec<MessageId>,
    /// The topic that they stand in, when the platform made or named one.
    pub thread: Option<ThreadId>,
}

/// A change of something that we sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Edit {
    /// The same for every try.
    pub key: IdempotencyKey,
    /// Where.
    pub conversation: ConversationId,
    /// The messages that it became on the platform.
    pub messages: Vec<MessageId>,
    /// Whose words these are.
    pub speaker: Speaker,
    /// What it says now.
    pub content: Content,
}

/// A reaction of somebody in the room. The app is one person on a platform, so the core passes on the first of its kind to come
/// and the last one to go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    /// Where.
    pub conversation: ConversationId,
    /// To which message.
    pub message: MessageId,
    /// The emoji in Unicode.
    pub emoji: String,
    /// Whether it comes.
    pub added: bool,
}

/// A file of the platform as it arrives.
pub struct Download {
    /// Its name, when the answer says it.
    pub name: Option<String>,
    /// Its media type, when the answer says it.
    pub mimetype: Option<String>,
    /// How many bytes will come, when the answer says it; not to be trusted.
    pub size: Option<u64>,
    /// The bytes.
    pub bytes: ByteStream,
}
