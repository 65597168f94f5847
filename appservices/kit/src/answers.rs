//! What the kit says itself: help, languages, commands that nobody knows, messages that nobody can read.

use ruma::OwnedUserId;
use serde_json::{Value, json};
use store::Batch;

use crate::{
    Bot, BotError, CallError, Heard, Kit, Power,
    commands::{OWN_VERBS, first_word, nearest, shown, verb},
    letter::{Letter, Related, Relation, To},
    limits::HELP_LINES_MAX,
    runtime::Bots,
    texts::Lang,
};

/// The words that have `!lang` mean the room.
const ROOM: [&str; 3] = ["room", "房间", "群"];

/// Answers to one event.
pub(crate) struct Answers<'a> {
    pub kit: &'a Kit,
    pub bot: &'a dyn Bot,
    pub heard: &'a Heard,
}

/// A notice: information, which rings at nobody's.
#[must_use]
pub fn notice(body: &str) -> Value {
    json!({ "msgtype": "m.notice", "body": body, "m.mentions": {} })
}

/// A message in plain words and as HTML. With mentions it asks those people for something and rings at theirs; without
/// it is a notice.
#[must_use]
pub fn message<'a>(body: &str, mentions: impl IntoIterator<Item = &'a OwnedUserId>) -> Value {
    let html = body.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\n', "<br>");
    let users: Vec<_> = mentions.into_iter().collect();
    let (kind, mentioned) = match users.as_slice() {
        [] => ("m.notice", json!({})),
        users => ("m.text", json!({ "user_ids": users })),
    };
    json!({
        "msgtype": kind, "body": body, "m.mentions": mentioned,
        "format": "org.matrix.custom.html", "formatted_body": html,
    })
}

