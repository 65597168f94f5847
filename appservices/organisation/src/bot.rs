//! What the bot hears, and what it answers with.

use async_trait::async_trait;
use kit::{Bot, BotError, Fired, Heard, Letter, Related, Relation, To, Verb, What, notice, texts::Lang};
use people::{Language, PeopleError, Person};
use ruma::UserId;
use store::Batch;

use crate::{Organisation, binding, newcomers, rooms, standings};

/// The part of the bot's user id before the colon.
pub const LOCALPART: &str = "org";

const VERBS: &[Verb] = &[
    Verb { id: "who", names: &["谁", "who"], help: "org.help.who" },
    Verb { id: "dept", names: &["部门", "dept", "department"], help: "org.help.dept" },
    Verb { id: "org", names: &["组织", "org"], help: "org.help.org" },
    Verb { id: "bind", names: &["绑定", "bind"], help: "org.help.bind" },
];

#[async_trait]
impl Bot for Organisation {
    fn localpart(&self) -> &'static str {
        LOCALPART
    }

    fn display_name(&self, lang: Lang) -> &'static str {
        match lang {
            Lang::Zh | Lang::Both => "组织",
            Lang::En => "Organisation",
        }
    }

    fn verbs(&self) -> &'static [Verb] {
        VERBS
    }

    async fn heard(&self, heard: &Heard, batch: &mut Batch) -> Result<(), BotError> {
        match &heard.what {
            What::Command { verb: "who", arguments, .. } => self.who(heard, arguments, batch).await,
            What::Command { verb: "dept", arguments, .. } => self.dept(heard, arguments, batch).await,
            What::Command { verb: "org", arguments, .. } => self.org(heard, arguments, batch).await,
            What::Command { verb: "bind", arguments, .. } => self.bind(heard, arguments, batch).await,
            What::Reaction(reaction) => match heard.on.as_deref().and_then(binding::of_key) {
                Some((account, id)) => self.binds(heard, reaction, account, id, batch).await,
                None => Ok(()),
            },
            What::Command { .. }
            | What::Text(_)
            | What::File { .. }
            | What::Edited { .. }
            | What::ReactionTakenBack { .. }
            | What::Redacted { .. }
            | What::Joined { .. }
            | What::Member { .. }
            | What::PollAnswered { .. }
            | What::InCall
            | What::Upgraded { .. }
            | What::Ours { .. } => Ok(()),
        }
    }

    async fn timer(&self, fired: &Fired, batch: &mut Batch) -> Result<(), BotError> {
        match fired.key.as_str() {
            rooms::TIMER => self.keep_rooms(batch).await,
            newcomers::TIMER => self.keep_links(batch).await,
            standings::TIMER => self.keep_standings(batch).await,
            _ => Ok(()),
        }
    }

    async fn started(&self, batch: &mut Batch) -> Result<(), BotError> {
        if self.0.has_rooms {
            self.look_at_rooms(batch, crate::limits::ROOMS_SOON_MS);
        }
        self.look_at_links(batch);
        self.look_at_standings(batch, 0);
        Ok(())
    }
}

impl Organisation {
    /// A text in somebody's language.
    pub(crate) fn say(&self, lang: Lang, key: &str, values: &[(&str, &str)]) -> String {
        self.0.kit.texts().fill(lang, key, values)
    }

    /// The language of whoever has this account.
    pub(crate) async fn language(&self, account: &UserId) -> Result<Lang, BotError> {
        if let Some(chosen) = self.0.kit.chosen_language(account).await? {
            return Ok(chosen);
        }
        match self.0.people.chart().by_account(account).map(|person| person.language) {
            Some(Language::Zh) => Ok(Lang::Zh),
            Some(Language::En) => Ok(Lang::En),
            None => Ok(self.0.kit.language(None, Some(account)).await?),
        }
    }

    /// Answers an event: in the direct chat where it stands in one, else there, so that no room reads of people.
    pub(crate) fn answer(&self, batch: &mut Batch, heard: &Heard, what: &str, text: &str) {
        let key = format!("{what}/{}", heard.event_id);
        let letter = match heard.is_direct {
            true => {
                let relation = match &heard.thread {
                    Some(root) => Relation::Thread(Related::Event(root.clone())),
                    None => Relation::ReplyTo(Related::Event(heard.event_id.clone())),
                };
                Letter::message(key, LOCALPART, To::Room(heard.room.clone()), notice(text)).relating(relation)
            }
            false => Letter::message(key, LOCALPART, To::Direct(heard.sender.clone()), notice(text)),
        };
        self.0.kit.outbox().put(batch, letter);
    }

    /// Whoever asks, if they are somebody here; else they are told how to become somebody (E108).
    pub(crate) async fn person(&self, heard: &Heard, batch: &mut Batch) -> Result<Option<Person>, BotError> {
        let person = self.0.people.chart().by_account(&heard.sender).cloned();
        if person.is_none() {
            let lang = self.language(&heard.sender).await?;
            self.answer(batch, heard, "r", &self.say(lang, "E108", &[("platform", "matrix")]));
        }
        Ok(person)
    }

    /// Whoever asks, if they may change the organisation; else they are told so (E102).
    pub(crate) async fn writer(&self, heard: &Heard, batch: &mut Batch) -> Result<Option<Person>, BotError> {
        let Some(person) = self.person(heard, batch).await? else { return Ok(None) };
        if person.roles.contains(people::import::WRITERS) {
            return Ok(Some(person));
        }
        let lang = self.language(&heard.sender).await?;
        let values = [("role", people::import::WRITERS), ("scope", "org")];
        self.answer(batch, heard, "r", &self.say(lang, "E102", &values));
        Ok(None)
    }
}

/// An error of the organisation, for the kit.
pub(crate) fn broken(error: PeopleError) -> BotError {
    match error {
        PeopleError::Store(error) => BotError::Store(error),
        other => BotError::Broken(other.to_string()),
    }
}
