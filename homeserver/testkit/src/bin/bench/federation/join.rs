//! Joining a large room of another server: until one can speak, until all of it is there, and what it takes.

use testkit::PeerRoom;
use testkit::segment;
use tokio::time::Instant;

use super::{Sizes, Stage, large_room};
use crate::measure::Measure;

/// Of a room that the generator serves.
pub async fn large(stage: &Stage<'_>, sizes: Sizes) -> Result<Vec<Measure>, String> {
    let peer = stage.peer().await;
    let room = large_room(&peer, sizes.members, sizes.parts);
    let what = format!("join of {} members, {} state events", sizes.members, sizes.members + sizes.parts);
    let cpu_before = stage.target.cpu_ms();
    // Those of the room, and alice.
    let mut measures = entered(stage, &room, peer.name(), &what, sizes.members + 1).await?;
    let cpu_ms = stage.target.cpu_ms() - cpu_before;
    measures.insert(2, Measure::other(&format!("{what}: CPU"), cpu_ms, "ms"));
    Ok(measures)
}

/// Has alice enter a room through a server, until she sees so many members.
pub async fn entered(
    stage: &Stage<'_>,
    room: &PeerRoom,
    via: &str,
    what: &str,
    members: usize,
) -> Result<Vec<Measure>, String> {
    let before_mb = stage.target.own_mb();
    let begun = Instant::now();
    stage.joins(via, room).await?;
    stage.alice.send(&room.room_id, "hello").await?;
    let first_message = begun.elapsed();
    let listed = format!("/_matrix/client/v3/rooms/{}/joined_members", segment(&room.room_id));
    let all = |answer: &serde_json::Value| {
        answer["joined"].as_object().is_some_and(|joined| joined.len() == members)
    };
    stage.answers(&listed, all).await?;
    let whole_state = begun.elapsed();
    eprintln!("  {what}: {:.1} s", whole_state.as_secs_f64());
    Ok(vec![
        Measure::other(&format!("{what}: first message"), first_message.as_secs_f64() * 1000.0, "ms"),
        Measure::other(&format!("{what}: whole state"), whole_state.as_secs_f64() * 1000.0, "ms"),
        Measure::other(
            &format!("{what}: memory at its peak, beyond idle"),
            stage.target.peak_mb() - before_mb,
            "MB",
        ),
    ])
}
