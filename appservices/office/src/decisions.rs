//! What somebody decided on another platform, said by their account in a thread here.

use kit::{Kit, Letter, PREFIX, To};
use ruma::{EventId, RoomId};
use serde_json::json;
use store::{Batch, StoreError};

use crate::elsewhere::{ELSEWHERE, Speaker, meet_bridge};

/// What somebody decided, for a thread of a room.
pub struct DecisionSaid<'a> {
    /// What it is called, for ever: the room has it once.
    pub key: &'a str,
    /// Who says it.
    pub speaker: &'a Speaker,
    /// Where. The account that speaks has to be in it, or asked in.
    pub room: &'a RoomId,
    /// The root of the thread.
    pub thread: &'a EventId,
    /// What is said.
    pub text: &'a str,
}

/// Has the account of somebody of a platform say what they decided there.
///
/// # Errors
/// When the store cannot be read.
pub async fn say_decision(
    kit: &Kit,
    batch: &mut Batch,
    bot: &str,
    said: DecisionSaid<'_>,
) -> Result<(), StoreError> {
    if !meet_bridge(kit, batch, bot).await? {
        return Ok(());
    }
    let content = json!({
        "v": 1, "key": said.key, "network": said.speaker.network, "by": said.speaker.by, "room": said.room,
        "thread": said.thread, "text": said.text,
    });
    let letter = Letter::message(said.key, bot, To::Place(ELSEWHERE.to_owned()), content);
    kit.outbox().put(batch, Letter { kind: format!("{PREFIX}bridge.speak"), ..letter });
    Ok(())
}
