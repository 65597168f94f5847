//! Rooms that the bridge makes for conversations: ordered, made once, put into their space, bound, kept in step.
//!
//! An order is a row. The worker has the kit make the room, which survives every kill, and binds it when it is there; each step
//! may be repeated. One that has to wait holds up no other, and for long it does so no more than people are told (`held.rs`).

mod dressing;
mod held;
mod places;
mod requests;

use std::time::Duration;

use base::Shutdown;
use bridge_api::{Conversation, ConversationId, ConversationKind, Network};
use ruma::UserId;
use store::{Batch, Scan, StoreError};

use self::requests::space_key;
use crate::{
    BridgeError, Bridges, LOCALPART,
    backfill::patient,
    lanes::Lane,
    limits::{COLLEAGUES_INTERVAL, MAKING_HELD_MAX, MAKING_LOOK, MAKING_MAX},
    people_tables::{MAKING, MakingRow},
};

/// Where the making of a room stands.
enum Step {
    /// It was the last one.
    Done,
    /// Something was ordered that is there soon.
    Begun,
    /// It waits for something that is not ours, and why.
    Held(String),
}

impl Bridges {
    /// Orders a room for a conversation that is bound to none. It is there a moment later, with `by` as the one who leads it.
    ///
    /// # Errors
    /// See [`BridgeError`].
    pub async fn create_room(
        &self,
        lane: &(Network, ConversationId),
        by: Option<&UserId>,
    ) -> Result<(), BridgeError> {
        if let Some(room) = self.portals().room_of(lane) {
            return Err(BridgeError::Bound(room.to_string()));
        }
        if by.is_some_and(|by| by.server_name() != self.0.server_name || self.0.kit.is_ours(by)) {
            return Err(BridgeError::Invalid("the owner of a room is a colleague of this server".to_owned()));
        }
        self.check_conversation(lane).await?;
        let mut batch = Batch::new();
        match self.order_room(&mut batch, lane, by).await? {
            true => self.0.store.commit(batch).await.map(drop).map_err(Into::into),
            false => Err(BridgeError::Invalid("a room is being made for it already".to_owned())),
        }
    }

    /// Whether the app is in a conversation, where the platform says so.
    pub(crate) async fn check_conversation(&self, lane: &Lane) -> Result<(), BridgeError> {
        let knows = self.seat(lane.0).is_some_and(|seat| seat.connector.conversations().is_some());
        match self.conversation(lane).await? {
            None if knows => Err(BridgeError::NoConversation(lane.1.to_string())),
            Some(_) | None => Ok(()),
        }
    }

    /// Orders a room in this batch, as long as not too many are being made; whether it is a new order.
    pub(crate) async fn order_room(
        &self,
        batch: &mut Batch,
        lane: &Lane,
        by: Option<&UserId>,
    ) -> Result<bool, StoreError> {
        let of = (lane.0.key(), lane.1.as_str());
        let waiting = self.0.store.scan(&MAKING, Scan::all().limit(MAKING_MAX + MAKING_HELD_MAX)).await?;
        // Those that wait for long take nobody's place, as long as they are not too many themselves.
        let soon = waiting.iter().filter(|(_, row)| row.again_ms.is_none()).count();
        let is_full = soon >= MAKING_MAX || waiting.len() >= MAKING_MAX + MAKING_HELD_MAX;
        if is_full || waiting.iter().any(|((network, id), _)| (&**network, &**id) == of) {
            return Ok(false);
        }
        let row = MakingRow { by: by.map(ToOwned::to_owned), ..MakingRow::default() };
        batch.expect_absent(&MAKING, &of).put(&MAKING, &of, &row);
        let news = std::sync::Arc::clone(&self.0.rooms_news);
        batch.on_visible(move |_| news.notify_one());
        Ok(true)
    }

