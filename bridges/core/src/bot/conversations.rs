//! Commands about conversations: which there are, to which room they are bound, what was said in them before.

use store::Batch;

use super::Asked;
use crate::{BridgeError, lanes::Lane, limits::ANSWER_LINES_MAX};

impl Asked<'_> {
    /// Which conversations there are: all to administrators, those of this room to everybody else.
    pub(super) async fn list(&self) -> Result<String, BridgeError> {
        let network = match self.words.first() {
            Some(_) => match self.network() {
                Ok(network) => Some(network),
                Err(text) => return Ok(text),
            },
            None => None,
        };
        let is_administrator = self.is_administrator();
        let known = match is_administrator {
            true => self.bridges.list(network).await?,
            false => {
                let own = self.bridges.portals().of_room(&self.heard.room).into_iter();
                let own = own.filter_map(|lane| Some((self.bridges.portals().get(&lane)?, lane)));
                own.map(|(row, (network, conversation))| crate::Known {
                    network,
                    conversation,
                    name: row.name,
                    room: row.room,
                })
                .collect()
            }
        };
        let unbound = self.say("bridge.list.unbound", &[]);
        let line = |known: &crate::Known| {
            let name = format!("{} {}", known.network.key(), known.name);
            let room = known.room.as_ref().map_or(unbound.as_str(), |room| room.as_str());
            self.say(
                "bridge.list.line",
                &[("conversation", &name), ("id", known.conversation.as_str()), ("room", room)],
            )
        };
        let mut lines: Vec<_> = known.iter().take(ANSWER_LINES_MAX).map(line).collect();
        if lines.is_empty() {
            return Ok(self.say("bridge.list.none", &[]));
        }
        if known.len() > lines.len() {
            let count = (known.len() - lines.len()).to_string();
            lines.push(self.say("bridge.list.more", &[("count", &count)]));
        }
        Ok(lines.join("\n"))
    }

    /// Administrators bind what they name; others are given a code, and whoever says it in a conversation agrees for it.
    pub(super) async fn bind(&self) -> Result<String, BridgeError> {
        if !self.may_bind().await? {
            return Ok(self.say("bridge.denied", &[]));
        }
        let network = match self.network() {
            Ok(network) => network,
            Err(text) => return Ok(text),
        };
        if self.words.get(1).is_none() || !self.is_administrator() {
            let code = self.bridges.code(network, &self.heard.room, &self.heard.sender).await?;
            let values = [("platform", self.platform(network)), ("code", code.as_str())];
            return Ok(self.say("bridge.code", &values));
        }
        match self.lane("!bind feishu oc_…") {
            // The room is told by the bridge itself.
            Ok(lane) => self
                .bridges
                .bind(lane, &self.heard.room, self.heard.sender.as_str())
                .await
                .map(|_| String::new()),
            Err(text) => Ok(text),
        }
    }

    pub(super) async fn unbind(&self) -> Result<String, BridgeError> {
        if !self.may_bind().await? {
            return Ok(self.say("bridge.denied", &[]));
        }
        match self.lane("!unbind feishu oc_…") {
            Ok(lane) if self.is_here(&lane) || self.is_administrator() => {
                self.bridges.unbind(&lane, self.heard.sender.as_str()).await.map(|()| String::new())
            }
            Ok(_) => Ok(self.say("bridge.denied_administrator", &[])),
            Err(text) => Ok(text),
        }
    }

    fn is_here(&self, lane: &Lane) -> bool {
        self.bridges.portals().room_of(lane).as_ref() == Some(&self.heard.room)
    }

    /// Says that it begins; what comes of it is said when it is there.
    pub(super) async fn backfill(&self, batch: &mut Batch) -> Result<String, BridgeError> {
        if !self.may_bind().await? {
            return Ok(self.say("bridge.denied", &[]));
        }
        let usage = "!backfill feishu oc_… 24";
        let lane = match self.lane(usage) {
            Ok(lane) if self.is_here(&lane) => lane,
            Ok(_) => return Ok(self.say("bridge.denied_administrator", &[])),
            Err(text) => return Ok(text),
        };
        let Some(hours) = self.words.get(2).and_then(|hours| hours.parse().ok()) else {
            return Ok(self.say("bridge.use", &[("use", usage)]));
        };
        let since_ms = self.bridges.hours_ago(hours);
        Ok(match self.bridges.ask_to_read(batch, &lane, since_ms, self.heard).await? {
            true => self.say("bridge.backfill.begun", &[]),
            false => self.say("bridge.backfill.waits", &[]),
        })
    }
}
