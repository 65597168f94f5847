//! Conversations are bound to rooms, and bindings taken away.

use bridge_api::{Conversation, ConversationId, ConversationKind, Network};
use ruma::RoomId;
use store::Batch;

use crate::{
    BridgeError, Bridges, Known,
    backfill::patient,
    conflicts::until_undisturbed,
    lanes::Lane,
    limits::PORTALS_PER_ROOM_MAX,
    names::tamed,
    tables::{NEWEST, PortalRow, READ_UNTIL},
    telling::named,
};

impl Bridges {
    /// Binds a conversation to a room that the bot is in.
    ///
    /// # Errors
    /// See [`BridgeError`].
    pub async fn bind(
        &self,
        lane: (Network, ConversationId),
        room: &RoomId,
        by: &str,
    ) -> Result<Known, BridgeError> {
        let seat = self.seat(lane.0).ok_or_else(|| BridgeError::NoConnector(lane.0.key().to_owned()))?;
        self.check_room(room).await?;
        let mut found = None;
        if let Some(conversations) = seat.connector.conversations() {
            found = patient(|| conversations.conversation(&lane.1)).await?;
            if found.is_none() {
                return Err(BridgeError::NoConversation(lane.1.to_string()));
            }
        }
        self.attach(|_| {}, &lane, room, by, found).await
    }

    /// Whether a room may have bridges.
    pub(crate) async fn check_room(&self, room: &RoomId) -> Result<(), BridgeError> {
        let bot = &self.0.switchboard.bot;
        let intent =
            self.0.kit.intent(crate::LOCALPART).ok_or_else(|| BridgeError::NotInRoom(bot.to_string()))?;
        let member = match intent.state(room, "m.room.member", bot.as_str()).await {
            Ok(member) => member.unwrap_or_default(),
            Err(kit::CallError::Refused { .. }) => return Err(BridgeError::NotInRoom(bot.to_string())),
            Err(error) => return Err(error.into()),
        };
        if member["membership"] != "join" {
            return Err(BridgeError::NotInRoom(bot.to_string()));
        }
        match intent.state(room, "m.room.encryption", "").await? {
            Some(_) => Err(BridgeError::Encrypted),
            None => Ok(()),
        }
    }

    /// Binds, all questions answered, together with what `prepare` puts into the batch. The conversation may be noted or
    /// renamed meanwhile.
    pub(crate) async fn attach(
        &self,
        prepare: impl Fn(&mut Batch) + Send + Sync,
        lane: &Lane,
        room: &RoomId,
        by: &str,
        found: Option<Conversation>,
    ) -> Result<Known, BridgeError> {
        until_undisturbed(|| {
            let mut batch = Batch::new();
            prepare(&mut batch);
            self.try_attach(batch, lane, room, by, found.clone())
        })
        .await
    }

    async fn try_attach(
        &self,
        mut batch: Batch,
        lane: &Lane,
        room: &RoomId,
        by: &str,
        found: Option<Conversation>,
    ) -> Result<Known, BridgeError> {
        let old = self.portals().get(lane);
        if let Some(bound) = old.as_ref().and_then(|old| old.room.clone()) {
            return Err(BridgeError::Bound(bound.to_string()));
        }
        if self.portals().of_room(room).len() >= PORTALS_PER_ROOM_MAX {
            return Err(BridgeError::RoomFull);
        }
        let known = old.map_or((String::new(), ConversationKind::Group), |old| (old.name, old.kind));
        let (name, kind) = found.map_or(known, |found| (tamed(&found.name), found.kind));
        let now_ms = self.0.clock.now_ms();
        let row = PortalRow {
            room: Some(room.to_owned()),
            name: name.clone(),
            kind,
            bound_by: Some(by.to_owned()),
            bound_ms: now_ms,
            removed_ms: None,
            let_in_ms: None,
        };
        let shown = named(lane, &name, self.0.settings.language);
        self.portals().put(&mut batch, lane, row.clone())?;
        // What is said from now on is missed when it does not come.
        let of = (lane.0.key(), lane.1.as_str());
        batch.put(&NEWEST, &of, &now_ms).put(&READ_UNTIL, &of, &now_ms);
        let unique = format!("bound/{}/{}/{now_ms}", lane.1, room);
        self.notice(&mut batch, room, &unique, "bridge.told.bound", &[("conversation", &shown), ("who", by)]);
        if let Some(seat) = self.seat(lane.0) {
            let line = self.line_beside(&mut batch, lane.0).await?;
            let mut bound = self.bound_in(lane.0, room);
            bound.push((lane.clone(), row));
            self.state_with(&mut batch, seat, &line, (room, bound));
            self.tell_limits(&mut batch, seat, room, &unique);
        }
        self.0.store.commit(batch).await?;
        tracing::info!(network = lane.0.key(), conversation = %lane.1, %room, by, "a conversation is bound");
        tokio::spawn(self.clone().show_members(lane.clone()));
        Ok(Known { network: lane.0, conversation: lane.1.clone(), name, room: Some(room.to_owned()) })
    }

    /// Takes a binding away; nothing goes either way from then on.
    ///
    /// # Errors
    /// When there is none, or the store cannot be written.
    pub async fn unbind(&self, lane: &(Network, ConversationId), by: &str) -> Result<(), BridgeError> {
        until_undisturbed(|| self.try_unbind(lane, by)).await
    }

    async fn try_unbind(&self, lane: &Lane, by: &str) -> Result<(), BridgeError> {
        let Some(room) = self.portals().room_of(lane) else {
            return Err(BridgeError::NoConversation(lane.1.to_string()));
        };
        let name = self.name_of(lane);
        let mut batch = Batch::new();
        self.release(&mut batch, lane).await?;
        let unique = format!("unbound/{}/{}", lane.1, self.0.clock.now_ms());
        self.notice(
            &mut batch,
            &room,
            &unique,
            "bridge.told.unbound",
            &[("conversation", &name), ("who", by)],
        );
        self.0.store.commit(batch).await?;
        Ok(())
    }
}
