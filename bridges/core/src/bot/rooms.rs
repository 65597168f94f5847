//! Commands about rooms: have one made for a conversation, say who may do what in this one.

use store::Batch;

use super::Asked;
use crate::{BridgeError, limits::POWER_MAX, permissions::Permission};

impl Asked<'_> {
    /// Has a room made for a conversation. Who may is an administrator: nobody else is known to be in it.
    pub(super) async fn create(&self, batch: &mut Batch) -> Result<String, BridgeError> {
        if !self.is_administrator() {
            return Ok(self.say("bridge.denied_administrator", &[]));
        }
        let lane = match self.lane("!create feishu oc_…") {
            Ok(lane) => lane,
            Err(text) => return Ok(text),
        };
        if let Some(room) = self.bridges.portals().room_of(&lane) {
            return Err(BridgeError::Bound(room.to_string()));
        }
        self.bridges.check_conversation(&lane).await?;
        match self.bridges.order_room(batch, &lane, Some(&self.heard.sender)).await? {
            true => Ok(self.say("bridge.create.ordered", &[("conversation", lane.1.as_str())])),
            false => Ok(self.say("bridge.create.waits", &[("conversation", lane.1.as_str())])),
        }
    }

    /// `!permit`, `!permit speak 50`, `!permit speak -`.
    pub(super) async fn permit(&self) -> Result<String, BridgeError> {
        let room = &self.heard.room;
        if let [what, power] = self.words.as_slice() {
            if !self.may_bind().await? {
                return Ok(self.say("bridge.denied", &[]));
            }
            let power = match *power {
                "-" => Some(None),
                number => number.parse().ok().filter(|power| (0..=POWER_MAX).contains(power)).map(Some),
            };
            let (Some(permission), Some(power)) = (Permission::named(what), power) else {
                return Ok(self.say("bridge.use", &[("use", "!permit bind|speak 0…100 · !permit speak -")]));
            };
            // Nobody locks themselves out.
            if let Some(power) = power
                && !self.reaches(power).await?
            {
                return Ok(self.say("bridge.permit.above", &[]));
            }
            self.bridges.permit(room, permission, power).await?;
        } else if !self.words.is_empty() {
            return Ok(self.say("bridge.use", &[("use", "!permit bind|speak 0…100 · !permit speak -")]));
        }
        let (bind, speak) = self.bridges.permissions(room).await?;
        let shown = |power: Option<i64>| power.map_or_else(|| "-".to_owned(), |power| power.to_string());
        Ok(self.say("bridge.permit.shown", &[("bind", &shown(bind)), ("speak", &shown(speak))]))
    }
}
