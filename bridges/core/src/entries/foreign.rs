//! Approvals of a platform's own: told to the bot of approvals, and decided by it for who was asked.

use bridge_api::{FailureKind, ForeignApproval, Network};
use kit::{Heard, Letter, To};
use ruma::{OwnedRoomId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::Batch;

use super::{id_in_event, kind, lane_of, tables::BOT_ROOMS};
use crate::{
    Bridges, LOCALPART,
    bridges::Seat,
    error::Stuck,
    limits::APPROVALS_LOCALPART,
    names::tamed,
    tables::{IN_TURN, OUTBOX, OutboxRow},
    telling::refusal_text,
};

/// What the bot wants decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Decision {
    network: String,
    id: String,
    task: String,
    /// For whom: an account here.
    account: String,
    is_approved: bool,
    #[serde(default)]
    words: Option<String>,
}

impl Bridges {
    /// An approval of a platform changed: the bot is told, with accounts here in place of people there.
    pub(crate) async fn approval_changed(
        &self,
        network: Network,
        key: &str,
        approval: &ForeignApproval,
        batch: &mut Batch,
    ) -> Result<(), Stuck> {
        let Some(room) = self.0.store.get(&BOT_ROOMS, APPROVALS_LOCALPART).await? else {
            tracing::debug!(network = network.key(), "no bot wants to hear of the platform's approvals");
            return Ok(());
        };
        let starter = match &approval.starter {
            Some(person) => self.account_in_event(network, person).await?,
            None => Value::Null,
        };
        let mut asked = Vec::new();
        for (person, task) in &approval.asked {
            asked.push(json!({ "account": self.account_in_event(network, person).await?, "task": task }));
        }
        let lines: Vec<_> = approval.lines.iter().map(|(name, value)| [tamed(name), tamed(value)]).collect();
        let content = json!({
            "v": 1, "network": network.key(), "id": approval.id, "number": tamed(&approval.number),
            "title": tamed(&approval.title), "starter": starter, "state": approval.state, "asked": asked,
            "lines": lines, "link": approval.link, "can_be_decided": approval.can_be_decided,
            "changed_ms": approval.changed_ms,
        });
        self.say_to_bot(batch, &format!("approval/{}/{key}", network.key()), "approval", room, content);
        Ok(())
    }

    /// Says an event of ours to a bot.
    pub(super) fn say_to_bot(
        &self,
        batch: &mut Batch,
        unique: &str,
        what: &str,
        room: OwnedRoomId,
        content: Value,
    ) {
        let letter = Letter::message(format!("bridge/{unique}"), LOCALPART, To::Room(room), content);
        self.0.kit.outbox().put(batch, Letter { kind: kind(what), ..letter });
    }

    pub(super) fn hear_decision(&self, heard: &Heard, content: &Value, batch: &mut Batch) {
        let decision = Decision::deserialize(content).ok();
        let network = decision.as_ref().and_then(|decision| Network::named(&decision.network));
        let (Some(decision), Some(network)) = (decision, network) else {
            tracing::warn!(event = %heard.event_id, sender = %heard.sender, "a decision makes no sense");
            return;
        };
        let Some(lane) = lane_of(network, "approval", &decision.id) else { return };
        if self.seat(network).is_none() {
            return;
        }
        let event = json!({
            "type": kind("decide"), "room_id": heard.room, "event_id": heard.event_id, "content": decision,
        });
        let row = OutboxRow { event: event.to_string(), received_ms: heard.received_ms };
        self.outbound().put(batch, &OUTBOX, &lane, IN_TURN, &row);
    }

    /// Decides for who was asked; the bot hears whether it worked.
    pub(super) async fn decide(&self, seat: &Seat, event: &Value, batch: &mut Batch) -> Result<(), Stuck> {
        let nonsense = |error: &dyn std::fmt::Display| Stuck::Never(error.to_string(), None);
        let decision = Decision::deserialize(&event["content"]).map_err(|error| nonsense(&error))?;
        let room = OwnedRoomId::try_from(event["room_id"].as_str().unwrap_or_default());
        let room = room.map_err(|error| nonsense(&error))?;
        let id = id_in_event(&event["content"]["id"])?;
        let account = UserId::parse(&decision.account).map_err(|error| nonsense(&error))?;
        let refused = match (self.person_behind(seat.network, &account).await?, seat.connector.approvals()) {
            (Some(person), Some(approvals)) => {
                let (task, words) = (&decision.task, decision.words.as_deref());
                let decided = approvals.decide(&id, task, &person, decision.is_approved, words).await;
                match decided {
                    Ok(()) => None,
                    Err(failure) => match &failure.kind {
                        FailureKind::Refused(refusal) => {
                            Some(refusal_text(Some(refusal), self.0.settings.language))
                        }
                        _ => return Err(failure.into()),
                    },
                }
            }
            _ => Some(refusal_text(None, self.0.settings.language)),
        };
        let content = json!({
            "v": 1, "network": decision.network, "id": decision.id, "task": decision.task, "account": decision.account,
            "is_approved": decision.is_approved, "refused": refused,
        });
        let unique = format!("decided/{}", event["event_id"].as_str().unwrap_or_default());
        self.say_to_bot(batch, &unique, "decided", room, content);
        Ok(())
    }
}
