//! The reader of the stream that keeps the directories.

use std::collections::{BTreeSet, HashSet};

use base::Shutdown;
use model::{RoomNum, StreamPos};
use rooms::{Member, Membership};
use ruma::{OwnedUserId, UserId};
use streams::{Bell, Fact, Page, StreamReader};

use super::rows::Rows;
use crate::{
    Search, SearchError,
    feed::known,
    limits::{DIRECTORY_INTERVAL, LOCALS_EXAMINED_MAX},
};

/// The name of the cursor. Another form of the rows takes another name, which fills them anew.
pub(crate) const CURSOR_NAME: &str = "directory-2";

impl Search {
    /// Keeps the directories up to date until the shutdown. Run once for each [`Search`].
    pub async fn keep_directories(self, shutdown: Shutdown) {
        let store = self.parts.store.clone();
        let mut keeper = Keeper { search: self, shutdown: shutdown.clone() };
        streams::follow(&store, &mut keeper, &shutdown).await;
    }
}

/// The reader of the stream.
struct Keeper {
    search: Search,
    shutdown: Shutdown,
}

impl StreamReader for Keeper {
    type Error = SearchError;

    const NAME: &'static str = CURSOR_NAME;

    async fn open(&mut self, place: StreamPos, frontier: StreamPos) -> Result<StreamPos, SearchError> {
        let progress = &self.search.directory_progress;
        if place == StreamPos::ZERO {
            progress.filling();
            // A shutdown leaves it for the next start, which begins anew: no place is kept then.
            if !self.search.fill_directories(&self.shutdown).await? {
                return Ok(place);
            }
            progress.reached(frontier);
            return Ok(frontier);
        }
        progress.reached(place);
        Ok(place)
    }

    /// Changes the rows, in the batch that moves the cursor.
    async fn take(&mut self, page: &mut Page) -> Result<(), SearchError> {
        let facts = page.facts().await?;
        let mut concerned = self.concerned(facts.into_iter().map(|(_, fact)| fact)).await?;
        // In batches of their own: repeating them changes nothing.
        for room in &concerned.whole {
            self.search.refresh_foreigners(*room).await?;
        }
        for room in std::mem::take(&mut concerned.locals_changed) {
            if self.is_new_or_left(room, page.after()).await? {
                self.search.refresh_foreigners(room).await?;
                // A room of another server came with all its state, and each part of it is no fact of its own.
                concerned.rooms.insert(room);
            }
        }
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
        page.batch = rows.finish();
        Ok(())
    }

    fn passed(&mut self, position: StreamPos) {
        self.search.directory_progress.reached(position);
    }

    async fn wait(&mut self, bell: &mut Bell) {
        self.search.directory_progress.next_look(bell, DIRECTORY_INTERVAL).await;
    }
}

/// What some facts concern.
#[derive(Default)]
struct Concerned {
    users: BTreeSet<OwnedUserId>,
    /// Rooms whose openness or listing may have changed.
    rooms: HashSet<RoomNum>,
    /// Rooms that only have other members; they matter if they are listed.
    joined: HashSet<RoomNum>,
    /// Rooms whose members became known all at once.
    whole: HashSet<RoomNum>,
    /// Rooms into which users of ours came, or from which they went.
    locals_changed: HashSet<RoomNum>,
}

impl Keeper {
    /// Whether none of ours was in a room before this position and is still there: with the first of ours all its
    /// members come into the directory, and go with the last.
    async fn is_new_or_left(&self, room: RoomNum, after: StreamPos) -> Result<bool, SearchError> {
        let rooms = &self.search.parts.rooms;
        for local in rooms.local_members(room).await?.iter().take(LOCALS_EXAMINED_MAX) {
            let member = rooms.member(rooms.store(), room, local).await?;
            let was_there =
                |member: Member| member.position <= after || member.previous == Some(Membership::Join);
            if member.is_some_and(was_there) {
                return Ok(false);
            }
        }
        Ok(true)
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
                Fact::Completed { room } => {
                    concerned.rooms.insert(room);
                    concerned.whole.insert(room);
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
                        ("m.room.member", Some(member)) => {
                            concerned.joined.insert(room);
                            if let Ok(member) = UserId::parse(member) {
                                if rooms.is_local(&member) {
                                    concerned.locals_changed.insert(room);
                                } else {
                                    concerned.users.insert(member);
                                }
                            }
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
