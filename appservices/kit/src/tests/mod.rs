//! The kit with a bot on it, from outside: people talk, things break, the bots start again.

pub(crate) mod clerk;
mod commands;
mod describing;
mod direct;
mod files;
mod forms;
mod kept;
mod outbox;
mod receiver;
mod restored;
mod timers;
mod upgrades;

pub(super) const ALICE: &str = "@alice:test";
pub(super) const BOT: &str = "clerk";

use crate::double::Stage;

/// A stage with the clerk in a room of Alice.
pub(super) async fn in_a_room() -> (Stage, String) {
    let mut stage = Stage::new(clerk::play()).await;
    let room = stage.room_with(ALICE, BOT, false);
    stage.settle().await;
    (stage, room)
}
