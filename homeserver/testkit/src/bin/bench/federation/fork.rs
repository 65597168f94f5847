//! A large room that forks: two branches set the topic, a third event joins them.

use serde_json::json;

use super::{Sizes, Stage, large_room};
use crate::measure::{Done, Measure, measured, timed};
use testkit::segment;

/// State events of such a room that are no parts: create, member, power levels, join rules, topic, alice, the rest spare.
const OTHER_STATE: usize = 10;

pub async fn one_conflict(stage: &Stage<'_>, sizes: Sizes) -> Result<Measure, String> {
    let peer = stage.peer().await;
    let parts = sizes.forked_state - OTHER_STATE;
    let room = large_room(&peer, 1, parts);
    stage.joins(peer.name(), &room).await?;
    let last =
        format!("/_matrix/client/v3/rooms/{}/state/org.example.part/{}", segment(&room.room_id), parts - 1);
    stage.answers(&last, |_| true).await?;
    let mut trunk = peer.hosted(&room.room_id);
    let eve = peer.user("eve");
    let mut forks = Vec::with_capacity(sizes.forks);
    for number in 0..sizes.forks {
        let (mut left, mut right) = (trunk.clone(), trunk.clone());
        right.time_ms += 1;
        let topic = |side: &str| json!({ "topic": format!("{side} {number}") });
        let (_, first) = left.adds_untold(&peer, &eve, "m.room.topic", Some(""), topic("left"));
        // The later one wins, so the branch that goes on has it.
        let (_, second) = right.adds_untold(&peer, &eve, "m.room.topic", Some(""), topic("right"));
        right.last.extend(left.last);
        let (id, join) = right.adds_untold(&peer, &eve, "m.room.message", None, json!({ "body": "both" }));
        trunk = right;
        forks.push((id, [first, second, join]));
    }
    let name = format!("a fork with one conflict in a room of {} state events", sizes.forked_state);
    measured(stage.target, &name, async {
        let mut waits = Vec::with_capacity(forks.len());
        for (id, events) in &forks {
            let arrives = async {
                stage.sends(&peer, events).await?;
                stage.has_event(&room.room_id, id).await
            };
            waits.push(timed(arrives).await?.1);
        }
        Ok(Done { operations: forks.len(), waits, closed_loop: true })
    })
    .await
}
