//! Joining a large room of another server: until one can speak, until all of it is there, and what it takes.

use testkit::segment;
use tokio::time::Instant;

use super::{Sizes, Stage, large_room};
use crate::measure::Measure;

pub async fn large(stage: &Stage<'_>, sizes: Sizes) -> Result<Vec<Measure>, String> {
    let peer = stage.peer().await;
    let room = large_room(&peer, sizes.members, sizes.parts);
    let what = format!("join of {} members, {} state events", sizes.members, sizes.members + sizes.parts);
    let (before_mb, cpu_before) = (stage.target.resident_mb(), stage.target.cpu_ms());
    let begun = Instant::now();
    stage.joins(&peer, &room).await?;
    stage.alice.send(&room.room_id, "hello").await?;
    let first_message = begun.elapsed();
    let members = format!("/_matrix/client/v3/rooms/{}/joined_members", segment(&room.room_id));
    // Those of the room, and alice.
    let all = |answer: &serde_json::Value| {
        answer["joined"].as_object().is_some_and(|joined| joined.len() == sizes.members + 1)
    };
    stage.answers(&members, all).await?;
    let whole_state = begun.elapsed();
    let cpu_ms = stage.target.cpu_ms() - cpu_before;
    eprintln!("  {what}: {:.1} s", whole_state.as_secs_f64());
    Ok(vec![
        Measure::other(&format!("{what}: first message"), first_message.as_secs_f64() * 1000.0, "ms"),
        Measure::other(&format!("{what}: whole state"), whole_state.as_secs_f64() * 1000.0, "ms"),
        Measure::other(&format!("{what}: CPU"), cpu_ms, "ms"),
        Measure::other(
            &format!("{what}: memory at its peak, beyond idle"),
            stage.target.peak_mb() - before_mb,
            "MB",
        ),
    ])
}
