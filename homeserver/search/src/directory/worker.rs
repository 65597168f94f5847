//! The reader of the stream that keeps the directories.

use std::collections::{BTreeSet, HashSet};

use base::Shutdown;
use model::{RoomNum, StreamPos};
use ruma::OwnedUserId;
use store::Batch;
use streams::{Cursor, Fact};
use tokio::time::sleep;

use super::rows::Rows;
use crate::{
    Search, SearchError,
    feed::known,
    limits::{DIRECTORY_INTERVAL, FACTS_UNRECORDED_MAX, READER_RETRY_PAUSE},
};

/// The name of the cursor. Another form of the rows takes another name, which fills them anew.
pub(crate) const CURSOR_NAME: &str = "directory-1";

impl Search {
    /// Keeps the directories up to date until the shutdown. Run once for each [`Search`].
    pub async fn keep_directories(self, shutdown: Shutdown) {
        while !shutdown.is_triggered() {
            let outcome = match Keeper::open(&self, &shutdown).await {
                Ok(mut keeper) => keeper.run(&shutdown).await,
                Err(error) => Err(error),
            };
            match outcome {
                Ok(()) => return,
                Err(error) => tracing::error!(%error, "keep directories; will try again"),
            }
            tokio::select! {
                () = shutdown.wait() => {}
                () = sleep(READER_RETRY_PAUSE) => {}
            }
        }
    }
}

struct Keeper {
    search: Search,
    cursor: Cursor,
    /// Everything up to here is in the rows.
    position: StreamPos,
}

/// What some facts concern.
#[derive(Default)]
struct Concerned {
    users: BTreeSet<OwnedUserId>,
    /// Rooms whose openness or listing may have changed.
    rooms: HashSet<RoomNum>,
    /// Rooms that only have other members; they matter if they are listed.
    joined: HashSet<RoomNum>,
}

impl Keeper {
    async fn open(search: &Search, shutdown: &Shutdown) -> Result<Self, SearchError> {
        let store = &search.parts.store;
        let mut cursor = Cursor::load(store, CURSOR_NAME).await?;
        if cursor.position() == StreamPos::ZERO {
            search.directory_progress.filling();
            let position = store.frontier();
            if search.fill_directories(shutdown).await? {
                let mut batch = Batch::new();
                cursor.advance(&mut batch, position);
                store.commit(batch).await?;
            }
        }
        let position = cursor.position();
        search.directory_progress.reached(position);
        Ok(Self { search: search.clone(), cursor, position })
    }

    async fn run(&mut self, shutdown: &Shutdown) -> Result<(), SearchError> {
        let mut bell = self.search.bell.subscribe();
        while !shutdown.is_triggered() {
            self.catch_up().await?;
            self.search.directory_progress.next_look(&mut bell, DIRECTORY_INTERVAL, shutdown).await;
        }
        Ok(())
    }

    async fn catch_up(&mut self) -> Result<(), SearchError> {
        let store = self.search.parts.store.clone();
        let frontier = store.frontier();
        while self.position < frontier {
            let facts = streams::facts(&store, self.position, frontier).await?;
            let last = facts.last().map_or(frontier, |(last, _)| *last);
            let concerned = self.concerned(facts.into_iter().map(|(_, fact)| fact)).await?;
            self.write(concerned, last).await?;
            self.position = last;
        }
        self.search.directory_progress.reached(self.position);
        Ok(())
    }

    /// Changes the rows and moves the cursor, in one batch.
    async fn write(&mut self, concerned: Concerned, position: StreamPos) -> Result<(), SearchError> {
        let mut rows = Rows::new(&self.search).await?;
        for user in &concerned.users {
            rows.refresh_user(user).await?;
        }
        for room in &concerned.rooms {
            rows.refresh_openness(*room).await?;
        }
        for room in concerned.rooms.union(&concerned.joined) {
            rows.refresh_listing(*room).await?;
        }
        let mut batch = rows.finish();
        let unrecorded = position.get().saturating_sub(self.cursor.position().get());
        if batch.is_empty() && unrecorded <= FACTS_UNRECORDED_MAX {
            return Ok(());
        }
        self.cursor.advance(&mut batch, position);
        self.search.parts.store.commit(batch).await?;
        Ok(())
    }

    async fn concerned(&self, facts: impl Iterator<Item = Fact>) -> Result<Concerned, SearchError> {
        let rooms = &self.search.parts.rooms;
        let mut concerned = Concerned::default();
        for fact in facts {
            match fact {
                Fact::Profile { user } | Fact::Account { user } => {
                    concerned.users.insert(user);
                }
                Fact::Listing { room } => {
                    concerned.rooms.insert(room);
                }
                Fact::Event { room, event } => {
                    let Some(pdu) = known(rooms.pdu(rooms.store(), event).await)? else { continue };
                    match (pdu.kind(), pdu.state_key()) {
                        (
                            "m.room.create"
                            | "m.room.join_rules"
                            | "m.room.history_visibility"
                            | "m.room.name"
                            | "m.room.topic"
                            | "m.room.canonical_alias",
                            Some(""),
                        )
                        | ("m.room.redaction", None) => {
                            concerned.rooms.insert(room);
                        }
                        ("m.room.member", Some(_)) => {
                            concerned.joined.insert(room);
                        }
                        _ => {}
                    }
                }
                // The other facts name nobody.
                _ => {}
            }
        }
        Ok(concerned)
    }
}
