//! Apps with their tokens, custom robots, sessions and tickets.

use std::collections::{BTreeSet, VecDeque};

use super::State;

/// An app of the organisation with its robot.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) client_id: String,
    pub(crate) secret: String,
    pub(crate) name: String,
    pub(crate) agent_id: u64,
    /// What it may do; `None` for everything.
    pub(crate) scopes: Option<BTreeSet<String>>,
    /// Where the page of logins may send people back to.
    pub(crate) redirects: BTreeSet<String>,
    pub(crate) published: bool,
    pub(crate) stopped: bool,
    pub(crate) cool_app: String,
    /// Where messages to its robot go; over the stream when there is none.
    pub(crate) robot_url: Option<String>,
    /// Where events go; over the stream when there is none.
    pub(crate) events: Option<EventAddress>,
    pub(crate) token: Option<Token>,
}

/// Where events are posted.
#[derive(Clone, Debug)]
pub(crate) struct EventAddress {
    pub(crate) url: String,
    pub(crate) token: String,
    pub(crate) aes_key: String,
    /// For whom they are encrypted: the app of the console, the organisation when the API registered the address.
    pub(crate) owner: String,
    /// The events that it wants; all when there are none.
    pub(crate) tags: BTreeSet<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) until_ms: u64,
}

/// A custom robot of one group.
#[derive(Clone, Debug, Default)]
pub(crate) struct CustomRobot {
    pub(crate) chat: String,
    pub(crate) name: String,
    pub(crate) secret: Option<String>,
    pub(crate) keywords: Vec<String>,
    pub(crate) sent_ms: VecDeque<u64>,
    pub(crate) blocked_until_ms: u64,
    pub(crate) uuids: BTreeSet<String>,
}

/// The right to answer in a chat for a while.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) app: String,
    pub(crate) chat: String,
    pub(crate) until_ms: u64,
}

/// The right to connect once.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    pub(crate) app: String,
    pub(crate) until_ms: u64,
    /// Type and topic of what the connection wants.
    pub(crate) topics: Vec<(String, String)>,
}

impl State {
    /// The token of an app: the same one with its life renewed while it lives.
    pub(crate) fn token_of(&mut self, app: &str) -> Option<String> {
        let (now, fresh) = (self.stage.now_ms(), self.stage.chance.id("", 32));
        let until_ms = now + self.settings.token_life_s.saturating_mul(1_000);
        let app = self.apps.get_mut(app)?;
        let text = app.token.take().filter(|token| token.until_ms > now).map_or(fresh, |token| token.text);
        app.token = Some(Token { text: text.clone(), until_ms });
        Some(text)
    }

    /// The app behind a token that lives.
    pub(crate) fn app_of_token(&self, token: &str) -> Option<&App> {
        let now = self.stage.now_ms();
        let lives = |known: &Token| known.text == token && known.until_ms > now;
        self.apps.values().find(|app| app.token.as_ref().is_some_and(lives))
    }

    /// Ends a token before its time.
    pub(crate) fn revoke(&mut self, token: &str) {
        for app in self.apps.values_mut() {
            app.token.take_if(|known| known.text == token);
        }
    }

    /// A session's webhook for an app in a chat: its address and until when it works.
    pub(crate) fn open_session(&mut self, app: &str, chat: &str, from_ms: u64) -> (String, u64) {
        let id = self.stage.chance.id("", 32);
        let until_ms = from_ms + self.settings.session_life_ms;
        if self.session_order.len() >= crate::limits::SESSIONS_MAX
            && let Some(oldest) = self.session_order.pop_front()
        {
            self.sessions.remove(&oldest);
        }
        self.session_order.push_back(id.clone());
        let url = format!("{}/robot/sendBySession?session={id}", self.old_api_url);
        self.sessions.insert(id, Session { app: app.to_owned(), chat: chat.to_owned(), until_ms });
        (url, until_ms)
    }
}
