//! Who is in a conversation is shown in its room when it is bound.

use bridge_api::{Arrival, EventKey, Happened};
use futures_util::future::BoxFuture;

use crate::{BridgeError, Bridges, backfill::patient, lanes::Lane, limits::MEMBERS_SHOWN_MAX};

impl Bridges {
    /// Has the first members of a conversation come into its room. Who is not among them comes with their first word.
    pub(super) fn show_members(self, lane: Lane) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            if let Err(error) = self.take_members(&lane).await {
                tracing::warn!(%error, conversation = %lane.1, "the members are not known");
            }
        })
    }

    async fn take_members(&self, lane: &Lane) -> Result<(), BridgeError> {
        let Some(members) = self.seat(lane.0).and_then(|seat| seat.connector.members()) else {
            return Ok(());
        };
        let (mut cursor, mut shown) = (None, 0);
        while shown < MEMBERS_SHOWN_MAX {
            let page = patient(|| members.members(&lane.1, cursor.as_ref())).await?;
            let people = page.items.into_iter().filter(|person| !person.bot);
            let people: Vec<_> = people.take(MEMBERS_SHOWN_MAX - shown).collect();
            shown += people.len().max(1);
            let now_ms = self.0.clock.now_ms();
            let key = EventKey::new(format!("members:{}:{now_ms}:{shown}", self.0.rng.u64()))
                .map_err(|error| BridgeError::Invalid(error.to_string()))?;
            let what = Happened::Joined { people };
            let arrival =
                Arrival { key, conversation: Some(lane.1.clone()), at_ms: now_ms, trace: None, what };
            let taken = self.take(lane.0, vec![arrival], true).await;
            taken.map_err(|error| BridgeError::Invalid(error.to_string()))?;
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        Ok(())
    }
}
