//! Takes back what we sent.

use async_trait::async_trait;
use bridge_api::{ConversationId, Failure, FailureKind, MessageId, Recalls, Refusal};
use serde_json::json;

use super::Sending;
use crate::{
    client::{Call, CallError, Meaning},
    ids::{self, Known, Place},
    lenient::texts,
    limits::WORDS_CHARACTERS_MAX,
};

#[async_trait]
impl Recalls for Sending {
    async fn recall(&self, conversation: &ConversationId, message: &MessageId) -> Result<(), Failure> {
        let key = match ids::known(message) {
            Known::Key(key) => key.to_owned(),
            Known::Card(track) => {
                let carrier = self.shown_card(track).await?.and_then(|shown| shown.carrier);
                carrier.ok_or_else(|| Failure::refused(Refusal::TooLate))?
            }
            Known::Hook => return Err(Failure::refused(Refusal::Impossible)),
            Known::Theirs => return Err(Failure::refused(Refusal::NotPermitted)),
        };
        let robot = &self.client.settings().robot_code;
        let mut body = json!({"robotCode": robot, "processQueryKeys": [key]});
        let call = match ids::place(conversation) {
            Place::Group(group) => {
                body["openConversationId"] = json!(group);
                Call::post("/v1.0/robot/groupMessages/recall", body)
            }
            Place::Direct(_) => Call::post("/v1.0/robot/otoMessages/batchRecall", body),
            Place::Webhook(_) => return Err(Failure::refused(Refusal::Impossible)),
        };
        let answer = match self.client.call(&call).await {
            Ok(answer) => answer,
            Err(CallError { meaning: Meaning::Refused(Refusal::Gone), .. }) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        if texts(&answer, "successResult").contains(&key) {
            return Ok(());
        }
        let reason = answer.pointer("/failedResult").and_then(|failed| failed.get(&key)?.as_str());
        match reason {
            Some(reason) if reason.to_lowercase().contains("expire") => {
                Err(Failure::refused(Refusal::TooLate))
            }
            Some(reason) => {
                Err(Failure::refused(Refusal::Other(reason.chars().take(WORDS_CHARACTERS_MAX).collect())))
            }
            None => Err(Failure::new(FailureKind::Garbled(
                "the platform does not say whether it was taken back".into(),
            ))),
        }
    }
}
