//! Says something to a customer in the name of an account, under an id of ours, by which the platform says nothing twice.

use bridge_api::{CallError, ConversationId, Meaning, digest};
use serde_json::{Value, json};

use super::{
    Service,
    limits::ID_CHARACTERS,
    sessions::{held, is_answered},
};
use crate::lenient::text;

/// What the platform says when the session is not in a state in which it may be answered.
const NOT_OURS: &str = "95018";

impl Service {
    /// Says something of this kind; answers what the message is called here.
    ///
    /// # Errors
    /// [`Meaning::Silenced`] when the customer has to write again first; a refusal when a member attends to them in WeCom.
    pub async fn say(
        &self,
        conversation: &ConversationId,
        (account, customer): (&str, &str),
        key: &str,
        (kind, content): (&str, &Value),
    ) -> Result<String, CallError> {
        self.claim(conversation, (account, customer)).await?;
        let id: String = digest(key.as_bytes()).chars().take(ID_CHARACTERS).collect();
        let is_first = self.window.take(conversation, &id).await?;
        let body = json!({
            "touser": customer, "open_kfid": account, "msgid": id, "msgtype": kind, kind: content,
        });
        match self.client().post("kf/send_msg", &body).await {
            Ok(answer) => Ok(format!("service:{}", text(&answer, "msgid").unwrap_or(id))),
            // It may have been said, so it counts; said once more it is the same message.
            Err(error) if error.meaning == Meaning::Unknown => Err(error),
            Err(error) => {
                // What was tried before under this id may have been said then, and so it counts.
                if is_first {
                    self.window.give_back(conversation, &id).await;
                }
                self.sessions.forget(conversation);
                Err(self.explained(account, customer, error).await)
            }
        }
    }

    /// A refusal for how the session stands says nothing of how it stands.
    async fn explained(&self, account: &str, customer: &str, error: CallError) -> CallError {
        if error.code.as_deref() != Some(NOT_OURS) {
            return error;
        }
        let meaning = match self.state(account, customer).await {
            Ok(Some(state)) if !is_answered(state) => held(state).meaning,
            // Whoever may not ask how it stands would try for ever.
            Ok(None) => return error,
            // It stands otherwise by now, or nobody says how at the moment: it is tried again.
            Ok(Some(_)) | Err(_) => Meaning::Busy,
        };
        CallError { meaning, ..error }
    }
}
