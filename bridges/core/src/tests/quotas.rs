//! What is left of what a platform counts: told to administrators before it is used up, and shown to whoever asks, as is what else does
//! not work.

use std::time::Duration;

use bridge_api::{CheckOutcome, CheckStep, Network, Quota, Words};

use super::{ALICE, Stage};
use crate::QuotaLeft;

const CALLED: Words = Words { zh: "本月接口调用", en: "this month's calls" };

fn left(period: &str, left: u64) -> Quota {
    Quota { what: "api_calls_month", called: CALLED, period: period.to_owned(), left, whole: 100 }
}

/// How often administrators were told something with these words.
fn told(stage: &Stage, words: &str) -> usize {
    stage.told_alone(ALICE).iter().filter(|body| body.contains(words)).count()
}

impl Stage {
    async fn counts(&mut self, quota: Quota) {
        self.bridges.inbox(Network::Feishu).quota(quota);
        self.passes(Duration::from_secs(1)).await;
    }
}

#[tokio::test]
async fn administrators_are_told_once_in_a_month_that_little_is_left_and_once_that_nothing_is() {
    let mut stage = Stage::new().await;
    for still in [100, 11] {
        stage.counts(left("2025-11", still)).await;
    }
    assert_eq!(told(&stage, "this month's calls"), 0);
    for still in [10, 9, 1] {
        stage.counts(left("2025-11", still)).await;
    }
    stage.until("they are told", |stage| told(stage, "only 10 of 100 are left") == 1).await;
    for _ in 0..2 {
        stage.counts(left("2025-11", 0)).await;
    }
    stage.until("they are told", |stage| told(stage, "nothing is left") == 1).await;
    assert_eq!(told(&stage, "are left"), 1);
    let listed = QuotaLeft { what: "api_calls_month".to_owned(), left: 0, whole: 100 };
    assert_eq!(stage.bridges.status().await.expect("readable")[0].quotas, [listed]);
    stage.counts(left("2025-12", 100)).await;
    stage.counts(left("2025-12", 5)).await;
    stage.until("they are told in the next month", |stage| told(stage, "only 5 of 100 are left") == 1).await;
}

#[tokio::test]
async fn who_asks_how_the_lines_are_sees_what_is_left() {
    let mut stage = Stage::new().await;
    stage.counts(left("2025-11", 42)).await;
    stage.says("!status").await;
    stage.until("it is said", |stage| stage.is_told("42 of 100 left of this month's calls")).await;
}

#[tokio::test]
async fn who_asks_how_the_lines_are_sees_what_does_not_work_although_they_are_up() {
    let mut stage = Stage::new().await;
    *stage.platform.amiss.lock() = vec![Words { zh: "帐号未列出", en: "accounts are not listed" }];
    stage.says("!status").await;
    stage.until("it is said", |stage| stage.is_told("accounts are not listed")).await;
    assert_eq!(stage.bridges.status().await.expect("readable")[0].amiss, ["accounts are not listed"]);
}

#[tokio::test]
async fn an_administrator_has_credentials_tried_and_nobody_says_secrets_in_a_room() {
    let mut stage = Stage::new().await;
    let what = Words { zh: "凭证", en: "credentials" };
    let works = CheckOutcome::Works("app 7".to_owned());
    *stage.platform.checked.lock() = vec![CheckStep { what, outcome: works }];
    stage.says("!login feishu").await;
    stage.until("it is told", |stage| told(stage, "[ok] credentials: app 7") == 1).await;
    stage.says("!login feishu cli_a1 s3cret").await;
    stage.until("what to do is said", |stage| stage.is_told("make a new one on the platform")).await;
    assert_eq!(told(&stage, "[ok]"), 1, "nothing is tried");
}
