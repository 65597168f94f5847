//! Entries on other platforms: approvals, tasks and meetings in the platforms' own apps. What people do to them there comes back as a
//! [`crate::Press`] with the key of the entry, or of the task of an approval.

use kit::{Kit, Letter, PREFIX, To, texts::Lang};
use ruma::UserId;
use serde_json::{Value, json};
use store::{Batch, StoreError};

use crate::elsewhere::{ELSEWHERE, meet_bridge};

/// An approval, a task or a meeting, for the platforms where its people are.
pub struct EntryElsewhere<'a> {
    /// What it is called, for ever.
    pub key: &'a str,
    /// Rises with each change.
    pub rev: u64,
    /// `approval`, `todo` or `meeting`.
    pub kind: &'static str,
    /// The language of words that a connector adds; where it is both, Chinese.
    pub lang: Lang,
    /// All of it, as the bridges read it; people by their accounts.
    pub content: Value,
}

/// Puts an entry of `bot` where its people are somebody, or a newer one in the place of the old one. Nothing happens where no platform
/// is bridged.
///
/// # Errors
/// When the store cannot be read.
pub async fn put_entry_elsewhere(
    kit: &Kit,
    batch: &mut Batch,
    bot: &str,
    entry: EntryElsewhere<'_>,
) -> Result<(), StoreError> {
    let mut content = entry.content;
    content["v"] = json!(1);
    content["kind"] = json!(entry.kind);
    content["key"] = json!(entry.key);
    content["rev"] = json!(entry.rev);
    content["language"] = match entry.lang {
        Lang::Zh | Lang::Both => json!("zh"),
        Lang::En => json!("en"),
    };
    let unique = format!("{}/{}", entry.key, entry.rev);
    say_to_bridge(kit, batch, bot, ("entry", &unique), content).await
}

/// Tells the bridges where `bot` is spoken to, before it has anything to say: approvals of the platforms are told there.
///
/// # Errors
/// When the store cannot be read.
pub async fn greet_bridge(kit: &Kit, batch: &mut Batch, bot: &str) -> Result<(), StoreError> {
    if kit.has_place(bot, ELSEWHERE).await? {
        return Ok(());
    }
    say_to_bridge(kit, batch, bot, ("here", ""), json!({ "v": 1 })).await
}

/// Says something to the bridges' bot, where one is: `what` is its kind behind `bridge.`, and what makes it one with its repeats.
///
/// # Errors
/// When the store cannot be read.
pub async fn say_to_bridge(
    kit: &Kit,
    batch: &mut Batch,
    bot: &str,
    (what, unique): (&str, &str),
    content: Value,
) -> Result<(), StoreError> {
    if !meet_bridge(kit, batch, bot).await? {
        return Ok(());
    }
    let place = To::Place(ELSEWHERE.to_owned());
    let letter = Letter::message(format!("bridge/{what}/{bot}/{unique}"), bot, place, content);
    kit.outbox().put(batch, Letter { kind: format!("{PREFIX}bridge.{what}"), ..letter });
    Ok(())
}

/// Where somebody speaks to a bot with any client, for entries that have no page of their own.
#[must_use]
pub fn link_to(user: &UserId) -> String {
    user.matrix_to_uri().to_string()
}
