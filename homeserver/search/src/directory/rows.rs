//! Changing the rows of the directories: always from what is true now, so a repeat changes nothing.

use std::collections::BTreeSet;

use model::RoomNum;
use ruma::{OwnedUserId, UserId, events::room::history_visibility::HistoryVisibility, room::JoinRule};
use store::Batch;

use super::elsewhere::words_of;
use crate::{
    Search, SearchError,
    tables::{
        LISTED_BY_SIZE, LISTED_COUNT, LISTED_ROOM, LISTED_WORD, ListedRoom, OPEN_ROOM, USER_ENTRY, USER_WORD,
        UserEntry,
    },
    text::name_words,
};

/// The only key of the count.
pub(super) const COUNT_KEY: u8 = 0;

/// A batch of changes.
pub(super) struct Rows<'a> {
    search: &'a Search,
    batch: Batch,
    /// Listed rooms, before and after the changes.
    count: (Option<u64>, u64),
}

impl<'a> Rows<'a> {
    pub(super) async fn new(search: &'a Search) -> Result<Self, SearchError> {
        let count = search.parts.store.get(&LISTED_COUNT, &COUNT_KEY).await?;
        Ok(Self { search, batch: Batch::new(), count: (count, count.unwrap_or(0)) })
    }

    /// The batch of all changes; empty when nothing changed.
    pub(super) fn finish(mut self) -> Batch {
        let (before, after) = self.count;
        if before.unwrap_or(0) != after {
            self.batch.expect_read(&LISTED_COUNT, &COUNT_KEY, before.as_ref());
            self.batch.put(&LISTED_COUNT, &COUNT_KEY, &after);
        }
        self.batch
    }

    /// Writes the words of a person; of a closed, locked or guest account none, and none of a user of another server who
    /// shares no room with users of ours.
    pub(super) async fn refresh_user(&mut self, user: &UserId) -> Result<(), SearchError> {
        let store = &self.search.parts.store;
        let key: OwnedUserId = user.to_owned();
        let words = if self.search.parts.rooms.is_local(user) {
            self.words_of_account(user).await?
        } else {
            self.words_of_foreigner(user).await?
        };
        let old = store.get(&USER_ENTRY, &key).await?;
        let new = UserEntry { words: words.into_iter().collect() };
        if old.as_ref() == Some(&new) || (old.is_none() && new.words.is_empty()) {
            return Ok(());
        }
        for word in &old.unwrap_or_default().words {
            self.batch.delete(&USER_WORD, &(word.as_str(), user.as_str()));
        }
        for word in &new.words {
            self.batch.put(&USER_WORD, &(word.as_str(), user.as_str()), &());
        }
        if new.words.is_empty() {
            self.batch.delete(&USER_ENTRY, &key);
        } else {
            self.batch.put(&USER_ENTRY, &key, &new);
        }
        Ok(())
    }

    async fn words_of_account(&self, user: &UserId) -> Result<BTreeSet<String>, SearchError> {
        let (accounts, store) = (&self.search.parts.accounts, &self.search.parts.store);
        let status = accounts.status(store, user).await?;
        if status.is_none_or(|status| status.deactivated || status.locked || status.guest) {
            return Ok(BTreeSet::new());
        }
        let profile = accounts.profile(store, user).await?.unwrap_or_default();
        Ok(words_of(profile.displayname.as_deref(), user))
    }

    /// By the names of all rooms: who may find them by which is judged when they are looked for.
    async fn words_of_foreigner(&self, user: &UserId) -> Result<BTreeSet<String>, SearchError> {
        let mut names = BTreeSet::new();
        let shared = self.search.rooms_shared_with(user).await?;
        for (_, event) in &shared {
            names.extend(self.search.name_in_room(*event).await?.display_name);
        }
        Ok(if shared.is_empty() { BTreeSet::new() } else { words_of(names.iter().map(String::as_str), user) })
    }

    /// Writes whether anybody may enter or read a room.
    pub(super) async fn refresh_openness(&mut self, room: RoomNum) -> Result<(), SearchError> {
        let (rooms, store) = (&self.search.parts.rooms, &self.search.parts.store);
        let is_open = rooms.room_exists(store, room).await?
            && (matches!(rooms.join_rule(store, room).await?, JoinRule::Public)
                || rooms.history_visibility(store, room).await? == HistoryVisibility::WorldReadable);
        if is_open == store.exists(&OPEN_ROOM, &room).await? {
            return Ok(());
        }
        if is_open {
            self.batch.put(&OPEN_ROOM, &room, &());
        } else {
            self.batch.delete(&OPEN_ROOM, &room);
        }
        Ok(())
    }

    /// Writes where and by which words a room is listed.
    pub(super) async fn refresh_listing(&mut self, room: RoomNum) -> Result<(), SearchError> {
        let store = &self.search.parts.store;
        let old = store.get(&LISTED_ROOM, &room).await?;
        let new = self.listing(room).await?;
        if old == new {
            return Ok(());
        }
        if let Some(old) = &old {
            self.batch.delete(&LISTED_BY_SIZE, &(u64::MAX - old.joined, room));
            for word in &old.words {
                self.batch.delete(&LISTED_WORD, &(word.as_str(), room));
            }
        }
        match &new {
            Some(new) => {
                self.batch.put(&LISTED_BY_SIZE, &(u64::MAX - new.joined, room), &new.room_type);
                for word in &new.words {
                    self.batch.put(&LISTED_WORD, &(word.as_str(), room), &());
                }
                self.batch.put(&LISTED_ROOM, &room, new);
            }
            None => {
                self.batch.delete(&LISTED_ROOM, &room);
            }
        }
        match (old.is_some(), new.is_some()) {
            (false, true) => self.count.1 += 1,
            (true, false) => self.count.1 = self.count.1.saturating_sub(1),
            (true, true) | (false, false) => {}
        }
        Ok(())
    }

    /// How a room is to be listed now; none for one that is not.
    async fn listing(&self, room: RoomNum) -> Result<Option<ListedRoom>, SearchError> {
        let (rooms, store) = (&self.search.parts.rooms, &self.search.parts.store);
        if !rooms.is_listed(room).await? || !rooms.room_exists(store, room).await? {
            return Ok(None);
        }
        let shown = rooms.directory_entry(room).await?;
        let alias = shown.canonical_alias.as_ref().map(|alias| alias.as_str());
        let words = name_words([shown.name.as_deref(), alias, shown.topic.as_deref()].into_iter().flatten());
        Ok(Some(ListedRoom {
            joined: shown.joined_members,
            room_type: shown.room_type.unwrap_or_default(),
            words: words.into_iter().collect(),
        }))
    }
}
