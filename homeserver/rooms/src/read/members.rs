//! Who is in a room, and in which rooms a user is.

use std::sync::Arc;

use model::{RoomNum, StreamPos};
use ruma::{OwnedUserId, UserId};
use store::{Audience, Batch, Reader, Scan};

use crate::limits::{MEMBERS_MAX, PAGE_ROWS};
use crate::member::{Member, Membership, MembershipChange};
use crate::tables::{MEMBER, MEMBER_COUNT, MEMBERSHIP_CHANGE, ROOM_OF_USER, STRIPPED};
use crate::{Rooms, RoomsError};

/// Users of one chunk of [`LocalMembers`]: a change copies one chunk, not the room.
const CHUNK_USERS: usize = 256;

/// How many members a room has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemberCounts {
    /// Joined members.
    pub joined: u64,
    /// Invited members.
    pub invited: u64,
}

/// The joined members of a room who live here. Cheap to clone, cheap to change.
#[derive(Clone, Debug, Default)]
pub struct LocalMembers {
    chunks: Arc<[Arc<[OwnedUserId]>]>,
}

impl LocalMembers {
    fn new(users: &[OwnedUserId]) -> Self {
        Self { chunks: users.chunks(CHUNK_USERS).map(Arc::from).collect() }
    }

    /// Everybody, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &OwnedUserId> {
        self.chunks.iter().flat_map(|chunk| chunk.iter())
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.len()).sum()
    }

    /// Whether nobody here is in the room.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// The users in groups, for whoever wakes them.
    #[must_use]
    pub fn chunks(&self) -> &[Arc<[OwnedUserId]>] {
        &self.chunks
    }

    /// Lets them all hear of a batch.
    pub fn announce(&self, batch: &mut Batch) {
        for chunk in self.chunks.iter() {
            batch.announce(Audience::Users(Arc::clone(chunk)));
        }
    }

    pub(crate) fn with(&self, user: &UserId) -> Self {
        if self.iter().any(|member| member == user) {
            return self.clone();
        }
        let mut chunks: Vec<Arc<[OwnedUserId]>> = self.chunks.to_vec();
        match chunks.last_mut() {
            Some(last) if last.len() < CHUNK_USERS => {
                *last = last.iter().cloned().chain([user.to_owned()]).collect();
            }
            _ => chunks.push(Arc::from([user.to_owned()])),
        }
        Self { chunks: chunks.into() }
    }

    pub(crate) fn without(&self, user: &UserId) -> Self {
        let chunks = self.chunks.iter().map(|chunk| {
            if chunk.iter().any(|member| member == user) {
                chunk.iter().filter(|member| *member != user).cloned().collect()
            } else {
                Arc::clone(chunk)
            }
        });
        Self { chunks: chunks.filter(|chunk| !chunk.is_empty()).collect() }
    }
}

impl Rooms {
    /// A user's membership of a room, if there ever was one.
    pub async fn member(
        &self,
        reader: &Reader,
        room: RoomNum,
        user: &UserId,
    ) -> Result<Option<Member>, RoomsError> {
        let row = reader.get(&ROOM_OF_USER, &(user.to_owned(), room)).await?;
        row.map(|row| Member::from_row(row).ok_or_else(damaged)).transpose()
    }

    /// Whether a user is joined.
    pub async fn is_joined(&self, reader: &Reader, room: RoomNum, user: &UserId) -> Result<bool, RoomsError> {
        Ok(self.member(reader, room, user).await?.is_some_and(|member| member.membership == Membership::Join))
    }

    /// Every room in which a user has a membership, left and forgotten ones too. From memory after
    /// the first use, so it may be a moment newer than a snapshot.
    pub async fn rooms_of_user(&self, user: &UserId) -> Result<Arc<[(RoomNum, Member)]>, RoomsError> {
        self.caches
            .rooms_of_user
            .get_or_load(user, async {
                let user = user.to_owned();
                let mut rooms: Vec<(RoomNum, Member)> = Vec::new();
                loop {
                    let mut scan = Scan::prefix(&user).limit(PAGE_ROWS);
                    if let Some((last, _)) = rooms.last() {
                        scan = scan.after(&(user.clone(), *last));
                    }
                    let page = self.parts.store.scan(&ROOM_OF_USER, scan).await?;
                    let full = page.len() == PAGE_ROWS;
                    for ((_, room), row) in page {
                        rooms.push((room, Member::from_row(row).ok_or_else(damaged)?));
                    }
                    if !full {
                        return Ok(rooms.into());
                    }
                }
            })
            .await
    }

