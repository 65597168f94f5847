//! Rooms that are not there yet are ordered, each once the space that it is in is there.

use kit::{BotError, PREFIX};
use people::DepartmentVisibility;
use serde_json::json;
use store::Batch;

use super::{
    speakers::powers,
    wanted::{Use, Wanted},
};
use crate::{
    Organisation,
    bot::LOCALPART,
    tables::{ENTRANCE, SPEAKERS},
};

impl Organisation {
    /// Whether a room is there; it is ordered if it is not, and if the space that it is in is there.
    pub(super) async fn is_ready(
        &self,
        wanted: &Wanted,
        batch: &mut Batch,
        left: &mut usize,
    ) -> Result<bool, BotError> {
        let kit = &self.0.kit;
        if kit.has_place(LOCALPART, &wanted.key).await? {
            return Ok(true);
        }
        let parent = match &wanted.parent {
            Some(parent) => match kit.place(LOCALPART, parent).await? {
                Some(room) => Some(room),
                None => return Ok(false),
            },
            None => None,
        };
        let lang = kit.language(None, None).await?;
        let name = match (wanted.purpose, wanted.name.as_str()) {
            (_, "") => self.say(lang, "org.room.company", &[]),
            (_, name) => name.to_owned(),
        };
        let name = match wanted.purpose {
            Use::Space => name,
            Use::Notice => self.say(lang, "org.room.notice", &[("name", &name)]),
            Use::Talk => self.say(lang, "org.room.talk", &[("name", &name)]),
            Use::Support => self.say(lang, "org.room.support", &[("name", &name)]),
        };
        let mut state = vec![
            json!({ "type": format!("{PREFIX}room"), "state_key": "",
                    "content": { "v": 1, "kind": "department", "key": wanted.key } }),
            json!({ "type": "m.room.history_visibility", "state_key": "",
                    "content": { "history_visibility": "shared" } }),
        ];
        if let Some(parent) = &parent {
            let entrance = self.entrance(wanted, parent).await?;
            batch.put(&ENTRANCE, &wanted.key, &entrance.to_string());
            state.push(json!({ "type": "m.room.join_rules", "state_key": "", "content": entrance }));
        }
        if let Some(parent) = parent.as_ref().filter(|_| wanted.visibility != DepartmentVisibility::Hidden) {
            state.push(json!({ "type": "m.space.parent", "state_key": parent,
                               "content": { "via": [kit.server_name()], "canonical": true } }));
        }
        let mut request = json!({
            "preset": "private_chat", "room_version": "12", "name": name,
            "topic": self.say(lang, "org.room.topic", &[]),
            "power_level_content_override": powers(wanted), "initial_state": state,
        });
        if wanted.purpose == Use::Space {
            request["creation_content"] = json!({ "type": "m.space" });
        }
        kit.order_place(batch, LOCALPART, &wanted.key, request).await?;
        batch.put(&SPEAKERS, &wanted.key, &powers(wanted).to_string());
        *left = left.saturating_sub(1);
        Ok(true)
    }
}
