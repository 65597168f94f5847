//! Who has read what we said in a group. No event tells of it, so it is asked for when what was said last is read again.

use bridge_api::{Arrival, EventKey, Failure, Happened, MessageId, PersonId, Sender};
use serde_json::Value;

use super::{
    chats::{Listed, paged},
    id_of, message,
};
use crate::{
    Feishu,
    client::Call,
    events::{milliseconds, text},
    ids::OpenId,
    limits::READERS_MAX,
};

impl Feishu {
    /// Puts who has read the newest of our messages behind what was read of a chat: whoever has read that one has read those before it.
    ///
    /// # Errors
    /// [`Failure`] that passes; where the platform does not say it for good, nobody has read it.
    pub(super) async fn add_readers(&self, items: &mut Vec<Arrival>) -> Result<(), Failure> {
        let ours = items.iter().filter(|arrival| is_ours(&arrival.what));
        let Some(newest) = ours.max_by_key(|arrival| arrival.at_ms).cloned() else { return Ok(()) };
        let Some(id) = newest.what.message() else { return Ok(()) };
        let call = Call::get(&["im", "v1", "messages", message(id)?.as_str(), "read_users"])
            .with("user_id_type", "open_id");
        let listed: Listed<Value> = match self.client.data(paged(call, READERS_MAX, None)).await {
            Ok(listed) => listed,
            Err(error) => {
                let failure = Failure::from(error);
                if failure.passes() {
                    return Err(failure);
                }
                tracing::debug!(%failure, said = %id, "it is not told who has read a message");
                return Ok(());
            }
        };
        for reader in &listed.items {
            items.extend(self.has_read(&newest, id, reader)?);
        }
        Ok(())
    }

    /// One reader of a message; nothing for one without an id.
    fn has_read(&self, newest: &Arrival, id: &MessageId, reader: &Value) -> Result<Option<Arrival>, Failure> {
        let Some(person) = OpenId::parse(text(reader, "user_id")) else { return Ok(None) };
        let key = format!("{}:read:{id}:{}", self.ours().app_id, person.as_str());
        Ok(Some(Arrival {
            key: id_of(EventKey::new(key))?,
            conversation: newest.conversation.clone(),
            at_ms: milliseconds(reader.get("timestamp")).unwrap_or(newest.at_ms),
            trace: None,
            what: Happened::Read {
                person: id_of(PersonId::new(person.as_str()))?,
                messages: vec![id.clone()],
            },
        }))
    }
}

fn is_ours(what: &Happened) -> bool {
    matches!(what, Happened::Message(said) if said.from == Sender::Ourselves)
}
