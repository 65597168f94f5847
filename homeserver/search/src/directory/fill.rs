//! Making the directories from accounts and rooms, when their rows were never written.

use base::Shutdown;
use model::RoomNum;
use ruma::OwnedUserId;

use super::rows::Rows;
use crate::{Search, SearchError, limits::FILL_ENTRIES_MAX};

impl Search {
    /// Writes every row; false when a shutdown came first. Whatever changes meanwhile is a fact that is
    /// read afterwards.
    pub(super) async fn fill_directories(&self, shutdown: &Shutdown) -> Result<bool, SearchError> {
        Ok(self.fill_users(shutdown).await? && self.fill_rooms(shutdown).await?)
    }

    async fn fill_users(&self, shutdown: &Shutdown) -> Result<bool, SearchError> {
        let mut last: Option<OwnedUserId> = None;
        while !shutdown.is_triggered() {
            let users = self.parts.accounts.users(last.as_deref(), FILL_ENTRIES_MAX).await?;
            let Some(end) = users.last() else { return Ok(true) };
            last = Some(end.user.clone());
            let mut rows = Rows::new(self).await?;
            for user in &users {
                rows.refresh_user(&user.user).await?;
            }
            self.write_rows(rows).await?;
        }
        Ok(false)
    }

    async fn fill_rooms(&self, shutdown: &Shutdown) -> Result<bool, SearchError> {
        let rooms = &self.parts.rooms;
        let mut last: Option<RoomNum> = None;
        loop {
            let page = rooms.rooms_after(rooms.store(), last).await?;
            let Some(end) = page.last() else { return Ok(true) };
            last = Some(*end);
            for some in page.chunks(FILL_ENTRIES_MAX) {
                if shutdown.is_triggered() {
                    return Ok(false);
                }
                let mut rows = Rows::new(self).await?;
                for room in some {
                    rows.refresh_openness(*room).await?;
                    rows.refresh_listing(*room).await?;
                }
                self.write_rows(rows).await?;
                for room in some {
                    self.refresh_foreigners(*room).await?;
                }
            }
        }
    }

    /// Writes the words of the users of other servers who are or were in a room, while there are any.
    pub(super) async fn refresh_foreigners(&self, room: RoomNum) -> Result<(), SearchError> {
        let rooms = &self.parts.rooms;
        if rooms.joined_servers(rooms.store(), room).await?.is_empty() {
            return Ok(());
        }
        let members = rooms.members(rooms.store(), room).await?;
        let foreign: Vec<_> = members.iter().filter(|(user, _)| !rooms.is_local(user)).collect();
        for some in foreign.chunks(FILL_ENTRIES_MAX) {
            let mut rows = Rows::new(self).await?;
            for (user, _) in some {
                rows.refresh_user(user).await?;
            }
            self.write_rows(rows).await?;
        }
        Ok(())
    }

    async fn write_rows(&self, rows: Rows<'_>) -> Result<(), SearchError> {
        let batch = rows.finish();
        if !batch.is_empty() {
            self.parts.store.commit(batch).await?;
        }
        Ok(())
    }
}
