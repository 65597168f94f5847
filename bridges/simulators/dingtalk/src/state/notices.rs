//! What reaches people outside their chats: work notices of apps, and DING of robots.

use std::collections::BTreeSet;

use serde_json::Value;

use super::State;
use super::chats::Chat;
use super::messages::{Author, Draft};
use crate::refusal::Refusal;

/// For how long a notice counts against what one person may get.
const DAY_MS: u64 = 86_400_000;
/// Notices of one app to one person in that time.
const A_DAY_MAX: usize = 500;

/// A work notice that was taken; whom it reached is another matter.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notice {
    pub(crate) app: String,
    pub(crate) sent_ms: u64,
    /// The whole message, by which a repeat is known.
    pub(crate) words: String,
    /// Whom it reached, each with the message.
    pub(crate) reached: Vec<(String, String)>,
    /// Who was named and is nobody.
    pub(crate) invalid: Vec<String>,
    /// Who had the same words already, or too many notices.
    pub(crate) forbidden: Vec<String>,
    pub(crate) invalid_departments: Vec<u64>,
}

impl State {
    /// Puts something before a person, in a place of this title that is theirs alone; answers the message.
    pub(crate) fn put_before(
        &mut self,
        person: &str,
        title: &str,
        app: &str,
        kind: &str,
        content: Value,
    ) -> Result<String, Refusal> {
        let place = (person.to_owned(), title.to_owned());
        let chat = match self.notice_chats.get(&place).cloned() {
            Some(chat) => chat,
            None => {
                let people = BTreeSet::from([person.to_owned()]);
                let chat = self.make_chat(Chat { title: title.to_owned(), people, ..Chat::default() })?;
                self.notice_chats.insert(place, chat.clone());
                chat
            }
        };
        let draft = Draft { chat, kind: kind.to_owned(), content, ..Draft::default() };
        self.say(Author::Robot(app.to_owned()), draft)
    }

    /// Whether a person gets this notice: the same words come once a day, and of one app not too many.
    pub(crate) fn may_be_told(&self, app: &str, person: &str, words: &str) -> bool {
        let now = self.stage.now_ms();
        let reached = |notice: &&Notice| {
            notice.app == app
                && now < notice.sent_ms + DAY_MS
                && notice.reached.iter().any(|(known, _)| known == person)
        };
        let earlier: Vec<&Notice> = self.notices.values().filter(reached).collect();
        earlier.len() < A_DAY_MAX && earlier.iter().all(|notice| notice.words != words)
    }

    /// Takes messages back without telling anybody.
    pub(crate) fn take_back(&mut self, messages: &[String]) {
        for id in messages {
            if let Some(message) = self.messages.get_mut(id) {
                message.recalled = true;
            }
        }
    }
}
