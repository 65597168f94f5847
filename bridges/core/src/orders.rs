//! What the bot and the command line have done: list, bind, unbind, ask how the lines are, read history, bind people.

use bridge_api::{
    Arrival, Conversation, ConversationId, ConversationKind, EventKey, Happened, Network, PersonId,
};
use futures_util::future::BoxFuture;
use ruma::{OwnedRoomId, OwnedUserId, RoomId, UserId};
use serde::{Deserialize, Serialize};
use store::{Batch, Scan};

use crate::{
    BridgeError, Bridges,
    backfill::patient,
    lanes::Lane,
    limits::{CODE_CHARACTERS, CODE_MS, CODES_MAX, LIST_PAGES_MAX, MEMBERS_SHOWN_MAX, PORTALS_PER_ROOM_MAX},
    names::tamed,
    tables::{CODES, CodeRow, LINES, NEWEST, PEOPLE, PEOPLE_OF, PortalRow},
};

/// A conversation as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// Its network.
    pub network: Network,
    /// Its id there.
    pub conversation: ConversationId,
    /// Its name there.
    pub name: String,
    /// The room that it is bound to.
    pub room: Option<OwnedRoomId>,
}

/// How a line stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineStatus {
    /// Its network.
    pub network: Network,
    /// Whether it is up.
    pub is_up: bool,
    /// Since when, in milliseconds since 1970; 0 when nobody knows.
    pub since_ms: u64,
    /// Why it is down.
    pub reason: String,
    /// Conversations in which something had been missed, ever.
    pub gaps: u64,
    /// Conversations that are bound.
    pub bound: usize,
    /// Rows that wait to go into rooms, of all networks.
    pub waiting_in: usize,
    /// Rows that wait to go to platforms, of all networks.
    pub waiting_out: usize,
}

impl Bridges {
    /// The conversations of a network, or of all: what the platforms list, and what something came from.
    ///
    /// # Errors
    /// When a platform does not answer, or the store cannot be written.
    pub async fn list(&self, network: Option<Network>) -> Result<Vec<Known>, BridgeError> {
        for seat in self.0.seats.iter().filter(|seat| network.is_none_or(|network| network == seat.network)) {
            let Some(conversations) = seat.connector.conversations() else { continue };
            let mut cursor = None;
            for _ in 0..LIST_PAGES_MAX {
                let page = patient(|| conversations.list(cursor.as_ref())).await?;
                for conversation in page.items {
                    self.refresh(seat.network, &conversation).await?;
                }
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
        }
        let all = self.portals().all().into_iter();
        let wanted = all.filter(|(lane, _)| network.is_none_or(|network| network == lane.0));
        Ok(wanted
            .map(|((network, conversation), row)| Known {
                network,
                conversation,
                name: row.name,
                room: row.room,
            })
            .collect())
    }

    async fn refresh(&self, network: Network, conversation: &Conversation) -> Result<(), BridgeError> {
        let lane = (network, conversation.id.clone());
        let old = self.portals().get(&lane);
        let name = tamed(&conversation.name);
        let row = match &old {
            Some(old) => PortalRow { name, kind: conversation.kind, ..old.clone() },
            None => PortalRow { room: None, name, kind: conversation.kind, bound_by: None, bound_ms: 0 },
        };
        if old.as_ref() != Some(&row) {
            self.portals().set(&self.0.store, &lane, row).await?;
        }
        Ok(())
    }

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
        self.attach(&lane, room, by, found).await
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

    /// Binds, all questions answered.
    pub(crate) async fn attach(
        &self,
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
        };
        self.portals().set(&self.0.store, lane, row).await?;
        let mut batch = Batch::new();
        // What is said from now on is missed when it does not come.
        batch.put(&NEWEST, &(lane.0.key(), lane.1.as_str()), &now_ms);
        let shown = self.name_of(lane);
        let unique = format!("bound/{}/{}/{now_ms}", lane.1, room);
        self.notice(&mut batch, room, &unique, "bridge.told.bound", &[("conversation", &shown), ("who", by)]);
        if let Some(seat) = self.seat(lane.0) {
            let line = self.0.store.get(&LINES, lane.0.key()).await?.unwrap_or_default();
            self.state_of_line(&mut batch, seat, &line, room);
        }
        self.0.store.commit(batch).await?;
        tracing::info!(network = lane.0.key(), conversation = %lane.1, %room, by, "a conversation is bound");
        tokio::spawn(self.clone().show_members(lane.clone()));
        Ok(Known { network: lane.0, conversation: lane.1.clone(), name, room: Some(room.to_owned()) })
    }