    /// Every membership of a room, at most [`MEMBERS_MAX`], in the order of user ids.
    pub async fn members(
        &self,
        reader: &Reader,
        room: RoomNum,
    ) -> Result<Vec<(OwnedUserId, Member)>, RoomsError> {
        let mut members: Vec<(OwnedUserId, Member)> = Vec::new();
        loop {
            let mut scan = Scan::prefix(&room).limit(PAGE_ROWS);
            if let Some((last, _)) = members.last() {
                scan = scan.after(&(room, last.clone()));
            }
            let page = reader.scan(&MEMBER, scan).await?;
            let full = page.len() == PAGE_ROWS;
            for ((_, user), row) in page {
                members.push((user, Member::from_row(row).ok_or_else(damaged)?));
            }
            if !full || members.len() >= MEMBERS_MAX {
                return Ok(members);
            }
        }
    }

    /// At most `limit` members of one membership, in the order of user ids.
    pub async fn members_with(
        &self,
        reader: &Reader,
        room: RoomNum,
        membership: Membership,
        limit: usize,
    ) -> Result<Vec<OwnedUserId>, RoomsError> {
        let mut found = Vec::new();
        let mut last: Option<OwnedUserId> = None;
        loop {
            let mut scan = Scan::prefix(&room).limit(PAGE_ROWS.min(limit.saturating_mul(4).max(64)));
            if let Some(last) = last.take() {
                scan = scan.after(&(room, last));
            }
            let page = reader.scan(&MEMBER, scan).await?;
            let Some(((_, end), _)) = page.last() else { return Ok(found) };
            last = Some(end.clone());
            for ((_, user), row) in page {
                if Member::from_row(row).ok_or_else(damaged)?.membership == membership {
                    found.push(user);
                }
                if found.len() >= limit {
                    return Ok(found);
                }
            }
        }
    }

    /// How many are joined and invited.
    pub async fn member_counts(&self, reader: &Reader, room: RoomNum) -> Result<MemberCounts, RoomsError> {
        let (joined, invited) = reader.get(&MEMBER_COUNT, &room).await?.unwrap_or((0, 0));
        Ok(MemberCounts { joined, invited })
    }

    /// The joined members who live here: whom an event of the room wakes.
    pub async fn local_members(&self, room: RoomNum) -> Result<LocalMembers, RoomsError> {
        self.caches
            .local_members
            .get_or_load(&room, async {
                let joined =
                    self.members_with(&self.parts.store, room, Membership::Join, MEMBERS_MAX).await?;
                let local: Vec<_> = joined.into_iter().filter(|user| self.is_local(user)).collect();
                Ok(LocalMembers::new(&local))
            })
            .await
    }

    /// The joined members who live here, as one list. Dear for large rooms: prefer
    /// [`Rooms::local_members`].
    pub async fn local_joined_users(&self, room: RoomNum) -> Result<Arc<[OwnedUserId]>, RoomsError> {
        Ok(self.local_members(room).await?.iter().cloned().collect())
    }

    /// How the memberships of a user changed in `(after, up_to]`, oldest first.
    pub async fn membership_changes(
        &self,
        reader: &Reader,
        user: &UserId,
        after: StreamPos,
        up_to: StreamPos,
    ) -> Result<Vec<MembershipChange>, RoomsError> {
        let user = user.to_owned();
        let end = (user.clone(), up_to);
        let mut changes: Vec<MembershipChange> = Vec::new();
        let mut last = after;
        while last < up_to {
            let scan = Scan::prefix(&user).after(&(user.clone(), last)).up_to(&end).limit(PAGE_ROWS);
            let page = reader.scan(&MEMBERSHIP_CHANGE, scan).await?;
            let full = page.len() == PAGE_ROWS;
            for ((_, position), row) in page {
                last = position;
                changes.push(MembershipChange::from_row(position, row).ok_or_else(damaged)?);
            }
            if !full {
                break;
            }
        }
        Ok(changes)
    }

    /// Position of the newest membership change of a user. From memory after the first use; never
    /// too low.
    pub async fn latest_membership_change(&self, user: &UserId) -> Result<StreamPos, RoomsError> {
        self.caches
            .latest_membership
            .get_or_load(user, async {
                let scan = Scan::prefix(&user.to_owned()).reverse().limit(1);
                let newest = self.parts.store.scan(&MEMBERSHIP_CHANGE, scan).await?;
                Ok(newest.first().map_or(StreamPos::new(0), |((_, position), _)| *position))
            })
            .await
    }

    /// What an invited or knocking user may see of a room: stripped state events, each a JSON object.
    pub async fn stripped_state(
        &self,
        reader: &Reader,
        user: &UserId,
        room: RoomNum,
    ) -> Result<Vec<bytes::Bytes>, RoomsError> {
        let row = reader.get(&STRIPPED, &(user.to_owned(), room)).await?;
        Ok(row.map_or_else(Vec::new, |row| row.events.into_iter().map(bytes::Bytes::from).collect()))
    }
}

fn damaged() -> RoomsError {
    RoomsError::Corrupt("a membership row".to_owned())
}
