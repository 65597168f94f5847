//! The paid archive as a company sets it up: who has a licence, who agreed, and what stands in it by hand.

use serde_json::{Value, json};

use crate::limits::RECORDS_MAX;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::archive::Archive;
use crate::state::people::folded;

fn opened(state: &mut State) -> Result<&mut Archive, Refusal> {
    state.archive.as_mut().ok_or_else(|| Refusal::control("there is no archive"))
}

/// Puts an entry into the archive, of a group where one is said.
pub(super) fn archived(state: &mut State, chat: Option<&str>, mut entry: Value) -> Result<Value, Refusal> {
    if let Some(chat) = chat {
        entry["roomid"] = state.archived_room(chat)?.into();
    }
    state.archive(entry).map(|seq| json!({ "seq": seq }))
}

/// Somebody from outside agrees that what they and a member say to each other is archived, or does not.
pub(super) fn consent_to(
    state: &mut State,
    person: &str,
    external: String,
    agrees: bool,
) -> Result<Value, Refusal> {
    let person = folded(&state.person(person)?.user_id);
    let agreements = &mut opened(state)?.agreements;
    if agreements.len() >= RECORDS_MAX {
        return Err(Refusal::control("there are too many agreements"));
    }
    agreements.insert((person, external), agrees);
    Ok(json!({}))
}

/// A member gets a licence of the archive, which everybody has at first, or loses it.
pub(super) fn license(state: &mut State, person: &str, licensed: bool) -> Result<Value, Refusal> {
    let person = folded(&state.person(person)?.user_id);
    let unlicensed = &mut opened(state)?.unlicensed;
    if licensed {
        unlicensed.remove(&person);
    } else {
        unlicensed.insert(person);
    }
    Ok(json!({}))
}
