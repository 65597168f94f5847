//! One arrival into its room: who did it gets an account, what they did becomes an event, the map notes both.

mod changes;
mod content;
mod people;
mod saying;
mod standing;

use bridge_api::{Happened, Message, MessageId, Network, Refusal, Sender};
use ruma::{OwnedEventId, OwnedRoomId};
use serde_json::{Value, json};
use store::Batch;

use self::content::events_of;
use crate::{
    Bridges,
    error::Stuck,
    ghosts::Ghost,
    intake::NOWHERE,
    lanes::{Lane, Next},
    tables::{InboxRow, MESSAGES, MessageRow, NEWEST, Place, SIDES, SideRow},
};

/// An arrival on its way into a room.
pub(crate) struct Bringing<'a> {
    pub bridges: &'a Bridges,
    pub lane: &'a Lane,
    pub room: OwnedRoomId,
    pub row: &'a InboxRow,
    /// What is noted together with the end of the row.
    pub batch: Batch,
}

impl Bridges {
    /// Works off the first arrival of a lane.
    pub(crate) async fn bring(&self, lane: &Lane, place: Place, row: InboxRow) -> Result<Next, Stuck> {
        let room = self.portals().room_of(lane);
        let mut batch = Batch::new();
        match (room, &row.arrival.what) {
            (_, Happened::PersonChanged(person)) => self.person_changed(lane.0, person).await?,
            (_, Happened::PersonGone(person)) => {
                let at_ms = self.happened_ms(&row.arrival);
                self.person_gone(&mut batch, lane.0, person, at_ms).await?;
            }
            (_, Happened::Acted(acted)) => {
                self.acted(lane.0, row.arrival.key.as_str(), acted, &mut batch).await?;
            }
            (_, Happened::ApprovalChanged(approval)) => {
                self.approval_changed(lane.0, row.arrival.key.as_str(), approval, &mut batch).await?;
            }
            (Some(room), _) => {
                let mut bringing = Bringing { bridges: self, lane, room, row: &row, batch };
                match bringing.go().await {
                    Ok(()) => {}
                    Err(Stuck::Never(reason, refusal)) => {
                        let is_forbidden = refusal == Some(Refusal::NotPermitted);
                        if is_forbidden && bringing.is_moving().await? {
                            return Err(Stuck::Later("the room was replaced".to_owned(), None));
                        }
                        bringing.batch = Batch::new();
                        bringing.told(&reason, is_forbidden);
                    }
                    Err(error) => return Err(error),
                }
                self.see_out(lane.0, &bringing.room, &row).await?;
                batch = bringing.batch;
            }
            (None, Happened::Pressed(pressed)) => {
                self.card_pressed(lane, &row.arrival, pressed, &mut batch).await?;
            }
            (None, _) => tracing::debug!(conversation = %lane.1, "nothing is bound to it any more"),
        }
        self.end_arrival(&mut batch, lane, place, &row);
        // Until the history is read, news says nothing of what came before it: the next line reads from the same place.
        let is_unread = self.seat(lane.0).is_some_and(|seat| seat.catching_up.is_unread(&lane.1));
        let is_next = row.from_history || !is_unread;
        if is_next && matches!(row.arrival.what, Happened::Message(_)) && lane.1.as_str() != NOWHERE {
            let of = (lane.0.key(), lane.1.as_str());
            let newest = self.0.store.get(&NEWEST, &of).await?.unwrap_or_default();
            batch.put(&NEWEST, &of, &newest.max(row.arrival.at_ms.min(self.0.clock.now_ms())));
        }
        self.0.store.commit(batch).await?;
        if !row.from_history {
            self.measure(lane.0, "in", row.arrival.at_ms);
        }
        Ok(Next::Again)
    }

    /// How late something is at its other side.
    pub(crate) fn measure(&self, network: Network, direction: &'static str, at_ms: u64) {
        let late_ms = self.0.clock.now_ms().saturating_sub(at_ms);
        let seconds = std::time::Duration::from_millis(late_ms).as_secs_f64();
        metrics::histogram!("bridge_lag_seconds", "platform" => network.key(), "dir" => direction)
            .record(seconds);
    }
}

