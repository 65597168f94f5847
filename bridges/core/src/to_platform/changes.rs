//! Changes of what was said in the room: edits, redactions, reactions.

use bridge_api::{Content, Edit, Failure, FailureKind, Outgoing, Reaction, Refusal, RichText, Speaker};
use ruma::{EventId, UserId};
use serde_json::Value;
use store::Scan;

use super::{Sending, event::Said};
use crate::{
    error::Stuck,
    lanes::Lane,
    power::Power,
    tables::{MESSAGES, MessageRow, REACTION_EVENTS, REACTIONS_OUT, ReactionRow, SIDES, SideRow},
};

/// Whether a platform says that it is too late, or that it has no such thing.
fn is_over(failure: &Failure) -> bool {
    matches!(
        &failure.kind,
        FailureKind::Refused(
            Refusal::TooLate | Refusal::Impossible | Refusal::NotPermitted | Refusal::Other(_)
        )
    )
}

impl Sending<'_> {
    pub(super) async fn edit(&mut self, target: &EventId, said: &Said, json: &Value) -> Result<(), Stuck> {
        let Some(side) = self.side(target).await? else { return Ok(()) };
        // Who edits words of others changes nothing: clients show no such edit either.
        if self.own(&side).await?.is_none_or(|row| row.sender != self.sender) {
            return Ok(());
        }
        let content = self.content(said, json).await?;
        let speaker = self.speaker().await?;
        if let Some(edits) = self.seat.connector.edits() {
            let edit = Edit {
                key: self.key("edit")?,
                conversation: self.lane.1.clone(),
                messages: side.messages.clone(),
                speaker: speaker.clone(),
                content: content.clone(),
            };
            match edits.edit(&edit).await {
                Ok(sent) => {
                    let thread = sent.thread.clone().or_else(|| side.thread.clone());
                    let (network, conversation) = (self.lane.0.key(), self.lane.1.as_str());
                    let row = SideRow { messages: sent.messages, thread };
                    self.batch.put(&SIDES, &(target, network, conversation), &row);
                    for message in &row.messages {
                        self.batch.put(&MESSAGES, &(network, message.as_str()), &self.message_row(target));
                        self.bridges.keep(&mut self.batch, network, message);
                    }
                    return Ok(());
                }
                Err(failure) if is_over(&failure) => {}
                Err(failure) => return Err(failure.into()),
            }
        }
        // As a new message in answer to the old one.
        let reply_to = side.messages.first().cloned();
        let content = match content {
            Content::Text(text) => {
                let mut blocks = RichText::plain("（编辑 / edited）").blocks;
                blocks.extend(text.blocks);
                Content::Text(RichText { blocks })
            }
            other => other,
        };
        self.say("edited", speaker, content, reply_to, &side).await
    }

    fn message_row(&self, event: &EventId) -> MessageRow {
        MessageRow {
            conversation: self.lane.1.to_string(),
            room: self.room.clone(),
            events: vec![event.to_owned()],
            sender: self.sender.clone(),
            is_ours: true,
        }
    }

    async fn say(
        &mut self,
        what: &str,
        speaker: Speaker,
        content: Content,
        reply_to: Option<bridge_api::MessageId>,
        side: &SideRow,
    ) -> Result<(), Stuck> {
        let outgoing = Outgoing {
            key: self.key(what)?,
            conversation: self.lane.1.clone(),
            speaker,
            content,
            reply_to,
            thread: side.thread.clone(),
        };
        let sent = self.seat.connector.send(&outgoing).await?;
        self.note(&sent);
        Ok(())
    }

    /// What we sent there; what people of the platform said only they can change.
    async fn own(&self, side: &SideRow) -> Result<Option<MessageRow>, Stuck> {
        let Some(first) = side.messages.first() else { return Ok(None) };
        let row = self.bridges.0.store.get(&MESSAGES, &(self.lane.0.key(), first.as_str())).await?;
        Ok(row.filter(|row| row.is_ours))
    }

    /// Whether the sender may take away what somebody else said.
    async fn may_take_away(&self, said_by: &UserId) -> Result<bool, Stuck> {
        if *said_by == self.sender {
            return Ok(true);
        }
        Ok(Power::read(&self.bridges.bot_intent()?, &self.room).await?.may_take_away(&self.sender))
    }

    pub(super) async fn redaction(&mut self, target: &EventId) -> Result<(), Stuck> {
        if let Some(row) = self.bridges.0.store.get(&REACTION_EVENTS, target).await? {
            return self.reaction_gone(target, &row).await;
        }
        let Some(side) = self.side(target).await? else { return Ok(()) };
        let Some(row) = self.own(&side).await? else { return Ok(()) };
        if !self.may_take_away(&row.sender).await? {
            return Ok(());
        }
        let mut is_left = self.seat.connector.recalls().is_none();
        if let Some(recalls) = self.seat.connector.recalls() {
            for message in &side.messages {
                match recalls.recall(&self.lane.1, message).await {
                    Ok(()) => {}
                    Err(Failure { kind: FailureKind::Refused(Refusal::Gone), .. }) => {}
                    Err(failure) if is_over(&failure) => is_left = true,
                    Err(failure) => return Err(failure.into()),
                }
            }
        }
        if is_left {
            let speaker = self.speaker().await?;
            let content =
                Content::Text(RichText::plain("（已在别处撤回此消息 / took this message back elsewhere）"));
            let reply_to = side.messages.first().cloned();
            return self.say("recalled", speaker, content, reply_to, &side).await;
        }
        Ok(())
    }

    /// The app is one person there: the first reaction of a kind is passed on, and the end of the last one.
    pub(super) async fn reaction(&mut self, target: &EventId, emoji: &str) -> Result<(), Stuck> {
        let Some(message) = self.side(target).await?.and_then(|side| side.messages.first().cloned()) else {
            return Ok(());
        };
        let Some(reactions) = self.seat.connector.reactions() else { return Ok(()) };
        let network = self.lane.0.key();
        let others = Scan::prefix(&(network, message.as_str(), emoji)).limit(2);
        let others = self.bridges.0.store.scan_keys(&REACTIONS_OUT, others).await?;
        if others.iter().all(|(_, _, _, event)| *event == self.event) {
            let reaction = Reaction {
                conversation: self.lane.1.clone(),
                message: message.clone(),
                emoji: emoji.to_owned(),
                added: true,
            };
            match reactions.react(&reaction).await {
                Ok(()) => {}
                // An emoji that the platform does not have, or a message that is gone: nobody misses it.
                Err(failure) if !failure.passes() => {
                    tracing::debug!(%failure, emoji, "a reaction is not passed on");
                    return Ok(());
                }
                Err(failure) => return Err(failure.into()),
            }
        }
        self.batch.put(&REACTIONS_OUT, &(network, message.as_str(), emoji, &*self.event), &());
        let row = ReactionRow { target: target.to_owned(), emoji: emoji.to_owned() };
        self.batch.put(&REACTION_EVENTS, &*self.event, &row);
        Ok(())
    }

    async fn reaction_gone(&mut self, event: &EventId, row: &ReactionRow) -> Result<(), Stuck> {
        let Some(message) = self.side(&row.target).await?.and_then(|side| side.messages.first().cloned())
        else {
            return Ok(());
        };
        let Some(reactions) = self.seat.connector.reactions() else { return Ok(()) };
        let network = self.lane.0.key();
        let (_, conversation): &Lane = self.lane;
        let all = Scan::prefix(&(network, message.as_str(), row.emoji.as_str())).limit(2);
        let all = self.bridges.0.store.scan_keys(&REACTIONS_OUT, all).await?;
        if all.iter().all(|(_, _, _, other)| *other == event) {
            let reaction = Reaction {
                conversation: conversation.clone(),
                message: message.clone(),
                emoji: row.emoji.clone(),
                added: false,
            };
            match reactions.react(&reaction).await {
                Ok(()) => {}
                Err(failure) if !failure.passes() => {
                    tracing::debug!(%failure, "a reaction is not taken back")
                }
                Err(failure) => return Err(failure.into()),
            }
        }
        self.batch.delete(&REACTIONS_OUT, &(network, message.as_str(), row.emoji.as_str(), event));
        Ok(())
    }
}
