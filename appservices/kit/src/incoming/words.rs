//! What an event says: who came or went, a vote, a command, words, a file, a new version of these.

use ruma::OwnedUserId;
use serde_json::Value;

use super::{Event, Meaning};
use crate::{
    FileSource, What,
    commands::{normalised_reaction, typed, without_quotation},
    descriptions::picked,
    limits::{POLL_ANSWER_BYTES_MAX, POLL_ANSWERS_MAX},
    prompts::used,
    tables::RoomRow,
};

/// Somebody came or went, or the bot did.
pub(super) fn membership(bot: Option<&str>, event: &Event, row: &RoomRow) -> Meaning {
    let membership = event.content["membership"].as_str().unwrap_or_default();
    let Some(user) = &event.state_key else { return Meaning::Nothing };
    if bot == Some(user) {
        return match membership {
            "invite" if !row.is_joined => Meaning::Invited,
            "join" => Meaning::Other(What::Joined { inviter: row.inviter.clone() }),
            _ => Meaning::Nothing,
        };
    }
    match OwnedUserId::try_from(user.as_str()) {
        Ok(user) => Meaning::Other(What::Member { user, membership: membership.to_owned() }),
        Err(_) => Meaning::Nothing,
    }
}

/// The ids of what somebody chose in a poll.
pub(super) fn chosen(event: &Event) -> Vec<String> {
    let unstable = &event.content["org.matrix.msc3381.poll.response"]["answers"];
    let answers = unstable.as_array().or_else(|| event.content["m.selections"].as_array());
    let ids = answers.into_iter().flatten().filter_map(Value::as_str);
    ids.filter(|id| id.len() <= POLL_ANSWER_BYTES_MAX).take(POLL_ANSWERS_MAX).map(ToOwned::to_owned).collect()
}

/// Words, a command among them, or a file.
pub(super) fn message(event: &Event) -> Meaning {
    let content = &event.content;
    if event.relation_kind() == Some("m.replace") {
        return edit(event);
    }
    let body = content["body"].as_str().unwrap_or_default();
    match content["msgtype"].as_str() {
        Some("m.text" | "m.emote") => {
            if let (Some(key), Some(_)) = (used(content), event.pressed_on()) {
                return Meaning::Other(What::Reaction(normalised_reaction(key)));
            }
            let line = picked(content);
            let said = without_quotation(body, event.reply_to().is_some());
            match typed(line.as_deref().unwrap_or(said)) {
                Some(command) => Meaning::Command {
                    name: command.name.to_owned(),
                    arguments: command.arguments.to_owned(),
                },
                None => Meaning::Other(What::Text(said.to_owned())),
            }
        }
        Some("m.file" | "m.image" | "m.video" | "m.audio") => match FileSource::of(content) {
            Some(source) => Meaning::Other(What::File {
                name: content["filename"].as_str().unwrap_or(body).to_owned(),
                source,
                bytes: content["info"]["size"].as_u64(),
                mimetype: content["info"]["mimetype"].as_str().map(ToOwned::to_owned),
            }),
            None => Meaning::Nothing,
        },
        // Notices are for people: bots that answer bots never end.
        Some(_) | None => Meaning::Nothing,
    }
}

/// A new version of a message.
fn edit(event: &Event) -> Meaning {
    let new = &event.content["m.new_content"];
    let (Some("m.text"), Some(text)) = (new["msgtype"].as_str(), new["body"].as_str()) else {
        return Meaning::Nothing;
    };
    let line = picked(new);
    match (typed(line.as_deref().unwrap_or(text)), event.relation("event_id")) {
        (Some(command), _) => {
            Meaning::EditedCommand { name: command.name.to_owned(), arguments: command.arguments.to_owned() }
        }
        (None, Some(original)) => Meaning::Other(What::Edited { original, text: text.to_owned() }),
        (None, None) => Meaning::Nothing,
    }
}
