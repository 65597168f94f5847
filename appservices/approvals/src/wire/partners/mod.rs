//! Steps that another server's people decide.
//!
//! `asking`: our bot asks the partner's bot in the room of the case, and believes an answer only with the event by which
//! somebody there decided (`judge`) and with the key that is known of the partner (`keys`, `handing`), now or later (`looking`).
//! `asked`: our bot is the partner's: it finds somebody here (`shown`), tells what they did (`deciding`), and says how it stands
//! (`numbered`), and asks others when somebody leaves (`leaving`). `kept`: the records of the other side.
//! Nothing is taken from anybody but the bot of a configured partner.

mod asked;
mod asking;
mod deciding;
mod handing;
mod judge;
mod kept;
mod keys;
mod leaving;
mod looking;
mod numbered;
mod shown;
mod telling;

use std::collections::BTreeMap;

use cases::Record;
use kit::{Heard, PREFIX, texts::Lang};
use ruma::{OwnedEventId, OwnedUserId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::Batch;

use self::handing::Handed;
pub(crate) use self::kept::PartnerChain;
pub(super) use self::{
    asked::{KIND as REQUEST_KIND, NUMBER_PREFIX as REQUEST_PREFIX},
    asking::seen,
    deciding::Said,
    looking::LOOK_TIMER,
    shown::card_of_request,
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
    /// The same in English, where that reads otherwise. Bots of an earlier version do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub english: Option<Wording>,
    /// Until when an answer is worth something, in ms since 1970.
    pub deadline: Option<u64>,
    /// The keys that sign the records of the case, base64. Bots of an earlier version do not say.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub keys: BTreeMap<String, String>,
}

/// What a request says in another language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Wording {
    /// What is asked for.
    pub name: String,
    /// The form.
    pub form_view: Vec<(String, String)>,
}

impl Request {
    /// What is asked for, and the form, for somebody who reads this language.
    fn wording(&self, lang: Lang) -> (&str, &[(String, String)]) {
        match self.english.as_ref().filter(|_| lang == Lang::En) {
            Some(english) => (&english.name, &english.form_view),
            None => (&self.name, &self.form_view),
        }
    }
}

/// Tells the bot of a partner that nobody has to decide any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Over {
    pub v: u64,
    /// The number of the case that asked.
    pub no: String,
    /// The task there.
    pub task: String,
    /// Why.
    pub state: Ended,
}

/// Why nobody of a partner has to decide any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Ended {
    /// Who asked for it took it back.
    Recalled,
    /// An administrator ended it.
    Terminated,
    /// Time was up.
    Expired,
    /// It was decided by others, or in a way that is not known here.
    #[serde(other)]
    Closed,
}

impl Ended {
    /// The key of the word for it.
    const fn word(self) -> &'static str {
        match self {
            Self::Recalled => "state.recalled",
            Self::Terminated => "state.terminated",
            Self::Expired => "task.expired",
            Self::Closed => "task.closed",
        }
    }

    /// The state of a request that ended so.
    const fn state(self) -> &'static str {
        match self {
            Self::Recalled => "recalled",
            Self::Terminated => "terminated",
            Self::Expired => "expired",
            Self::Closed => "closed",
        }
    }
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
    /// The request is in a newer form than the partner's bot knows.
    TooNew,
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
        let kind = kind.strip_prefix(PREFIX).unwrap_or_default();
        match (kind, state_key) {
            (TEMPLATE_STATE, Some(id)) => self.template_set(heard, id, content, batch).await,
            ("request" | "request.over" | "answer" | "record" | "keys", None)
                if self.is_bot_of_partner(&heard.sender) =>
            {
                Box::pin(self.partner_says(heard, kind, content, batch)).await
            }
            _ => Ok(()),
        }
    }

    /// The bot of a partner says something. What is in a newer form than is known here is refused, and both sides hear so.
    async fn partner_says(
        &self,
        heard: &Heard,
        kind: &str,
        content: &Value,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        if let Some(theirs) = content["v"].as_u64().filter(|v| *v > VERSION) {
            return self.too_new(heard, kind, theirs, content, batch).await;
        }
        match kind {
            "request" => match read::<Request>(content) {
                Some(request) => self.requested(heard, request, batch).await,
                None => Ok(()),
            },
            "request.over" => match read::<Over>(content) {
                Some(over) => self.request_is_over(heard, &over, batch).await,
                None => Ok(()),
            },
            "answer" => match read::<Answer>(content) {
                Some(answer) => self.answered_by_partner(heard, &answer, 0, batch).await,
                None => Ok(()),
            },
            "keys" => match read::<Handed>(content) {
                Some(handed) => Box::pin(self.keys_handed(heard, &handed, batch)).await,
                None => Ok(()),
            },
            _ => match read::<Record>(content) {
                Some(record) => self.keep_partners_record(heard, &record, batch).await,
                None => Ok(()),
            },
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
