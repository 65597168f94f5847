//! Who comes into the rooms of departments without being asked, and where these rooms are shown.

use std::collections::BTreeSet;

use kit::{BotError, CallError};
use people::DepartmentVisibility;
use ruma::{OwnedUserId, RoomId};
use serde_json::{Value, json};
use store::{Batch, Scan};

use crate::{
    Organisation,
    bot::LOCALPART,
    limits::UNINVITED_OF_LOOK_MAX,
    rooms::{COMPANY, Wanted},
    tables::{ENTRANCE, LINKED, MEMBER},
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
            let is_hidden = wanted.visibility == DepartmentVisibility::Hidden;
            // Where very many came in, the next look has the others go.
            if !is_hidden || self.send_away(wanted, batch, now_ms).await? {
                batch.put(&ENTRANCE, &wanted.key, &text);
            }
            if !is_as_made {
                let key = format!("entrance/{}/{now_ms}", wanted.key);
                self.put_state(batch, key, &wanted.key, "m.room.join_rules", "", entrance);
            }
        }
        Ok(())
    }

    /// Whoever came into the rooms of a department without being asked is to leave with the next look, now that it is hidden.
    /// Whether these were all.
    async fn send_away(&self, wanted: &Wanted, batch: &mut Batch, now_ms: u64) -> Result<bool, BotError> {
        let kit = &self.0.kit;
        let Some(intent) = kit.intent(LOCALPART) else { return Ok(true) };
        let mut left = UNINVITED_OF_LOOK_MAX;
        for place in ["", "\nnotice", "\ntalk"].map(|room| format!("{}{room}", wanted.key)) {
            let Some(room) = kit.place(LOCALPART, &place).await? else { continue };
            let joined = match intent.joined_members(&room).await {
                Ok(joined) => joined,
                // The bot is not there, and can have nobody leave.
                Err(CallError::Refused { .. }) => continue,
                Err(error) => return Err(BotError::Later(error.to_string())),
            };
            let rows = kit.store().scan_keys(&MEMBER, Scan::prefix(&place)).await?;
            let asked: BTreeSet<OwnedUserId> = rows.into_iter().map(|(_, user)| user).collect();
            let is_asked = |user: &OwnedUserId| wanted.members.contains(user) || asked.contains(user);
            for user in joined.into_iter().filter(|user| !kit.is_ours(user) && !is_asked(user)) {
                if left == 0 {
                    return Ok(false);
                }
                left -= 1;
                batch.put(&MEMBER, &(place.clone(), user), &now_ms);
            }
        }
        Ok(true)
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
