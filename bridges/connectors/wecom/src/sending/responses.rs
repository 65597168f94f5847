//! The addresses at which a bot in callback mode may answer, once each: it has no other way to speak by itself.

use std::sync::Arc;

use bridge_api::{Clock, ConversationId, Shelf, ShelfRefused, digest};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::limits::{RESPONSE_URL_KEPT_MS, RESPONSE_URLS_MAX};

#[derive(Debug, Serialize, Deserialize)]
struct Address {
    url: String,
    until_ms: u64,
}

/// The addresses of one company's bot.
pub struct Responses {
    shelf: Arc<dyn Shelf>,
    clock: Clock,
    /// Rows are read, changed and written one after the other.
    turn: Mutex<()>,
}

impl Responses {
    /// Addresses on `shelf`.
    pub fn new(shelf: Arc<dyn Shelf>, clock: Clock) -> Self {
        Self { shelf, clock, turn: Mutex::new(()) }
    }

    /// Keeps an address that came with a message.
    ///
    /// # Errors
    /// When the shelf refuses.
    pub async fn keep(&self, conversation: &ConversationId, url: String) -> Result<(), ShelfRefused> {
        let _turn = self.turn.lock().await;
        let mut row = self.row(conversation).await?;
        if row.iter().all(|address| address.url != url) {
            row.push(Address { url, until_ms: self.clock.now_ms().saturating_add(RESPONSE_URL_KEPT_MS) });
        }
        let surplus = row.len().saturating_sub(RESPONSE_URLS_MAX);
        row.drain(..surplus);
        self.write(conversation, &row).await
    }

    /// Takes the address that ends first and is still good.
    ///
    /// # Errors
    /// When the shelf refuses.
    pub async fn take(&self, conversation: &ConversationId) -> Result<Option<String>, ShelfRefused> {
        let _turn = self.turn.lock().await;
        let mut row = self.row(conversation).await?;
        if row.is_empty() {
            return Ok(None);
        }
        let address = row.remove(0);
        self.write(conversation, &row).await?;
        Ok(Some(address.url))
    }

    async fn row(&self, conversation: &ConversationId) -> Result<Vec<Address>, ShelfRefused> {
        let mut row: Vec<Address> = self.shelf.read(&key(conversation)).await?.unwrap_or_default();
        let now_ms = self.clock.now_ms();
        row.retain(|address| now_ms < address.until_ms);
        Ok(row)
    }

    async fn write(&self, conversation: &ConversationId, row: &[Address]) -> Result<(), ShelfRefused> {
        self.shelf.write(&key(conversation), row, RESPONSE_URL_KEPT_MS).await
    }
}

fn key(conversation: &ConversationId) -> String {
    format!("responses:{}", digest(conversation.as_str().as_bytes()))
}

#[cfg(test)]
mod tests {
    use bridge_api::double::Rows;

    use super::*;

    #[tokio::test]
    async fn each_address_is_used_once_and_not_after_its_time() {
        let clock = Clock::fake(1_000);
        let responses = Responses::new(Arc::new(Rows::default()), clock.clone());
        let here = ConversationId::new("group:a").expect("an id");
        for url in ["https://a", "https://a", "https://b"] {
            responses.keep(&here, url.into()).await.expect("kept");
        }
        assert_eq!(responses.take(&here).await, Ok(Some("https://a".into())));
        assert_eq!(responses.take(&here).await, Ok(Some("https://b".into())));
        assert_eq!(responses.take(&here).await, Ok(None));
        responses.keep(&here, "https://c".into()).await.expect("kept");
        clock.advance(RESPONSE_URL_KEPT_MS);
        assert_eq!(responses.take(&here).await, Ok(None));
    }
}
