//! Conversations that have to speak first, and words that a platform keeps to itself.

use std::time::Duration;

use bridge_api::{Failure, FailureKind, Happened, Words};

use super::Stage;

const WHY: Words =
    Words { zh: "对方须先提及机器人", en: "somebody there has to mention the bot first" };

#[tokio::test]
async fn what_waits_for_a_conversation_to_speak_goes_there_with_its_next_words() {
    let mut stage = Stage::new().await;
    stage.platform.fail(Some(Failure::new(FailureKind::Silenced(WHY))));
    stage.says("one").await;
    stage.says("two").await;
    stage.until("people are told why", |stage| stage.is_told("has to mention the bot first")).await;
    stage.passes(Duration::from_secs(120)).await;
    assert_eq!(stage.told("has to mention the bot first"), 1);
    assert!(stage.bridges.status().await.expect("readable")[0].is_up, "the platform answers");
    assert_eq!(stage.status()["delay_ms"], 0, "what waits for words is not late");
    stage.platform.fail(None);
    stage.passes(Duration::from_secs(5)).await;
    assert_eq!(stage.platform.count(), 0, "nothing is tried before somebody speaks");
    stage.speaks("om_a", "@bot").await;
    stage.until("both are there", |stage| stage.platform.words() == ["one", "two"]).await;
    assert!(!stage.is_told("Not delivered"));
}

#[tokio::test]
async fn words_that_a_platform_keeps_to_itself_are_counted_each_and_told_once_a_day() {
    let mut stage = Stage::new().await;
    for _ in 0..3 {
        stage.happens(Happened::Withheld).await;
    }
    stage.until("people are told", |stage| stage.is_told("keeps the words to itself")).await;
    stage.speaks("om_a", "behind them").await;
    stage.until("the rest comes", |stage| stage.heard().len() == 1).await;
    assert_eq!(stage.told("keeps the words to itself"), 1);
    assert_eq!(stage.bridges.status().await.expect("readable")[0].gaps, 3);
}