    /// Has a room made for a conversation that something came from, if the configuration says so. One that cannot be ordered
    /// now is ordered with the next word.
    pub(crate) async fn create_by_itself(&self, lane: &Lane) -> Result<(), StoreError> {
        let is_direct = self.portals().get(lane).is_some_and(|row| row.kind == ConversationKind::Direct);
        if !self.0.settings.creates_rooms || is_direct || self.portals().room_of(lane).is_some() {
            return Ok(());
        }
        let mut batch = Batch::new();
        if !self.order_room(&mut batch, lane, None).await? {
            return Ok(());
        }
        match self.0.store.commit(batch).await {
            Ok(_) | Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Makes what is ordered, until the shutdown. What that cuts off is made after the next start.
    pub(crate) async fn keep_making_rooms(&self, shutdown: &Shutdown) {
        let mut next_look = MAKING_LOOK;
        while !shutdown.is_triggered() {
            let done = tokio::select! {
                biased;
                () = shutdown.wait() => return,
                done = Box::pin(self.make_rooms()) => done,
            };
            let pause = match done {
                Ok(true) => {
                    let this_look = next_look;
                    next_look = (next_look * 2).min(COLLEAGUES_INTERVAL);
                    this_look
                }
                Ok(false) => COLLEAGUES_INTERVAL,
                Err(error) => {
                    tracing::warn!(%error, "rooms for conversations wait; will try again");
                    Duration::from_secs(5)
                }
            };
            tokio::select! {
                () = shutdown.wait() => {}
                () = self.0.rooms_news.notified() => next_look = MAKING_LOOK,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Whether anything is left that may be there soon.
    async fn make_rooms(&self) -> Result<bool, BridgeError> {
        let mut is_left = false;
        let scan = Scan::all().limit(MAKING_MAX + MAKING_HELD_MAX);
        for ((network, conversation), row) in self.0.store.scan(&MAKING, scan).await? {
            if row.again_ms.is_some_and(|again_ms| again_ms > self.0.clock.now_ms()) {
                continue;
            }
            let lane = Network::named(&network).zip(ConversationId::new(conversation.clone()).ok());
            let Some(lane) = lane else {
                self.end_making((&*network, &*conversation), &row, None).await?;
                continue;
            };
            match self.make_room(&lane, &row).await {
                Ok(Step::Begun) => is_left = true,
                Ok(Step::Done) => self.end_making((&*network, &*conversation), &row, None).await?,
                Ok(Step::Held(reason)) => is_left |= self.hold_room(&lane, &row, &reason).await?,
                Err(BridgeError::Store(error)) => {
                    tracing::debug!(%error, conversation, "a room has to wait for the store");
                    is_left = true;
                }
                Err(error) if error.passes() => {
                    is_left |= self.hold_room(&lane, &row, &error.to_string()).await?;
                }
                Err(error) => {
                    tracing::warn!(%error, conversation, "a room cannot be made");
                    self.end_making((&*network, &*conversation), &row, Some(&error)).await?;
                }
            }
        }
        Ok(is_left)
    }

    /// Nothing is made any more; with an error whoever ordered it is told.
    async fn end_making(
        &self,
        of: (&str, &str),
        row: &MakingRow,
        error: Option<&BridgeError>,
    ) -> Result<(), StoreError> {
        let mut batch = Batch::new();
        batch.delete(&MAKING, &of);
        if let (Some(error), Some(by)) = (error, &row.by) {
            let unique = format!("unmade/{}/{}/{}", of.0, of.1, self.0.clock.now_ms());
            self.tell(&mut batch, by, &unique, "bridge.failed", &[("reason", &error.to_string())]);
        }
        self.0.store.commit(batch).await.map(drop)
    }

    /// The next step for one room.
    async fn make_room(&self, lane: &Lane, row: &MakingRow) -> Result<Step, BridgeError> {
        if self.portals().room_of(lane).is_some() {
            return Ok(Step::Done);
        }
        let Some(place) = &row.place else {
            self.order_places(lane, row).await?;
            return Ok(Step::Begun);
        };
        let (kit, space) = (&self.0.kit, space_key(lane.0));
        let (Some(room), Some(space)) =
            (kit.place(LOCALPART, place).await?, kit.place(LOCALPART, &space).await?)
        else {
            return Ok(Step::Held("the homeserver has not made the room".to_owned()));
        };
        let colleagues = self.colleagues_in(lane).await?;
        if let Some(staff) = &self.0.ports.staff
            && let Err(reason) = staff.house(&colleagues, &room).await
        {
            return Ok(Step::Held(reason));
        }
        self.dress_room(lane, row, &room).await?;
        self.invite_colleagues(&room, &space, row, &colleagues).await?;
        let by = row.by.as_ref().map_or_else(|| self.0.switchboard.bot.to_string(), ToString::to_string);
        let made = |batch: &mut Batch| {
            batch.delete(&MAKING, &(lane.0.key(), lane.1.as_str()));
        };
        match self.attach(made, lane, &room, &by, None).await {
            Ok(_) | Err(BridgeError::Bound(_)) => Ok(Step::Done),
            Err(error) => Err(error),
        }
    }

    async fn conversation(&self, lane: &Lane) -> Result<Option<Conversation>, BridgeError> {
        let seat = self.seat(lane.0).ok_or_else(|| BridgeError::NoConnector(lane.0.key().to_owned()))?;
        match seat.connector.conversations() {
            Some(conversations) => Ok(patient(|| conversations.conversation(&lane.1)).await?),
            None => Ok(None),
        }
    }
}
