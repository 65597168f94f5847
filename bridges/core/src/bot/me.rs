//! The command by which somebody says who they are elsewhere, and takes it back.

use bridge_api::Network;
use kit::{Letter, To, notice};
use store::Batch;

use super::{Asked, LOCALPART};
use crate::{BridgeError, colleagues::Standing, telling::language_of};

/// Words that take it back.
const OFF: [&str; 4] = ["off", "-", "取消", "关闭"];

impl Asked<'_> {
    /// `!me`, `!me feishu`, `!me feishu off`.
    pub(super) async fn me(&self, batch: &mut Batch) -> Result<String, BridgeError> {
        let sender = &self.heard.sender;
        if sender.server_name() != self.bridges.0.server_name || self.bridges.0.kit.is_ours(sender) {
            return Ok(self.say("bridge.me.stranger", &[]));
        }
        if self.words.is_empty() {
            return self.who_am_i().await;
        }
        let network = match self.network() {
            Ok(network) => network,
            Err(text) => return Ok(text),
        };
        match self.words.as_slice() {
            [_] => self.begin(batch, network).await,
            [_, off] if OFF.contains(&off.to_lowercase().as_str()) => {
                let values = [("platform", self.platform(network))];
                match self.bridges.take_back(batch, network, sender).await? {
                    true => Ok(self.say("bridge.me.ended", &values)),
                    false => Ok(self.say("bridge.me.unknown", &values)),
                }
            }
            _ => Ok(self.say("bridge.use", &[("use", "!me feishu · !me feishu off")])),
        }
    }

    async fn begin(&self, batch: &mut Batch, network: Network) -> Result<String, BridgeError> {
        let sender = &self.heard.sender;
        let platform = self.platform(network);
        match self.bridges.standing(network, sender).await? {
            Standing::Speaks(_) => Ok(self.say("bridge.me.speaks", &[("platform", platform)])),
            Standing::Known(person) => {
                self.bridges.wish(batch, network, &person, self.heard);
                Ok(String::new())
            }
            Standing::Unknown => match self.bridges.listed(network, sender).await? {
                Some(person) => {
                    self.bridges.wish(batch, network, &person, self.heard);
                    Ok(String::new())
                }
                None => {
                    let code = self.bridges.person_code(batch, network, self.heard).await?;
                    let mut text = self.say("bridge.me.code", &[("platform", platform), ("code", &code)]);
                    if let Some(name) = self.bridges.suggested(network, sender).await {
                        text.push('\n');
                        text += &self.say("bridge.me.suggested", &[("platform", platform), ("name", &name)]);
                    }
                    if self.heard.is_direct {
                        return Ok(text);
                    }
                    // Whoever reads it could say it there before its owner, and be taken for them.
                    let key = format!("bridge/code/{}", self.heard.event_id);
                    let letter = Letter::message(key, LOCALPART, To::Direct(sender.clone()), notice(&text));
                    self.bridges.0.kit.outbox().put(batch, letter);
                    Ok(self.say("bridge.me.sent", &[]))
                }
            },
        }
    }

    async fn who_am_i(&self) -> Result<String, BridgeError> {
        let mut lines = Vec::new();
        for seat in &self.bridges.0.seats {
            let key = match self.bridges.standing(seat.network, &self.heard.sender).await? {
                Standing::Unknown => "bridge.me.unknown",
                Standing::Known(_) => "bridge.me.known",
                Standing::Speaks(_) => "bridge.me.speaks",
            };
            let values = [("platform", self.platform(seat.network)), ("key", seat.network.key())];
            lines.push(self.say(key, &values));
        }
        if lines.is_empty() {
            lines.push(self.say("bridge.status.none", &[]));
        }
        Ok(lines.join("\n"))
    }

    /// A platform as people call it who read this answer.
    pub(super) fn platform(&self, network: Network) -> &'static str {
        network.name().of(language_of(self.lang))
    }
}
