//! Rooms that the bridge makes for conversations: ordered, made once, put into their space, bound, kept in step.
//!
//! An order is a row. The worker has the kit make the room, which survives every kill, and binds it when it is there; each step
//! may be repeated.

mod dressing;
mod requests;

use std::time::Duration;

use base::Shutdown;
use bridge_api::{Conversation, ConversationId, ConversationKind, Network};
use kit::{Letter, To, notice};
use ruma::UserId;
use sha2::{Digest as _, Sha256};
use store::{Batch, Scan, StoreError};

use self::requests::{request, space_key, space_request};
use crate::{
    BridgeError, Bridges, LOCALPART,
    backfill::patient,
    lanes::Lane,
    limits::{COLLEAGUES_INTERVAL, MAKING_LOOK, MAKING_MAX},
    names::{hex, tamed},
    people_tables::{MAKING, MakingRow},
    tables::PortalRow,
};

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
        let waiting = self.0.store.scan_keys(&MAKING, Scan::all().limit(MAKING_MAX)).await?;
        if waiting.len() >= MAKING_MAX || waiting.iter().any(|(network, id)| (&**network, &**id) == of) {
            return Ok(false);
        }
        let row = MakingRow { by: by.map(ToOwned::to_owned), place: None, avatar: None };
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

    /// Whether anything is left.
    async fn make_rooms(&self) -> Result<bool, BridgeError> {
        let mut is_left = false;
        for ((network, conversation), row) in
            self.0.store.scan(&MAKING, Scan::all().limit(MAKING_MAX)).await?
        {
            let lane = Network::named(&network).zip(ConversationId::new(conversation.clone()).ok());
            let done = match &lane {
                Some(lane) => self.make_room(lane, &row).await,
                None => Ok(true),
            };
            match done {
                Ok(false) => is_left = true,
                Ok(true) => {
                    let mut batch = Batch::new();
                    batch.delete(&MAKING, &(&*network, &*conversation));
                    self.0.store.commit(batch).await?;
                }
                Err(error) if error.passes() => {
                    tracing::debug!(%error, conversation, "a room has to wait");
                    is_left = true;
                }
                Err(error) => {
                    tracing::warn!(%error, conversation, "a room cannot be made");
                    let mut batch = Batch::new();
                    batch.delete(&MAKING, &(&*network, &*conversation));
                    if let Some(by) = &row.by {
                        let unique = format!("unmade/{network}/{conversation}/{}", self.0.clock.now_ms());
                        let reason = error.to_string();
                        self.tell(&mut batch, by, &unique, "bridge.failed", &[("reason", &reason)]);
                    }
                    self.0.store.commit(batch).await?;
                }
            }
        }
        Ok(is_left)
    }

    /// The next step for one room; whether it was the last one.
    async fn make_room(&self, lane: &Lane, row: &MakingRow) -> Result<bool, BridgeError> {
        if self.portals().room_of(lane).is_some() {
            return Ok(true);
        }
        let Some(place) = &row.place else {
            self.order_places(lane, row).await?;
            return Ok(false);
        };
        let (kit, space) = (&self.0.kit, space_key(lane.0));
        let (Some(room), Some(space)) =
            (kit.place(LOCALPART, place).await?, kit.place(LOCALPART, &space).await?)
        else {
            return Ok(false);
        };
        let colleagues = self.colleagues_in(lane).await?;
        if let Some(staff) = &self.0.ports.staff
            && let Err(reason) = staff.house(&colleagues, &room).await
        {
            tracing::warn!(reason, %room, "a room cannot stand in the space of its department yet; will try again");
            return Ok(false);
        }
        self.dress_room(lane, row, &room).await?;
        self.invite_colleagues(&room, &space, row, &colleagues).await?;
        let by = row.by.as_ref().map_or_else(|| self.0.switchboard.bot.to_string(), ToString::to_string);
        let made = |batch: &mut Batch| {
            batch.delete(&MAKING, &(lane.0.key(), lane.1.as_str()));
        };
        match self.attach(made, lane, &room, &by, None).await {
            Ok(_) | Err(BridgeError::Bound(_)) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Has the kit make the room, and the space of the platform with the room in it.
    async fn order_places(&self, lane: &Lane, row: &MakingRow) -> Result<(), BridgeError> {
        let found = self.conversation(lane).await?;
        let is_direct = found.as_ref().is_some_and(|found| found.kind == ConversationKind::Direct);
        if row.by.is_none() && is_direct {
            if let Some(portal) = self.portals().get(lane) {
                let portal = PortalRow { kind: ConversationKind::Direct, ..portal };
                self.portals().set(&self.0.store, lane, portal).await?;
            }
            return Err(BridgeError::Invalid("no room is made for a direct chat by itself".to_owned()));
        }
        let name = found.as_ref().map(|found| tamed(&found.name)).filter(|name| !name.is_empty());
        let name = name.unwrap_or_else(|| self.name_of(lane));
        let digest = hex(&Sha256::digest(format!("{}/{}", lane.0.key(), lane.1)));
        let place = format!("room/{}/{}", &digest[..32], self.0.clock.now_ms());
        let (kit, space) = (&self.0.kit, space_key(lane.0));
        let mut batch = Batch::new();
        let topic = self.name_of(lane);
        kit.order_place(&mut batch, LOCALPART, &place, request(&name, &topic, row.by.as_deref())).await?;
        let platform = lane.0.name().of(self.0.settings.language);
        kit.order_place(&mut batch, LOCALPART, &space, space_request(platform)).await?;
        // Rooms are made for the first letter that goes there.
        for (at, what) in [(&place, "made"), (&space, "housed")] {
            let text = kit.texts().fill(self.lang(), "bridge.made", &[("conversation", &name)]);
            let letter = Letter::message(
                format!("bridge/{what}/{place}"),
                LOCALPART,
                To::Place(at.clone()),
                notice(&text),
            );
            kit.outbox().put(&mut batch, letter);
        }
        let avatar = found.and_then(|found| found.avatar).map(|avatar| avatar.to_string());
        let of = (lane.0.key(), lane.1.as_str());
        batch.expect_eq(&MAKING, &of, row);
        batch.put(&MAKING, &of, &MakingRow { place: Some(place), avatar, ..row.clone() });
        self.0.store.commit(batch).await?;
        Ok(())
    }

    async fn conversation(&self, lane: &Lane) -> Result<Option<Conversation>, BridgeError> {
        let seat = self.seat(lane.0).ok_or_else(|| BridgeError::NoConnector(lane.0.key().to_owned()))?;
        match seat.connector.conversations() {
            Some(conversations) => Ok(patient(|| conversations.conversation(&lane.1)).await?),
            None => Ok(None),
        }
    }
}
