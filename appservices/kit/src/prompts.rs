//! Buttons for clients that have them (MSC4139): a card that gets reactions offers the same as prompts, and whoever presses one
//! has tapped the reaction. Nothing depends on them.

use model::StreamPos;
use ruma::OwnedUserId;
use serde_json::{Value, json};
use store::{Scan, StoreError};

use crate::{
    Kit, PREFIX,
    letter::{Letter, Parcel, Related, Relation, To},
    limits::PROMPTS_LOOKED_AT_MAX,
    tables::OUTBOX,
};

/// The keys in the content of messages, as clients of today know them.
const PROMPTS: &str = "org.matrix.msc4139.prompts";
const USED: &str = "org.matrix.msc4139.used_prompt";

impl Kit {
    /// The reactions that a bot puts below a letter: they stand behind it in the outbox, by the same commit.
    pub(crate) async fn reactions_below(
        &self,
        letter: &Letter,
        place: StreamPos,
    ) -> Result<Vec<String>, StoreError> {
        if letter.kind != "m.room.message" || !asks(letter) {
            return Ok(Vec::new());
        }
        self.reactions_behind(&letter.key, place).await
    }

    /// The reactions to the letter with this key that stand behind a place in the outbox.
    pub(crate) async fn reactions_behind(
        &self,
        key: &str,
        place: StreamPos,
    ) -> Result<Vec<String>, StoreError> {
        let scan = Scan::all().after(&place).limit(PROMPTS_LOOKED_AT_MAX);
        let behind = self.0.store.scan(&OUTBOX, scan).await?;
        let reactions = behind.into_iter().filter_map(|(_, parcel)| match parcel {
            Parcel::Letter(Letter {
                relation: Some(Relation::Reacts(Related::Letter(of), reaction)),
                ..
            }) if of == key => Some(reaction),
            Parcel::Letter(_) | Parcel::Laden { .. } | Parcel::Join { .. } | Parcel::Leave { .. } => None,
        });
        Ok(reactions.collect())
    }
}

/// Whether a letter may have buttons: a card, or what asks somebody for something.
fn asks(letter: &Letter) -> bool {
    letter.content.get(format!("{PREFIX}card")).is_some() || letter.content["msgtype"] == "m.text"
}

/// Adds the prompts to the content of a letter with these reactions below it. They are meant for whom it goes to, or whom it
/// mentions.
pub(crate) fn add(content: &mut Value, to: &To, reactions: &[String]) {
    if reactions.is_empty() {
        return;
    }
    let body = content["body"].as_str().unwrap_or_default();
    let prompts: Vec<Value> = reactions
        .iter()
        .map(|reaction| {
            let label = json!({ "m.text": [{ "body": label(body, reaction, reactions) }] });
            json!({ "type": "preset", "id": reaction, "label": label })
        })
        .collect();
    let mut block = json!({ "prompts": prompts });
    let scope: Vec<Value> = match to {
        To::Direct(user) => vec![json!(user)],
        To::Room(_) | To::Place(_) => {
            content["m.mentions"]["user_ids"].as_array().cloned().unwrap_or_default()
        }
    };
    if !scope.is_empty() {
        block["scope"] = Value::Array(scope);
    }
    content[PROMPTS] = block;
}

/// A reaction with the words that stand behind it in the text, as cards explain their reactions: `✅同意 ❌拒绝`.
fn label(body: &str, reaction: &str, all: &[String]) -> String {
    let Some((_, behind)) = body.rsplit_once(reaction) else { return reaction.to_owned() };
    let ends = all.iter().filter_map(|other| behind.find(other.as_str()));
    let ends = ends.chain(["\n", "  ", " · ", "（", "("].into_iter().filter_map(|end| behind.find(end)));
    let words = behind.get(..ends.min().unwrap_or(behind.len())).unwrap_or_default().trim();
    if words.is_empty() { reaction.to_owned() } else { format!("{reaction} {words}") }
}

/// The prompt that a message uses.
pub(crate) fn used(content: &Value) -> Option<&str> {
    content[USED]["id"].as_str().filter(|id| !id.is_empty())
}

/// Who else is mentioned, beside the bots: whoever picks a command or presses a button mentions the bot that it is for.
pub(crate) fn without_bots(kit: &Kit, mentions: Vec<OwnedUserId>) -> Vec<OwnedUserId> {
    mentions.into_iter().filter(|user| !kit.is_ours(user)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_say_what_the_card_says_of_its_reactions() {
        let reactions = ["✅", "❌", "💬"].map(str::to_owned);
        for (body, labels) in [
            ("[待审批]\n✅同意 ❌拒绝 💬评论  或回复: 同意", ["✅ 同意", "❌ 拒绝", "💬 评论"]),
            ("✅ yes ❌ no\nmore", ["✅ yes", "❌ no", "💬"]),
            ("nothing", ["✅", "❌", "💬"]),
        ] {
            let mut content = json!({ "body": body, "m.mentions": { "user_ids": ["@li:x"] } });
            add(&mut content, &To::Place("room".to_owned()), &reactions);
            let prompts = content[PROMPTS]["prompts"].as_array().unwrap();
            let said: Vec<&str> =
                prompts.iter().map(|prompt| prompt["label"]["m.text"][0]["body"].as_str().unwrap()).collect();
            assert_eq!(said, labels);
            assert_eq!((&prompts[0]["id"], &prompts[0]["type"]), (&json!("✅"), &json!("preset")));
            assert_eq!(content[PROMPTS]["scope"], json!(["@li:x"]));
        }
        let mut content = json!({ "body": "x" });
        add(&mut content, &To::Place("room".to_owned()), &[]);
        assert_eq!(content, json!({ "body": "x" }));
    }
}
