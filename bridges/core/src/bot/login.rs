//! The command that tries what is configured for a platform. A chat is no place for secrets: they stand in the configuration alone.

use std::sync::Arc;

use bridge_api::Network;
use kit::{Letter, To, notice, texts::Lang};
use ruma::{EventId, UserId};
use store::Batch;

use super::{Asked, LOCALPART};
use crate::{BridgeError, Bridges, telling::language_of};

/// Whether the command may hold a secret: it names a platform and nothing else.
pub(super) fn holds_secret(arguments: &str) -> bool {
    arguments.split_whitespace().nth(1).is_some()
}

impl Asked<'_> {
    /// `!login feishu`. What comes of it is said in the direct chat of the bot and whoever asks.
    pub(super) async fn login(&self, batch: &mut Batch) -> Result<String, BridgeError> {
        if self.words.len() > 1 {
            let away = self.bridges.0.kit.take_away(LOCALPART, self.heard, batch).await?;
            return Ok([self.say(away, &[]), self.say("bridge.login.secret", &[])].join("\n"));
        }
        if !self.is_administrator() {
            return Ok(self.say("bridge.denied_administrator", &[]));
        }
        let network = match self.network() {
            Ok(network) => network,
            Err(text) => return Ok(text),
        };
        let Ok(place) = Arc::clone(&self.bridges.0.logins).try_acquire_owned() else {
            return Ok(self.say("bridge.login.waits", &[]));
        };
        let (bridges, lang) = (self.bridges.clone(), self.lang);
        let (person, event) = (self.heard.sender.clone(), self.heard.event_id.clone());
        // A kill in between leaves an answer out; whoever waits for it asks again.
        tokio::spawn(async move {
            bridges.try_login(network, &person, &event, lang).await;
            drop(place);
        });
        Ok(self.say("bridge.login.begun", &[]))
    }
}

impl Bridges {
    /// Tries the credentials of a platform, and tells whoever asked.
    async fn try_login(&self, network: Network, person: &UserId, event: &EventId, lang: Lang) {
        let Some(seat) = self.seat(network) else { return };
        let language = language_of(lang);
        let steps = seat.connector.check().await;
        let lines: Vec<_> =
            steps.iter().map(|step| step.said(|words| words.of(language).to_owned())).collect();
        let steps = lines.join("\n");
        let values = [("platform", network.name().of(language)), ("steps", steps.as_str())];
        let text = self.0.kit.texts().fill(lang, "bridge.login.done", &values);
        let to = To::Direct(person.to_owned());
        let letter = Letter::message(format!("bridge/login/{event}"), LOCALPART, to, notice(&text));
        let mut batch = Batch::new();
        self.0.kit.outbox().put(&mut batch, letter);
        if let Err(error) = self.0.store.commit(batch).await {
            tracing::warn!(%error, network = network.key(), "what came of the credentials cannot be told");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::holds_secret;

    #[test]
    fn whatever_stands_behind_the_platform_may_be_a_secret() {
        assert!(!holds_secret("") && !holds_secret(" feishu "));
        assert!(holds_secret("feishu cli_a1 s3cret") && holds_secret("feishu s3cret"));
    }
}
