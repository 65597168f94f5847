//! Changes cards that we sent.

use async_trait::async_trait;
use bridge_api::{Card, Cards, ConversationId, Failure, MessageId, Speaker};
use serde_json::json;

use super::{addressee, message, remembered::Remembered};
use crate::{Feishu, cards, client::Call};

#[async_trait]
impl Cards for Feishu {
    async fn update(
        &self,
        conversation: &ConversationId,
        id: &MessageId,
        card: &Card,
    ) -> Result<(), Failure> {
        let (to, id) = (addressee(conversation)?, message(id)?);
        // Of two that come at once the older one would win otherwise.
        let _turn = self.changing.lock().await;
        let remembered = Remembered::Revision(id.as_str());
        let shown = remembered.get(&*self.shelf).await?.and_then(|text| text.parse::<u64>().ok());
        if shown.is_some_and(|shown| card.revision < shown) {
            return Ok(());
        }
        let body = json!({ "content": cards::json(card, &Speaker::default()) });
        let call = Call::patch(&["im", "v1", "messages", id.as_str()], &body).to(&to);
        self.client.done(call).await?;
        remembered.put(&*self.shelf, &card.revision.to_string()).await
    }
}
