//! Letters of the class `secret`: what they say is never sent in the clear.

use serde_json::Value;
use store::StoreError;

use crate::{Kit, PREFIX, answers::message, letter::Letter};

impl Kit {
    /// What is sent instead of a secret letter where the room is not encrypted: who is meant and what it is about by its number,
    /// and no word of what it says.
    pub(crate) async fn without_secret(&self, letter: &Letter) -> Result<Letter, StoreError> {
        let lang = self.language_of_letter(letter).await?;
        let mut content = message(&self.texts().fill(lang, "secret.hidden", &[]), &[]);
        let card = format!("{PREFIX}card");
        for kept in ["msgtype", "m.mentions", card.as_str()] {
            // A file has words in its place.
            let value = letter.content.get(kept).filter(|value| **value != "m.file");
            if let (Some(content), Some(value)) = (content.as_object_mut(), value) {
                content.insert(kept.to_owned(), Value::clone(value));
            }
        }
        Ok(Letter { content, attachment: None, forwards: None, ..letter.clone() })
    }
}
