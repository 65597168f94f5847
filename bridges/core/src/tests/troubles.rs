//! What does not work of a platform although its line is up.

use std::time::Duration;

use bridge_api::Words;

use super::{ALICE, Stage};
use crate::limits::{DAY_MS, TROUBLES_LOOK};

const UNREAD: Words = Words { zh: "存档无法读取", en: "the archive cannot be read" };

fn told(stage: &Stage) -> usize {
    stage.told_alone(ALICE).iter().filter(|body| body.contains(UNREAD.en)).count()
}

#[tokio::test]
async fn administrators_are_told_when_it_begins_and_once_a_day_while_it_lasts() {
    let mut stage = Stage::new().await;
    stage.passes(TROUBLES_LOOK).await;
    assert_eq!(told(&stage), 0);
    stage.platform.amiss.lock().push(UNREAD);
    stage.until("alice is told", |stage| told(stage) == 1).await;
    stage.passes(TROUBLES_LOOK * 3).await;
    assert_eq!(told(&stage), 1);
    stage.skips(Duration::from_millis(DAY_MS));
    stage.until("alice is told again", |stage| told(stage) == 2).await;
    stage.platform.amiss.lock().clear();
    stage.skips(Duration::from_millis(DAY_MS));
    stage.passes(TROUBLES_LOOK * 2).await;
    assert_eq!(told(&stage), 2, "it works");
}
