//! Reactions: one of each kind by each person or bot on a message.

use serde_json::json;

use super::State;
use super::messages::Actor;
use crate::refusal::Refusal;

/// The kinds that there are; case counts.
pub(crate) const EMOJI_TYPES: &[&str] = &[
    "OK",
    "THUMBSUP",
    "ThumbsDown",
    "THANKS",
    "MUSCLE",
    "FINGERHEART",
    "APPLAUSE",
    "CLAP",
    "FISTBUMP",
    "JIAYI",
    "DONE",
    "SMILE",
    "BLUSH",
    "LAUGH",
    "SMIRK",
    "LOL",
    "FACEPALM",
    "LOVE",
    "WINK",
    "PROUD",
    "SMART",
    "THINKING",
    "SOB",
    "CRY",
    "ERROR",
    "ANGRY",
    "WOW",
    "YEAH",
    "TEARS",
    "KISS",
    "HUG",
    "PRAISE",
    "SHY",
    "DIZZY",
    "SHOCKED",
    "SKULL",
    "SWEAT",
    "SPEECHLESS",
    "SLEEP",
    "YAWN",
    "SICK",
    "PUKE",
    "Typing",
    "Get",
    "LGTM",
    "OnIt",
    "OneSecond",
    "SALUTE",
    "SHAKE",
    "HIGHFIVE",
    "HEART",
    "HEARTBROKEN",
    "PARTY",
    "ROSE",
    "BEER",
    "CAKE",
    "GIFT",
    "Coffee",
    "Yes",
    "No",
    "OKR",
    "CheckMark",
    "CrossMark",
    "MinusOne",
    "Hundred",
    "Pin",
    "Alarm",
    "Loudspeaker",
    "Trophy",
    "Fire",
    "BOMB",
    "Music",
    "FIREWORKS",
    "REDPACKET",
    "POOP",
    "Shrug",
    "BeamingFace",
    "Partying",
];

/// One reaction.
#[derive(Clone, Debug)]
pub(crate) struct Reaction {
    pub(crate) reaction_id: String,
    pub(crate) emoji_type: String,
    pub(crate) by: Actor,
    pub(crate) at_ms: u64,
}

impl State {
    /// Adds a reaction, or finds the one that is there.
    pub(crate) fn react(
        &mut self,
        message_id: &str,
        by: &Actor,
        emoji_type: &str,
    ) -> Result<Reaction, Refusal> {
        if !EMOJI_TYPES.contains(&emoji_type) {
            return Err(Refusal::code(231_001));
        }
        let reaction = Reaction {
            reaction_id: self.stage.chance.id("ZCaCIjUBVVWSrm5L-3ZTw", 12),
            emoji_type: emoji_type.to_owned(),
            by: by.clone(),
            at_ms: self.stage.now_ms(),
        };
        let message = self.messages.get_mut(message_id).ok_or(Refusal::code(231_003))?;
        if message.recalled_ms.is_some() {
            return Err(Refusal::code(231_003));
        }
        if message.kind == "system" {
            return Err(Refusal::code(231_017));
        }
        let same = |known: &&Reaction| known.by == *by && known.emoji_type == emoji_type;
        if let Some(known) = message.reactions.iter().find(same) {
            return Ok(known.clone());
        }
        message.reactions.push(reaction.clone());
        self.tell_reaction(message_id, &reaction, "im.message.reaction.created_v1");
        Ok(reaction)
    }

    /// Takes a reaction back; only one's own.
    pub(crate) fn unreact(
        &mut self,
        message_id: &str,
        by: &Actor,
        reaction_id: &str,
    ) -> Result<Reaction, Refusal> {
        let message = self.messages.get_mut(message_id).ok_or(Refusal::code(231_003))?;
        let Some(place) = message.reactions.iter().position(|known| known.reaction_id == reaction_id) else {
            let elsewhere = self.messages.values().any(|message| message.has_reaction(reaction_id));
            return Err(Refusal::code(if elsewhere { 231_010 } else { 231_011 }));
        };
        if message.reactions[place].by != *by {
            return Err(Refusal::code(231_007));
        }
        let reaction = message.reactions.remove(place);
        self.tell_reaction(message_id, &reaction, "im.message.reaction.deleted_v1");
        Ok(reaction)
    }

    fn tell_reaction(&mut self, message_id: &str, reaction: &Reaction, event_type: &'static str) {
        let at_ms = self.stage.now_ms();
        for bot in self.bots_of(message_id) {
            let mut body = json!({
                "message_id": message_id,
                "reaction_type": { "emoji_type": reaction.emoji_type },
                "action_time": at_ms.to_string(),
            });
            match &reaction.by {
                Actor::Person(person) => {
                    body["operator_type"] = "user".into();
                    body["user_id"] = self.ids(&bot, person);
                }
                Actor::App(app) if *app == bot && !self.settings.echoes => continue,
                Actor::App(app) => {
                    body["operator_type"] = "app".into();
                    body["app_id"] = app.clone().into();
                }
            }
            self.emit(&bot, event_type, body);
        }
    }
}
