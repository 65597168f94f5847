//! What somebody did to an entry in the platform's own app, told to the bot whose entry it is.

use bridge_api::{Acted, Network};
use kit::{Letter, To};
use serde_json::json;
use store::{Batch, StoreError};

use super::{kind, tables::ENTRY_ROOMS};
use crate::{Bridges, LOCALPART, error::Stuck};

impl Bridges {
    /// Whether it is an entry of ours that somebody did something to.
    pub(crate) async fn is_entry_acted(&self, network: Network, acted: &Acted) -> Result<bool, StoreError> {
        self.0.store.exists(&ENTRY_ROOMS, &(network.key(), acted.key.as_str())).await
    }

    /// Tells the bot, in the words of a pressed button. A person in whose place a ghost speaks is named by the ghost: the bot
    /// refuses who is nobody here.
    pub(crate) async fn acted(
        &self,
        network: Network,
        key: &str,
        acted: &Acted,
        batch: &mut Batch,
    ) -> Result<(), Stuck> {
        let of = (network.key(), acted.key.as_str());
        let Some(room) = self.0.store.get(&ENTRY_ROOMS, &of).await? else { return Ok(()) };
        let person = self.account_in_event(network, &acted.by).await?;
        let ghost = self.ghost_id(network, &acted.by).ok();
        let mut values = serde_json::Map::new();
        if let Some(words) = acted.words.as_deref().filter(|words| !words.trim().is_empty()) {
            values.insert("reason".to_owned(), json!(words));
        }
        let content = json!({
            "v": 1, "key": acted.key, "action": acted.action.key(), "values": values, "network": network.key(),
            "by": acted.by, "person": person, "ghost": ghost, "instance_ms": acted.instance_ms,
            "proof": { "type": "callback", "hash": acted.proof, "verified": true },
        });
        let unique = format!("bridge/acted/{}/{key}", network.key());
        let letter =
            Letter { kind: kind("pressed"), ..Letter::message(unique, LOCALPART, To::Room(room), content) };
        self.0.kit.outbox().put(batch, letter);
        Ok(())
    }
}