impl Answers<'_> {
    /// `!help`, by pages of [`HELP_LINES_MAX`] lines. Without a choice of the person it speaks the command's language.
    pub async fn help(&self, typed: Lang, arguments: &str) -> Result<Letter, BotError> {
        let lang = self.language_of(typed).await?;
        let texts = self.kit.texts();
        let own = self.bot.verbs_for(self.heard).await?;
        let verbs: Vec<_> = own.iter().chain(OWN_VERBS).collect();
        // A line for the head and one for what is left.
        let per_page = HELP_LINES_MAX - 2;
        let pages = verbs.len().div_ceil(per_page);
        let page = arguments.parse::<usize>().unwrap_or(1).clamp(1, pages);
        let mut lines = vec![texts.fill(lang, "help.head", &[("bot", self.bot.display_name(lang))])];
        for verb in verbs.iter().skip((page - 1) * per_page).take(per_page) {
            lines.push(format!("!{} – {}", shown(verb, lang), texts.fill(lang, verb.help, &[])));
        }
        let left = verbs.len().saturating_sub(page * per_page);
        if left > 0 {
            let (count, next) = (left.to_string(), (page + 1).to_string());
            lines.push(texts.fill(lang, "help.more", &[("count", &count), ("page", &next)]));
        }
        Ok(self.letter(&lines.join("\n")))
    }

    /// `!lang zh`, or `!lang room zh`: the letter, and the choice with the person or room that it is for, if it is one.
    pub async fn language(
        &self,
        typed: Lang,
        arguments: &str,
    ) -> Result<(Letter, Option<(String, Lang)>), BotError> {
        let texts = self.kit.texts();
        let (word, rest) = first_word(arguments);
        if ROOM.contains(&word.as_str()) {
            return self.language_of_room(typed, rest).await;
        }
        match Lang::named(arguments) {
            Some(lang @ (Lang::Zh | Lang::En)) => {
                let sender = self.heard.sender.to_string();
                Ok((self.letter(&texts.fill(lang, "lang.set", &[])), Some((sender, lang))))
            }
            Some(Lang::Both) | None => {
                let lang = self.language_of(typed).await?;
                Ok((self.letter(&texts.fill(lang, "lang.unknown", &[])), None))
            }
        }
    }

    /// `!lang room both`, from who may set the state of the room: how the cards of everybody there read.
    async fn language_of_room(
        &self,
        typed: Lang,
        name: &str,
    ) -> Result<(Letter, Option<(String, Lang)>), BotError> {
        let (key, choice) = match Lang::named(name) {
            None => ("lang.unknown", None),
            Some(_) if !self.moderates().await? => ("lang.room_refused", None),
            Some(lang @ Lang::Zh) => ("lang.room_zh", Some(lang)),
            Some(lang @ Lang::En) => ("lang.room_en", Some(lang)),
            Some(lang @ Lang::Both) => ("lang.room_both", Some(lang)),
        };
        let lang = self.language_of(typed).await?;
        let said = self.kit.texts().fill(lang, key, &[]);
        Ok((self.letter(&said), choice.map(|choice| (self.heard.room.to_string(), choice))))
    }

    /// Whether whoever asks moderates the room.
    async fn moderates(&self) -> Result<bool, BotError> {
        let Some(intent) = self.kit.intent(self.bot.localpart()) else { return Ok(false) };
        match Power::read(&intent, &self.heard.room).await {
            Ok(power) => Ok(power.moderates(&self.heard.sender)),
            Err(CallError::Refused { .. }) => Ok(false),
            Err(error) => Err(BotError::Later(error.to_string())),
        }
    }

    /// A command that no bot in the room knows.
    pub async fn unknown(&self, bots: &Bots, name: &str) -> Result<Letter, BotError> {
        let lang = self.language_of(Lang::of(name)).await?;
        let known: Vec<_> = self.bot.verbs().iter().chain(OWN_VERBS).copied().collect();
        let others = bots.iter().filter(|other| other.localpart() != self.bot.localpart());
        let known: Vec<_> =
            known.into_iter().chain(others.flat_map(|other| other.verbs()).copied()).collect();
        let [a, b, c] = nearest(&known, name).map(|name| format!("!{name}"));
        Ok(self.letter(&self.kit.texts().fill(lang, "E106", &[("a", &a), ("b", &b), ("c", &c)])))
    }

    /// An edited command. One that may hold a secret is taken away, as it is where it is typed.
    pub async fn edited(&self, name: &str, arguments: &str, batch: &mut Batch) -> Result<Letter, BotError> {
        let Self { kit, bot, heard } = self;
        let lang = kit.language(Some(&heard.room), Some(&heard.sender)).await?;
        let mut said = kit.texts().fill(lang, "E105", &[]);
        let command = verb(bot.verbs(), name);
        if command.is_some_and(|(verb, _)| bot.holds_secret(verb.id, arguments)) {
            let removal = kit.take_away(bot.localpart(), heard, batch).await;
            let removal = removal.map_err(|error| BotError::Later(error.to_string()))?;
            said = format!("{said}\n{}", kit.texts().fill(lang, removal, &[]));
        }
        Ok(self.letter(&said))
    }

    /// A message cannot be read; said once to each person in each room, because the next ones will be like it.
    pub async fn cannot_read(&self) -> Result<Letter, BotError> {
        let lang = self.kit.language(Some(&self.heard.room), Some(&self.heard.sender)).await?;
        let letter = self.letter(&self.kit.texts().fill(lang, "message.unread", &[]));
        let Heard { room, sender, .. } = self.heard;
        Ok(Letter { key: format!("kit:unread:{}:{room}:{sender}", self.bot.localpart()), ..letter })
    }

    async fn language_of(&self, typed: Lang) -> Result<Lang, BotError> {
        Ok(self.kit.chosen_language(&self.heard.sender).await?.unwrap_or(typed))
    }

    /// A notice in the thread of the event, or in answer to it.
    fn letter(&self, body: &str) -> Letter {
        let Heard { room, event_id, thread, .. } = self.heard;
        let relation = match thread {
            Some(root) => Relation::Thread(Related::Event(root.clone())),
            None => Relation::ReplyTo(Related::Event(event_id.clone())),
        };
        let bot = self.bot.localpart();
        Letter::message(format!("kit:{bot}:{event_id}"), bot, To::Room(room.clone()), notice(body))
            .relating(relation)
    }
}
