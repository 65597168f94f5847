//! Encrypted rooms from outside: people with encrypting clients, a bot that notices nothing, crashes in between.

mod person;
mod rooms;
mod trouble;

use self::person::{CLERK, Person};
use crate::double::Stage;

const ALICE: &str = "@alice:test";
const BOB: &str = "@bob:test";

/// Alice, and an encrypted room of hers with the clerk in it.
async fn encrypted() -> (Stage, Person, String) {
    let mut stage = Stage::new(crate::tests::clerk::play()).await;
    let alice = Person::signs_in(&stage, ALICE, "PHONE").await;
    let room = alice.encrypted_room(&stage);
    stage.settle().await;
    (stage, alice, room)
}
