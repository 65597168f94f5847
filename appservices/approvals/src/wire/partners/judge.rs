//! Whether a partner's answer is proved by the event that it names. Pure.

use cases::{PublicKeys, hash_of};
use kit::{PREFIX, normalised_reaction};
use ruma::{EventId, RoomId, UserId};
use serde_json::Value;

use super::Verdict;
use crate::wire::words::{Word, meaning};

/// What an answer is judged by.
pub(super) struct Evidence<'a> {
    /// The bot that answers.
    pub bot: &'a UserId,
    /// The room of the case.
    pub room: &'a RoomId,
    /// The event that asked.
    pub request: &'a EventId,
    /// The task that it asked about.
    pub task: &'a str,
    /// What is said to have been decided.
    pub verdict: &'a Verdict,
    /// The event that is said to have decided, as the own homeserver has it: its signature was checked there, and its id is
    /// its hash.
    pub event: &'a Value,
    /// The message that the event answers, likewise.
    pub card: &'a Value,
}

/// Why an answer is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Forgery {
    #[error("the event is of somebody else")]
    Sender,
    #[error("the event stands elsewhere")]
    Place,
    #[error("the event does not answer the request")]
    Request,
    #[error("the event says something else")]
    Decision,
    #[error("the record is not of this decision")]
    Record,
    #[error("the record is not signed by the partner's key")]
    Signature,
    #[error("the record is signed by a key that is not known of the partner")]
    Key,
    #[error("the record does not follow those that were sent before")]
    Chain,
}

impl Forgery {
    /// The key of its words.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Sender => "forgery.sender",
            Self::Place => "forgery.place",
            Self::Request => "forgery.request",
            Self::Decision => "forgery.decision",
            Self::Record => "forgery.record",
            Self::Signature => "forgery.signature",
            Self::Key => "forgery.key",
            Self::Chain => "forgery.chain",
        }
    }
}

/// The message that an event answers or reacts to.
pub(super) fn answered(event: &Value) -> Option<&str> {
    let relates = &event["content"]["m.relates_to"];
    match relates["rel_type"].as_str() {
        Some("m.annotation" | "m.thread") => relates["event_id"].as_str(),
        Some(_) => None,
        None => relates["m.in_reply_to"]["event_id"].as_str(),
    }
}

/// Judges an answer.
pub(super) fn judge(evidence: &Evidence<'_>, keys: &PublicKeys) -> Result<(), Forgery> {
    let Evidence { bot, room, request, task, verdict, event, card } = evidence;
    let ensure = |holds: bool, forgery: Forgery| if holds { Ok(()) } else { Err(forgery) };
    let actor = &verdict.actor;
    let is_person = actor.server_name() == bot.server_name() && actor != bot;
    ensure(
        is_person && event["sender"] == actor.as_str() && card["sender"] == bot.as_str(),
        Forgery::Sender,
    )?;
    let stands = |what: &Value| what["room_id"].as_str().is_none_or(|found| found == room.as_str());
    ensure(event["event_id"] == verdict.event.as_str() && stands(event) && stands(card), Forgery::Place)?;
    let is_answer = answered(event).is_some_and(|found| card["event_id"] == found)
        && card["content"][format!("{PREFIX}card")]["request"] == request.as_str();
    ensure(is_answer, Forgery::Request)?;
    ensure(says(event, verdict), Forgery::Decision)?;
    let record = &verdict.record;
    let source = record.src.as_ref();
    let is_of_it = source.is_some_and(|source| source.room_id == **room && source.event_id == verdict.event)
        && record.actor == actor.as_str()
        && record.task.as_deref() == Some(*task)
        && record.action == if verdict.agrees { "approve" } else { "reject" }
        && record.reason_sha256 == verdict.reason.as_ref().map(|reason| hash_of(reason.as_bytes()));
    ensure(is_of_it, Forgery::Record)?;
    ensure(keys.signed(record).is_ok(), Forgery::Signature)
}

/// Whether the event itself says what the answer says.
fn says(event: &Value, verdict: &Verdict) -> bool {
    let content = &event["content"];
    match event["type"].as_str() {
        Some("m.reaction") => {
            let key = content["m.relates_to"]["key"].as_str().map(normalised_reaction);
            verdict.agrees && verdict.reason.is_none() && key.as_deref() == Some("✅")
        }
        Some("m.room.message") if content["msgtype"] == "m.text" => {
            let body = content["body"].as_str().unwrap_or_default().trim();
            match (verdict.agrees, meaning(body)) {
                (true, Word::Yes(comment)) => comment == verdict.reason,
                (true, _) => false,
                (false, Word::No(reason)) => reason.is_some() && reason == verdict.reason,
                // The reason that was asked for after a tap.
                (false, Word::Other) => verdict.reason.as_deref() == Some(body),
                (false, Word::Yes(_) | Word::Submit | Word::Cancel) => false,
            }
        }
        Some(_) | None => false,
    }
}
