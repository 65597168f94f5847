//! Changes of what was said: edits, recalls, reactions, pressed buttons.

use bridge_api::{Content, Message, MessageId, Pressed, Sender};
use ruma::OwnedUserId;
use serde_json::json;

use super::{Bringing, content::events_of};
use crate::{
    error::Stuck,
    ghosts::Ghost,
    limits::EDIT_SHOWN_CHARACTERS_MAX,
    tables::{MESSAGES, MessageRow, REACTIONS_IN, SIDES, SideRow},
};

impl Bringing<'_> {
    pub(super) async fn edited(
        &mut self,
        id: &MessageId,
        from: &Sender,
        parts: &[Content],
    ) -> Result<(), Stuck> {
        let Some(row) = self.known(id).await? else {
            // It comes before its message, or its message was missed: it says all of it.
            let message = Message {
                id: id.clone(),
                from: from.clone(),
                parts: parts.to_vec(),
                reply_to: None,
                thread: None,
            };
            return self.message(&message).await;
        };
        if row.is_ours || row.events.is_empty() || *from == Sender::Ourselves {
            return Ok(());
        }
        let ghost = self.author(from, &row).await?;
        let key = self.row.arrival.key.as_str().to_owned();
        let mut events = row.events.clone();
        let parts = events_of(parts);
        for (index, event) in parts.iter().enumerate() {
            let content = self.with_words(&ghost, id, *event).await?;
            match row.events.get(index) {
                Some(event) => {
                    // For clients that know no edits; the whole of it stands beside, and twice would be too large.
                    let body = content["body"].as_str().unwrap_or_default();
                    let body: String = body.chars().take(EDIT_SHOWN_CHARACTERS_MAX).collect();
                    let change = json!({
                        "msgtype": content["msgtype"], "body": format!("* {body}"), "m.new_content": content,
                        "m.relates_to": { "rel_type": "m.replace", "event_id": event }, "m.mentions": {},
                    });
                    self.say(&ghost, "m.room.message", &format!("{key}/{index}"), change).await?;
                }
                None => {
                    events.push(self.say(&ghost, "m.room.message", &format!("{key}/{index}"), content).await?)
                }
            }
        }
        for (index, event) in row.events.iter().enumerate().skip(parts.len().max(1)) {
            self.redact(&row.sender, event, &format!("{key}/{index}")).await?;
        }
        events.truncate(parts.len().max(1));
        let (network, conversation) = (self.network().key(), self.lane.1.as_str());
        for event in events.iter().skip(row.events.len()) {
            let side = SideRow { messages: vec![id.clone()], thread: None, captions: 0 };
            self.batch.put(&SIDES, &(&**event, network, conversation), &side);
        }
        self.batch.put(&MESSAGES, &(network, id.as_str()), &MessageRow { events, ..row });
        Ok(())
    }

    /// Who said a message, to change it: whoever they speak as by now, that account said it.
    async fn author(&self, from: &Sender, row: &MessageRow) -> Result<Ghost, Stuck> {
        let now = self.speaker(from).await?;
        if now.user == row.sender || !self.bridges.0.kit.is_ours(&row.sender) {
            return Ok(now);
        }
        let then = Ghost { intent: self.bridges.0.kit.puppet(row.sender.clone()), user: row.sender.clone() };
        self.bridges.be_in(&then, &self.room).await?;
        self.bridges.people_news();
        Ok(then)
    }

    pub(super) async fn recalled(&mut self, id: &MessageId) -> Result<(), Stuck> {
        let network = self.network().key();
        let row = match self.known(id).await? {
            Some(row) => row,
            // It comes before its message: the message stays away.
            None => MessageRow {
                conversation: self.lane.1.to_string(),
                room: self.room.clone(),
                events: Vec::new(),
                sender: self.bridges.bot_intent()?.user().to_owned(),
                is_ours: false,
            },
        };
        // What people of the room said they did not take back themselves: somebody of the platform did.
        let sender = match row.is_ours && !self.bridges.0.kit.is_ours(&row.sender) {
            true => self.bridges.bot_intent()?.user().to_owned(),
            false => row.sender.clone(),
        };
        for (index, event) in row.events.iter().enumerate() {
            if row.is_ours && self.is_gone(event).await? {
                continue;
            }
            let done = self.redact(&sender, event, &format!("recall/{id}/{index}")).await;
            match done {
                // Words of a person here, which the bot may not take away.
                Err(Stuck::Never(..)) if row.is_ours => self.notice("bridge.told.recalled", &[]),
                outcome => outcome?,
            }
        }
        self.batch.put(&MESSAGES, &(network, id.as_str()), &MessageRow { events: Vec::new(), ..row });
        self.bridges.keep(&mut self.batch, network, id);
        Ok(())
    }

    /// Whether an event is redacted: then a recall of ours comes back as the platform tells it.
    async fn is_gone(&self, event: &ruma::EventId) -> Result<bool, Stuck> {
        let event = self.bridges.bot_intent()?.event_of(&self.room, event).await?;
        Ok(event.is_none_or(|event| event["unsigned"].get("redacted_because").is_some()))
    }

    pub(super) async fn reacted(
        &mut self,
        id: &MessageId,
        from: &Sender,
        emoji: &str,
        added: bool,
    ) -> Result<(), Stuck> {
        let (Sender::Person { id: person, .. } | Sender::Bot { id: person, .. }) = from else {
            return Ok(());
        };
        let emoji: String = emoji.chars().filter(|c| !c.is_control()).take(32).collect();
        let Some(event) = self.known(id).await?.and_then(|row| row.events.first().cloned()) else {
            return Ok(());
        };
        let network = self.network().key();
        let of = (network, id.as_str(), person.as_str(), emoji.as_str());
        let old = self.bridges.0.store.get(&REACTIONS_IN, &of).await?;
        match (old, added) {
            (None, true) => {
                let ghost = self.speaker(from).await?;
                let relation = json!({ "rel_type": "m.annotation", "event_id": event, "key": emoji });
                let what = format!("{}/react", self.row.arrival.key);
                let content = json!({ "m.relates_to": relation });
                match self.say(&ghost, "m.reaction", &what, content).await {
                    Ok(reaction) => {
                        self.batch.put(&REACTIONS_IN, &of, &reaction);
                    }
                    // The message is gone, or the same reaction is there.
                    Err(Stuck::Never(reason, _)) => tracing::debug!(reason, "a reaction is not taken"),
                    Err(error) => return Err(error),
                }
            }
            (Some(reaction), false) => {
                let sender: OwnedUserId = match self.bridges.colleague(self.network(), person).await? {
                    Some(colleague) => colleague.user,
                    None => self.bridges.ghost_id(self.network(), person)?,
                };
                self.redact(&sender, &reaction, &format!("{}/unreact", self.row.arrival.key)).await?;
                self.batch.delete(&REACTIONS_IN, &of);
            }
            (Some(_), true) | (None, false) => {}
        }
        Ok(())
    }

    /// A pressed button: an event of the person's account, with the proof of the callback, for bots that trust the bridge.
    pub(super) async fn pressed(&mut self, pressed: &Pressed) -> Result<(), Stuck> {
        let card = self.known(&pressed.message).await?.and_then(|row| row.events.first().cloned());
        let from = Sender::Person { id: pressed.by.clone(), name: None, external: None };
        let ghost = self.speaker(&from).await?;
        let person = self.bridges.account_of(self.network(), &pressed.by).await?;
        let mut content = json!({
            "v": 1, "action": pressed.action, "values": pressed.values, "person": person,
            "proof": { "type": "callback", "hash": pressed.proof, "verified": true },
        });
        if let Some(card) = card {
            content["m.relates_to"] = json!({ "rel_type": "m.reference", "event_id": card });
        }
        let kind = format!("{}bridge.pressed", kit::PREFIX);
        self.say(&ghost, &kind, &format!("{}/press", self.row.arrival.key), content).await?;
        Ok(())
    }
}
