//! What people in a random room try, allowed or not.

use serde_json::{Value, json};

use super::dice::Dice;

pub(crate) const PEOPLE: [&str; 5] = [
    "@alice:example.org",
    "@bob:example.org",
    "@carol:example.org",
    "@dave:example.org",
    "@erin:elsewhere.org",
];

const LEVELS: [i64; 7] = [-1, 0, 25, 49, 50, 75, 100];

const FIELDS: [&str; 7] =
    ["users_default", "events_default", "state_default", "ban", "redact", "kick", "invite"];

const SENT: [&str; 6] = [
    "m.room.topic",
    "m.room.power_levels",
    "m.room.join_rules",
    "m.room.message",
    "m.room.name",
    "org.example.x",
];

/// An event before it has a place in a room.
pub(crate) struct Act {
    pub sender: &'static str,
    pub kind: &'static str,
    pub state_key: Option<String>,
    pub content: Value,
}

/// Somebody tries something in a room of this version with these power levels.
pub(crate) fn any(version: u32, levels: &Value, dice: &mut Dice) -> Act {
    // Two of the five do most of it, because the others may do little.
    let sender = if dice.one_in(2) { *dice.pick(&PEOPLE[..2]) } else { *dice.pick(&PEOPLE) };
    let state = |kind, content| Act { sender, kind, state_key: Some(String::new()), content };
    match dice.roll(20) {
        0..=7 => member(sender, dice),
        8..=11 => state("m.room.power_levels", power_levels(version, levels.clone(), dice)),
        12 | 13 => {
            let rules = ["public", "invite", "knock", "restricted", "knock_restricted", "private", "odd"];
            state("m.room.join_rules", json!({ "join_rule": *dice.pick(&rules) }))
        }
        14 => {
            let key = *dice.pick(&["example.org", "elsewhere.org"]);
            Act { state_key: Some(key.to_owned()), ..state("m.room.aliases", json!({ "n": dice.roll(9) })) }
        }
        15 => {
            let key = (*dice.pick(&PEOPLE)).to_owned();
            Act { state_key: Some(key), ..state("org.example.x", json!({ "n": dice.roll(9) })) }
        }
        16 => {
            let kind = *dice.pick(&["m.room.message", "m.room.third_party_invite", "m.room.create"]);
            let key = (kind != "m.room.message").then(String::new);
            Act { state_key: key, ..state(kind, json!({ "creator": sender, "n": dice.roll(9) })) }
        }
        _ => state(*dice.pick(&["m.room.topic", "m.room.name"]), json!({ "n": dice.roll(1_000) })),
    }
}

fn member(sender: &'static str, dice: &mut Dice) -> Act {
    let membership = *dice.pick(&["join", "join", "join", "leave", "invite", "ban", "knock", "odd"]);
    let is_own = matches!(membership, "join" | "knock") && !dice.one_in(12);
    let target = if is_own { sender } else { *dice.pick(&PEOPLE) };
    let mut content = json!({ "membership": membership, "n": dice.roll(1_000) });
    if membership == "join" && dice.one_in(3) {
        content["join_authorised_via_users_server"] = json!(*dice.pick(&PEOPLE));
    }
    if dice.one_in(40) {
        content = json!({});
    }
    Act { sender, kind: "m.room.member", state_key: Some(target.to_owned()), content }
}

/// The levels with some of them changed.
fn power_levels(version: u32, mut content: Value, dice: &mut Dice) -> Value {
    for _ in 0..=dice.roll(3) {
        let level = level(version, dice);
        let (part, name) = match dice.roll(8) {
            0..=2 => ("users", *dice.pick(&PEOPLE)),
            3 | 4 => ("events", *dice.pick(&SENT)),
            5 => ("notifications", "room"),
            6 => {
                let field = *dice.pick(&FIELDS);
                content[field] = level;
                continue;
            }
            _ => {
                let gone = content.as_object_mut().unwrap().remove(*dice.pick(&FIELDS));
                drop(gone);
                continue;
            }
        };
        let map = content[part].take();
        let mut map = map.as_object().cloned().unwrap_or_default();
        if dice.one_in(4) {
            map.remove(name);
        } else {
            map.insert(name.to_owned(), level);
        }
        content[part] = Value::Object(map);
    }
    if dice.one_in(30) {
        content["users"] = dice.pick(&[json!([]), json!({ "nobody": 5 }), json!({ "@x:y": "five" })]).clone();
    }
    content
}

/// A level as the version wants it, or nearly.
fn level(version: u32, dice: &mut Dice) -> Value {
    let number = *dice.pick(&LEVELS);
    match dice.roll(12) {
        0 if version <= 9 => json!(format!(" {number:+04} ")),
        1 if version <= 9 => json!(number.to_string()),
        2 if version >= 10 && dice.one_in(4) => dice.pick(&[json!("50"), json!(null), json!([])]).clone(),
        _ => json!(number),
    }
}
