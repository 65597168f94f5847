//! What bridges ask of people in a room beyond what the room asks itself: who may bind, whose words go to platforms.

use ruma::{RoomId, UserId};
use store::{Batch, StoreError};

use crate::{
    Bridges, LOCALPART,
    error::Stuck,
    limits::POWER_MAX,
    people_tables::{PERMISSIONS, PermissionsRow},
    power::{Power, may_bind},
};

/// What can be permitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Binding and unbinding conversations, and changing permissions.
    Bind,
    /// Speaking on platforms.
    Speak,
}

impl Permission {
    /// The permission of this name.
    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        match text.to_lowercase().as_str() {
            "bind" | "绑定" => Some(Self::Bind),
            "speak" | "发言" => Some(Self::Speak),
            _ => None,
        }
    }
}

impl Bridges {
    /// Which powers a room's bridges ask for: to bind, to speak.
    ///
    /// # Errors
    /// The store's own.
    pub async fn permissions(&self, room: &RoomId) -> Result<(Option<i64>, Option<i64>), StoreError> {
        let row = self.0.store.get(&PERMISSIONS, room).await?.unwrap_or_default();
        Ok((row.bind, row.speak))
    }

    /// Has a room's bridges ask for this power, or for none of their own.
    ///
    /// # Errors
    /// The store's own.
    pub async fn permit(
        &self,
        room: &RoomId,
        permission: Permission,
        power: Option<i64>,
    ) -> Result<(), StoreError> {
        let old = self.0.store.get(&PERMISSIONS, room).await?;
        let power = power.map(|power| power.clamp(0, POWER_MAX));
        let row = old.clone().unwrap_or_default();
        let row = match permission {
            Permission::Bind => PermissionsRow { bind: power, ..row },
            Permission::Speak => PermissionsRow { speak: power, ..row },
        };
        let mut batch = Batch::new();
        batch.expect_read(&PERMISSIONS, room, old.as_ref());
        match row == PermissionsRow::default() {
            true => batch.delete(&PERMISSIONS, room),
            false => batch.put(&PERMISSIONS, room, &row),
        };
        self.0.store.commit(batch).await.map(drop)
    }

    /// Whether somebody's words go from a room to platforms.
    pub(crate) async fn may_speak(&self, room: &RoomId, user: &UserId) -> Result<bool, Stuck> {
        let Some(needed) = self.0.store.get(&PERMISSIONS, room).await?.and_then(|row| row.speak) else {
            return Ok(true);
        };
        Ok(Power::read(&self.bot_intent()?, room).await?.reaches(user, needed))
    }

    /// Whether somebody may bind conversations to a room.
    pub(crate) async fn may_bind(&self, room: &RoomId, user: &UserId) -> Result<bool, crate::BridgeError> {
        let Some(intent) = self.0.kit.intent(LOCALPART) else { return Ok(false) };
        let own = self.0.store.get(&PERMISSIONS, room).await?.and_then(|row| row.bind);
        let power = Power::read(&intent, room).await?;
        Ok(may_bind(&power, user) && own.is_none_or(|needed| power.reaches(user, needed)))
    }
}
