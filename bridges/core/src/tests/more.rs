//! More is said than waits for a platform that is away.

use std::time::Duration;

use bridge_api::Failure;

use super::{Script, Stage};
use crate::{BridgePorts, limits::LANE_ROWS_MAX};

#[tokio::test]
async fn what_finds_no_place_in_a_lane_is_read_in_the_room_later_each_once_and_in_order() {
    let mut stage = Stage::with(Script::without_history(), BridgePorts::default()).await;
    stage.platform.fail(Some(Failure::later("502")));
    let all = LANE_ROWS_MAX + 250;
    stage.says_all(0..all).await;
    let waiting = stage.bridges.status().await.expect("readable")[0].waiting_out;
    assert!((LANE_ROWS_MAX..LANE_ROWS_MAX + 100).contains(&waiting), "no more wait: {waiting}");
    stage.platform.fail(None);
    for some in (0..LANE_ROWS_MAX).step_by(500) {
        stage.until("some more is there", |stage| stage.platform.count() >= some).await;
    }
    // What is said while the rest is read has its place behind it.
    stage.until("most is there", |stage| stage.platform.count() > LANE_ROWS_MAX + 20).await;
    stage.says(&all.to_string()).await;
    stage.until("all is there", |stage| stage.platform.count() > all).await;
    stage.says(&(all + 1).to_string()).await;
    stage.until("and what comes after it", |stage| stage.platform.count() > all + 1).await;
    stage.passes(Duration::from_secs(2)).await;
    let expected: Vec<_> = (0..all + 2).map(|number| number.to_string()).collect();
    assert_eq!(stage.platform.words(), expected);
    assert!(!stage.is_told("cannot be read any more"));
}
