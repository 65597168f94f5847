//! Everybody can see when a platform is down: its line, or what is sent to it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bridge_api::{Failure, FailureKind, Line, Network};
use parking_lot::Mutex;
use ruma::{OwnedUserId, UserId};
use serde_json::json;

use super::{ALICE, Script, Stage, person};
use crate::{
    BridgePorts, MailWords, Post, Posted,
    limits::{MAIL_LOOK, STOP_TIME_MAX},
};

async fn is_up(stage: &Stage) -> bool {
    stage.bridges.status().await.expect("readable").remove(0).is_up
}

#[tokio::test]
async fn a_platform_that_takes_nothing_for_a_minute_is_down_although_its_socket_is_up() {
    let mut stage = Stage::new().await;
    stage.platform.fail(Some(Failure::later("502")));
    stage.says("one").await;
    stage.passes(Duration::from_secs(30)).await;
    stage.line(Line::Up);
    stage.passes(Duration::from_secs(20)).await;
    assert!(is_up(&stage).await, "it may pass");
    stage.passes(Duration::from_secs(20)).await;
    assert!(!is_up(&stage).await);
    stage.line(Line::Up);
    stage.until("people are told", |stage| stage.is_told("takes no messages at present")).await;
    assert!(!is_up(&stage).await, "a socket that is up again sends nothing");
    assert_eq!(stage.status()["up"], false);

    stage.platform.fail(None);
    stage.until("what waited is there", |stage| stage.platform.words() == ["one"]).await;
    stage.until("people are told", |stage| stage.is_told("is up again")).await;
    assert!(is_up(&stage).await);
    assert_eq!(stage.status()["up"], true);
}

#[tokio::test]
async fn with_webhooks_alone_what_is_sent_says_how_the_line_is() {
    // The line is said to be up once and for ever.
    let mut stage = Stage::with(Script::without_history(), BridgePorts::default()).await;
    stage.platform.fail(Some(Failure::new(FailureKind::NotSignedIn("the secret is another".into()))));
    for number in 0..2 {
        stage.says(&number.to_string()).await;
        stage.passes(Duration::from_secs(40)).await;
    }
    stage.until("people are told", |stage| stage.is_told("takes no messages at present")).await;
    assert!(!is_up(&stage).await);
    assert!(!stage.is_told("may be missing"), "what is said there comes all the same");
    stage.platform.fail(None);
    stage.until("what waited is there", |stage| stage.platform.words() == ["0", "1"]).await;
    stage.until("people are told", |stage| stage.is_told("is up again")).await;
    assert!(is_up(&stage).await && !stage.is_told("may be missing"));
}

#[tokio::test]
async fn a_line_is_up_again_when_what_failed_has_gone_with_its_binding() {
    let mut stage = Stage::new().await;
    stage.platform.fail(Some(Failure::later("502")));
    stage.says("one").await;
    stage.passes(Duration::from_secs(70)).await;
    assert!(!is_up(&stage).await);
    let lane = (Network::Feishu, super::stage::conversation("oc_1"));
    stage.bridges.unbind(&lane, ALICE).await.expect("it is unbound");
    stage.passes(Duration::from_secs(70)).await;
    assert!(is_up(&stage).await, "nothing waits, so nothing fails");
}

/// A way to mailboxes, and the letters that were put on it.
#[derive(Default)]
struct Letters {
    to: Mutex<Vec<OwnedUserId>>,
    /// Whether the mail server never answers.
    is_stuck: AtomicBool,
}

#[async_trait]
impl Post for Letters {
    async fn post(&self, to: &UserId, _: &MailWords) -> Result<Posted, String> {
        self.to.lock().push(to.to_owned());
        if self.is_stuck.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        Ok(Posted::Sent)
    }
}

/// A platform that takes nothing, and a message that waits for a colleague there.
async fn wanted(letters: &Arc<Letters>) -> Stage {
    let ports = BridgePorts { post: Some(Arc::clone(letters) as Arc<dyn Post>), ..BridgePorts::default() };
    let mut stage = Stage::with(Script::new(), ports).await;
    let wang = UserId::parse("@wang:test").expect("valid");
    let bound = stage.bridges.bind_person(Network::Feishu, &person("wang"), Some(&wang)).await;
    bound.expect("they are bound");
    stage.platform.fail(Some(Failure::later("502")));
    let urgent =
        json!({ "msgtype": "m.text", "body": "come, wang", "m.mentions": { "user_ids": ["@wang:test"] } });
    stage.sends("m.room.message", urgent).await;
    stage.until("a letter goes", |_| !letters.to.lock().is_empty()).await;
    stage
}

#[tokio::test]
async fn key_messages_go_by_mail_while_a_platform_takes_nothing() {
    let letters = Arc::new(Letters::default());
    let mut stage = wanted(&letters).await;
    stage.passes(MAIL_LOOK * 2).await;
    let to: Vec<String> = letters.to.lock().iter().map(ToString::to_string).collect();
    assert_eq!(to, ["@wang:test"], "once");
}

#[tokio::test]
async fn a_stop_waits_no_longer_than_a_moment_for_a_letter_which_goes_after_the_next_start() {
    let letters = Arc::new(Letters { is_stuck: AtomicBool::new(true), ..Letters::default() });
    let mut stage = wanted(&letters).await;
    let stopped_within = stage.stops().await;
    assert!(stopped_within <= STOP_TIME_MAX + Duration::from_secs(1), "{stopped_within:?}");
    letters.is_stuck.store(false, Ordering::SeqCst);
    stage.starts_again();
    stage.until("it goes again", |_| letters.to.lock().len() == 2).await;
    stage.passes(MAIL_LOOK * 2).await;
    assert_eq!(letters.to.lock().len(), 2, "once");
}

#[tokio::test]
async fn an_outage_of_a_platform_without_history_is_told_as_what_it_is_and_leaves_a_gap() {
    let mut stage = Stage::with(Script::without_history(), BridgePorts::default()).await;
    stage.is_cut();
    stage.until("people are told", |stage| stage.is_told("gives apps no history")).await;
    stage.line(Line::Up);
    stage.until("people are told", |stage| stage.is_told("is up again")).await;
    stage
        .until("of the gap as well", |stage| stage.is_told("from the time of the outage may be missing"))
        .await;
    assert_eq!(stage.bridges.status().await.expect("readable")[0].gaps, 1);
    assert_eq!(stage.status()["gaps"], 1);
    stage.is_cut();
    stage.passes(Duration::from_secs(5)).await;
    stage.line(Line::Up);
    stage
        .until("of a short one too", |stage| stage.told("from the time of the outage may be missing") == 2)
        .await;
    stage.until("and counted", |stage| stage.status()["gaps"] == 2).await;
}

#[tokio::test]
async fn a_platform_with_history_tells_of_no_gap_that_is_closed() {
    let mut stage = Stage::new().await;
    stage.is_cut();
    stage.until("people are told", |stage| stage.is_told("what is missed comes when it is up again")).await;
    let missed =
        stage.said_there("om_missed", vec![bridge_api::Content::Text(bridge_api::RichText::plain("x"))]);
    let missed = stage.arrival(missed);
    stage.platform.history.lock().push(missed);
    stage.line(Line::Up);
    stage.until("what was missed is here", |stage| stage.heard().len() == 1).await;
    assert!(!stage.is_told("may be missing"));
    stage.until("the room has the number of gaps", |stage| stage.status()["gaps"] == 1).await;
}
