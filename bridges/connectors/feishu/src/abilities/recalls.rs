//! Takes back what we said.

use async_trait::async_trait;
use bridge_api::{ConversationId, Failure, FailureKind, MessageId, Recalls, Refusal};

use super::{addressee, message};
use crate::{
    Feishu,
    client::{Call, codes::named},
    failure::is_gone,
    ids::MessageKey,
};

#[async_trait]
impl Recalls for Feishu {
    async fn recall(&self, conversation: &ConversationId, id: &MessageId) -> Result<(), Failure> {
        addressee(conversation)?;
        recall(self, &message(id)?).await
    }
}

/// Takes one message back. What is gone needs no taking back.
pub async fn recall(feishu: &Feishu, id: &MessageKey) -> Result<(), Failure> {
    match feishu.client.done(Call::delete(&["im", "v1", "messages", id.as_str()])).await {
        Err(error) if is_gone(&error) => Ok(()),
        Err(error) if error.is_one_of(&named::RECALL_REFUSED) => {
            Err(Failure { kind: FailureKind::Refused(Refusal::TooLate), ..Failure::from(error) })
        }
        outcome => Ok(outcome?),
    }
}
