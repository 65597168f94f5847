//! The event nearest to a time, when it may lie in a gap of what this server has.
//! <https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1timestamp_to_eventroomid>

use model::{RoomNum, TimelinePos};
use rooms::RoomsError;
use ruma::api::Direction;
use ruma::api::federation::event::get_event_by_timestamp::v1::Request;
use ruma::{EventId, MilliSecondsSinceUnixEpoch, OwnedEventId, RoomId, UInt};
use tokio::time::timeout;

use super::InboundError;
use super::limits::{HISTORY_EVENTS_MAX, JUMP_QUESTION_TIME_MAX, JUMP_ROUNDS_MAX, JUMP_TIME_MAX};
use crate::Federation;
use crate::client::Limits;

impl Federation {
    /// Asks others for an event nearer to a time than `found_ms`, the time of the nearest that is here, and brings in the
    /// history up to it. Says whether there is now more to look at than before; nothing is taken over from the answer
    /// but where to look. Bounded by time and number of questions.
    ///
    /// # Errors
    /// The store's own.
    pub async fn look_near(
        &self,
        (room, room_id): (RoomNum, &RoomId),
        time_ms: u64,
        direction: Direction,
        found_ms: Option<u64>,
    ) -> Result<bool, InboundError> {
        let rooms = &self.parts().rooms;
        if found_ms == Some(time_ms)
            || !rooms.is_resident(room).await?
            || rooms.gap_before(room, TimelinePos::MAX).await?.is_none()
        {
            return Ok(false);
        }
        let looking = async {
            match self.nearest_elsewhere((room, room_id), time_ms, direction, found_ms).await? {
                Some(event_id) => self.bring_history_up_to(room, &event_id).await,
                None => Ok(false),
            }
        };
        timeout(JUMP_TIME_MAX, looking).await.unwrap_or(Ok(true))
    }

    /// The event that some server of the room calls nearer, if it can be.
    async fn nearest_elsewhere(
        &self,
        (room, room_id): (RoomNum, &RoomId),
        time_ms: u64,
        direction: Direction,
        found_ms: Option<u64>,
    ) -> Result<Option<OwnedEventId>, InboundError> {
        for server in self.servers_to_ask(room, &[]).await? {
            let time = MilliSecondsSinceUnixEpoch(UInt::new_saturating(time_ms));
            let request = Request::new(room_id.to_owned(), time, direction);
            let limits = Limits::default().within(JUMP_QUESTION_TIME_MAX);
            match self.client().send(&server, request, limits).await {
                Ok(answer)
                    if is_nearer(answer.origin_server_ts.get().into(), time_ms, direction, found_ms) =>
                {
                    return Ok(Some(answer.event_id));
                }
                Ok(_) => {}
                Err(error) => tracing::debug!(%server, %room_id, %error, "no event near a time there"),
            }
        }
        Ok(None)
    }

    /// Fills gaps, the newest first, until the event is in the timeline. Says whether anything came in.
    async fn bring_history_up_to(&self, room: RoomNum, event_id: &EventId) -> Result<bool, InboundError> {
        let rooms = &self.parts().rooms;
        let is_here = async || -> Result<bool, RoomsError> {
            Ok(rooms.standing(room, event_id).await?.is_some_and(|standing| standing.in_timeline))
        };
        if is_here().await? {
            return Ok(false);
        }
        let mut has_more = false;
        for _ in 0..JUMP_ROUNDS_MAX {
            let Some(gap) = rooms.gap_before(room, TimelinePos::MAX).await? else { break };
            self.fetch_history(room, gap.at, HISTORY_EVENTS_MAX as usize).await?;
            if rooms.gap_before(room, TimelinePos::MAX).await?.is_some_and(|left| left == gap) {
                break;
            }
            has_more = true;
            if is_here().await? {
                break;
            }
        }
        Ok(has_more)
    }
}

/// Whether an event of this time lies on the right side, and nearer than what is here.
fn is_nearer(event_ms: u64, time_ms: u64, direction: Direction, found_ms: Option<u64>) -> bool {
    let is_on_side = match direction {
        Direction::Forward => event_ms >= time_ms,
        Direction::Backward => event_ms <= time_ms,
    };
    is_on_side && found_ms.is_none_or(|found_ms| event_ms.abs_diff(time_ms) < found_ms.abs_diff(time_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_on_the_right_side_and_nearer_is_worth_fetching() {
        use Direction::{Backward, Forward};
        let table = [
            (110, Forward, None, true),
            (90, Forward, None, false),
            (100, Backward, None, true),
            (110, Backward, None, false),
            (110, Forward, Some(120), true),
            (120, Forward, Some(120), false),
            (130, Forward, Some(120), false),
            (95, Backward, Some(50), true),
            (0, Backward, Some(50), false),
        ];
        for (event_ms, direction, found_ms, expected) in table {
            assert_eq!(is_nearer(event_ms, 100, direction, found_ms), expected, "{event_ms} {found_ms:?}");
        }
    }
}