impl Bringing<'_> {
    async fn go(&mut self) -> Result<(), Stuck> {
        match &self.row.arrival.what {
            Happened::Message(message) => self.message(message).await,
            Happened::Edited { message, from, parts } => self.edited(message, from, parts).await,
            Happened::Recalled { message, .. } => self.recalled(message).await,
            Happened::Reacted { message, from, emoji, added } => {
                self.reacted(message, from, emoji, *added).await
            }
            Happened::Joined { people } => self.joined(people).await,
            Happened::Left { people, .. } => self.left(people).await,
            Happened::Renamed { name, .. } => self.renamed(name).await,
            Happened::Described { words, has_other_picture } => {
                self.described(words.as_deref(), *has_other_picture).await
            }
            Happened::Dissolved => self.dissolved().await,
            Happened::BotAdded { .. } => self.let_in().await,
            Happened::BotRemoved { .. } => self.put_out().await,
            Happened::Pressed(pressed) => self.pressed(pressed).await,
            Happened::Read { person, messages } => self.read(person, messages).await,
            Happened::Withheld => self.withheld().await,
            Happened::PersonChanged(_)
            | Happened::PersonGone(_)
            | Happened::Acted(_)
            | Happened::ApprovalChanged(_) => Ok(()),
        }
    }

    pub(crate) fn network(&self) -> Network {
        self.lane.0
    }

    /// What a message of the platform is here.
    pub(crate) async fn known(&self, message: &MessageId) -> Result<Option<MessageRow>, Stuck> {
        Ok(self.bridges.0.store.get(&MESSAGES, &(self.network().key(), message.as_str())).await?)
    }

    async fn message(&mut self, message: &Message) -> Result<(), Stuck> {
        // An echo: what we sent is in the map, or will be when its answer is repeated.
        if message.from == Sender::Ourselves || self.known(&message.id).await?.is_some() {
            return Ok(());
        }
        self.hears_again().await?;
        let ghost = self.speaker(&message.from).await?;
        let mut events = Vec::new();
        for (index, event) in events_of(&message.parts).into_iter().enumerate() {
            let mut content = self.with_words(&ghost, &message.id, event).await?;
            if index == 0 {
                self.relate(&mut content, message).await?;
            }
            let event =
                self.say(&ghost, "m.room.message", &format!("{}/{index}", message.id), content).await?;
            events.push(event);
        }
        self.note(&message.id, events, &ghost, message);
        Ok(())
    }

    /// Notes what a message became.
    fn note(&mut self, id: &MessageId, events: Vec<OwnedEventId>, ghost: &Ghost, message: &Message) {
        let (network, conversation) = (self.network().key(), self.lane.1.as_str());
        let thread = message.thread.as_ref().map(|(thread, _)| thread.clone());
        for event in &events {
            let side = SideRow { messages: vec![id.clone()], thread: thread.clone(), captions: 0 };
            self.batch.put(&SIDES, &(&**event, network, conversation), &side);
        }
        let row = MessageRow {
            conversation: conversation.to_owned(),
            room: self.room.clone(),
            events,
            sender: ghost.user.clone(),
            is_ours: false,
        };
        self.batch.put(&MESSAGES, &(network, id.as_str()), &row);
        self.bridges.keep(&mut self.batch, network, id);
    }

    /// Whoever did it, in the room.
    pub(crate) async fn speaker(&self, from: &Sender) -> Result<Ghost, Stuck> {
        if let Sender::Bot { id, .. } = from {
            self.bridges.note_robot(self.network(), id).await?;
        }
        match from {
            Sender::Person { id, name, .. } | Sender::Bot { id, name } => {
                let external = match from {
                    Sender::Person { external, .. } => *external,
                    Sender::Bot { .. } | Sender::Ourselves | Sender::System => None,
                };
                let network = self.network();
                let ghost = match self.bridges.colleague(network, id).await? {
                    Some(colleague) => colleague,
                    None => self.bridges.ghost(network, id, name.as_deref(), external).await?,
                };
                self.bridges.be_in(&ghost, &self.room).await?;
                Ok(ghost)
            }
            Sender::Ourselves | Sender::System => {
                let intent = self.bridges.bot_intent()?;
                Ok(Ghost { user: intent.user().to_owned(), intent })
            }
        }
    }

    /// Which event it answers, and in which thread it stands.
    async fn relate(&self, content: &mut Value, message: &Message) -> Result<(), Stuck> {
        let event_of =
            |row: Option<MessageRow>| row.filter(|row| row.room == self.room)?.events.first().cloned();
        let reply = match &message.reply_to {
            Some(target) => event_of(self.known(target).await?),
            None => None,
        };
        let root = match &message.thread {
            Some((_, Some(root))) if *root != message.id => event_of(self.known(root).await?),
            _ => None,
        };
        if let Some(relation) = relation(root, reply) {
            content["m.relates_to"] = relation;
        }
        Ok(())
    }
}

fn relation(root: Option<OwnedEventId>, reply: Option<OwnedEventId>) -> Option<Value> {
    match (root, reply) {
        (Some(root), reply) => {
            let is_falling_back = reply.as_ref().is_none_or(|reply| *reply == root);
            let answered = reply.unwrap_or_else(|| root.clone());
            Some(json!({
                "rel_type": "m.thread", "event_id": root, "is_falling_back": is_falling_back,
                "m.in_reply_to": { "event_id": answered },
            }))
        }
        (None, Some(reply)) => Some(json!({ "m.in_reply_to": { "event_id": reply } })),
        (None, None) => None,
    }
}
