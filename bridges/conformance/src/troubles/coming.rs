//! What goes wrong while something is on its way to us.

use bridge_api::{Arrival, Happened};

use super::{STRIKES, all_came_once, all_came_once_beside, burst, struck};
use crate::limits::QUIET;
use crate::{Said, Stage};

pub(super) async fn inward(stage: &Stage, fault: &str) {
    let group = stage.platform.group("trouble").await;
    let mut ids = burst(stage, &group, "before").await;
    all_came_once(stage, &ids).await;
    stage.platform.fail(fault, STRIKES).await;
    ids.extend(burst(stage, &group, "during").await);
    struck(stage, fault).await;
    ids.extend(burst(stage, &group, "after").await);
    all_came_once(stage, &ids).await;
}

/// What strikes all connections in the same moment leaves none to go on, so the strikes come one by one: a platform strikes when
/// all of them are open.
pub(super) async fn severed(stage: &Stage, fault: &str) {
    let group = stage.platform.group("trouble").await;
    let mut ids = burst(stage, &group, "before").await;
    for strike in 0..STRIKES {
        stage.platform.fail(fault, 1).await;
        ids.extend(burst(stage, &group, &format!("during {strike}")).await);
        struck(stage, fault).await;
    }
    ids.extend(burst(stage, &group, "after").await);
    all_came_once(stage, &ids).await;
}

pub(super) async fn dropped(stage: &Stage, fault: &str) {
    let group = stage.platform.group("trouble").await;
    stage.platform.fail(fault, STRIKES).await;
    let ids = burst(stage, &group, "dropped").await;
    struck(stage, fault).await;
    for id in &ids[usize::try_from(STRIKES).expect("small")..] {
        stage.heard(id).await;
    }
    assert_eq!(stage.inbox.messages().len(), ids.len() - usize::try_from(STRIKES).expect("small"));
    stage.restart().await;
    stage.catch_up(&group).await;
    all_came_once(stage, &ids).await;
}

/// The platform never brings it again, or not what it says, and keeps no history: no more than that is lost.
pub(super) async fn forgotten(stage: &Stage, fault: &str) {
    let group = stage.platform.group("trouble").await;
    let mut ids = burst(stage, &group, "before").await;
    all_came_once(stage, &ids).await;
    stage.platform.fail(fault, 1).await;
    let gone = stage.platform.say("zhang", &group, Said::Text("forgotten".into())).await;
    struck(stage, fault).await;
    ids.extend(burst(stage, &group, "after").await);
    all_came_once_beside(stage, &ids, Some(&gone)).await;
}

/// An event that is no message.
pub(super) async fn told(stage: &Stage, fault: &str) {
    let group = stage.platform.group("before").await;
    stage.platform.fail(fault, STRIKES).await;
    stage.platform.rename("zhang", &group, "after").await;
    let renamed = |arrival: &Arrival| match &arrival.what {
        Happened::Renamed { name, .. } => Some(name.clone()),
        _ => None,
    };
    assert_eq!(stage.inbox.hear("the name", renamed).await, "after");
    struck(stage, fault).await;
    tokio::time::sleep(QUIET).await;
    assert_eq!(stage.inbox.arrivals().iter().filter_map(renamed).count(), 1);
}

pub(super) async fn refusing(stage: &Stage) {
    let group = stage.platform.group("trouble").await;
    stage.inbox.refuse(3);
    let ids = burst(stage, &group, "refused").await;
    all_came_once(stage, &ids).await;
}
