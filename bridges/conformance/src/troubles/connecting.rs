//! What goes wrong with connections: while they are opened, while they stand, and when two programs want the same one.

use bridge_api::{FailureKind, Happened, MessageId};

use super::{all_came_once, all_came_once_beside, burst, struck};
use crate::{MemoryInbox, Said, Stage};

/// More often than anything is tried in a script.
const ALWAYS: u64 = 1_000;

/// Where the platform keeps what is said while nobody is connected, or has a history of it.
fn has_history(stage: &Stage) -> bool {
    stage.connector().backfill().is_some()
}

pub(super) async fn connecting(stage: &Stage, fault: &str) {
    let group = stage.platform.group("trouble").await;
    stage.platform.fail(fault, 1).await;
    let (ups, mut ids) = (stage.inbox.ups(), Vec::new());
    stage.platform.disconnect().await;
    if has_history(stage) {
        ids.extend(burst(stage, &group, "while connecting").await);
    }
    stage.is_up_after(ups).await;
    struck(stage, fault).await;
    if !has_history(stage) {
        // What is said while nobody is connected is gone there; what is said from now on is not.
        ids.extend(burst(stage, &group, "after").await);
    }
    all_came_once(stage, &ids).await;
}

/// A connection that broke is noticed and replaced. What was on its way over it may be gone with it, which nobody can know.
pub(super) async fn broken(stage: &Stage, fault: &str) {
    let group = stage.platform.group("trouble").await;
    let mut ids = burst(stage, &group, "before").await;
    all_came_once(stage, &ids).await;
    let ups = stage.inbox.ups();
    stage.platform.fail(fault, 1).await;
    let underway = stage.platform.say("zhang", &group, Said::Text("on its way".into())).await;
    struck(stage, fault).await;
    stage.is_up_after(ups).await;
    ids.extend(burst(stage, &group, "after").await);
    all_came_once_beside(stage, &ids, Some(&underway)).await;
}

/// The first reason for a line that is down which only somebody can mend.
fn for_somebody_to_mend(inbox: &MemoryInbox) -> Option<String> {
    inbox.downs().into_iter().find_map(|failure| match failure.kind {
        FailureKind::NotSignedIn(reason) => Some(reason),
        _ => None,
    })
}

/// What only somebody can mend is said, and works once it is mended.
pub(super) async fn misconfigured(stage: &Stage, fault: &str) {
    let group = stage.platform.group("trouble").await;
    stage.platform.fail(fault, ALWAYS).await;
    stage.platform.disconnect().await;
    let reason = stage.inbox.wait("that somebody has to mend it", for_somebody_to_mend).await;
    assert!(!reason.is_empty());
    struck(stage, fault).await;
    stage.platform.mend().await;
    stage.restart().await;
    let ids = burst(stage, &group, "after").await;
    all_came_once(stage, &ids).await;
}

pub(super) async fn killed(stage: &Stage) {
    let group = stage.platform.group("trouble").await;
    let mut ids = burst(stage, &group, "before").await;
    if !has_history(stage) {
        all_came_once(stage, &ids).await;
    }
    stage.restart().await;
    ids.extend(burst(stage, &group, "after").await);
    stage.catch_up(&group).await;
    all_came_once(stage, &ids).await;
}

pub(super) async fn disconnected(stage: &Stage) {
    let group = stage.platform.group("trouble").await;
    let mut ids = burst(stage, &group, "before").await;
    let has_history = has_history(stage);
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

/// Two owners of what may have one: where the second takes all, that is said and nobody is pushed out again; where the two share,
/// what the other one swallows comes all the same, because it acknowledges nothing.
pub(super) async fn rivalled(stage: &Stage) {
    let group = stage.platform.group("trouble").await;
    let mut ids = burst(stage, &group, "before").await;
    all_came_once(stage, &ids).await;
    let ups = stage.inbox.ups();
    if stage.platform.rival().await {
        let reason = stage.inbox.wait("that another program took over", for_somebody_to_mend).await;
        assert!(reason.contains("another program"), "{reason}");
        assert_eq!(stage.inbox.ups(), ups, "the other one is not pushed out again");
        // Somebody has stopped the other one.
        stage.restart().await;
    } else {
        let shared = burst(stage, &group, "shared").await;
        all_were_tried(stage, &shared).await;
        ids.extend(shared);
        // It is stopped, and with it our connections end.
        stage.platform.disconnect().await;
        stage.is_up_after(ups).await;
        stage.catch_up(&group).await;
    }
    ids.extend(burst(stage, &group, "after").await);
    all_came_once(stage, &ids).await;
}

/// Waits until the platform has tried to bring all of it once. What it never tried while nobody is connected is gone there.
async fn all_were_tried(stage: &Stage, ids: &[MessageId]) {
    if has_history(stage) {
        return;
    }
    stage.until("all was tried", || stage.platform.has_tried(ids)).await;
}
