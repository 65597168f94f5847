//! The name of a room becomes that of its conversation.

use bridge_api::{Ability, ConversationKind};

use super::Sending;
use crate::{error::Stuck, names::tamed, tables::PortalRow};

impl Sending<'_> {
    /// Gives the conversation the name of the room, where whoever gave it that name may bind the room: the name of a group is
    /// for who looks after it. Two conversations of one platform keep names of their own. What the platform tells of its new
    /// name is known by then.
    pub(super) async fn named(&mut self, name: &str) -> Result<(), Stuck> {
        let name = tamed(name);
        let Some(row) = self.bridges.portals().get(self.lane) else { return Ok(()) };
        let is_sent = self.seat.connector.capabilities().sends(Ability::Names);
        let Some(names) = self.seat.connector.names().filter(|_| is_sent) else { return Ok(()) };
        let is_another = !name.is_empty() && name != row.name && row.kind == ConversationKind::Group;
        let is_alone = self.bridges.bound_in(self.lane.0, &self.room).len() == 1;
        if !is_another || !is_alone || !self.bridges.may_bind(&self.room, &self.sender).await? {
            return Ok(());
        }
        self.seat.heard(names.rename(&self.lane.1, &name).await)?;
        let bridges = self.bridges;
        let row = PortalRow { name, ..row };
        Ok(bridges.note_standing(&mut self.batch, self.lane, &self.room, row).await?)
    }
}
