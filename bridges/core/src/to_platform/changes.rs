//! Changes of what was said in the room: redactions and reactions.

use bridge_api::{Content, Failure, FailureKind, MessageId, Outgoing, Reaction, Refusal, RichText, Sent};
use ruma::{EventId, UserId};
use store::Scan;

use super::Sending;
use crate::{
    error::Stuck,
    lanes::Lane,
    power::Power,
    tables::{MESSAGES, MessageRow, REACTION_EVENTS, REACTIONS_OUT, ReactionRow, SideRow},
};

/// Whether a platform says that it is too late, or that it has no such thing.
pub(super) fn is_over(failure: &Failure) -> bool {
    matches!(
        &failure.kind,
        FailureKind::Refused(
            Refusal::TooLate | Refusal::Impossible | Refusal::NotPermitted | Refusal::Other(_)
        )
    )
}

impl Sending<'_> {
    /// Says something about what the event changes.
    pub(super) async fn say(
        &mut self,
        what: &str,
        content: Content,
        reply_to: Option<MessageId>,
        side: &SideRow,
    ) -> Result<Sent, Stuck> {
        let outgoing = Outgoing {
            key: self.key(what)?,
            conversation: self.lane.1.clone(),
            speaker: self.speaker().await?,
            content,
            reply_to,
            thread: side.thread.clone(),
        };
        let sent = self.seat.heard(self.seat.connector.send(&outgoing).await)?;
        self.note(&sent);
        Ok(sent)
    }

    /// What we sent there; what people of the platform said only they can change.
    pub(super) async fn own(&self, side: &SideRow) -> Result<Option<MessageRow>, Stuck> {
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
        if self.take_back(&side.messages).await? {
            let content =
                Content::Text(RichText::plain("（已在别处撤回此消息 / took this message back elsewhere）"));
            let reply_to = side.messages.first().cloned();
            self.say("recalled", content, reply_to, &side).await?;
        }
        Ok(())
    }

    /// Takes messages of ours back. Whether any of them stays.
    pub(super) async fn take_back(&self, messages: &[MessageId]) -> Result<bool, Stuck> {
        let Some(recalls) = self.seat.connector.recalls() else { return Ok(!messages.is_empty()) };
        let mut is_left = false;
        for message in messages {
            match self.seat.heard(recalls.recall(&self.lane.1, message).await) {
                Ok(()) => {}
                Err(Failure { kind: FailureKind::Refused(Refusal::Gone), .. }) => {}
                Err(failure) if is_over(&failure) => is_left = true,
                Err(failure) => return Err(failure.into()),
            }
        }
        Ok(is_left)
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
            match self.seat.heard(reactions.react(&reaction).await) {
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
            match self.seat.heard(reactions.react(&reaction).await) {
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
