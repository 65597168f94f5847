//! What is said by an address instead of the API: session webhooks, which address people while they live, and custom webhook
//! robots of single groups.

use bridge_api::{Failure, MessageId, Outgoing, Refusal, Repeat};
use reqwest::Url;
use serde_json::{Value, json};

use super::Sending;
use crate::{
    client::{Bucket, CallError, Meaning},
    content::written::Written,
    settings::CustomWebhook,
    signature,
};

impl Sending {
    /// Answers by the session webhook of a conversation. `None` when there is none that lives.
    ///
    /// # Errors
    /// [`Failure`].
    pub(super) async fn by_session(
        &self,
        outgoing: &Outgoing,
        written: &Written,
    ) -> Result<Option<Vec<MessageId>>, Failure> {
        let conversation = &outgoing.conversation;
        let Some(session) = self.memory.session(conversation, self.clock.now_ms()) else { return Ok(None) };
        let mut messages = Vec::new();
        for (index, piece) in written.pieces.iter().enumerate() {
            let key = outgoing.key.part(index);
            let body = webhook_body(written, piece, index == 0);
            let sending = async {
                self.client.post_webhook(session.url.clone(), &body).await?;
                Ok(format!("hook:{key}"))
            };
            match self.ledger.once(&key, Repeat::Doubles, sending).await {
                Ok(message) => messages.push(message),
                Err(failure) if failure.code.as_deref() == Some("300001") => {
                    self.memory.session_ended(conversation);
                    return Ok(None);
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(Some(messages))
    }

    /// The custom webhook robot of this name.
    ///
    /// # Errors
    /// When the operator named none.
    pub(super) fn webhook(&self, name: &str) -> Result<&CustomWebhook, Failure> {
        let hooks = &self.client.settings().webhooks;
        hooks
            .iter()
            .find(|hook| hook.name == name)
            .ok_or_else(|| Failure::refused(Refusal::NotInConversation))
    }

    /// Says something by a custom webhook robot, in its turn.
    pub(super) async fn post_custom(&self, hook: &CustomWebhook, body: &Value) -> Result<(), CallError> {
        let bucket = Bucket::Webhook(hook.name.clone());
        self.client.turns.wait(&bucket).await?;
        let url = signed(self.client.webhook_url()?, hook, self.clock.now_ms());
        let outcome = self.client.post_webhook(url, body).await;
        if let Err(CallError { meaning: Meaning::Limited { after, .. }, .. }) = &outcome {
            self.client.turns.pause(&bucket, *after);
        }
        outcome.map(drop)
    }
}

/// The address of a custom webhook with its token and, if it wants one, its signature.
fn signed(mut url: Url, hook: &CustomWebhook, now_ms: u64) -> Url {
    let timestamp = now_ms.to_string();
    {
        let mut pairs = url.query_pairs_mut();
        pairs.append_pair("access_token", hook.access_token.expose());
        if let Some(secret) = &hook.secret {
            let sign = signature::of_robot(secret.expose(), &timestamp);
            pairs.append_pair("timestamp", &timestamp).append_pair("sign", &sign);
        }
    }
    url
}

/// A message for a webhook; only the first piece addresses people.
pub(super) fn webhook_body(written: &Written, piece: &str, addresses: bool) -> Value {
    let mut body = if written.markdown {
        json!({"msgtype": "markdown", "markdown": {"title": written.title, "text": piece}})
    } else {
        json!({"msgtype": "text", "text": {"content": piece}})
    };
    if addresses && (written.everybody || !written.addressed.is_empty()) {
        body["at"] = json!({"atUserIds": written.addressed, "isAtAll": written.everybody});
    }
    body
}
