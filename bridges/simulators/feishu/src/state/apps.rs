//! Apps: their secrets and rights, their tokens, the way that events take to them.

use std::collections::BTreeSet;

use super::reach::Reach;
use super::{CARD_ACTION, State};
use crate::refusal::Refusal;

/// How long a token lives.
const TOKEN_LIFE_MS: u64 = 2 * 60 * 60_000;
/// With less life left than this, a new token is made.
const TOKEN_RENEWAL_MS: u64 = 30 * 60_000;

/// The scopes that a new app has: all that the simulator asks for.
pub(crate) const SCOPES: &[&str] = &[
    "im:message",
    "im:message:readonly",
    "im:message.p2p_msg:readonly",
    "im:message.group_at_msg:readonly",
    "im:message.group_msg",
    "im:message.reactions:read",
    "im:resource",
    "im:chat",
    "im:chat.members:read",
    "im:chat.members:bot_access",
    "contact:user.base:readonly",
    "contact:user.email:readonly",
    "contact:user.phone:readonly",
    "contact:user.employee_id:readonly",
    "contact:user.department:readonly",
    "contact:user.employee:readonly",
    "contact:user.id:readonly",
    "task:task:read",
    "task:task:write",
    "task:task.event_update_tenant:readonly",
    "calendar:calendar",
    "calendar:calendar.free_busy:read",
    "approval:approval",
    "vc:reserve",
    "vc:meeting:readonly",
    "offline_access",
];

/// The way of an app's events and callbacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// The app connects.
    LongConnection,
    /// The platform posts to this address.
    Webhook(String),
}

/// A self-built app with a bot.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) app_id: String,
    pub(crate) secret: String,
    pub(crate) name: String,
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) bot_enabled: bool,
    pub(crate) disabled: bool,
    /// Whether a version is published: without one no event comes.
    pub(crate) published: bool,
    pub(crate) callbacks_subscribed: bool,
    pub(crate) verification_token: String,
    pub(crate) encrypt_key: Option<String>,
    pub(crate) way: Way,
    pub(crate) token: Option<String>,
    /// What it may see of the contacts; nothing stands for everybody.
    pub(crate) reach: Option<Reach>,
}

/// A tenant token.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) app: String,
    pub(crate) until_ms: u64,
}

impl App {
    pub(crate) fn may(&self, scope: &str) -> bool {
        self.scopes.contains(scope)
    }

    pub(crate) fn may_any(&self, scopes: &[&str]) -> bool {
        scopes.is_empty() || scopes.iter().any(|scope| self.may(scope))
    }

    /// Whether the app is subscribed to this type, as far as its rights go.
    pub(crate) fn hears(&self, event_type: &str) -> bool {
        let chat_scopes: &[&str] = match event_type {
            CARD_ACTION => return self.published && self.callbacks_subscribed && !self.disabled,
            "im.message.receive_v1" => &[],
            "im.message.recalled_v1" | "im.message.message_read_v1" => &["im:message", "im:message:readonly"],
            "im.message.reaction.created_v1" | "im.message.reaction.deleted_v1" => {
                &["im:message.reactions:read", "im:message:readonly"]
            }
            "im.chat.member.user.added_v1" | "im.chat.member.user.deleted_v1" => &["im:chat.members:read"],
            "im.chat.member.bot.added_v1" | "im.chat.member.bot.deleted_v1" => {
                &["im:chat.members:bot_access"]
            }
            "vc.meeting.meeting_started_v1"
            | "vc.meeting.meeting_ended_v1"
            | "vc.meeting.recording_ready_v1" => &["vc:reserve", "vc:meeting:readonly"],
            "task.task.updated_v1" | "task.task.comment.updated_v1" => &["task:task:read", "task:task:write"],
            "task.task.update_tenant_v1" => &["task:task.event_update_tenant:readonly"],
            "approval_instance" | "approval_task" => &["approval:approval", "approval:approval:readonly"],
            _ => &[],
        };
        self.published && self.bot_enabled && !self.disabled && self.may_any(chat_scopes)
    }
}

impl State {
    /// The token of an app and its remaining life in seconds: the same one while at least 30 minutes remain.
    pub(crate) fn tenant_token(&mut self, app_id: &str, secret: &str) -> Result<(String, u64), Refusal> {
        let now = self.stage.now_ms();
        let app = self.apps.get(app_id).ok_or(Refusal::code(10_003))?;
        if app.secret != secret {
            return Err(Refusal::code(10_015));
        }
        if app.disabled {
            return Err(Refusal::code(10_014));
        }
        if let Some(token) = &app.token {
            let left_ms = self.tokens.get(token).map_or(0, |known| known.until_ms.saturating_sub(now));
            if left_ms >= TOKEN_RENEWAL_MS {
                return Ok((token.clone(), left_ms / 1_000));
            }
        }
        self.tokens.retain(|_, token| token.until_ms > now);
        let token = self.stage.chance.id("t-", 40);
        self.tokens.insert(token.clone(), Token { app: app_id.to_owned(), until_ms: now + TOKEN_LIFE_MS });
        if let Some(app) = self.apps.get_mut(app_id) {
            app.token = Some(token.clone());
        }
        Ok((token, TOKEN_LIFE_MS / 1_000))
    }

    /// The app of a token that is still good.
    pub(crate) fn app_of_token(&self, token: &str) -> Result<&App, Refusal> {
        let now = self.stage.now_ms();
        let known = self.tokens.get(token).filter(|known| known.until_ms > now);
        // What a person's token looks like is one of another kind; anything else is none.
        let is_token = ["t-", "a-", "u-", "eyJ"].iter().any(|start| token.starts_with(start));
        let refused = Refusal::code(if is_token { 99_991_663 } else { 99_991_671 });
        let app = known.and_then(|known| self.apps.get(&known.app)).ok_or(refused)?;
        if app.disabled { Err(Refusal::code(99_991_662)) } else { Ok(app) }
    }

    /// Ends the tokens of an app before their time.
    pub(crate) fn expire_tokens(&mut self, app: &str) {
        self.tokens.retain(|_, token| token.app != app);
    }
}
