//! What happened on the platform, from its events into arrivals. Pure functions of the event's bytes: nobody is
//! asked, nothing is kept.

mod cards;
mod chats;
mod envelope;
mod fields;
pub mod messages;
mod office;
mod people;

use std::sync::{Arc, OnceLock};

use bridge_api::{Arrival, ConversationId, EventKey, Happened};

pub use self::{
    envelope::{Envelope, EventError},
    fields::{list, milliseconds, text},
};
use crate::{ids::OpenId, office::looks::Look};

/// Who we are on the platform, to know ourselves when we meet us.
#[derive(Clone, Debug)]
pub struct Ourselves {
    /// The app's id.
    pub app_id: String,
    /// The bot's open id, once the platform has told it.
    pub open_id: Option<OpenId>,
    /// Our company, once an event has told it.
    pub tenant: Arc<OnceLock<String>>,
}

impl Ourselves {
    /// The key of something that happened: by the message that it is, or by the event.
    fn key(&self, kind: &str, id: &str) -> Result<EventKey, EventError> {
        let key = EventKey::new(format!("{}:{kind}:{id}", self.app_id));
        key.map_err(|error| EventError::Senseless(format!("an event key: {error}")))
    }

    /// Notes which company is ours: events come for it alone.
    pub fn note_company(&self, tenant: &str) {
        if !tenant.is_empty() {
            // Whoever notes it a second time notes the same.
            let _ = self.tenant.set(tenant.to_owned());
        }
    }

    /// Whether somebody of this company is from outside; nothing where that is not known.
    pub fn is_external(&self, tenant: &str) -> Option<bool> {
        let own = self.tenant.get().filter(|_| !tenant.is_empty())?;
        Some(own != tenant)
    }

    fn is(&self, id: &str) -> bool {
        id == self.app_id || self.open_id.as_ref().is_some_and(|own| own.as_str() == id)
    }
}

/// What an event became.
#[derive(Debug, PartialEq)]
pub enum Became {
    /// Arrivals; none for events that say nothing to a bridge.
    Arrivals(Vec<Arrival>),
    /// A pressed button, which the platform wants an answer to.
    Pressed(Box<Arrival>),
    /// Another question of the platform, which gets an empty answer.
    Asked,
    /// What has to be read again.
    Looks(Vec<Look>),
}

/// What an event becomes.
///
/// # Errors
/// [`EventError`] for an event that contradicts the platform's own pages. Sent again, it would be the same.
pub fn translate(envelope: &Envelope, raw: &[u8], ours: &Ourselves) -> Result<Became, EventError> {
    let many = |arrivals| Ok(Became::Arrivals(arrivals));
    let look = |look| Ok(Became::Looks(vec![look]));
    ours.note_company(&envelope.tenant);
    match envelope.kind.as_str() {
        "im.message.receive_v1" => many(messages::received(envelope, ours)?),
        "im.message.recalled_v1" => many(vec![messages::recalled(envelope, ours)?]),
        "im.message.message_read_v1" => many(messages::read(envelope, ours)?),
        "im.message.reaction.created_v1" => many(vec![messages::reacted(envelope, ours, true)?]),
        "im.message.reaction.deleted_v1" => many(vec![messages::reacted(envelope, ours, false)?]),
        "im.chat.updated_v1" => many(chats::updated(envelope, ours)?),
        "im.chat.disbanded_v1" => many(vec![chats::event(envelope, ours, Happened::Dissolved)?]),
        "im.chat.member.user.added_v1" => many(chats::joined(envelope, ours)?),
        "im.chat.member.user.deleted_v1" | "im.chat.member.user.withdrawn_v1" => {
            many(chats::left(envelope, ours)?)
        }
        "im.chat.member.bot.added_v1" | "p2p_chat_create" => many(vec![chats::bot(envelope, ours, true)?]),
        "im.chat.member.bot.deleted_v1" => many(vec![chats::bot(envelope, ours, false)?]),
        "contact.user.created_v3" => people::created(envelope, ours),
        "contact.user.updated_v3" => people::changed(envelope),
        "contact.user.deleted_v3" => people::gone(envelope),
        "contact.scope.updated_v3" => Ok(Became::Looks(people::seen(envelope))),
        "card.action.trigger" => Ok(Became::Pressed(Box::new(cards::pressed(envelope, raw, ours)?))),
        "url.preview.get" => Ok(Became::Asked),
        "task.task.updated_v1" | "task.task.update_tenant_v1" => look(office::task(envelope)?),
        "approval_instance" | "approval_task" => look(office::approval(envelope)?),
        other => {
            tracing::debug!(kind = %other, event = %envelope.id, "an event that bridges have no use for");
            many(Vec::new())
        }
    }
}

/// An arrival of an event that is known by its own id.
fn arrival(
    envelope: &Envelope,
    ours: &Ourselves,
    conversation: Option<ConversationId>,
    what: Happened,
) -> Result<Arrival, EventError> {
    let key = ours.key("event", &envelope.id)?;
    Ok(Arrival { key, conversation, at_ms: envelope.at_ms, trace: Some(envelope.id.clone()), what })
}

#[cfg(test)]
mod tests;
