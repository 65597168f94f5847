//! Template cards with buttons: to people by the app, where each code changes a card once; where the bot is, where only a press can
//! be answered with another card.

use async_trait::async_trait;
use bridge_api::{
    Block, Button, ButtonStyle, Card, Cards, ConversationId, Failure, Inline, MessageId, Outgoing, Refusal,
    Repeat, RichText, Shelf, Style, digest,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Said, Sending};
use crate::{
    client::{CallError, Meaning},
    ids::{self, Known, Place},
    limits::{
        CARD_BUTTON_CHARACTERS_MAX, CARD_BUTTONS_MAX, CARD_KEPT_MS, CARD_TEXT_CHARACTERS,
        CARD_TITLE_CHARACTERS_MAX, CODE_KEPT_MS,
    },
    written::harmless,
};

/// What stands in the place of buttons that are gone.
const DONE: &str = "已处理 · done";

/// What is remembered of a card.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CardRow {
    /// The revision that is shown.
    pub revision: u64,
    /// The buttons that it was sent with; their place is their key there.
    pub buttons: Vec<Button>,
    /// The msgid of its message, when the app sent it.
    pub message: Option<String>,
}

/// Where the code lies by which a card can be changed.
pub fn code_key(task: &str) -> String {
    format!("code:{}", digest(task.as_bytes()))
}

impl CardRow {
    /// What is remembered of the card with this task id.
    ///
    /// # Errors
    /// When the shelf refuses.
    pub async fn read(shelf: &dyn Shelf, task: &str) -> Result<Option<Self>, Failure> {
        Ok(shelf.read(&row_key(task)).await?)
    }

    async fn write(&self, shelf: &dyn Shelf, task: &str) -> Result<(), Failure> {
        Ok(shelf.write(&row_key(task), self, CARD_KEPT_MS).await?)
    }
}

/// Task ids come back from outside, so they are no keys as they are.
fn row_key(task: &str) -> String {
    format!("card:{}", digest(task.as_bytes()))
}

impl Sending {
    pub(super) async fn card(&self, outgoing: &Outgoing, card: &Card) -> Result<Vec<MessageId>, Failure> {
        let mut messages = Vec::new();
        let body = card.body.to_plain();
        // What a card would cut off is said in full before it.
        if body.chars().count() > CARD_TEXT_CHARACTERS {
            let mut said = outgoing.clone();
            said.key = bridge_api::IdempotencyKey::new(format!(
                "b{}",
                &digest(outgoing.key.as_str().as_bytes())[..39]
            ))
            .map_err(|error| Failure::later(error.to_string()))?;
            messages.extend(self.text(&said, &card.body).await?);
        }
        let key = outgoing.key.part(0);
        let task = digest(key.as_bytes()).chars().take(40).collect::<String>();
        let row = CardRow { revision: card.revision, buttons: card.buttons.clone(), message: None };
        // Somebody may press before the platform has answered us.
        if CardRow::read(self.shelf.as_ref(), &task).await?.is_none() {
            row.write(self.shelf.as_ref(), &task).await?;
        }
        let said = Said {
            kind: "template_card",
            body: template(&outgoing.speaker.name, card, &card.buttons, &task),
        };
        let sending = async {
            if let Some(Place::Direct(user)) = ids::place(&outgoing.conversation) {
                let (message, code) = self.to_person(user, &said).await?;
                let kept = self.keep_card(&task, CardRow { message: Some(message), ..row }, code).await;
                if let Err(error) = kept {
                    tracing::warn!(%error, "it is not written down how a card can be changed");
                }
            } else {
                self.deliver(&outgoing.conversation, &key, &said).await?;
            }
            Ok(format!("card:{task}"))
        };
        messages.push(self.ledger.once(&key, Repeat::Doubles, sending).await?);
        Ok(messages)
    }

    async fn keep_card(&self, task: &str, row: CardRow, code: Option<String>) -> Result<(), Failure> {
        row.write(self.shelf.as_ref(), task).await?;
        let Some(code) = code else { return Ok(()) };
        // A press that came meanwhile brought a fresher one.
        if self.shelf.get(&code_key(task)).await?.is_none() {
            self.shelf.put(&code_key(task), code.as_bytes(), CODE_KEPT_MS).await?;
        }
        Ok(())
    }

