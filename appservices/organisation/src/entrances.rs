//! Who comes into the rooms of departments without being asked, and where these rooms are shown.

use kit::BotError;
use people::DepartmentVisibility;
use ruma::RoomId;
use serde_json::{Value, json};
use store::Batch;

use crate::{
    Organisation,
    bot::LOCALPART,
    rooms::{COMPANY, Wanted},
    tables::{ENTRANCE, LINKED},
};

impl Organisation {
    /// Who comes into a room without being asked: whoever is in the space above, or everybody of the company, or nobody.
    pub(crate) async fn entrance(&self, wanted: &Wanted, parent: &RoomId) -> Result<Value, BotError> {
        let company = self.0.kit.place(LOCALPART, COMPANY).await?;
        let allowed = match wanted.visibility {
            DepartmentVisibility::Public => company.as_deref().unwrap_or(parent),
            DepartmentVisibility::Internal => parent,
            DepartmentVisibility::Hidden => return Ok(json!({ "join_rule": "invite" })),
        };
        let allow = json!([{ "type": "m.room_membership", "room_id": allowed }]);
        Ok(json!({ "join_rule": "restricted", "allow": allow }))
    }

    /// A department that was made public or hidden since is entered so.
    pub(crate) async fn keep_entrance(
        &self,
        wanted: &Wanted,
        batch: &mut Batch,
        now_ms: u64,
    ) -> Result<(), BotError> {
        let kit = &self.0.kit;
        let Some(parent) = &wanted.parent else { return Ok(()) };
        let (Some(parent), Some(_)) =
            (kit.place(LOCALPART, parent).await?, kit.place(LOCALPART, &wanted.key).await?)
        else {
            return Ok(());
        };
        let entrance = self.entrance(wanted, &parent).await?;
        let text = entrance.to_string();
        let kept = kit.store().get(&ENTRANCE, &wanted.key).await?;
        // Rooms that were made before anybody said anything of departments are as by default.
        let is_as_made = kept.is_none() && wanted.visibility == DepartmentVisibility::Internal;
        if kept.as_ref() != Some(&text) {
            batch.put(&ENTRANCE, &wanted.key, &text);
            if !is_as_made {
                let key = format!("entrance/{}/{now_ms}", wanted.key);
                self.put_state(batch, key, &wanted.key, "m.room.join_rules", "", entrance);
            }
        }
        Ok(())
    }

    /// The space above shows the room, unless it is hidden.
    pub(crate) async fn link(&self, wanted: &Wanted, batch: &mut Batch) -> Result<(), BotError> {
        let kit = &self.0.kit;
        let Some(parent) = &wanted.parent else { return Ok(()) };
        let Some(room) = kit.place(LOCALPART, &wanted.key).await? else { return Ok(()) };
        let is_hidden = wanted.visibility == DepartmentVisibility::Hidden;
        let is_linked = kit.store().exists(&LINKED, &wanted.key).await?;
        if is_linked != is_hidden {
            return Ok(());
        }
        let content = match is_hidden {
            true => {
                batch.delete(&LINKED, &wanted.key);
                json!({})
            }
            false => {
                batch.put(&LINKED, &wanted.key, &());
                json!({ "via": [kit.server_name()], "suggested": true })
            }
        };
        let key = format!("link/{}/{}", wanted.key, kit.clock().now_ms());
        self.put_state(batch, key, parent, "m.space.child", room.as_str(), content);
        Ok(())
    }
}
