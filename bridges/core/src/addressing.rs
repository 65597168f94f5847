//! Where a card for somebody waits: in their conversation on the platform, or, where the staff list alone knows them, in a lane of
//! their own until the platform has said who they are.

use bridge_api::PersonId;
use ruma::UserId;
use serde_json::Value;
use store::{Batch, StoreError};

use crate::{
    Bridges,
    bridges::Seat,
    entries::lane_of,
    error::Stuck,
    lanes::{Lane, Next},
    tables::{IN_TURN, OUTBOX, OutboxRow, Place},
};

/// What lanes are about in which cards wait for people whom the staff list alone knows.
const LOOKED_UP: &str = "person";

/// Whether cards wait in this lane until the platform has said who they are for.
pub(crate) fn is_looked_up(lane: &Lane) -> bool {
    lane.1.as_str().split_once('/').is_some_and(|(what, _)| what == LOOKED_UP)
}

/// The lane of what is said to somebody alone.
pub(crate) fn direct_with(seat: &Seat, person: &PersonId) -> Option<Lane> {
    Some((seat.network, seat.connector.conversations()?.direct(person)?))
}

impl Bridges {
    /// Where a card waits for the owner of an account; nowhere when they are nobody on the platform.
    pub(crate) async fn lane_to(&self, seat: &Seat, account: &UserId) -> Result<Option<Lane>, StoreError> {
        Ok(match self.person_behind(seat.network, account).await? {
            Some(person) => direct_with(seat, &person),
            None if self.is_listed(seat.network, account) => {
                lane_of(seat.network, LOOKED_UP, account.as_str())
            }
            None => None,
        })
    }

    /// Puts a card behind what waits in the conversation of whom it is for, once the platform has said who they are. Somebody whom
    /// it does not know gets none.
    pub(crate) async fn send_card_on(
        &self,
        lane: &Lane,
        place: Place,
        event: &Value,
        row: &OutboxRow,
    ) -> Result<Next, Stuck> {
        let Some(seat) = self.seat(lane.0) else { return Ok(Next::Idle) };
        let mut direct = None;
        if let Ok(account) = UserId::parse(event["content"]["for"].as_str().unwrap_or_default()) {
            let person = self.person_or_listed(lane.0, &account).await?;
            direct = person.and_then(|person| direct_with(seat, &person));
            if direct.is_none() {
                tracing::warn!(%account, network = lane.0.key(), "the platform does not know whom the staff list names");
            }
        }
        let mut batch = Batch::new();
        if let Some(direct) = &direct {
            self.outbound().put(&mut batch, &OUTBOX, direct, IN_TURN, row);
        }
        self.outbound().end(&mut batch, &OUTBOX, lane, place);
        self.0.store.commit(batch).await?;
        Ok(Next::Again)
    }
}

#[cfg(test)]
mod tests {
    use bridge_api::{ConversationId, Network};

    use super::*;

    #[test]
    fn conversations_of_people_are_told_from_lanes_in_which_they_are_looked_up() {
        let conversation = |id: &str| (Network::Feishu, ConversationId::new(id).expect("valid"));
        for id in ["ou_1", "user:li", "person", "persons/1", "entry/person/1"] {
            assert!(!is_looked_up(&conversation(id)), "{id}");
        }
        let lane = lane_of(Network::Feishu, LOOKED_UP, "@li:test").expect("valid");
        assert!(is_looked_up(&lane));
    }
}
