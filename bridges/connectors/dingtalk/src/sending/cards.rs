//! Interactive cards: sent once by their outTrackId, changed by it, and never put back to an older state.

use async_trait::async_trait;
use bridge_api::{
    Block, ButtonStyle, Card, Cards, ConversationId, Failure, Inline, MessageId, Outgoing, Refusal, Repeat,
    RichText, Style,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Sending;
use crate::{
    client::{Call, CallError, Meaning},
    content::written::{self, Address},
    events::{INPUT, INPUT_NAME},
    ids::{self, Known, Place},
    lenient::{text, truth},
    limits::{CARD_KEPT_MS, CARD_VALUE_BYTES_MAX, EXCERPT_CHARACTERS_MAX, WORDS_CHARACTERS_MAX},
};

/// What is remembered of a card.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Shown {
    /// The revision that is shown.
    pub revision: u64,
    /// The processQueryKey of its message.
    pub carrier: Option<String>,
}

impl Sending {
    pub(super) async fn card(
        &self,
        outgoing: &Outgoing,
        card: &Card,
        template: &str,
    ) -> Result<Vec<MessageId>, Failure> {
        let track = outgoing.key.part(0);
        let robot = &self.client.settings().robot_code;
        let mut body = json!({
            "cardTemplateId": template,
            "outTrackId": track,
            "cardData": {"cardParamMap": variables(&outgoing.speaker.name, card)},
            "callbackType": "STREAM",
            "userIdType": 1,
        });
        if !matches!(self.client.settings().mode, crate::settings::Mode::Stream) {
            body["callbackType"] = json!("HTTP");
            body["callbackRouteKey"] = json!(self.client.settings().client_id);
        }
        let notice: String = card.title.chars().take(EXCERPT_CHARACTERS_MAX).collect();
        // Whoever is asked for a decision is asked here.
        let forwards = card.buttons.is_empty();
        let shown = json!({"supportForward": forwards, "lastMessageI18n": {"ZH_CN": notice}});
        match ids::place(&outgoing.conversation) {
            Place::Group(group) => {
                body["openSpaceId"] = json!(format!("dtv1.card//IM_GROUP.{group}"));
                body["imGroupOpenSpaceModel"] = shown;
                body["imGroupOpenDeliverModel"] = json!({"robotCode": robot});
            }
            Place::Direct(user) => {
                body["openSpaceId"] = json!(format!("dtv1.card//IM_ROBOT.{user}"));
                body["imRobotOpenSpaceModel"] = shown;
                body["imRobotOpenDeliverModel"] = json!({"spaceType": "IM_ROBOT", "robotCode": robot});
            }
            Place::Webhook(_) => return Err(Failure::refused(Refusal::Impossible)),
        }
        let sending = async {
            let carrier = self.deliver_card(body).await?;
            let row = Shown { revision: card.revision, carrier };
            self.remember_card(&track, &row).await?;
            Ok(format!("card:{track}"))
        };
        // A reused outTrackId makes no second card.
        let message = self.ledger.once(&track, Repeat::Harmless, sending).await?;
        Ok(vec![message])
    }

    async fn deliver_card(&self, body: Value) -> Result<Option<String>, CallError> {
        let call = Call::post("/v1.0/card/instances/createAndDeliver", body);
        let answer = match self.client.call(&call).await {
            Ok(answer) => answer,
            Err(error) if error.code.as_deref() == Some("param.cardAlreadyExist") => return Ok(None),
            Err(error) => return Err(error),
        };
        let results = answer.pointer("/result/deliverResults").and_then(Value::as_array);
        let Some(result) = results.and_then(|results| results.first()) else {
            return Err(CallError::ours(Meaning::Unknown, "the platform does not say where the card is"));
        };
        if !truth(result, "success") {
            let words = text(result, "errorMsg").unwrap_or_else(|| "the card was not delivered".into());
            let words: String = words.chars().take(WORDS_CHARACTERS_MAX).collect();
            return Err(CallError::ours(Meaning::Refused(Refusal::Other(words.clone())), words));
        }
        Ok(text(result, "carrierId"))
    }

    pub(super) async fn shown_card(&self, track: &str) -> Result<Option<Shown>, Failure> {
        Ok(self.shelf.read(&format!("card:{track}")).await?)
    }

    async fn remember_card(&self, track: &str, shown: &Shown) -> Result<(), bridge_api::ShelfRefused> {
        self.shelf.write(&format!("card:{track}"), shown, CARD_KEPT_MS).await
    }
}

#[async_trait]
impl Cards for Sending {
    async fn update(&self, _: &ConversationId, message: &MessageId, card: &Card) -> Result<(), Failure> {
        let Known::Card(track) = ids::known(message) else {
            return Err(Failure::refused(Refusal::Impossible));
        };
        let _turn = self.changing.lock().await;
        let shown = self.shown_card(track).await?.unwrap_or_default();
        if card.revision < shown.revision {
            return Ok(());
        }
        let body = json!({
            "outTrackId": track,
            "cardData": {"cardParamMap": variables("", card)},
            // Without it all other variables would be emptied.
            "cardUpdateOptions": {"updateCardDataByKey": true, "updatePrivateDataByKey": true},
            "userIdType": 1,
        });
        self.client.call(&Call::put("/v1.0/card/instances", body)).await?;
        let row = Shown { revision: card.revision, carrier: shown.carrier };
        Ok(self.remember_card(track, &row).await?)
    }
}

/// The variables of our template. They are texts, whatever they hold.
fn variables(speaker: &str, card: &Card) -> Map<String, Value> {
    let content = written::write(speaker, None, &card.body, Address::Names).pieces.join("\n\n");
    let buttons: Vec<Value> = card
        .buttons
        .iter()
        .map(|button| {
            let mut parameters: Map<String, Value> =
                button.values.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
            parameters.insert("action".into(), json!(button.action));
            if let Some(input) = &card.input {
                parameters.insert(INPUT_NAME.into(), json!(input.name));
            }
            let style = match button.style {
                ButtonStyle::Plain => "plain",
                ButtonStyle::Primary => "primary",
                ButtonStyle::Danger => "danger",
            };
            json!({"action": button.action, "label": button.label, "style": style, "params": parameters})
        })
        .collect();
    let input = card.input.as_ref().filter(|_| !buttons.is_empty());
    let input = input.map(|input| input.label.clone()).unwrap_or_default();
    let content = &content[..content.floor_char_boundary(CARD_VALUE_BYTES_MAX)];
    let values = [
        ("title", card.title.clone()),
        ("content", content.to_owned()),
        ("buttons", json!(buttons).to_string()),
        (INPUT, input),
        ("revision", card.revision.to_string()),
    ];
    values.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect()
}

/// A card where none can be shown: its title and what it says.
pub(super) fn in_words(card: &Card) -> RichText {
    let title = Inline::Text { text: card.title.clone(), style: Style { bold: true, ..Style::default() } };
    let mut blocks = vec![Block::Paragraph(vec![title])];
    blocks.extend(card.body.blocks.iter().cloned());
    RichText { blocks }
}