    /// Changes a card of the app, by the one code that is there.
    async fn change(&self, user: &str, task: &str, card: Value) -> Result<(), Failure> {
        let code = self.shelf.get(&code_key(task)).await?;
        let code = code.ok_or_else(|| Failure::refused(Refusal::TooLate))?;
        let agent = self.client.app()?.agent_id;
        let body = json!({
            // Named always: without anybody it would go to all whom the code reaches.
            "userids": [user],
            "agentid": agent,
            "response_code": String::from_utf8_lossy(&code),
            "template_card": card,
        });
        let outcome = self.client.post("message/update_template_card", &body).await;
        let spent = match &outcome {
            Ok(_) => true,
            Err(error) => matches!(error.meaning, Meaning::Refused(_)),
        };
        if spent {
            self.shelf.remove(&code_key(task)).await?;
        }
        match outcome {
            Ok(_) => Ok(()),
            // The platform says of a used code that a parameter is wrong.
            Err(CallError { meaning: Meaning::Refused(Refusal::Other(_)), code: Some(code), .. }) => {
                Err(Failure::refused(Refusal::TooLate).with_code(code))
            }
            Err(error) => Err(error.into()),
        }
    }
}

#[async_trait]
impl Cards for Sending {
    async fn update(
        &self,
        conversation: &ConversationId,
        message: &MessageId,
        card: &Card,
    ) -> Result<(), Failure> {
        let Known::Card(task) = ids::known(message) else {
            return Err(Failure::refused(Refusal::Impossible));
        };
        let _turn = self.changing.lock().await;
        let row = CardRow::read(self.shelf.as_ref(), task).await?.unwrap_or_default();
        if card.revision < row.revision {
            return Ok(());
        }
        let newer = template("", card, &row.buttons, task);
        match super::place(conversation)? {
            Place::Direct(user) => self.change(user, task, newer).await?,
            Place::BotGroup(_) | Place::BotDirect(_) => {
                let handle = self.memory.press(task).ok_or_else(|| Failure::refused(Refusal::TooLate))?;
                let body = json!({"response_type": "update_template_card", "template_card": newer});
                self.line.ask("aibot_respond_update_msg", &handle, body).await?;
            }
            Place::Chat(_) | Place::Webhook(_) | Place::Archived(_) | Place::Service { .. } => {
                return Err(Failure::refused(Refusal::Impossible));
            }
        }
        let buttons = if card.buttons.is_empty() { row.buttons } else { card.buttons.clone() };
        let row = CardRow { revision: card.revision, buttons, message: row.message };
        row.write(self.shelf.as_ref(), task).await
    }
}

/// The card as the platform takes it. It has at least one button there: a card whose buttons are gone keeps the old ones, and shows a
/// word in their place.
fn template(speaker: &str, card: &Card, old: &[Button], task: &str) -> Value {
    let shown = if card.buttons.is_empty() { old } else { &card.buttons };
    if shown.len() > CARD_BUTTONS_MAX {
        tracing::warn!(buttons = shown.len(), "a card has more buttons than WeCom shows");
    }
    let buttons: Vec<Value> = shown.iter().take(CARD_BUTTONS_MAX).enumerate().map(button).collect();
    let title = if card.title.trim().is_empty() { "…" } else { card.title.as_str() };
    let mut body = json!({
        "card_type": "button_interaction",
        "main_title": {"title": short(title, CARD_TITLE_CHARACTERS_MAX)},
        "sub_title_text": short(&card.body.to_plain(), CARD_TEXT_CHARACTERS),
        "task_id": task,
        "button_list": buttons,
    });
    if !speaker.is_empty() {
        body["source"] = json!({"desc": short(speaker, CARD_TITLE_CHARACTERS_MAX)});
    }
    if card.buttons.is_empty() {
        body["replace_text"] = json!(DONE);
    }
    body
}

fn button((place, button): (usize, &Button)) -> Value {
    let style = match button.style {
        ButtonStyle::Primary => 1,
        ButtonStyle::Danger => 2,
        ButtonStyle::Plain => 3,
    };
    json!({"text": short(&button.label, CARD_BUTTON_CHARACTERS_MAX), "style": style, "key": place.to_string()})
}

fn short(text: &str, characters_max: usize) -> String {
    let text = harmless(text);
    if text.chars().count() <= characters_max {
        return text;
    }
    text.chars().take(characters_max.saturating_sub(1)).chain(['…']).collect()
}

/// A card where none can be shown: its title and what it says.
pub(super) fn in_words(card: &Card) -> RichText {
    let title = Inline::Text { text: card.title.clone(), style: Style { bold: true, ..Style::default() } };
    let mut blocks = vec![Block::Paragraph(vec![title])];
    blocks.extend(card.body.blocks.iter().cloned());
    RichText { blocks }
}
