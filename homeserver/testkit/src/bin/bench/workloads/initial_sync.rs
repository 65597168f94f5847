//! The first sync of a device in many rooms.

use crate::client::User;
use crate::measure::{Done, Measure, measured, timed};
use crate::target::Target;

/// How many first syncs are made.
const SYNCS: usize = 5;

/// First syncs of the user who made all the rooms. Each has another timeline limit, so that no answer of an
/// earlier one can be given again.
pub async fn of(target: &Target, users: &[User], rooms: &[String]) -> Result<Measure, String> {
    let name = format!("initial sync of {} rooms", rooms.len());
    measured(target, &name, async {
        let mut waits = Vec::with_capacity(SYNCS);
        for index in 0..SYNCS {
            let filter = format!("%7B%22room%22:%7B%22timeline%22:%7B%22limit%22:{}%7D%7D%7D", 10 + index);
            let (answer, wait) = timed(users[0].sync(&format!("timeout=0&filter={filter}"))).await?;
            let joined = answer["rooms"]["join"].as_object().map_or(0, serde_json::Map::len);
            if joined < rooms.len() {
                return Err(format!("the sync has {joined} rooms of {}", rooms.len()));
            }
            waits.push(wait);
        }
        Ok(Done { operations: SYNCS, waits, closed_loop: false })
    })
    .await
}
