//! Reacts to what people said in groups. No page tells of it: the platform's own library has the two calls, and programs of others show
//! what they take. An emoji stands there as a text reaction.

use async_trait::async_trait;
use bridge_api::{Failure, Reaction, Reactions, Refusal};
use serde_json::json;

use super::Sending;
use crate::{
    client::{Call, CallError, Meaning},
    ids::{self, Known, Place},
    limits::EMOJI_CHARACTERS_MAX,
};

/// A reaction of words, as programs of others send it.
const KIND: u8 = 2;
const WORDS: &str = "2659900";
const BACKGROUND: &str = "im_bg_1";

/// What makes a keycap of the digit before it, and what may stand between them: that it is shown as a picture.
const KEYCAP: char = '\u{20e3}';
const AS_PICTURE: char = '\u{fe0f}';

const COMES: &str = "/v1.0/robot/emotion/reply";
const GOES: &str = "/v1.0/robot/emotion/recall";

#[async_trait]
impl Reactions for Sending {
    async fn react(&self, reaction: &Reaction) -> Result<(), Failure> {
        // By what a chat with one person, or our own message, is known there the platform does not tell.
        let (Place::Group(group), Known::Theirs) =
            (ids::place(&reaction.conversation), ids::known(&reaction.message))
        else {
            return Err(Failure::refused(Refusal::Impossible));
        };
        // It stands there as words of the robot's, so anybody could say anything by it.
        if !is_emoji(&reaction.emoji) {
            return Err(Failure::refused(Refusal::Impossible));
        }
        let (emoji, path) = (&reaction.emoji, if reaction.added { COMES } else { GOES });
        let body = json!({
            "robotCode": self.client.settings().robot_code,
            "openMsgId": reaction.message.as_str(), "openConversationId": group,
            "emotionType": KIND, "emotionName": emoji,
            "textEmotion": {
                "emotionId": WORDS, "emotionName": emoji, "text": emoji, "backgroundId": BACKGROUND,
            },
        });
        match self.client.call(&Call::post(path, body)).await {
            Ok(_) => Ok(()),
            Err(CallError { meaning: Meaning::Refused(Refusal::Gone), .. }) if !reaction.added => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Whether it may be an emoji: short, without letters, and with digits on keycaps alone.
fn is_emoji(text: &str) -> bool {
    let mut rest = text.chars();
    while let Some(letter) = rest.next() {
        let is_on_keycap = rest.as_str().trim_start_matches(AS_PICTURE).starts_with(KEYCAP);
        if letter.is_alphabetic() || (letter.is_numeric() && !is_on_keycap) {
            return false;
        }
    }
    (1..=EMOJI_CHARACTERS_MAX).contains(&text.chars().count())
}
