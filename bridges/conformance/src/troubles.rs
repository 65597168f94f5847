//! Everything that can go wrong: whatever strikes, nothing is lost and nothing is doubled.

use bridge_api::{Content, ConversationId, Happened, MessageId, RichText};
use futures_util::future::BoxFuture;

use crate::limits::{BURST, QUIET};
use crate::stage::outgoing;
use crate::{FaultKind, Said, Stage};

/// How often a fault strikes in one script.
const STRIKES: u64 = 2;

/// What is tried with a fault of this kind.
pub(crate) fn script(kind: FaultKind) -> for<'a> fn(&'a Stage, &'a str) -> BoxFuture<'a, ()> {
    match kind {
        FaultKind::Inward | FaultKind::Callback => |stage, fault| Box::pin(inward(stage, fault)),
        FaultKind::Severed => |stage, fault| Box::pin(severed(stage, fault)),
        FaultKind::Dropped => |stage, fault| Box::pin(dropped(stage, fault)),
        FaultKind::Connecting => |stage, fault| Box::pin(connecting(stage, fault)),
        FaultKind::Outward => |stage, fault| Box::pin(outward(stage, fault)),
    }
}

/// What is tried on a stage.
type Script = for<'a> fn(&'a Stage) -> BoxFuture<'a, ()>;

/// What goes wrong on our own side: the store is full, or the process dies.
pub(crate) const OWN: &[(&str, Script)] = &[
    ("the inbox refuses", |stage| Box::pin(refusing(stage))),
    ("the connector is killed", |stage| Box::pin(killed(stage))),
    ("the connection is closed", |stage| Box::pin(disconnected(stage))),
];

async fn burst(stage: &Stage, group: &ConversationId, round: &str) -> Vec<MessageId> {
    let mut ids = Vec::new();
    for number in 0..BURST {
        let person = if number % 2 == 0 { "zhang" } else { "li" };
        ids.push(stage.platform.say(person, group, Said::Text(format!("{round} {number}"))).await);
    }
    ids
}

/// Waits for all and looks that each came once and as it was said.
async fn all_came_once(stage: &Stage, ids: &[MessageId]) {
    for id in ids {
        let (arrival, message) = stage.heard(id).await;
        assert!(matches!(message.parts.as_slice(), [Content::Text(_)]), "{arrival:?}");
    }
    tokio::time::sleep(QUIET).await;
    let mut heard: Vec<_> = stage.inbox.messages().into_iter().map(|message| message.id).collect();
    heard.sort();
    let mut said = ids.to_vec();
    said.sort();
    assert_eq!(heard, said);
}

async fn inward(stage: &Stage, fault: &str) {
    let group = stage.platform.group("trouble").await;
    let mut ids = burst(stage, &group, "before").await;
    all_came_once(stage, &ids).await;
    stage.platform.fail(fault, STRIKES).await;
    ids.extend(burst(stage, &group, "during").await);
    stage.until("the fault strikes", || stage.platform.has_struck(fault)).await;
    ids.extend(burst(stage, &group, "after").await);
    all_came_once(stage, &ids).await;
}

/// What strikes all connections in the same moment leaves none to go on, so the strikes come one by one: a platform strikes when
/// all of them are open.
async fn severed(stage: &Stage, fault: &str) {
    let group = stage.platform.group("trouble").await;
    let mut ids = burst(stage, &group, "before").await;
    for strike in 0..STRIKES {
        stage.platform.fail(fault, 1).await;
        ids.extend(burst(stage, &group, &format!("during {strike}")).await);
        stage.until("the fault strikes", || stage.platform.has_struck(fault)).await;
    }
    ids.extend(burst(stage, &group, "after").await);
    all_came_once(stage, &ids).await;
}

async fn dropped(stage: &Stage, fault: &str) {
    let group = stage.platform.group("trouble").await;
    stage.platform.fail(fault, STRIKES).await;
    let ids = burst(stage, &group, "dropped").await;
    stage.until("the fault strikes", || stage.platform.has_struck(fault)).await;
    for id in &ids[usize::try_from(STRIKES).expect("small")..] {
        stage.heard(id).await;
    }
    assert_eq!(stage.inbox.messages().len(), ids.len() - usize::try_from(STRIKES).expect("small"));
    stage.restart().await;
    stage.catch_up(&group).await;
    all_came_once(stage, &ids).await;
}

async fn connecting(stage: &Stage, fault: &str) {
    let group = stage.platform.group("trouble").await;
    stage.platform.fail(fault, 1).await;
    let ups = stage.inbox.ups();
    stage.platform.disconnect().await;
    let ids = burst(stage, &group, "while connecting").await;
    stage.is_up_after(ups).await;
    stage.until("the fault strikes", || stage.platform.has_struck(fault)).await;
    all_came_once(stage, &ids).await;
}

async fn outward(stage: &Stage, fault: &str) {
    let group = stage.platform.stricken(fault).await;
    stage.say(&group, "first", "句 first").await;
    stage.platform.fail(fault, STRIKES).await;
    let mut expected = vec!["句 first".to_owned()];
    for number in 0..4 {
        let content = Content::Text(RichText::plain(&format!("句 {number}")));
        stage.send(&outgoing(&group, &format!("k{number}"), content)).await;
        expected.push(format!("句 {number}"));
    }
    assert!(stage.platform.has_struck(fault).await);
    let shown: Vec<String> = stage.platform.shows(&group).await.into_iter().map(|shown| shown.text).collect();
    assert_eq!(shown.len(), expected.len(), "{shown:?}");
    for (text, words) in shown.iter().zip(&expected) {
        assert!(text.contains(words.as_str()), "{shown:?}");
    }
}

async fn refusing(stage: &Stage) {
    let group = stage.platform.group("trouble").await;
    stage.inbox.refuse(3);
    let ids = burst(stage, &group, "refused").await;
    all_came_once(stage, &ids).await;
}

async fn killed(stage: &Stage) {
    let group = stage.platform.group("trouble").await;
    let mut ids = burst(stage, &group, "before").await;
    if stage.connector().backfill().is_none() {
        all_came_once(stage, &ids).await;
    }
    stage.restart().await;
    ids.extend(burst(stage, &group, "after").await);
    stage.catch_up(&group).await;
    all_came_once(stage, &ids).await;
}

async fn disconnected(stage: &Stage) {
    let group = stage.platform.group("trouble").await;
    let mut ids = burst(stage, &group, "before").await;
    let has_history = stage.connector().backfill().is_some();
    if !has_history {
        // What was on its way is gone there.
        all_came_once(stage, &ids).await;
    }
    let ups = stage.inbox.ups();
    stage.platform.disconnect().await;
    if has_history {
        ids.extend(burst(stage, &group, "during").await);
    }
    stage.is_up_after(ups).await;
    if !has_history {
        // What is said while nobody is connected is gone there; what is said from now on is not.
        ids.extend(burst(stage, &group, "after").await);
    }
    stage.catch_up(&group).await;
    all_came_once(stage, &ids).await;
    if !has_history {
        return;
    }
    let history = stage.history(&group, 0).await;
    let said = history.iter().filter(|arrival| matches!(arrival.what, Happened::Message(_)));
    assert_eq!(said.count(), ids.len());
}