    /// Has the first members of a conversation come into its room. Who is not among them comes with their first word.
    fn show_members(self, lane: Lane) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            if let Err(error) = self.take_members(&lane).await {
                tracing::warn!(%error, conversation = %lane.1, "the members are not known");
            }
        })
    }

    async fn take_members(&self, lane: &Lane) -> Result<(), BridgeError> {
        let Some(members) = self.seat(lane.0).and_then(|seat| seat.connector.members()) else {
            return Ok(());
        };
        let (mut cursor, mut shown) = (None, 0);
        while shown < MEMBERS_SHOWN_MAX {
            let page = patient(|| members.members(&lane.1, cursor.as_ref())).await?;
            let people = page.items.into_iter().filter(|person| !person.bot);
            let people: Vec<_> = people.take(MEMBERS_SHOWN_MAX - shown).collect();
            shown += people.len().max(1);
            let now_ms = self.0.clock.now_ms();
            let key = EventKey::new(format!("members:{}:{now_ms}:{shown}", self.0.rng.u64()))
                .map_err(|error| BridgeError::Invalid(error.to_string()))?;
            let what = Happened::Joined { people };
            let arrival =
                Arrival { key, conversation: Some(lane.1.clone()), at_ms: now_ms, trace: None, what };
            let taken = self.take(lane.0, vec![arrival], true).await;
            taken.map_err(|error| BridgeError::Invalid(error.to_string()))?;
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        Ok(())
    }

    /// Takes a binding away; nothing goes either way from then on.
    ///
    /// # Errors
    /// When there is none, or the store cannot be written.
    pub async fn unbind(&self, lane: &(Network, ConversationId), by: &str) -> Result<(), BridgeError> {
        let row = self.portals().get(lane);
        let Some((row, room)) = row.and_then(|row| Some((row.clone(), row.room?))) else {
            return Err(BridgeError::NoConversation(lane.1.to_string()));
        };
        let name = self.name_of(lane);
        self.portals()
            .set(&self.0.store, lane, PortalRow { room: None, bound_by: None, bound_ms: 0, ..row })
            .await?;
        let mut batch = Batch::new();
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

    /// How the lines stand.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn status(&self) -> Result<Vec<LineStatus>, BridgeError> {
        let mut all = Vec::new();
        for seat in &self.0.seats {
            let row = self.0.store.get(&LINES, seat.network.key()).await?.unwrap_or_default();
            all.push(LineStatus {
                network: seat.network,
                is_up: row.is_up,
                since_ms: row.since_ms,
                reason: row.reason,
                gaps: row.gaps,
                bound: self.portals().bound(seat.network).len(),
                waiting_in: self.0.inbound.rows.load(std::sync::atomic::Ordering::Relaxed),
                waiting_out: self.outbound().rows.load(std::sync::atomic::Ordering::Relaxed),
            });
        }
        Ok(all)
    }

    /// Brings what was said in a conversation in the last hours; how much of it was new.
    ///
    /// # Errors
    /// See [`BridgeError`].
    pub async fn backfill(&self, lane: &(Network, ConversationId), hours: u64) -> Result<usize, BridgeError> {
        let seat = self.seat(lane.0).ok_or_else(|| BridgeError::NoConnector(lane.0.key().to_owned()))?;
        if self.portals().room_of(lane).is_none() {
            return Err(BridgeError::NoConversation(lane.1.to_string()));
        }
        let since_ms = self.0.clock.now_ms().saturating_sub(hours.saturating_mul(60 * 60 * 1_000));
        self.read_history(seat, lane, since_ms).await
    }

    /// Binds a person of a platform to the account of a colleague, or takes that away.
    ///
    /// # Errors
    /// When the account is no one's here, or either is bound already.
    pub async fn bind_person(
        &self,
        network: Network,
        person: &PersonId,
        account: Option<&UserId>,
    ) -> Result<Option<OwnedUserId>, BridgeError> {
        let of = (network.key(), person.as_str());
        let old = self.0.store.get(&PEOPLE, &of).await?;
        let mut batch = Batch::new();
        batch.expect_read(&PEOPLE, &of, old.as_ref());
        if let Some(old) = &old {
            batch.delete(&PEOPLE, &of).delete(&PEOPLE_OF, &(&**old, network.key()));
        }
        if let Some(account) = account {
            if account.server_name() != self.0.server_name || self.0.kit.is_ours(account) {
                return Err(BridgeError::Invalid(format!("{account} is no colleague of this server")));
            }
            let there = (account, network.key());
            if self.0.store.exists(&PEOPLE_OF, &there).await? && old.as_deref() != Some(account) {
                return Err(BridgeError::Bound(account.to_string()));
            }
            batch.put(&PEOPLE, &of, &account.to_owned()).put(&PEOPLE_OF, &there, &person.to_string());
        }
        self.0.store.commit(batch).await?;
        Ok(old)
    }

    /// A code that binds the conversation in which it is said to a room.
    pub(crate) async fn code(
        &self,
        network: Network,
        room: &RoomId,
        by: &UserId,
    ) -> Result<String, BridgeError> {
        self.check_room(room).await?;
        let waiting = self.0.store.count(&CODES, Scan::all().limit(CODES_MAX)).await?;
        if waiting >= CODES_MAX {
            return Err(BridgeError::Invalid(
                "too many codes wait to be said; try again in a quarter of an hour".to_owned(),
            ));
        }
        let code = self.0.rng.string(CODE_CHARACTERS);
        let row = CodeRow {
            network: network.key().to_owned(),
            room: room.to_owned(),
            by: by.to_owned(),
            until_ms: self.0.clock.now_ms() + CODE_MS,
        };
        let mut batch = Batch::new();
        batch.put(&CODES, &code, &row);
        self.0.store.commit(batch).await?;
        Ok(code)
    }
}
