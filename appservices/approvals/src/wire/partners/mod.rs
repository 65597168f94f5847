//! Steps that another server's people decide.
//!
//! `asking`: our bot asks the partner's bot in the room of the case, and believes an answer only with the event by which
//! somebody there decided (`judge`). `asked`: our bot is the partner's: it finds somebody here, and tells what they did.
//! Nothing is taken from anybody but the bot of a configured partner.

mod asked;
mod asking;
mod judge;

use std::collections::BTreeMap;

use cases::Record;
use kit::{Heard, PREFIX};
use ruma::{OwnedEventId, OwnedUserId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::Batch;

pub(super) use self::{
    asked::{Said, card_of_request},
    asking::LOOK_TIMER,
};
use super::{Approvals, LOCALPART, published::TEMPLATE_STATE};
use crate::OfficeError;

/// The form of what bots send each other.
const VERSION: u64 = 1;

/// Asks the bot of a partner. Its event id is a hash over all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Request {
    pub v: u64,
    /// The number of the case there.
    pub no: String,
    /// The task there.
    pub task: String,
    /// What somebody must be able to do.
    pub capability: String,
    /// What is asked for, as people call it.
    pub name: String,
    /// Who asked for it.
    pub starter: String,
    /// The form: names of fields, and values in a few words.
    pub form_view: Vec<(String, String)>,
    /// Until when an answer is worth something, in ms since 1970.
    pub deadline: Option<u64>,
}

/// What the bot of a partner answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Answer {
    pub v: u64,
    /// The number of the case that asked.
    pub no: String,
    /// The task there.
    pub task: String,
    /// The event that asked.
    pub request: OwnedEventId,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "an answer is read, judged and dropped")]
pub(super) enum Outcome {
    /// Somebody is asked.
    Asks,
    /// Nobody is able to.
    Nobody,
    /// Somebody decided.
    Decided(Verdict),
}

/// What somebody decided, and by which event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Verdict {
    /// Whether they agree.
    pub agrees: bool,
    /// Who.
    pub actor: OwnedUserId,
    /// Their own event, which their server has signed.
    pub event: OwnedEventId,
    /// Why.
    pub reason: Option<String>,
    /// The record of it at the partner's.
    pub record: Record,
    /// The keys that signed the record, base64.
    pub keys: BTreeMap<String, String>,
}

impl Approvals {
    /// An event of a kind of ours.
    pub(super) async fn ours(
        &self,
        heard: &Heard,
        kind: &str,
        state_key: Option<&str>,
        content: &Value,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let from_partner = self.is_bot_of_partner(&heard.sender);
        match (kind.strip_prefix(PREFIX).unwrap_or_default(), state_key) {
            (TEMPLATE_STATE, Some(id)) => self.template_set(heard, id, content, batch).await,
            ("request", None) if from_partner => match read::<Request>(content) {
                Some(request) => self.requested(heard, request, batch).await,
                None => Ok(()),
            },
            ("answer", None) if from_partner => match read::<Answer>(content) {
                Some(answer) => self.answered_by_partner(heard, &answer, 0, batch).await,
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Whether this is our counterpart at a server that the configuration names a partner.
    pub(super) fn is_bot_of_partner(&self, user: &UserId) -> bool {
        user.localpart() == LOCALPART
            && user.server_name() != self.kit().server_name()
            && self.kit().is_welcome(user)
    }
}

/// What a partner's bot says, if it is in a form that is understood here.
fn read<T: serde::de::DeserializeOwned>(content: &Value) -> Option<T> {
    if content["v"] != VERSION {
        tracing::info!(v = %content["v"], "a partner's bot speaks another form");
        return None;
    }
    match serde_json::from_value(content.clone()) {
        Ok(value) => Some(value),
        Err(error) => {
            tracing::info!(%error, "what a partner's bot says cannot be read");
            None
        }
    }
}
