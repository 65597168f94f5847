//! What a kill in the middle leaves.

use serde_json::Value;

use crate::bridges::{Bridge, bodies, ours};

/// Messages each way in the scenario of kills.
const MESSAGES: usize = 24;

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_loses_and_doubles_nothing() {
    let mut bridge = Bridge::new().await;
    for round in 0..4 {
        for index in 0..MESSAGES / 4 {
            let number = round * (MESSAGES / 4) + index;
            bridge.speaks(&bridge.chat, &format!("in-{number:03}")).await;
            bridge.alice.sends(&bridge.room, &format!("out-{number:03}")).await.ok();
        }
        bridge.server.kill();
        // Said while nobody listens.
        bridge.speaks(&bridge.chat, &format!("gap-{round}")).await;
        bridge.server.spawn().await;
    }
    let is_whole = |heard: &[Value]| {
        bodies(heard).iter().collect::<std::collections::BTreeSet<_>>().len() >= MESSAGES + 4
    };
    let heard = bridge.hears_until(is_whole).await;
    let numbered: Vec<_> = bodies(&heard).into_iter().filter(|body| body.starts_with("in-")).collect();
    let expected: Vec<_> = (0..MESSAGES).map(|number| format!("in-{number:03}")).collect();
    let mut sorted = numbered.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, expected, "each once");
    assert_eq!(bodies(&heard).iter().filter(|body| body.starts_with("gap-")).count(), 4, "{heard:#?}");

    let count = |shown: &[Value]| ours(shown).iter().filter(|text| text.contains("out-")).count();
    let shown = bridge.shows_until(&bridge.chat, |shown| count(shown) >= MESSAGES).await;
    let said: Vec<_> =
        ours(&shown).into_iter().filter_map(|text| Some(&text[text.find("out-")?..][..7])).collect();
    let expected: Vec<_> = (0..MESSAGES).map(|number| format!("out-{number:03}")).collect();
    assert_eq!(said, expected, "each once and in order");
}
