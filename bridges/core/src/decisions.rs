//! What people decided on a platform, said by their accounts in the rooms here where it is talked about.
//!
//! A bot asks for it in the room that it shares with the bridge, and asks the account into the room that is meant: the bridge's bot
//! need not be there. The invitation may come later than the word of it, so what a room refuses is tried again for a while. However
//! often it is tried, the room has it once.

use bridge_api::{Network, PersonId};
use kit::{CallError, Fired, Heard, PREFIX};
use ruma::{OwnedEventId, OwnedRoomId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use store::{Batch, StoreError};

use crate::{
    Bridges, LOCALPART,
    error::Stuck,
    limits::{CARD_KEY_BYTES_MAX, DECISION_BYTES_MAX, DECISION_TRIES_MAX, DECISION_WAIT_MS},
    names::hex,
    tables::GHOST_ROOMS,
};

/// Begins the keys of the timers by which decisions are said.
const TIMER: &str = "decision/";

/// What somebody decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Decision {
    /// What it is called, for ever.
    key: String,
    /// The platform.
    network: String,
    /// Who decided, as the platform names them.
    by: String,
    room: OwnedRoomId,
    /// The root of the thread.
    thread: OwnedEventId,
    /// What is said.
    text: String,
}

/// A decision that is not said yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Waiting {
    /// The local part of the bot that asks for it.
    bot: String,
    decision: Decision,
    /// How often the room refused it.
    refusals: u32,
}

impl Decision {
    fn is_within_bounds(&self) -> bool {
        (1..=CARD_KEY_BYTES_MAX).contains(&self.key.len()) && self.text.len() <= DECISION_BYTES_MAX
    }

    /// The message.
    fn content(&self) -> Value {
        json!({
            "msgtype": "m.notice", "body": self.text, "m.mentions": {},
            "m.relates_to": {
                "rel_type": "m.thread", "event_id": self.thread, "is_falling_back": true,
                "m.in_reply_to": { "event_id": self.thread },
            },
        })
    }
}

impl Waiting {
    fn timer(&self) -> String {
        format!("{TIMER}{}/{}", self.bot, self.decision.key)
    }

    /// The same for every try.
    fn transaction_id(&self) -> String {
        hex(&Sha256::digest(self.timer()))
    }
}

impl Bridges {
    /// One of the bots says what somebody decided on a platform: their account says it in its turn.
    pub(crate) fn speak_heard(&self, heard: &Heard, said: &str, content: &Value, batch: &mut Batch) {
        if said != format!("{PREFIX}bridge.speak") || !self.is_bot_of_ours(heard) {
            return;
        }
        match Decision::deserialize(content).ok().filter(Decision::is_within_bounds) {
            Some(decision) => {
                let bot = heard.sender.localpart().to_owned();
                self.say_later(batch, &Waiting { bot, decision, refusals: 0 }, 0);
            }
            None => {
                tracing::warn!(event = %heard.event_id, sender = %heard.sender, "a decision makes no sense");
            }
        }
    }

    fn say_later(&self, batch: &mut Batch, waiting: &Waiting, wait_ms: u64) {
        let at_ms = self.0.clock.now_ms().saturating_add(wait_ms);
        let payload = serde_json::to_value(waiting).unwrap_or_default();
        self.0.kit.timers().set(batch, LOCALPART, &waiting.timer(), at_ms, payload);
    }

    /// It is time to say a decision.
    pub(crate) async fn say_decision(&self, fired: &Fired, batch: &mut Batch) -> Result<(), StoreError> {
        let is_ours = fired.key.starts_with(TIMER);
        let Some(mut waiting) = Waiting::deserialize(&fired.payload).ok().filter(|_| is_ours) else {
            return Ok(());
        };
        let Err(stuck) = Box::pin(self.say_in_room(&waiting)).await else { return Ok(()) };
        // That the homeserver is away says nothing of the room.
        waiting.refusals += u32::from(matches!(stuck, Stuck::Never(..)));
        let room = &waiting.decision.room;
        if waiting.refusals >= DECISION_TRIES_MAX {
            tracing::warn!(%room, ?stuck, "what somebody decided on a platform is not said in a room");
            return Ok(());
        }
        tracing::debug!(%room, ?stuck, "what somebody decided on a platform waits");
        self.say_later(batch, &waiting, DECISION_WAIT_MS);
        Ok(())
    }

    async fn say_in_room(&self, waiting: &Waiting) -> Result<(), Stuck> {
        let Decision { network, by, room, .. } = &waiting.decision;
        let nonsense = || Stuck::Never(format!("{by} is nobody of {network}"), None);
        let network = Network::named(network).ok_or_else(nonsense)?;
        let person = PersonId::new(by.clone()).map_err(|_| nonsense())?;
        let ghost = self.ghost(network, &person, None, None).await?;
        self.be_in(&ghost, room).await?;
        let (transaction_id, content) = (waiting.transaction_id(), waiting.decision.content());
        match ghost.intent.send(room, "m.room.message", &transaction_id, content).await {
            Err(error @ CallError::Refused { .. }) => {
                // Perhaps it was removed from there: it comes in anew with the next try.
                let mut batch = Batch::new();
                batch.delete(&GHOST_ROOMS, &(&*ghost.user, &**room));
                self.0.store.commit(batch).await?;
                Err(error.into())
            }
            Ok(_) => self.leave_again(&ghost, network, &person, room).await,
            Err(error) => Err(error.into()),
        }
    }
}
