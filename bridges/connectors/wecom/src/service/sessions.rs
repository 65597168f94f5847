//! Who attends to customers: a session that is new is claimed before it is answered; one that a member attends to in WeCom, or that is over,
//! is not answered, and whoever tries is told why.

use bridge_api::{Bounded, CallError, ConversationId, Meaning, Refusal, words};
use parking_lot::Mutex;
use serde_json::json;

use super::{Service, limits::SESSIONS_MAX};
use crate::{client::meaning, lenient::number};

/// Nobody attends to it yet.
const NEW: u64 = 0;
/// The API attends to it.
const ASSISTANT: u64 = 1;
/// It is over.
const ENDED: u64 = 4;
/// The platform's own word for a session that is over.
const IS_OVER: i64 = 95_013;

words! {
    ATTENDED = "该客户正在企业微信中等待接待或由接待人员接待：请在企业微信中回复，或在那里结束会话" | "the customer waits for a colleague in WeCom or is attended to by one there: answer in WeCom, or end the session there";
}

/// The sessions that are ours to answer, as far as is known. Forgotten with the process.
pub(super) struct Sessions(Mutex<Bounded<ConversationId>>);

impl Default for Sessions {
    fn default() -> Self {
        Self(Mutex::new(Bounded::new(SESSIONS_MAX)))
    }
}

impl Sessions {
    /// Something happened there: whose it is has to be asked again.
    pub(super) fn forget(&self, conversation: &ConversationId) {
        self.0.lock().take(conversation);
    }

    fn are_ours(&self, conversation: &ConversationId) -> bool {
        self.0.lock().get(conversation).is_some()
    }

    fn claimed(&self, conversation: &ConversationId) {
        self.0.lock().put(conversation.clone(), ());
    }
}

impl Service {
    /// Makes a session ours, unless somebody else attends to it or it is over.
    ///
    /// # Errors
    /// [`Meaning::Silenced`] when it is over; a refusal when a member attends to it; when nobody says how it stands at the moment.
    pub(super) async fn claim(
        &self,
        conversation: &ConversationId,
        (account, customer): (&str, &str),
    ) -> Result<(), CallError> {
        if self.sessions.are_ours(conversation) {
            return Ok(());
        }
        match self.state(account, customer).await? {
            Some(NEW) => self.take_up(account, customer).await,
            Some(ASSISTANT) | None => {}
            Some(other) => return Err(held(other)),
        }
        self.sessions.claimed(conversation);
        Ok(())
    }

    /// How a session stands; nothing where the platform does not say it.
    pub(super) async fn state(&self, account: &str, customer: &str) -> Result<Option<u64>, CallError> {
        let body = json!({"open_kfid": account, "external_userid": customer});
        match self.client().post("kf/service_state/get", &body).await.map_err(CallError::of_reading) {
            Ok(answer) => Ok(number(&answer, "service_state")),
            // Whether something may be said there it says when that is tried.
            Err(CallError { meaning: Meaning::Refused(_) | Meaning::Silenced(_), .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A new session can be answered too, so it is nobody's loss where it stays one.
    async fn take_up(&self, account: &str, customer: &str) {
        let body = json!({"open_kfid": account, "external_userid": customer, "service_state": ASSISTANT});
        if let Err(error) = self.client().post("kf/service_state/trans", &body).await {
            tracing::debug!(%error, "the session of a customer stays a new one");
        }
    }
}

/// Why a session in this state is not answered.
pub(super) fn held(state: u64) -> CallError {
    if state == ENDED {
        return CallError::ours(meaning(IS_OVER, ""), "the session of the customer is over");
    }
    let words = format!("{} · {}", ATTENDED.zh, ATTENDED.en);
    CallError::ours(Meaning::Refused(Refusal::Other(words)), "somebody else attends to the customer")
}

/// Whether a session in this state is answered by the API.
pub(super) const fn is_answered(state: u64) -> bool {
    matches!(state, NEW | ASSISTANT)
}
