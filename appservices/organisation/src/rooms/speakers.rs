//! Who may speak in the rooms of the chart: bots lead, heads speak where only they may.

use std::collections::BTreeMap;

use kit::BotError;
use ruma::OwnedUserId;
use serde_json::{Value, json};
use store::Batch;

use super::wanted::{Use, Wanted};
use crate::{Organisation, bot::LOCALPART, tables::SPEAKERS};

/// What may be done in rooms that follow the chart.
const POWER_OF_BOTS: u32 = 100;
const POWER_OF_HEADS: u32 = 50;

impl Organisation {
    /// Who heads the department may speak where only heads do.
    pub(super) async fn keep_speakers(
        &self,
        wanted: &Wanted,
        batch: &mut Batch,
        now_ms: u64,
    ) -> Result<(), BotError> {
        let powers = powers(wanted);
        let text = powers.to_string();
        if self.0.kit.store().get(&SPEAKERS, &wanted.key).await?.is_none_or(|kept| kept != text) {
            // What was only ordered in this look has them from the beginning.
            if self.0.kit.place(LOCALPART, &wanted.key).await?.is_some() {
                batch.put(&SPEAKERS, &wanted.key, &text);
                let key = format!("powers/{}/{now_ms}", wanted.key);
                self.put_state(batch, key, &wanted.key, "m.room.power_levels", "", powers);
            }
        }
        Ok(())
    }
}

/// The levels of a room.
pub(super) fn powers(wanted: &Wanted) -> Value {
    let heads: BTreeMap<&OwnedUserId, u32> = wanted.heads.iter().map(|head| (head, POWER_OF_HEADS)).collect();
    let speaks = match wanted.purpose {
        Use::Notice => POWER_OF_HEADS,
        Use::Space => POWER_OF_BOTS,
        Use::Talk | Use::Support => 0,
    };
    json!({
        "users": heads, "users_default": 0, "events": {}, "events_default": speaks,
        "state_default": POWER_OF_BOTS, "invite": POWER_OF_BOTS, "kick": POWER_OF_BOTS,
        "ban": POWER_OF_BOTS, "redact": POWER_OF_HEADS,
    })
}
